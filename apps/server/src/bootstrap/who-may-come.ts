import { usable, useOf, type CredentialBook, type KnownCredential } from '@drover/credentials';
import type { Endpoint, Instant } from '@drover/kernel';
import type { CredentialName } from '../link/bootstrap.ts';

/**
 * Without security nobody is given a key for a device that has shown one, or that came with one from its factory: whoever asks
 * is not known, and could take the device over. A key that nobody has shown yet is given again.
 */
export function mayComeUnsecured(all: readonly Pick<KnownCredential, 'use' | 'state'>[]): boolean {
  return all.every((each) => useOf(each) === 'management' && each.state === 'next');
}

/** Why this one is given nothing, by what the server knows now; `undefined`: it may have its accounts. */
export function whyNotBootstrap<C extends KnownCredential>(
  endpoint: Endpoint,
  by: CredentialName | undefined,
  { book, now }: { readonly book: CredentialBook<C>; readonly now: Instant },
): string | undefined {
  if (by === undefined) return mayComeUnsecured(book.of(endpoint)) ? undefined : 'ENDPOINT_NEEDS_DTLS';
  const found = usable(book.with(by.kind, by.identity), { use: 'bootstrap', now });
  if ('refused' in found) return found.refused;
  return found.credential.endpoint === endpoint ? undefined : 'ENDPOINT_NOT_YOURS';
}
