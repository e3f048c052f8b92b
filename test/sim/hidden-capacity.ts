import { DAY, HOUR, seededRandom } from '@drover/kernel';
import { FAST, LearntBudgets, ScheduledPolicy } from '@drover/schedule';
import type { Budgets, FreeAt, Pacing, SimFleet, SimPolicy, World } from '@drover/schedule';
import { hiddenGoal } from './goals.ts';
import type { FoundOut } from './goals.ts';
import type { Contender } from './policies.ts';
import { HORIZON_MS, runOf } from './runs.ts';
import type { Run, Scene } from './runs.ts';
import type { Section } from './section.ts';
import { StudyPolicy } from './study-policy.ts';
import { fixed, markdown } from './tables.ts';

/** What a carrier really has for firmware, as a part of what the operator says: drawn once for each. */
const [LEAST_PART, MOST_PART] = [0.4, 1];
/** Now and then there is half of that for two hours: an event in the cell, a fault. */
const CONGESTION = { perDay: 0.5, hours: 2, part: 0.5 } as const;
/** Minutes in use after which a carrier counts as found out. */
const CONVERGED_MINUTES = 120;
/** Less than this above counts as nothing: no measurement sees it. */
const TOLERANCE = 0.05;

/** What the carriers really have, hour by hour over the whole horizon. */
export function hiddenAir(fleet: SimFleet, seed: number): FreeAt {
  const random = seededRandom(seed ^ 0x5eed);
  const hours = HORIZON_MS / HOUR;
  const parts = new Float32Array(fleet.carriers * hours);
  for (let carrier = 0; carrier < fleet.carriers; carrier++) {
    const part = LEAST_PART + (MOST_PART - LEAST_PART) * random();
    parts.fill(part, carrier * hours, (carrier + 1) * hours);
    for (let day = 0; day < HORIZON_MS / DAY; day++) {
      const [happens, at] = [random() < CONGESTION.perDay, carrier * hours + day * 24 + Math.floor(random() * (24 - CONGESTION.hours))];
      if (happens) parts.fill(part * CONGESTION.part, at, at + CONGESTION.hours);
    }
  }
  return (carrier, at) => {
    const hour = Math.floor(at / HOUR);
    return parts[carrier * hours + hour]! * fleet.budget[carrier * 24 + (hour % 24)]!;
  };
}

/** Carrier-minutes in use and above what there really was, of carriers just met and of those long in use. */
interface Watched {
  active: [number, number];
  above: [number, number];
}

/** Looks on while a policy runs. */
function watched(policy: SimPolicy, { carriers }: SimFleet, { freeAt, seen }: { freeAt: FreeAt; seen: Watched }): SimPolicy {
  const minutes = new Int32Array(carriers);
  return {
    start: (world) => policy.start(world),
    contact: (device, world) => policy.contact(device, world),
    ended: (device, isDone, world) => policy.ended(device, isDone, world),
    ...(policy.believes && { believes: (carrier, at) => policy.believes!(carrier, at) }),
    minute: (world: World) => {
      for (const { carrier, asked } of world.minutes) {
        const phase = minutes[carrier]! < CONVERGED_MINUTES ? 0 : 1;
        minutes[carrier]! += 1;
        seen.active[phase] += 1;
        if (asked > freeAt(carrier, world.now) * (1 + TOLERANCE)) seen.above[phase] += 1;
      }
      policy.minute?.(world);
    },
  };
}

const KINDS: readonly { readonly name: string; readonly pacing: Pacing; readonly make: (freeAt: FreeAt) => SimPolicy }[] = [
  { name: 'FAST, knows what there is', budgets: (freeAt: FreeAt): Budgets => ({ at: freeAt }) },
  { name: 'FAST, finds it out', budgets: () => new LearntBudgets() },
  { name: 'FAST, finds it out, told nothing', budgets: () => new LearntBudgets('cell-only') },
  { name: 'FAST, believes what it was told' },
]
  .map(({ name, budgets }) => ({
    name,
    pacing: 'battery-first' as Pacing,
    make: (freeAt: FreeAt): SimPolicy => new ScheduledPolicy({ mode: FAST, ...(budgets && { budgets: budgets(freeAt) }) }),
  }))
  .concat({ name: 'The study’s own, FAST, believes what it was told', pacing: 'even', make: () => new StudyPolicy('FAST') });

interface Row {
  readonly name: string;
  readonly run: Run['outcome'];
  readonly seen: Watched;
}

/** The same decisions on carriers that have less than was said, and not always the same. */
export function hiddenCapacity(scene: Scene, say: (line: string) => void): Section {
  const freeAt = hiddenAir(scene.fleet, scene.seed);
  const part = ({ seen }: Row, phase: 0 | 1): number => seen.above[phase] / seen.active[phase];
  const rows = KINDS.map(({ name, pacing, make }): Row => {
    const seen: Watched = { active: [0, 0], above: [0, 0] };
    const contender: Contender = { name, pacing, make: () => watched(make(freeAt), scene.fleet, { freeAt, seen }) };
    const row = { name, run: runOf(contender, scene, freeAt).outcome, seen };
    say(
      `  ${name}: t99 ${fixed(1)(row.run.t99)} h, above ${fixed(1)(100 * part(row, 0))} % at first, ${fixed(1)(100 * part(row, 1))} % later`,
    );
    return row;
  });
  const told = (row: Row): FoundOut => ({ aboveLater: part(row, 1), t99: row.run.t99 / rows[0]!.run.t99 });
  return { text: sectionText(rows, scene.seed, part), goals: [hiddenGoal(told(rows[1]!), told(rows.at(-1)!))] };
}

function sectionText(rows: readonly Row[], seed: number, part: (row: Row, phase: 0 | 1) => number): string {
  const percent = (value: number): string => fixed(1)(100 * value);
  const table = markdown(
    ['', 'DL nat', 't90', 't99', 'fleet Ah', 'wasted %', 'above, first 2 h: minutes', '%', 'above, later: minutes', '%'],
    rows.map((row) => [
      row.name,
      fixed(2)(100 * row.run.inTimeNat),
      fixed(1)(row.run.t90),
      fixed(1)(row.run.t99),
      fixed(0)(row.run.fleetAh),
      percent(row.run.wasted),
      String(row.seen.above[0]),
      percent(part(row, 0)),
      String(row.seen.above[1]),
      percent(part(row, 1)),
    ]),
  );
  return `## Carriers that have less than was said

Seed ${seed}. Each carrier has ${LEAST_PART} to ${MOST_PART} of what firmware was told it may take, drawn once; on every second day it has half of that for ${CONGESTION.hours} hours. Above that blocks take longer and sessions are lost sooner. What finds it out (\`libs/schedule/src/carrier-capacity.ts\`) sees block times, with an error of 3 %, and lost sessions. Above: carrier-minutes with more than ${100 * TOLERANCE} % above what there really was, and what part of the minutes in use that is, in the first two hours in which a carrier is used and later.

${table}
`;
}
