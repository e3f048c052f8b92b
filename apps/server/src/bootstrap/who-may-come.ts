import { usable, useOf, type Credential, type CredentialBook, type KnownCredential } from '@drover/credentials';
import type { Endpoint, Instant } from '@drover/kernel';
import type { CredentialName } from '../link/bootstrap.ts';
import { BOOTSTRAP_ACTOR, TAKEN_BACK } from './key-plan.ts';

/**
 * Without security nobody is given a key for a device that has shown one, or that came with one from its factory: whoever asks
 * is not known, and could take the device over. A key that nobody has shown yet is given again. This is what the gateway can tell;
 * who has revoked a key, and whether it was ever used, the engine knows.
 */
export function mayAskUnsecured(all: readonly Pick<KnownCredential, 'use' | 'state'>[]): boolean {
  return all.every((each) => useOf(each) === 'management' && each.state !== 'active');
}

function mayComeUnsecured(all: readonly Credential[]): boolean {
  return all.every((each) => useOf(each) === 'management' && (each.state === 'next' || isTakenBack(each)));
}

/** By bootstrap itself, to give another one in its place. What a person has revoked stays out. */
function isTakenBack({ state, createdBy, usedAt, revokedWhy }: Credential): boolean {
  const isOurs = createdBy === BOOTSTRAP_ACTOR.id && Object.values<string | undefined>(TAKEN_BACK).includes(revokedWhy);
  return state === 'revoked' && usedAt === undefined && isOurs;
}

/** Why this one is given nothing, by what the server knows now; `undefined`: it may have its accounts. */
export function whyNotBootstrap(
  endpoint: Endpoint,
  by: CredentialName | undefined,
  { book, now }: { readonly book: CredentialBook; readonly now: Instant },
): string | undefined {
  if (by === undefined) return mayComeUnsecured(book.of(endpoint)) ? undefined : 'ENDPOINT_NEEDS_DTLS';
  const found = usable(book.with(by.kind, by.identity), { use: 'bootstrap', now });
  if ('refused' in found) return found.refused;
  return found.credential.endpoint === endpoint ? undefined : 'ENDPOINT_NOT_YOURS';
}
