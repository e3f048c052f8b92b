import type { Outcome } from './outcome.ts';

export interface Column {
  readonly title: string;
  readonly of: (outcome: Outcome) => string;
}

export const fixed =
  (digits: number): ((value: number) => string) =>
  (value) =>
    Number.isFinite(value) ? value.toFixed(digits) : '–';
const percent =
  (digits: number): ((value: number) => string) =>
  (value) =>
    fixed(digits)(value * 100);
const thousands = (value: number): string => (value >= 9950 ? `${Math.round(value / 1000)}k` : fixed(0)(value));

export const COLUMNS: readonly Column[] = [
  { title: 'DL all', of: ({ inTimeAll }) => percent(2)(inTimeAll) },
  { title: 'DL nat', of: ({ inTimeNat }) => percent(2)(inTimeNat) },
  { title: 't50', of: ({ t50 }) => fixed(1)(t50) },
  { title: 't90', of: ({ t90 }) => fixed(1)(t90) },
  { title: 't99', of: ({ t99 }) => fixed(1)(t99) },
  { title: 't99.9', of: ({ t999 }) => fixed(0)(t999) },
  { title: 'makespan', of: ({ makespan }) => fixed(0)(makespan) },
  { title: 'viol', of: ({ overBudget }) => thousands(overBudget) },
  { title: 'over', of: ({ overCapacity }) => thousands(overCapacity) },
  { title: 'oow', of: ({ outsideWindow }) => thousands(outsideWindow) },
  { title: 'low', of: ({ lowBattery }) => fixed(0)(lowBattery) },
  { title: 'wasted MB (%)', of: ({ wastedMb, wasted }) => `${fixed(0)(wastedMb)} (${percent(1)(wasted)})` },
  { title: 'mAh p50/p95/p99', of: ({ mah }) => `${fixed(1)(mah.p50)}/${fixed(0)(mah.p95)}/${fixed(0)(mah.p99)}` },
  { title: 'CE1 p95', of: ({ mahByCe }) => fixed(1)(mahByCe[1]?.p95 ?? 0) },
  { title: 'fleet Ah', of: ({ fleetAh }) => fixed(0)(fleetAh) },
  { title: 'extra wakes', of: ({ extraWakes }) => thousands(extraWakes) },
  { title: 'slowed %', of: ({ slowed, activeMinutes }) => percent(0)(slowed / activeMinutes) },
];

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_cell, place) => (place === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
