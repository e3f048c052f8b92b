import { HOUR, seededRandom } from '@drover/kernel';
import { FAST, ScheduledPolicy } from '@drover/schedule';
import type { SimFleet } from '@drover/schedule';
import { edrxGoal } from './goals.ts';
import { STUDY_OWN } from './policies.ts';
import type { Contender } from './policies.ts';
import { runOf } from './runs.ts';
import type { Run, Scene } from './runs.ts';
import type { Section } from './section.ts';
import { fixed, markdown } from './tables.ts';

/** Of the devices that are always reachable, those that listen once a cycle only; cycles of NB-IoT, s. */
const PART = 0.5;
const CYCLES_S = [20.48, 81.92, 327.68, 655.36] as const;

export function withEdrx(fleet: SimFleet, seed: number): SimFleet {
  const random = seededRandom(seed ^ 0xed12);
  const cycleMs = Float64Array.from(fleet.periodMs, (period) => {
    const [isIn, cycle] = [random() < PART, CYCLES_S[Math.floor(CYCLES_S.length * random())]!];
    return period === 0 && isIn ? cycle * 1000 : 0;
  });
  return { ...fleet, cycleMs };
}

interface Row {
  readonly name: string;
  readonly run: Run['outcome'];
  /** Hours until this part of the devices in question was done. */
  readonly t50: number;
  readonly t99: number;
  readonly probes: number;
}

/** Devices that hear what they are told one cycle later. */
export function edrx(scene: Scene, say: (line: string) => void): Section {
  const fleet = withEdrx(scene.fleet, scene.seed);
  const inClass = [...fleet.cycleMs!.keys()].filter((device) => fleet.cycleMs![device]! > 0 && scene.eligible.nat[device] === 1);
  const ours: Contender = { name: 'FAST', pacing: 'battery-first', make: () => new ScheduledPolicy({ mode: FAST }) };
  const rowOf = (contender: Contender, name: string, of: SimFleet): Row => {
    const { world, outcome } = runOf(contender, { ...scene, fleet: of });
    const times = Float64Array.from(inClass, (device) => world.doneAt[device]! || Number.POSITIVE_INFINITY).sort();
    const at = (q: number): number => times[Math.ceil(q * times.length) - 1]! / HOUR;
    const row = { name: `${contender.name}, ${name}`, run: outcome, t50: at(0.5), t99: at(0.99), probes: world.seen.probes };
    say(`  ${row.name}: t50 ${fixed(2)(row.t50)} h, t99 ${fixed(1)(row.t99)} h of the class, ${row.probes} probes`);
    return row;
  };
  const rows = [
    rowOf(ours, 'always listening', scene.fleet),
    rowOf(ours, 'in eDRX', fleet),
    rowOf(STUDY_OWN[0]!, 'always listening', scene.fleet),
    rowOf(STUDY_OWN[0]!, 'in eDRX', fleet),
  ];
  const later = (from: number): number => rows[from + 1]!.run.t99 / rows[from]!.run.t99;
  const above = (place: number): number => rows[place]!.run.overBudget;
  return { text: sectionText(rows, inClass.length, scene.seed), goals: [edrxGoal([above(1), later(0)], [above(3), later(2)])] };
}

function sectionText(rows: readonly Row[], devices: number, seed: number): string {
  const table = markdown(
    ['', 't50 of the class', 't99 of the class', 'DL nat of all', 't90', 't99', 'above budget', 'probes'],
    rows.map(({ name, run, t50, t99, probes }) => [
      name,
      fixed(2)(t50),
      fixed(1)(t99),
      fixed(2)(100 * run.inTimeNat),
      fixed(1)(run.t90),
      fixed(1)(run.t99),
      String(run.overBudget),
      String(probes),
    ]),
  );
  return `## Devices in eDRX

Seed ${seed}, F1. ${devices.toLocaleString('en')} devices, half of those that are always reachable, listen once in a cycle of ${CYCLES_S.join(', ')} s. Told to begin, a device hears one probe when it listens next; no block is sent before. Until then the policy counts its share as taken, and the air is free.

${table}
`;
}
