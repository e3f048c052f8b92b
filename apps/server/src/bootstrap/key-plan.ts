import { useOf, type Credential } from '@drover/credentials';
import { DAY, type Instant } from '@drover/kernel';
import type { BootstrapTemplateSpec } from '@drover/campaign';

/** Who made what bootstrap has made: keys of that origin may be replaced by it, those of people may not. */
export const BOOTSTRAP_ACTOR = { type: 'system', id: 'bootstrap' } as const;

/** Keys made for one device in a day: whoever begins anew for ever must not fill the store. */
export const KEYS_PER_DAY = 20;

type KeySpec = Pick<BootstrapTemplateSpec['accounts'][number]['security'], 'mode' | 'key'>;

export type KeyPlan =
  | { readonly type: 'none' }
  | { readonly type: 'known'; readonly credential: Credential }
  /** `instead` of one that was made, and that nobody has connected with. */
  | { readonly type: 'make'; readonly kind: 'psk' | 'rpk'; readonly instead?: Credential }
  | { readonly type: 'denied'; readonly code: string };

/**
 * Which key a device is given. One that it may have already, because the last session broke off, is given again: what it
 * connects with then is the same on both sides, however often that goes wrong.
 */
export function keyPlan({ mode, key = 'Generate' }: KeySpec, all: readonly Credential[], now: Instant): KeyPlan {
  if (mode === 'NoSec' || mode === 'EST') return { type: 'none' };
  const kind = mode === 'PSK' ? 'psk' : 'rpk';
  const keys = all.filter((each) => useOf(each) === 'management');
  const next = keys.find(({ state }) => state === 'next');
  const isGood = ({ kind: own, secret, expiresAt }: Credential): boolean =>
    own === kind && secret !== undefined && (expiresAt === undefined || expiresAt > now);
  if (next && isGood(next)) return { type: 'known', credential: next };
  if (key === 'Stored') {
    const active = keys.find(({ state }) => state === 'active');
    return active && isGood(active) ? { type: 'known', credential: active } : { type: 'denied', code: 'KEY_MISSING' };
  }
  const isOurs = next === undefined || next.createdBy === BOOTSTRAP_ACTOR.id;
  if (!isOurs) return { type: 'denied', code: 'ROTATION_UNDER_WAY' };
  const made = keys.filter(({ createdBy, createdAt }) => createdBy === BOOTSTRAP_ACTOR.id && now - createdAt < DAY);
  if (made.length >= KEYS_PER_DAY) return { type: 'denied', code: 'KEYS_TOO_OFTEN' };
  return { type: 'make', kind, ...(next && { instead: next }) };
}
