import type { Endpoint, Instant } from '@drover/kernel';
import { useOf, type Credential, type CredentialUse, type KnownCredential } from './credential.ts';
import type { CredentialBook } from './book.ts';
import type { CredentialCode } from './errors.ts';

/** What somebody has shown in a handshake, in the form that credentials are kept in. */
export type ShownIdentity =
  | { readonly kind: 'psk'; readonly identity: string }
  | { readonly kind: 'rpk'; readonly identity: string }
  /** `names`: its key, then common name and alternative names, as they stand in the certificate. */
  | { readonly kind: 'x509'; readonly names: readonly string[]; readonly issuer: string; readonly pin: string };

/** Whose it is, or why it opens nothing. */
export type Found<C extends KnownCredential = Credential> = { readonly credential: C } | { readonly refused: CredentialCode };

/** Which door of the server somebody stands at, and when. */
export interface Door {
  readonly use: CredentialUse;
  readonly now: Instant;
}

/** Which credential this is. Nothing is taken from what the peer merely says, such as its endpoint name. */
export function credentialOf<C extends KnownCredential>(shown: ShownIdentity, book: CredentialBook<C>, door: Door): Found<C> {
  if (shown.kind !== 'x509') return usable(book.with(shown.kind, shown.identity), door);
  const found = shown.names.map((name) => book.with('x509', name)).filter((each) => each !== undefined && isOf(shown, each));
  return usable(found[0], door);
}

function isOf({ issuer, pin }: Extract<ShownIdentity, { kind: 'x509' }>, credential: KnownCredential): boolean {
  return (credential.issuer === undefined || credential.issuer === issuer) && (credential.pin === undefined || credential.pin === pin);
}

/** Whether it opens this door now. A factory key opens no registration, and a key for registrations no bootstrap. */
export function usable<C extends KnownCredential>(credential: C | undefined, { use, now }: Door): Found<C> {
  if (credential === undefined) return { refused: 'IDENTITY_UNKNOWN' };
  if (useOf(credential) !== use) return { refused: 'CREDENTIAL_OTHER_USE' };
  if (credential.state === 'revoked') return { refused: 'CREDENTIAL_REVOKED' };
  return credential.expiresAt !== undefined && credential.expiresAt <= now ? { refused: 'CREDENTIAL_EXPIRED' } : { credential };
}

/** An endpoint that has, or had, a credential is spoken for by nothing else: not by a datagram without security either. */
export const needsCredential = (endpoint: Endpoint, book: CredentialBook<KnownCredential>): boolean => book.of(endpoint).length > 0;

/** `undefined`: it may. */
export function mayNotSpeakFor(
  endpoint: Endpoint,
  by: Pick<KnownCredential, 'endpoint'> | undefined,
  book: CredentialBook<KnownCredential>,
): CredentialCode | undefined {
  if (by === undefined) return needsCredential(endpoint, book) ? 'ENDPOINT_NEEDS_DTLS' : undefined;
  return by.endpoint === endpoint ? undefined : 'ENDPOINT_NOT_YOURS';
}
