import { hash32, seededRandom } from '@drover/kernel';
import type { OutlookSnapshot } from './snapshot.ts';

/** Fleets above this many devices are sampled. */
export const MOST_SIMULATED = 20_000;
/** A carrier with more than this part of what may be simulated is thinned, its devices and its budget alike. */
const GIANT = 1 / 4;

/** Whole carriers, so that who shares one still does. */
export interface Sample {
  /** Rows of the snapshot. */
  readonly rows: Int32Array;
  /** By carrier of the snapshot: the part of its devices and of its budget that is simulated; 0 is not at all. */
  readonly part: Float64Array;
  /** Devices that one simulated device stands for, from 1. */
  readonly factor: number;
  readonly carriers: number;
  readonly thinned: number;
}

/**
 * All where there are few. Else every k-th carrier in the order of their sizes, so that large and small ones are there as
 * often as in the fleet; where it begins is up to the seed.
 */
export function sampleOf(snapshot: OutlookSnapshot, seed: number, most = MOST_SIMULATED): Sample {
  const { size, carrier } = snapshot;
  const counts = new Float64Array(snapshot.carriers.length);
  for (let device = 0; device < size; device++) counts[carrier[device]!]! += 1;
  const step = Math.max(1, Math.ceil(size / most));
  const part = step === 1 ? new Float64Array(counts.length).fill(1) : partsOf(counts, { step, seed, giant: most * GIANT });
  const rows: number[] = [];
  for (let device = 0; device < size; device++) if (isKept(part[carrier[device]!]!, device, seed)) rows.push(device);
  return {
    rows: Int32Array.from(rows),
    part,
    factor: rows.length === 0 ? 1 : size / rows.length,
    carriers: part.reduce((sum, each, index) => sum + Number(each > 0 && counts[index]! > 0), 0),
    thinned: part.reduce((sum, each) => sum + Number(each > 0 && each < 1), 0),
  };
}

function partsOf(counts: Float64Array, { step, seed, giant }: { step: number; seed: number; giant: number }): Float64Array {
  const part = new Float64Array(counts.length);
  const order = Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]! || a - b);
  const small = order.filter((index) => counts[index]! <= giant);
  for (const index of order) if (counts[index]! > giant) part[index] = 1 / step;
  for (let place = Math.floor(seededRandom(seed)() * Math.min(step, small.length)); place < small.length; place += step)
    part[small[place]!] = 1;
  return part;
}

/** By the device and the seed alone, so that the same one is kept whatever else is asked. */
function isKept(part: number, device: number, seed: number): boolean {
  return part === 1 || (part > 0 && hash32(`${seed}/${device}`) < part * 4_294_967_296);
}
