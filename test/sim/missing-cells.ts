import { seededRandom } from '@drover/kernel';
import { FAST, ScheduledPolicy, UNKNOWN_CELL_FACTOR } from '@drover/schedule';
import type { SimFleet } from '@drover/schedule';
import { operatorsOf } from './fleet.ts';
import { missingCellsGoal } from './goals.ts';
import type { Outcome } from './outcome.ts';
import { STUDY_OWN } from './policies.ts';
import type { Contender } from './policies.ts';
import { runOf, sceneOf } from './runs.ts';
import type { Scene } from './runs.ts';
import type { Section } from './section.ts';
import { fixed, markdown } from './tables.ts';

/** Devices that do not tell their cell, 0–1. */
const MISSING = 0.3;
const OPERATORS = 3;

/** How the devices without a cell are gathered, and what all of a bucket may take, as a part of one carrier. */
interface Gathering {
  readonly name: string;
  /** Cells of one operator in a bucket; Infinity is all of them. */
  readonly cells: number;
  readonly share: number;
}

const GATHERINGS: readonly Gathering[] = [
  {
    name: `by operator and bearer, ${UNKNOWN_CELL_FACTOR} of a carrier (the engine, where no area is told)`,
    cells: Infinity,
    share: UNKNOWN_CELL_FACTOR,
  },
  { name: 'by operator and bearer, 20 carriers', cells: Infinity, share: 20 },
  { name: `by tracking area of 50 cells, ${UNKNOWN_CELL_FACTOR} of a carrier`, cells: 50, share: UNKNOWN_CELL_FACTOR },
];

/** The same fleet and the same air; the server does not see the cell of some. */
export function withoutCells(fleet: SimFleet, seed: number, { cells, share }: Omit<Gathering, 'name'>): SimFleet {
  const random = seededRandom(seed ^ 0xce11);
  const operators = operatorsOf(seed, fleet.carriers / 2);
  const areas = Number.isFinite(cells) ? Math.ceil(fleet.carriers / 2 / cells) : 1;
  const groups = fleet.carriers + 2 * OPERATORS * areas;
  const bucketOf = Int32Array.from({ length: fleet.carriers }, (_, carrier) => {
    const cell = carrier >> 1;
    const area = Math.floor(cell / Math.min(cells, fleet.carriers));
    return fleet.carriers + 2 * (operators[cell]! * areas + area) + (carrier & 1);
  });
  const carrier = fleet.carrier.map((own) => (random() < MISSING ? bucketOf[own]! : own));
  return { ...fleet, unseen: { carrier, groups, bucketOf, budget: budgetsOf(fleet, bucketOf, { groups, share }) } };
}

/** A bucket is given a part of the mean of the carriers behind it. */
function budgetsOf(fleet: SimFleet, bucketOf: Int32Array, { groups, share }: { groups: number; share: number }): Float64Array {
  const budget = new Float64Array(24 * groups);
  budget.set(fleet.budget);
  const carriers = new Int32Array(groups);
  for (const bucket of bucketOf) carriers[bucket]! += 1;
  for (const [carrier, bucket] of bucketOf.entries())
    for (let hour = 0; hour < 24; hour++) budget[bucket * 24 + hour]! += (share * fleet.budget[carrier * 24 + hour]!) / carriers[bucket]!;
  return budget;
}

/** What it costs that some devices do not tell their cell, and whether the carriers they load are exceeded. */
export function missingCells(scene: Scene, all: Outcome, say: (line: string) => void): Section {
  const ours: Contender = { name: 'FAST', pacing: 'battery-first', make: () => new ScheduledPolicy({ mode: FAST }) };
  const own = STUDY_OWN[0]!;
  const runs = [...GATHERINGS.map((gathering) => ({ ...gathering, contender: ours })), { ...GATHERINGS[0]!, contender: own }];
  const rows = runs.map(({ name: gathered, contender, ...gathering }) => {
    const name = `${contender.name}, ${gathered}`;
    const blind = sceneOf(withoutCells(scene.fleet, scene.seed, gathering), scene.seed, scene.weather);
    const { outcome } = runOf(contender, blind);
    const above = fixed(2)((100 * outcome.overBudget) / outcome.activeMinutes);
    say(`  ${name}: DL nat ${fixed(2)(100 * outcome.inTimeNat)} %, t99 ${fixed(1)(outcome.t99)} h, above budget ${above} %`);
    return { name, outcome };
  });
  return {
    text: sectionText([{ name: 'FAST, all cells known', outcome: all }, ...rows], scene.seed),
    goals: [missingCellsGoal(all, rows[0]!.outcome, rows.at(-1)!.outcome)],
  };
}

function sectionText(rows: readonly { readonly name: string; readonly outcome: Outcome }[], seed: number): string {
  const table = markdown(
    ['', 'DL nat', 't50', 't90', 't99', 'fleet Ah', 'above budget: minutes', '%', 'above capacity: minutes'],
    rows.map(({ name, outcome }) => [
      name,
      fixed(2)(100 * outcome.inTimeNat),
      fixed(1)(outcome.t50),
      fixed(1)(outcome.t90),
      fixed(1)(outcome.t99),
      fixed(0)(outcome.fleetAh),
      String(outcome.overBudget),
      fixed(2)((100 * outcome.overBudget) / outcome.activeMinutes),
      String(outcome.overCapacity),
    ]),
  );
  return `## Devices that do not tell their cell

Seed ${seed}, F1. ${100 * MISSING} % of the devices, drawn once, do not tell their cell. The server takes all of a bucket for one carrier more, and paces them to its share; on the air they load the carrier they are really on, together with those that told it.

Where many are without a cell, one bucket for all of an operator is a queue of months. A larger one ends sooner, and is above the budget of single carriers more often: what is known of them fills their budget, and what is not comes on top. A smaller area is worth more than a larger share.

${table}
`;
}
