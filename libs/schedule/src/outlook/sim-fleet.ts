import { expectedCoverage } from '../coverage.ts';
import { BEARERS, type SimFleet } from '../simulate/fleet.ts';
import { BLOCK_SIZE } from '../simulate/world.ts';
import { blockCost, type TransferLink } from '../transfer-cost.ts';
import type { Sample } from './sample.ts';
import type { OutlookSnapshot } from './snapshot.ts';

const HOURS = 24;

/** The sampled rows as a fleet that the simulated world can run; who is not free to come through has no contacts in it. */
export function simFleetOf(snapshot: OutlookSnapshot, { rows, part }: Sample, barriers: Uint8Array): SimFleet {
  const { carrierOf, budget } = carriersOf(snapshot, rows, part);
  const windowOf = snapshot.windows.map((open, index) => (open.every((each) => each === 1) ? 0 : index));
  const of = (value: (row: number) => number): Float64Array => Float64Array.from(rows, value);
  const flags = (value: (row: number) => number): Uint8Array => Uint8Array.from(rows, value);
  return {
    size: rows.length,
    carriers: budget.length / HOURS,
    background: new Float64Array(budget.length),
    budget,
    carrier: Int32Array.from(rows, (row) => carrierOf[snapshot.carrier[row]!]!),
    bearer: flags((row) => snapshot.bearer[row]!),
    meanLossDb: of((row) => snapshot.lossDb[row]!),
    lossSdDb: of((row) => Math.sqrt(snapshot.lossVarianceDb[row]!)),
    periodMs: of((row) => snapshot.periodMs[row]!),
    phaseMs: of((row) => snapshot.phaseMs[row]!),
    battery: new Float64Array(rows.length).fill(100),
    canResume: flags((row) => snapshot.canResume[row]!),
    canAppoint: flags((row) => snapshot.canAppoint[row]!),
    isDead: flags((row) => Number(barriers[row]! > 0)),
    window: flags((row) => windowOf[snapshot.download[row]!]!),
    windows: snapshot.windows.map((open) => Array.from(open, (each) => each === 1)),
    bytes: Int32Array.from(rows, (row) => asSimulated(snapshot, row)),
  };
}

/** Numbers of the carriers that are left, and their budgets, of a thinned one as thin as its devices. */
function carriersOf(snapshot: OutlookSnapshot, rows: Int32Array, part: Float64Array): { carrierOf: Int32Array; budget: Float64Array } {
  const carrierOf = new Int32Array(snapshot.carriers.length).fill(-1);
  let count = 0;
  for (const row of rows) if (carrierOf[snapshot.carrier[row]!]! < 0) carrierOf[snapshot.carrier[row]!] = count++;
  const budget = new Float64Array(count * HOURS);
  carrierOf.forEach((to, from) => {
    for (let hour = 0; to >= 0 && hour < HOURS; hour++) budget[to * HOURS + hour] = snapshot.budget[from * HOURS + hour]! * part[from]!;
  });
  return { carrierOf, budget };
}

/** The world knows one size of block: a transfer in others is as large there as takes the same time. */
function asSimulated(snapshot: OutlookSnapshot, row: number): number {
  const [bytes, blockSize] = [snapshot.bytes[row]!, snapshot.blockSize[row]!];
  if (blockSize === BLOCK_SIZE) return bytes;
  const { model } = snapshot;
  const ce = expectedCoverage({ meanDb: snapshot.lossDb[row]!, varianceDb: snapshot.lossVarianceDb[row]! });
  const link: TransferLink = { bearer: BEARERS[snapshot.bearer[row]!]!, ce, blockSize };
  const longer = blockCost(link, model).duration / blockCost({ ...link, blockSize: BLOCK_SIZE }, model).duration;
  return Math.round(Math.ceil(bytes / blockSize) * longer * BLOCK_SIZE);
}
