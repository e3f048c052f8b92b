import { useOf, type Credential, type CredentialKind } from '@drover/credentials';
import { DAY, type Instant } from '@drover/kernel';
import type { BootstrapTemplateSpec } from '@drover/campaign';

/** Who made what bootstrap has made: keys of that origin may be replaced by it, those of people may not. */
export const BOOTSTRAP_ACTOR = { type: 'system', id: 'bootstrap' } as const;

/** Keys made for one device in a day: whoever begins anew for ever must not fill the store. */
export const KEYS_PER_DAY = 20;

/** Modes in which a device is given a key, and what its credential is. */
const KIND_OF: Readonly<Record<string, CredentialKind>> = { PSK: 'psk', RPK: 'rpk', X509: 'x509', OSCORE: 'oscore' };

/** `undefined`: with this mode there is no key, or the device makes it. */
export const kindOf = (mode: KeySpec['mode']): CredentialKind | undefined => KIND_OF[mode];

type KeySpec = Pick<BootstrapTemplateSpec['accounts'][number]['security'], 'mode' | 'key'>;

export type KeyPlan =
  | { readonly type: 'none' }
  | { readonly type: 'known'; readonly credential: Credential }
  /** `instead` of one that was made, and that nobody has connected with. */
  | { readonly type: 'make'; readonly kind: CredentialKind; readonly instead?: Credential }
  | { readonly type: 'denied'; readonly code: string };

/** Why bootstrap takes back what it has made, and what nobody has connected with. */
export const TAKEN_BACK = {
  kind: 'the template asks for another kind of key',
  context: 'an OSCORE context is given once',
  certificate: 'it has had another key certified',
  other: 'it cannot be given any more',
} as const;

/** @param kind of what is made instead */
export function whyTakenBack({ kind: before }: Credential, kind: CredentialKind): string {
  if (before !== kind) return TAKEN_BACK.kind;
  return kind === 'oscore' ? TAKEN_BACK.context : TAKEN_BACK.other;
}

export interface Asking {
  readonly now: Instant;
  /** Identity of the last OSCORE context that the device was given, whatever became of it. */
  readonly context?: string | undefined;
}

/**
 * Which key a device is given. One that it may have already, because the last session broke off, is given again: what it connects
 * with then is the same on both sides, however often that goes wrong. An OSCORE context is not: a device that is given one counts
 * its messages from zero, and a nonce must not come twice (RFC 8613 section 3.2.2).
 */
export function keyPlan({ mode, key = 'Generate' }: KeySpec, all: readonly Credential[], { now, context }: Asking): KeyPlan {
  const kind = kindOf(mode);
  if (kind === undefined) return { type: 'none' };
  const keys = all.filter((each) => useOf(each) === 'management');
  const isGood = ({ kind: own, secret, expiresAt }: Credential): boolean =>
    own === kind && secret !== undefined && (expiresAt === undefined || expiresAt > now);
  const next = keys.find(({ state }) => state === 'next');
  const stored = key === 'Stored' ? keys.find(({ state }) => state === 'active') : undefined;
  const known = [next, stored].find((each) => each !== undefined && isGood(each));
  const isOver = known?.kind === 'oscore' && (known.identity === context || known.usedAt !== undefined);
  if (known && !isOver) return { type: 'known', credential: known };
  if (key === 'Stored') return { type: 'denied', code: isOver ? 'CONTEXT_GIVEN' : 'KEY_MISSING' };
  const isOurs = next === undefined || next.createdBy === BOOTSTRAP_ACTOR.id;
  if (!isOurs) return { type: 'denied', code: isOver ? 'CONTEXT_GIVEN' : 'ROTATION_UNDER_WAY' };
  if (hasTooMany(keys, now)) return { type: 'denied', code: 'KEYS_TOO_OFTEN' };
  return { type: 'make', kind, ...(next && { instead: next }) };
}

/** Of keys that were made, or certified, for one device today. */
export function hasTooMany(all: readonly Credential[], now: Instant): boolean {
  const made = all.filter(({ createdBy, createdAt }) => createdBy === BOOTSTRAP_ACTOR.id && now - createdAt < DAY);
  return made.length >= KEYS_PER_DAY;
}
