import { DroverError, isoOf } from '@drover/kernel';
import { isOver } from '@drover/campaign';
import type { HoldNotice } from '@drover/rollout';
import type { LiveCampaign } from '../engine/engine-state.ts';
import type { OutlookSource } from './snapshot-maker.ts';

/** What a forecast takes for done, because a person decides it and nobody knows when. */
export function assumptionsOf({ record, document }: OutlookSource, hold: HoldNotice | undefined): string[] {
  const { phase } = record.life;
  const manual = document.spec.stages.filter(({ gate }) => gate?.promote === 'Manual').map(({ name }) => name);
  return [
    ...(phase === 'awaiting-approval' ? ['the plan is approved now'] : []),
    ...(phase === 'paused' ? ['the campaign is resumed now'] : []),
    ...(hold ? [`the hold by ${hold.by} is lifted now`] : []),
    ...record.stages.flatMap(({ state }, index) =>
      state === 'held' ? [`stage ${document.spec.stages[index]?.name ?? index} is resumed now`] : [],
    ),
    ...manual.map((name) => `stage ${name} is promoted as soon as it may be`),
  ];
}

/** Refuses what has no future. */
export function requireFuture({ record }: Pick<LiveCampaign, 'record'>): void {
  const { phase } = record.life;
  if (isOver(record.life) || phase === 'denied' || phase === 'aborting') {
    const since = record.endedAt === undefined ? '' : ` since ${isoOf(record.endedAt)}`;
    throw new DroverError('CAMPAIGN_OVER', 'conflict', `campaign ${record.name} is ${phase}${since}: there is nothing left to forecast`);
  }
}

/** A difference as large as the whole is no difference. */
export function requireSmaller(deltaBytes: number | undefined, imageBytes: number): void {
  if (deltaBytes === undefined || deltaBytes < imageBytes) return;
  throw new DroverError(
    'DELTA_TOO_LARGE',
    'input',
    `a delta image of ${deltaBytes} bytes is not smaller than the image of ${imageBytes} bytes`,
  );
}
