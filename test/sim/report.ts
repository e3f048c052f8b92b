import type { Goal } from './goals.ts';
import type { Section } from './section.ts';
import type { Outcome } from './outcome.ts';
import { mean } from './runs.ts';
import type { Bounds } from './runs.ts';
import { COLUMNS, fixed, markdown } from './tables.ts';

export interface Named {
  readonly name: string;
  readonly outcome: Outcome;
}

export interface Study {
  readonly size: { readonly devices: number; readonly cells: number };
  readonly seeds: readonly number[];
  readonly unseenSeeds: readonly number[];
  readonly bounds: readonly Bounds[];
  readonly baselines: readonly Named[];
  readonly paced: readonly Named[];
  readonly drover: readonly Named[];
  /** The study's own policy in the same worlds. */
  readonly own: readonly Named[];
  readonly ablations: readonly Named[];
  readonly still: { readonly bounds: Bounds; readonly ratios: readonly (Named & { readonly makespans: readonly number[] })[] };
  readonly unseen: readonly Named[];
  readonly goals: readonly Goal[];
  /** What is measured by itself, in the order of the page. */
  readonly sections: readonly Section[];
}

/** What the scheduling study found for the same policies (t90, t99, t99.9 in hours, fleet Ah), on the same fleet with a noise of its own. */
const STUDY: Readonly<Record<string, readonly [number, number, number, number]>> = {
  'FIFO, slot held while asleep, K=5000': [203, 240, 295, 1033],
  'FIFO on contact, K=500': [71.5, 139, 245, 1045],
  'FIFO on contact, K=2000': [26.5, 132, 275, 1106],
  'Fixed rate 1000/min': [27.3, 123, 284, 1114],
  'Fixed rate over 5 d': [118.3, 146, 245, 1040],
  'Random jitter 24 h': [40.7, 120, 251, 1093],
  'Random jitter 5 d': [118.4, 146, 245, 1037],
  'Caps per cell 50/10/1': [24.5, 84, 206, 1039],
  'Caps per cell 10/2/1': [24.3, 82, 196, 990],
  'The study’s own, FAST': [23.1, 51, 112, 955],
  'The study’s own, ECO': [23.8, 57, 116, 841],
  'Fixed rate 1000/min, paced': [36.6, 190, 405, 1247],
  'Caps per cell 50/10/1, paced': [27.8, 134, 297, 1147],
  'Caps per cell 10/2/1, paced': [24.9, 104, 263, 1054],
};

const HEAD = ['policy', ...COLUMNS.map(({ title }) => title)];
const rowOf = ({ name, outcome }: Named): string[] => [name, ...COLUMNS.map(({ of }) => of(outcome))];

function boundRow(bounds: readonly Bounds[]): string[] {
  const of = (pick: (bound: Bounds) => number): number => mean(bounds.map(pick));
  const cells: Readonly<Record<string, string>> = {
    t50: fixed(1)(of(({ t50 }) => t50)),
    t90: fixed(1)(of(({ t90 }) => t90)),
    t99: fixed(1)(of(({ t99 }) => t99)),
    't99.9': fixed(0)(of(({ t999 }) => t999)),
    'fleet Ah': fixed(0)(of(({ energyAh }) => energyAh)),
  };
  return ['*bound B2, energy bound*', ...COLUMNS.map(({ title }) => cells[title] ?? '')];
}

function againstStudy(rows: readonly Named[]): string {
  const off = (value: number, told: number): string =>
    !Number.isFinite(value) ? 'not reached' : `${value >= told ? '+' : '−'}${fixed(0)((100 * Math.abs(value - told)) / told)} %`;
  return markdown(
    ['policy', 't90', 't99', 't99.9', 'fleet Ah'],
    rows.flatMap(({ name, outcome }) => {
      const told = STUDY[name];
      return told
        ? [[name, off(outcome.t90, told[0]), off(outcome.t99, told[1]), off(outcome.t999, told[2]), off(outcome.fleetAh, told[3])]]
        : [];
    }),
  );
}

function againstBound({ bounds, ratios }: Study['still'], study: Study): string {
  const b2 = {
    t50: mean(study.bounds.map(({ t50 }) => t50)),
    t90: mean(study.bounds.map(({ t90 }) => t90)),
    t99: mean(study.bounds.map(({ t99 }) => t99)),
  };
  const at = (sorted: readonly number[], q: number): string => fixed(2)(sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN);
  const rows = [
    ...ratios.map(({ name, outcome, makespans }) => [
      `${name}, F0`,
      fixed(2)(outcome.t50 / bounds.t50),
      fixed(2)(outcome.t90 / bounds.t90),
      fixed(2)(outcome.t99 / bounds.t99),
      at(makespans, 0.5),
      at(makespans, 0.9),
    ]),
    ...study.drover.map(({ name, outcome }) => [
      `${name}, F1`,
      fixed(2)(outcome.t50 / b2.t50),
      fixed(2)(outcome.t90 / b2.t90),
      fixed(2)(outcome.t99 / b2.t99),
      '',
      '',
    ]),
  ];
  return markdown(['', 't50 / B2', 't90 / B2', 't99 / B2', 'makespan / B1, median', 'p90'], rows);
}

export function resultsPage(study: Study): string {
  const { size, seeds, unseenSeeds, sections } = study;
  const goals = [...study.goals, ...sections.flatMap((section) => section.goals)];
  return `# What the scheduler is worth

Written by \`npm run sim\`; only the goals and, at the end, the study’s figures are typed in. ${size.devices.toLocaleString('en')} devices on ${size.cells.toLocaleString('en')} cells, image of 256 KiB in blocks of 512 bytes, seven days of deadline, three weeks of horizon, means over seeds ${seeds.join(', ')}. The model and its assumptions: [scheduling](scheduling.md). The admission under test is the production code (\`libs/schedule\`), called for every contact.

\`nat\` is everybody who is alive, charged, and wakes up within the download window by itself at some time; \`all\` also those who never do. DL: done within seven days, %. t50 … t99.9: hours until this part of \`nat\` was done. viol, over: carrier-minutes above the budget of firmware, above what the carrier has. oow: device-minutes outside the window. low: updated below the battery floor. Energy: devices on battery that finished.

## Goals

${markdown(
  ['', 'goal', 'the study’s own policy, same run', 'here', ''],
  goals.map(({ what, goal, study: told, reached, met }) => [what, goal, told, reached, met ? 'met' : '**missed**']),
)}

## Everybody in one world

${markdown(HEAD, [boundRow(study.bounds), ...study.baselines.map(rowOf), ...study.drover.map(rowOf), ...study.own.map(rowOf), ...study.ablations.map(rowOf)])}

## With the same pacing and battery floor for the others

Seeds ${seeds.slice(0, 3).join(', ')}. What is left is who is admitted when.

${markdown(HEAD, study.paced.map(rowOf))}

## Seeds that nobody tuned on

Seeds ${unseenSeeds.join(', ')}.

${markdown(HEAD, study.unseen.map(rowOf))}

## Against the bounds

F0: no session is lost and no contact missed; F1: as everywhere above. B1 and B2 know all radio beforehand.

${againstBound(study.still, study)}

${sections.map(({ text }) => text).join('\n')}
![completion](scheduling/completion.svg)

![energy](scheduling/energy.svg)

![cells](scheduling/cells.svg)

![budget over a day](scheduling/budget-day.svg)

## How far this world is from the study’s

The fleet of seed 42 is the study’s to the device. Its noise is not, and it does not say how soon a baseline tries a lost device again; here it is five minutes. Its own policy is written anew from its text (\`test/sim/study-policy.ts\`). Difference of these rows to the study’s:

${againstStudy([...study.own, ...study.baselines, ...study.paced])}
`;
}
