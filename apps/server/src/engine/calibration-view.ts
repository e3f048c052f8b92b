import { isoOf, Instant } from '@drover/kernel';
import {
  blockCost,
  blockKindAt,
  devicesMeasured,
  ENOUGH,
  goodput,
  isEnough,
  lifeDays,
  measuredMs,
  type BlockTimes,
  type CostModel,
} from '@drover/schedule';
import type { CalibrationView } from '@drover/contracts';
import type { CostModels } from './cost-models.ts';

type KindView = CalibrationView['kinds'][number];

const CURRENTS = 'times only: what a device draws, and how long it transmits, no server can see';

/** What has been measured of blocks beside what the figures say, and what is planned with. */
export function calibrationView({ measured, figures, cost }: Pick<CostModels, 'measured' | 'figures' | 'cost'>): CalibrationView {
  const kinds = [...measured].sort(([a], [b]) => a - b).map(([index, times]) => kindView(index, times, { figures, cost }));
  return { enough: ENOUGH, calibrates: CURRENTS, kinds };
}

function kindView(index: number, times: BlockTimes, { figures, cost }: { figures: CostModel; cost: CostModel }): KindView {
  const kind = blockKindAt(index);
  const [byFigures, planned] = [blockCost(kind, figures), blockCost(kind, cost)];
  const ms = measuredMs(times);
  return {
    ...kind,
    figuresMs: Math.round(byFigures.duration),
    measuredMs: Math.round(ms),
    plannedMs: Math.round(planned.duration),
    ratio: rounded(ms / byFigures.duration, 2),
    spread: rounded(times.spread, 2),
    loss: rounded(times.loss, 4),
    goodput: {
      figures: Math.round(goodput(undefined, kind, figures)),
      measured: Math.round((kind.blockSize * 1000 * (1 - times.loss)) / ms),
    },
    plannedMah: rounded(planned.energyMah, 5),
    plannedDays: rounded(lifeDays(planned.energyMah, cost.energy.battery), 5),
    samples: times.samples,
    devices: devicesMeasured(times),
    isUsed: isEnough(times),
    since: isoOf(Instant(times.since)),
    lastAt: isoOf(Instant(times.lastAt)),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
