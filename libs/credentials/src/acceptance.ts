import { MAX_IDENTITY_BYTES, useOf, type Credential } from './credential.ts';
import type { CredentialBook } from './book.ts';
import { CredentialError } from './errors.ts';
import { weaknessOf } from './key-strength.ts';
import { unpackMaterial } from './oscore.ts';

/** What somebody wants to be added, its secret in clear: a key, or a packed OSCORE context. */
export interface Candidate extends Pick<
  Credential,
  'namespace' | 'endpoint' | 'kind' | 'use' | 'identity' | 'issuer' | 'pin' | 'expiresAt'
> {
  readonly secret?: Uint8Array;
  readonly fingerprint?: string;
}

/** `add`: the device's first. `rotate`: beside the one that it has. `deliver`: the same, also where it has none yet. */
export type Intent = 'add' | 'rotate' | 'deliver';

const quoted = (text: string): string => JSON.stringify(text.slice(0, 80));

/** Throws a `CredentialError` with the reason; `unchanged` where the very same one is there already. */
export function accept(candidate: Candidate, book: CredentialBook, intent: Intent): 'new' | 'unchanged' {
  requireIdentity(candidate);
  const known = book.with(candidate.kind, candidate.identity);
  if (known && intent === 'add' && isSame(known, candidate)) return 'unchanged';
  if (known) throw new CredentialError('IDENTITY_TAKEN', `the identity ${quoted(candidate.identity)} is ${stateOf(known, candidate)}`);
  requireSpoken(candidate);
  requireStrong(candidate);
  requireOwn(candidate, book);
  requirePlace(candidate, book, intent);
  return 'new';
}

/** 1 to 128 bytes of UTF-8 without control characters, which would forge lines of a log. */
export function requireIdentity({ identity }: Pick<Credential, 'identity'>): void {
  const isWellFormed = identity !== '' && Buffer.byteLength(identity) <= MAX_IDENTITY_BYTES && !/\p{Cc}/u.test(identity);
  // A lone surrogate is another text on the wire, and then two identities would be one.
  if (!isWellFormed || !identity.isWellFormed())
    throw new CredentialError('IDENTITY_INVALID', `an identity is 1 to ${MAX_IDENTITY_BYTES} bytes of UTF-8, got ${quoted(identity)}`);
}

function requireSpoken(candidate: Candidate): void {
  if (candidate.kind === 'oscore' && useOf(candidate) === 'bootstrap')
    throw new CredentialError('CREDENTIAL_INVALID', 'the bootstrap server does not speak OSCORE: a factory key is a psk, rpk or x509');
}

function requireStrong({ kind, secret, identity, endpoint }: Candidate): void {
  if (kind !== 'psk' && kind !== 'oscore') return;
  if (secret === undefined) throw new CredentialError('KEY_MISSING', `the key of ${quoted(identity)} is missing`);
  const key = kind === 'oscore' ? unpackMaterial(secret).masterSecret : secret;
  const weakness = weaknessOf(key, { identity, endpoint });
  if (weakness) throw new CredentialError(weakness.code, weakness.message);
}

/** A key that two devices have is the universal password that the law forbids, and each of them can play the other. */
function requireOwn({ fingerprint, endpoint }: Candidate, book: CredentialBook): void {
  const [other] = fingerprint === undefined ? [] : book.withKey(fingerprint);
  if (other === undefined) return;
  if (other.endpoint === endpoint) throw new CredentialError('KEY_REUSED', 'this device has, or had, the very same key');
  throw new CredentialError('KEY_SHARED', `${quoted(other.endpoint)} has, or had, the very same key`);
}

/** A device has one of each use. */
function requirePlace(candidate: Candidate, book: CredentialBook, intent: Intent): void {
  const { endpoint, namespace } = candidate;
  const known = book.of(endpoint);
  const [elsewhere] = known.filter((each) => each.namespace !== namespace);
  if (elsewhere) throw new CredentialError('CREDENTIAL_EXISTS', `${quoted(endpoint)} belongs to another namespace`);
  const alike = known.filter((each) => useOf(each) === useOf(candidate));
  const active = alike.find(({ state }) => state === 'active');
  const next = alike.find(({ state }) => state === 'next');
  if (intent === 'add' && (active ?? next))
    throw new CredentialError('CREDENTIAL_EXISTS', `${quoted(endpoint)} has a credential already; rotate it, or revoke it first`);
  if (intent === 'rotate' && !active)
    throw new CredentialError('CREDENTIAL_NOT_FOUND', `${quoted(endpoint)} has no credential to be rotated`);
  if (intent !== 'add' && next)
    throw new CredentialError(
      'ROTATION_UNDER_WAY',
      `${quoted(endpoint)} has not connected with ${quoted(next.identity)} yet; revoke that first`,
    );
}

function isSame(known: Credential, candidate: Candidate): boolean {
  return (
    known.state !== 'revoked' &&
    known.endpoint === candidate.endpoint &&
    known.namespace === candidate.namespace &&
    useOf(known) === useOf(candidate) &&
    known.fingerprint === candidate.fingerprint &&
    known.issuer === candidate.issuer &&
    known.pin === candidate.pin
  );
}

function stateOf(known: Credential, { endpoint }: Candidate): string {
  if (known.endpoint !== endpoint) return `that of ${quoted(known.endpoint)}`;
  return known.state === 'revoked' ? 'revoked: take another one' : 'there already, and not the same';
}
