import type { ProfileName } from './profiles.ts';

/** Weights: counts or shares, whatever their sum. */
export type Mix = Readonly<Partial<Record<ProfileName, number>>>;

/** The demo's fleet of 200. A device that never comes back is for fault tests alone. */
export const DEFAULT_MIX: Mix = {
  pull: 70,
  push: 36,
  'sleeper-pull': 30,
  'sleeper-push': 14,
  ce1: 10,
  lossy: 10,
  'power-loss-mid-pull': 6,
  'no-observe': 4,
  'tlv-only': 4,
  'poor-coverage': 3,
  'low-battery': 3,
  'integrity-failure': 2,
  'out-of-memory': 2,
  'refuses-package': 2,
  'hangs-in-updating': 2,
  'comes-back-old': 2,
};

/** From this size on every profile of the mix takes part. */
const ALL_PROFILES_FROM = 40;

/** Scales a mix to `devices` by largest remainder; from 40 devices on with at least one of each profile. */
export function scaleMix(mix: Mix, devices: number): Map<ProfileName, number> {
  const weights = (Object.entries(mix) as [ProfileName, number][]).filter(([, weight]) => weight > 0);
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  const atLeast = devices >= Math.max(ALL_PROFILES_FROM, weights.length) ? 1 : 0;
  const parts = weights.map(([name, weight]) => {
    const quota = (weight / sum) * devices;
    return { name, quota, count: Math.max(atLeast, Math.floor(quota)) };
  });
  // What a part is owed; negative for one that was lifted to its first device.
  const byDebt = () => parts.sort((a, b) => b.quota - b.count - (a.quota - a.count));
  for (let missing = devices - total(parts); missing > 0; missing--) byDebt()[0]!.count += 1;
  for (let surplus = total(parts) - devices; surplus > 0; surplus--) byDebt().findLast(({ count }) => count > atLeast)!.count -= 1;
  const counts = new Map(parts.map(({ name, count }) => [name, count]));
  return new Map(weights.map(([name]) => [name, counts.get(name) ?? 0]));
}

function total(parts: readonly { readonly count: number }[]): number {
  return parts.reduce((sum, { count }) => sum + count, 0);
}
