import type { Instant } from '@drover/kernel';
import { useOf, type Credential } from './credential.ts';

/** How exact `usedAt` is: a device that connects every minute does not write a row every minute, ms. */
const USE_NOTED_EVERY_MS = 3_600_000;

/**
 * What changes when a device has begun a session with a credential: the new one counts from now on, and those before it are
 * revoked, for the device has shown that it has it. Empty where nothing changes.
 */
export function afterUse(used: Credential, all: readonly Credential[], at: Instant): Credential[] {
  if (used.state === 'revoked') return [];
  if (used.state === 'next') {
    const before = all.filter((each) => each.state === 'active' && useOf(each) === useOf(used) && !isSame(each, used));
    return [
      ...before.map((each) => revoked(each, at, `replaced by ${used.identity}`)),
      { ...withoutPrivateKey(used), state: 'active', usedAt: at },
    ];
  }
  return used.usedAt === undefined || at - used.usedAt >= USE_NOTED_EVERY_MS ? [{ ...used, usedAt: at }] : [];
}

const isSame = (a: Credential, b: Credential): boolean => a.identity === b.identity && a.kind === b.kind;

/** A private key that was made for a device is the device's own as soon as it has shown that it has it. */
function withoutPrivateKey(credential: Credential): Credential {
  if (credential.kind !== 'rpk' && credential.kind !== 'x509') return credential;
  const { secret: _, ...rest } = credential;
  return rest;
}

/** Its secret is forgotten; its fingerprint stays, so that it does not come back. */
export function revoked({ secret: _, ...credential }: Credential, at: Instant, why: string): Credential {
  return { ...credential, state: 'revoked', revokedAt: at, revokedWhy: why };
}
