import type { ChangeView, LeverView, OutlookView } from '@drover/contracts';
import type { DoneForecast } from './forecast-follow.ts';
import { energyText } from './energy-text.ts';
import { counts, table } from './output.ts';

/** Cells that are shown of those with the highest load. */
const CELLS_SHOWN = 5;
const BOTTLENECK_LOAD = 0.8;

/** For people: what to expect, and what could be done about it. */
export function forecastText({ campaign, outlook }: DoneForecast): string {
  return [
    ...headOf(campaign, outlook),
    '',
    etaTable(outlook),
    ...deadlineLine(outlook),
    ...stageLines(outlook),
    '',
    ...energyLines(outlook),
    `data        ${(outlook.bytes / 1e6).toFixed(2)} MB on the air, headers and repetitions included`,
    ...cellLines(outlook),
    ...leverLines(outlook),
  ].join('\n');
}

function headOf(campaign: string, { at, runs, seed, sample, devices, method }: OutlookView): string[] {
  const { remaining, feasible, transferring, withImage, infeasible } = devices;
  const part =
    sample.devices < sample.of
      ? `, a sample of ${sample.devices} of ${sample.of} devices on ${sample.carriers} of ${sample.ofCarriers} carriers`
      : '';
  return [
    `${campaign}: ${runs} runs from ${at}, seed ${seed}${part}`,
    ...method.assumes.map((what) => `assumes that ${what}`),
    `${remaining} devices left, ${transferring} of them transfer, ${withImage} have the image; ${feasible} can come through`,
    ...(remaining > feasible ? [`cannot: ${counts(infeasible)}`] : []),
  ];
}

function etaTable({ eta, horizonHours }: OutlookView): string {
  const never = `not within ${Math.round(horizonHours / 24)} days`;
  const text = (hours: number | null, at: string | null): string => (hours === null ? never : `${minuteOf(at)} (${hoursText(hours)})`);
  const rows = eta.map(({ share, hours, at }) => [
    share === 1 ? 'all' : `${Math.round(share * 100)} %`,
    text(hours.p50, at.p50),
    text(hours.p90, at.p90),
  ]);
  return table(rows, ['THROUGH', 'P50', 'P90']);
}

const minuteOf = (at: string | null): string => (at ?? '').replace(/:\d\d(\.\d+)?Z$/, 'Z');
const hoursText = (hours: number): string => (hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} d`);
const hoursOrNever = (hours: number | null): string => (hours === null ? 'never' : hoursText(hours));
const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;

function deadlineLine({ atDeadline }: OutlookView): string[] {
  return atDeadline ? [`at the deadline ${percent(atDeadline.p50)} are through, ${percent(atDeadline.p10)} in the slow runs`] : [];
}

function stageLines({ stages }: OutlookView): string[] {
  if (stages.length < 2) return [];
  const rows = stages.map(({ name, opensHours: { p50, p90 } }) => [
    name,
    p50 === 0 ? 'open' : hoursOrNever(p50),
    p90 === 0 ? 'open' : hoursOrNever(p90),
  ]);
  const short = stages.flatMap(({ name, short: count }) =>
    count > 0
      ? [`the gate of ${name} asks for ${count} more devices than can come through: it waits until they are given up, or for a person`]
      : [],
  );
  return ['', table(rows, ['STAGE OPENS IN', 'P50', 'P90']), ...short];
}

function energyLines({ energy }: OutlookView): string[] {
  const { p50Mah, p95Mah, p99Mah, p50Days, p95Days, p99Days, fleetAh, byCoverage, mahPerDay } = energy;
  if (p99Mah === 0) return ['energy      no device on battery'];
  const levels = byCoverage
    .filter(({ devices }) => devices > 0)
    .map(({ ce, p50Mah: p50, p95Mah: p95, p50Days: d50, p95Days: d95 }) => `CE${ce} ${energyText(p50, d50)} / ${energyText(p95, d95)}`);
  return [
    `energy      p50 ${p50Mah}, p95 ${p95Mah}, p99 ${p99Mah} mAh a device: ${p50Days}, ${p95Days}, ${p99Days} days of battery life, at ${mahPerDay} mAh a day where nothing else is known`,
    `            ${fleetAh.p50} Ah in all; p50 / p95 by coverage: ${levels.join(', ')}`,
  ];
}

function cellLines({ bottlenecks: { count, busiest } }: OutlookView): string[] {
  const shown = busiest.slice(0, CELLS_SHOWN).filter(({ hoursNeeded }) => hoursNeeded > 0);
  if (shown.length === 0) return [];
  const rows = shown.map(({ carrier, devices, hoursNeeded, hoursLeft, load }) => [
    carrier,
    devices,
    hoursNeeded,
    hoursLeft,
    load === undefined ? 'too late' : `${percent(load)}${load > BOTTLENECK_LOAD ? ' !' : ''}`,
  ]);
  return ['', `${count} cells are bottlenecks`, table(rows, ['BUSIEST', 'DEVICES', 'HOURS NEEDED', 'HOURS LEFT', 'LOAD'])];
}

function leverLines({ levers }: OutlookView): string[] {
  if (levers.length === 0) return [];
  return ['', table(levers.map(leverRow), ['WHAT IF', '90 %', 'ALL', 'AH', 'CAN COME THROUGH', 'DO'])];
}

function leverRow({ what, hours90, hoursAll, fleetAh, feasible, through }: LeverView): string[] {
  const numbers = ({ before, after }: ChangeView): string => (before === after ? `${after}` : `${before} → ${after}`);
  const hours = ({ before, after }: ChangeView<number | null>): string => `${hoursOrNever(before)} → ${hoursOrNever(after)}`;
  const saved = fleetAh.before === 0 ? '' : ` (${(100 * (fleetAh.after / fleetAh.before - 1)).toFixed(0)} %)`;
  return [what, hours(hours90), hours(hoursAll), `${numbers(fleetAh)}${saved}`, numbers(feasible), numbers(through)];
}
