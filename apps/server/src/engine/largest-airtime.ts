import { isOver } from '@drover/campaign';
import type { EngineState } from './engine-state.ts';

/** The largest share that any campaign which is not over may take of a carrier, 0–1; all of it where there is none. */
export function largestAirtime({ campaigns }: Pick<EngineState, 'campaigns'>): number {
  let airtime = 0;
  for (const { record, document } of campaigns.values())
    if (!isOver(record.life)) airtime = Math.max(airtime, document.spec.bandwidth.perCell.airtime);
  return airtime === 0 ? 1 : airtime;
}
