import type { Instant } from '@drover/kernel';
import type { Credential } from './credential.ts';

/** How exact `usedAt` is: a device that connects every minute does not write a row every minute, ms. */
const USE_NOTED_EVERY_MS = 3_600_000;

/**
 * What changes when a device has begun a session with a credential: the new one counts from now on, and those before it are
 * revoked, for the device has shown that it has it. Empty where nothing changes.
 */
export function afterUse(used: Credential, all: readonly Credential[], at: Instant): Credential[] {
  if (used.state === 'revoked') return [];
  if (used.state === 'next') {
    const before = all.filter(({ state, identity, kind }) => state === 'active' && !(identity === used.identity && kind === used.kind));
    return [...before.map((each) => revoked(each, at, `replaced by ${used.identity}`)), { ...used, state: 'active', usedAt: at }];
  }
  return used.usedAt === undefined || at - used.usedAt >= USE_NOTED_EVERY_MS ? [{ ...used, usedAt: at }] : [];
}

/** Its secret is forgotten; its fingerprint stays, so that it does not come back. */
export function revoked({ secret: _, ...credential }: Credential, at: Instant, why: string): Credential {
  return { ...credential, state: 'revoked', revokedAt: at, revokedWhy: why };
}
