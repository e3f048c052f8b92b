/**
 * Chance without a state: the same seed, device, count and purpose always give the same number, whatever was asked before.
 * So every policy meets the same world, and a replay of one device needs no other.
 */
export type Noise = (device: number, count: number, purpose: number) => number;

const TWO_PI = 2 * Math.PI;
const UNIT = 1 / 4_294_967_296;

/** Uniform in [0, 1). */
export function noiseOf(seed: number): Noise {
  const base = mix(seed ^ 0x9e3779b9);
  return (device, count, purpose) => {
    const hash = mix(mix(mix(base ^ device) + Math.imul(count, 0x85ebca6b)) ^ Math.imul(purpose + 1, 0xc2b2ae35));
    return (hash >>> 0) * UNIT;
  };
}

/** Standard normal, by Box and Muller, from two purposes that nobody else uses. */
export function normalOf(noise: Noise, device: number, count: number, purpose: number): number {
  const u = Math.max(noise(device, count, purpose), UNIT);
  const v = noise(device, count, purpose + 1);
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(TWO_PI * v);
}

/** Finalizer of a 32-bit hash: each bit of the input turns about half of the output. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}
