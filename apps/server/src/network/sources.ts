import type { Clock } from '@drover/kernel';
import { DroverError } from '@drover/kernel';
import type { ServerConfig } from '../settings.ts';
import { BackgroundTransferSource } from './background-transfer.ts';
import { CalendarSource } from './calendar.ts';
import type { HintSource } from './hint-source.ts';

/** The sources that this server was told of. */
export function hintSourcesOf(
  config: Pick<ServerConfig, 'networkCalendar' | 'backgroundTransfer' | 'backgroundTransferOperator' | 'backgroundTransferOutside'>,
  clock: Clock,
): HintSource[] {
  const { networkCalendar, backgroundTransfer, backgroundTransferOperator: operator, backgroundTransferOutside: outside } = config;
  const sources: HintSource[] = [];
  if (networkCalendar !== undefined) sources.push(new CalendarSource(networkCalendar));
  if (backgroundTransfer === undefined) return sources;
  if (!/^\d{1,3}-\d{1,3}$/.test(operator))
    throw new DroverError('CONFIG_INVALID', 'input', '--background-transfer-operator: expected MCC-MNC, such as 262-1');
  sources.push(new BackgroundTransferSource(backgroundTransfer, { operator, outside, now: () => clock.now() }));
  return sources;
}
