import { HOUR } from '@drover/kernel';
import type { SimFleet } from '@drover/schedule';
import { byCarrier } from './bounds.ts';
import { achievedHours, carriersToBound, lpCarrierOf } from './carrier-bound.ts';
import { leastMakespan } from './carrier-lp.ts';
import { carrierGoal } from './goals.ts';
import type { Contender } from './policies.ts';
import { boundsOf, F0, HORIZON_MS, runOf, sceneOf } from './runs.ts';
import type { Section } from './section.ts';
import { loadSolver } from './solver.ts';
import { fixed, markdown } from './tables.ts';

const EACH = 4;

interface Row {
  readonly carrier: number;
  readonly devices: number;
  readonly boundHours: number;
  /** By contender. */
  readonly achieved: readonly number[];
}

/** What is achieved on single carriers against the linear program B3, with radio that does not change. */
export async function largestCarriers(
  fleet: SimFleet,
  seed: number,
  { contenders, own, say }: { contenders: readonly Contender[]; own: Contender; say: (line: string) => void },
): Promise<Section> {
  const highs = await loadSolver();
  const scene = sceneOf(fleet, seed, { ...F0, radioSdDb: 0 });
  const everybody = [...contenders, own];
  const runs = everybody.map((contender) => runOf(contender, scene));
  const { makespans } = boundsOf(scene);
  const lists = byCarrier(fleet, scene.eligible.nat);
  const { largest, middling } = carriersToBound(scene, EACH);
  const boundOf = (carrier: number): Row => {
    const started = performance.now();
    const devices = lists[carrier]!;
    const guessMs = (makespans.get(carrier) ?? 1) * HOUR;
    const boundHours = leastMakespan(highs, lpCarrierOf(scene, carrier, devices), { guessMs, horizonMs: HORIZON_MS });
    const seconds = fixed(1)((performance.now() - started) / 1000);
    say(`  B3 of a carrier with ${devices.length} devices: ${fixed(1)(boundHours)} h, ${seconds} s to solve`);
    return { carrier, devices: devices.length, boundHours, achieved: runs.map((run) => achievedHours(run, carrier)) };
  };
  const rows = largest.map(boundOf);
  const text = sectionText([...rows, ...middling.map(boundOf)], { contenders: everybody, makespans, seed });
  const ratios = (place: number): number[] => rows.map(({ achieved, boundHours }) => achieved[place]! / boundHours);
  return { text, goals: [carrierGoal(ratios(0), ratios(contenders.length))] };
}

function sectionText(
  rows: readonly Row[],
  { contenders, makespans, seed }: { contenders: readonly Contender[]; makespans: ReadonlyMap<number, number>; seed: number },
): string {
  const table = markdown(
    ['devices', 'B1, h', 'B3, h', ...contenders.flatMap(({ name }) => [`${name}, h`, '/ B3'])],
    rows.map(({ carrier, devices, boundHours, achieved }) => [
      String(devices),
      fixed(1)(makespans.get(carrier) ?? Number.NaN),
      fixed(1)(boundHours),
      ...achieved.flatMap((hours) => [fixed(1)(hours), fixed(2)(hours / boundHours)]),
    ]),
  );
  return `## Single carriers against the linear program

Seed ${seed}, F0, radio that does not change: hours until the last device of a carrier is done. The ${EACH} carriers with most devices, and ${EACH} around the middle of those with a hundred and more. B3 is a linear program (\`test/sim/carrier-lp.ts\`, solved by HiGHS): in each half hour each device takes at most its rate, all together at most the budget. The study’s program places rectangles of fixed length instead; a paced transfer is none, so that is no bound for it, and its ratios are not these.

${table}
`;
}
