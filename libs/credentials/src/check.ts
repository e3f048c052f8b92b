import type { Instant } from '@drover/kernel';
import type { CredentialBook } from './book.ts';
import type { Credential } from './credential.ts';
import { CredentialError, type CredentialCode } from './errors.ts';
import type { KeyRing } from './key-ring.ts';
import { weaknessOf } from './key-strength.ts';
import { unpackMaterial } from './oscore.ts';

/** `KEY_UNUSED`: nobody has connected with it for `unusedMs`. */
export interface Finding {
  readonly endpoint: string;
  readonly kind: Credential['kind'];
  readonly identity: string;
  readonly code: CredentialCode | 'KEY_UNUSED';
  readonly text: string;
}

/** Every credential that is in force, looked at by today's rules: those of the day when it came may have been weaker. */
export function* check(
  book: CredentialBook,
  ring: Pick<KeyRing, 'open'>,
  { now, unusedMs }: { readonly now: Instant; readonly unusedMs: number },
): Generator<Finding | undefined> {
  for (const credential of book.values()) {
    if (credential.state === 'revoked') continue;
    for (const { code, text } of faultsOf(credential, { book, ring, now, unusedMs }))
      yield { endpoint: credential.endpoint, kind: credential.kind, identity: credential.identity, code, text };
    // So that a caller can stop in between: a million of them take a while.
    yield undefined;
  }
}

interface Around {
  readonly book: CredentialBook;
  readonly ring: Pick<KeyRing, 'open'>;
  readonly now: Instant;
  readonly unusedMs: number;
}

function faultsOf(credential: Credential, { book, ring, now, unusedMs }: Around): { code: Finding['code']; text: string }[] {
  const { fingerprint, expiresAt, usedAt, createdAt } = credential;
  const shared = fingerprint === undefined ? [] : book.withKey(fingerprint).filter(({ endpoint }) => endpoint !== credential.endpoint);
  const weakness = weaknessIn(credential, ring);
  return [
    ...(weakness ? [weakness] : []),
    ...(shared.length > 0
      ? [{ code: 'KEY_SHARED' as const, text: `${shared.length} others have the same key, ${shared[0]!.endpoint} one of them` }]
      : []),
    ...(expiresAt !== undefined && expiresAt <= now ? [{ code: 'CREDENTIAL_EXPIRED' as const, text: 'its time is over' }] : []),
    ...(now - (usedAt ?? createdAt) > unusedMs
      ? [{ code: 'KEY_UNUSED' as const, text: usedAt === undefined ? 'never used' : 'not used for long' }]
      : []),
  ];
}

function weaknessIn(credential: Credential, ring: Pick<KeyRing, 'open'>): { code: Finding['code']; text: string } | undefined {
  const isShared = credential.kind === 'psk' || credential.kind === 'oscore';
  if (!isShared || credential.secret === undefined) return undefined;
  try {
    const secret = ring.open(credential.secret, credential);
    const weakness = weaknessOf(credential.kind === 'oscore' ? unpackMaterial(secret).masterSecret : secret, credential);
    secret.fill(0);
    return weakness && { code: weakness.code, text: weakness.message };
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    return { code: error.code, text: error.message };
  }
}
