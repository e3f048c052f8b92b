import type { CalibrationView } from '@drover/contracts';
import { table } from './output.ts';

const HEADER = [
  'BEARER',
  'CE',
  'BLOCK',
  'FIGURES',
  'MEASURED',
  'RATIO',
  '±',
  'PLANNED',
  'BYTES/S',
  'LOSS',
  'SAMPLES',
  'DEVICES',
  'SINCE',
  '',
];

/** What transfers have shown beside what the figures say. */
export function calibrationText({ enough, calibrates, kinds }: CalibrationView): string {
  if (kinds.length === 0) return 'nothing has been measured yet: the figures count as they are';
  const rule = `counts from ${enough.samples} samples of ${enough.devices} devices on; ${calibrates}`;
  return `${table(kinds.map(kindRow), HEADER)}\n${rule}`;
}

function kindRow(kind: CalibrationView['kinds'][number]): (string | number)[] {
  const { bearer, ce, blockSize, figuresMs, measuredMs, ratio, spread, plannedMs, goodput, loss, samples, devices, since, isUsed } = kind;
  return [
    bearer,
    ce,
    blockSize,
    `${figuresMs} ms`,
    `${measuredMs} ms`,
    ratio.toFixed(2),
    `${Math.round(100 * spread)} %`,
    `${plannedMs} ms`,
    `${goodput.measured} (${goodput.figures})`,
    `${(100 * loss).toFixed(1)} %`,
    samples,
    `${devices}+`,
    since,
    isUsed ? 'counts' : 'too few',
  ];
}
