import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Endpoint, Instant, type Namespace } from '@drover/kernel';
import { SystemEntropy } from '@drover/platform';
import {
  accept,
  afterUse,
  check,
  CredentialBook,
  credentialOf,
  KeyRing,
  mayNotSpeakFor,
  packMaterial,
  readPublicKey,
  revoked,
  spkiName,
  type Candidate,
  type Credential,
  type Intent,
} from './index.ts';

const NOW = Instant(1_000_000_000_000);
const DAY_MS = 86_400_000;
const endpoint = Endpoint('d');
const ring = new KeyRing(new SystemEntropy());
ring.add('s', 'secrets', randomBytes(32));
ring.add('f', 'fingerprints', randomBytes(32));

const aCredential = (change: Partial<Credential> = {}): Credential => ({
  namespace: DEFAULT_NAMESPACE,
  endpoint,
  kind: 'psk',
  identity: 'one',
  state: 'active',
  createdAt: NOW,
  createdBy: 'ann',
  ...change,
});

const aCandidate = (change: Partial<Candidate> = {}): Candidate => {
  const secret = change.secret ?? randomBytes(16);
  return { namespace: DEFAULT_NAMESPACE, endpoint, kind: 'psk', identity: 'new', secret, fingerprint: ring.fingerprint(secret), ...change };
};

function bookWith(...credentials: Credential[]): CredentialBook {
  const book = new CredentialBook();
  for (const each of credentials) book.put(each);
  return book;
}

const codeOf = (work: () => unknown): string => {
  try {
    return String(work());
  } catch (error) {
    return (error as { code: string }).code;
  }
};

const packed = (masterSecret: Uint8Array): Uint8Array =>
  packMaterial({ masterSecret, senderId: Uint8Array.of(1), recipientId: Uint8Array.of() });

describe('what is taken in', () => {
  const key = randomBytes(16);
  const fingerprint = ring.fingerprint(key);
  const other = Endpoint('other');
  const same = { secret: key, fingerprint };
  it.each<[string, Credential[], Partial<Candidate>, Intent, string]>([
    ['the first of a device', [], {}, 'add', 'new'],
    ['the very same again', [aCredential({ identity: 'new', fingerprint })], same, 'add', 'unchanged'],
    ['the same identity with another key', [aCredential({ identity: 'new', fingerprint: 'x' })], same, 'add', 'IDENTITY_TAKEN'],
    ['an identity that was revoked', [aCredential({ identity: 'new', fingerprint, state: 'revoked' })], same, 'add', 'IDENTITY_TAKEN'],
    ['an identity of another device', [aCredential({ identity: 'new', endpoint: other })], {}, 'add', 'IDENTITY_TAKEN'],
    ['a key of another device', [aCredential({ fingerprint, endpoint: other })], same, 'add', 'KEY_SHARED'],
    ['a key that another device had', [aCredential({ fingerprint, endpoint: other, state: 'revoked' })], same, 'add', 'KEY_SHARED'],
    ['a key that this device has', [aCredential({ fingerprint })], same, 'rotate', 'KEY_REUSED'],
    ['a second one', [aCredential()], {}, 'add', 'CREDENTIAL_EXISTS'],
    ['one after all were revoked', [aCredential({ state: 'revoked' })], {}, 'add', 'new'],
    ['a device of another tenant', [aCredential({ namespace: 'b' as Namespace, state: 'revoked' })], {}, 'add', 'CREDENTIAL_EXISTS'],
    ['the next one', [aCredential()], {}, 'rotate', 'new'],
    ['a next one without a first', [], {}, 'rotate', 'CREDENTIAL_NOT_FOUND'],
    ['a third one', [aCredential(), aCredential({ identity: 'two', state: 'next' })], {}, 'rotate', 'ROTATION_UNDER_WAY'],
    ['a short key', [], { secret: randomBytes(15) }, 'add', 'KEY_TOO_SHORT'],
    ['no identity', [], { identity: '' }, 'add', 'IDENTITY_INVALID'],
    ['128 bytes of identity', [], { identity: 'é'.repeat(64) }, 'add', 'new'],
    ['129 bytes of identity', [], { identity: `${'é'.repeat(64)}x` }, 'add', 'IDENTITY_INVALID'],
    ['an identity with a line break', [], { identity: 'a\nb' }, 'add', 'IDENTITY_INVALID'],
    ['an identity that is no UTF-8', [], { identity: 'a\ud800' }, 'add', 'IDENTITY_INVALID'],
    ['an OSCORE context', [], { kind: 'oscore', secret: packed(randomBytes(16)) }, 'add', 'new'],
    [
      'an OSCORE context of a factory',
      [],
      { kind: 'oscore', use: 'bootstrap', secret: packed(randomBytes(16)) },
      'add',
      'CREDENTIAL_INVALID',
    ],
    ['an OSCORE context with a short secret', [], { kind: 'oscore', secret: packed(randomBytes(15)) }, 'add', 'KEY_TOO_SHORT'],
    [
      'an OSCORE context with a counter',
      [],
      { kind: 'oscore', secret: packed(Uint8Array.from({ length: 16 }, (_, at) => at)) },
      'add',
      'KEY_COUNTER',
    ],
  ])('%s', (_what, known, change, intent, outcome) => {
    expect(codeOf(() => accept(aCandidate(change), bookWith(...known), intent))).toBe(outcome);
  });

  it('a PSK without its key is refused', () => {
    const { secret: _, ...without } = aCandidate();
    expect(codeOf(() => accept(without, new CredentialBook(), 'add'))).toBe('KEY_MISSING');
  });
});

describe('whose an identity is', () => {
  const shown = { kind: 'psk', identity: 'one' } as const;
  const certificate = { kind: 'x509', names: ['cn', 'san'], issuer: 'CN=ca', pin: 'sha256:1' } as const;
  const named = (change: Partial<Credential>): Credential => aCredential({ kind: 'x509', identity: 'san', ...change });
  it.each<[string, Credential[], Parameters<typeof credentialOf>[0], string]>([
    ['known', [aCredential()], shown, 'd'],
    ['the next one counts as well', [aCredential({ state: 'next' })], shown, 'd'],
    ['unknown', [], shown, 'IDENTITY_UNKNOWN'],
    ['of another kind', [aCredential({ kind: 'rpk' })], shown, 'IDENTITY_UNKNOWN'],
    ['revoked', [aCredential({ state: 'revoked' })], shown, 'CREDENTIAL_REVOKED'],
    ['until a moment ago', [aCredential({ expiresAt: NOW })], shown, 'CREDENTIAL_EXPIRED'],
    ['for a moment yet', [aCredential({ expiresAt: Instant(NOW + 1) })], shown, 'd'],
    ['a name in a certificate', [named({})], certificate, 'd'],
    ['of another issuer', [named({ issuer: 'CN=mallory' })], certificate, 'IDENTITY_UNKNOWN'],
    ['with another key than the pinned one', [named({ pin: 'sha256:2' })], certificate, 'IDENTITY_UNKNOWN'],
    ['of its issuer, with its key', [named({ issuer: 'CN=ca', pin: 'sha256:1' })], certificate, 'd'],
    ['a certificate called like a PSK', [aCredential({ identity: 'cn' })], certificate, 'IDENTITY_UNKNOWN'],
  ])('%s', (_what, known, who, outcome) => {
    const found = credentialOf(who, bookWith(...known), { use: 'management', now: NOW });
    expect('credential' in found ? found.credential.endpoint : found.refused).toBe(outcome);
  });

  it.each<[string, Credential | undefined, string, string | undefined]>([
    ['itself', aCredential(), 'd', undefined],
    ['another', aCredential(), 'e', 'ENDPOINT_NOT_YOURS'],
    ['anybody without a credential, without one', undefined, 'e', undefined],
    ['who has one, without it', undefined, 'd', 'ENDPOINT_NEEDS_DTLS'],
  ])('it may speak for %s', (_whom, by, whom, code) => {
    expect(mayNotSpeakFor(Endpoint(whom), by, bookWith(aCredential()))).toBe(code);
  });

  it('an endpoint whose credentials are all revoked does not fall back to none', () => {
    expect(mayNotSpeakFor(endpoint, undefined, bookWith(revoked(aCredential(), NOW, 'stolen')))).toBe('ENDPOINT_NEEDS_DTLS');
  });
});

describe('rotation', () => {
  const sealed = { key: 's', box: 'x' };
  const old = aCredential({ secret: sealed, usedAt: NOW });
  const next = aCredential({ identity: 'two', state: 'next', secret: sealed });

  it('the old one goes when the device has connected with the new one, and its secret with it', () => {
    const after = afterUse(next, [old, next], NOW);
    expect(after).toEqual([
      { ...aCredential({ usedAt: NOW }), state: 'revoked', revokedAt: NOW, revokedWhy: 'replaced by two' },
      { ...next, state: 'active', usedAt: NOW },
    ]);
    expect(after[0]).not.toHaveProperty('secret');
  });

  it.each([
    ['psk', true],
    ['rpk', false],
    ['x509', false],
    ['oscore', true],
  ] as const)('a private key that was made for the device is its own from then on: a secret of %s is kept: %s', (kind, isKept) => {
    const [, after] = afterUse({ ...next, kind }, [old, { ...next, kind }], NOW);
    expect([after?.state, after?.secret !== undefined]).toEqual(['active', isKept]);
  });

  it('as long as it connects with the old one both stay', () => {
    expect(afterUse(old, [old, next], Instant(NOW + DAY_MS))).toEqual([{ ...old, usedAt: NOW + DAY_MS }]);
  });

  it.each<[string, Credential, number]>([
    ['within the hour', old, 0],
    ['an hour later', aCredential({ usedAt: Instant(NOW - 3_600_000) }), 1],
    ['for the first time', aCredential(), 1],
    ['revoked meanwhile', aCredential({ state: 'revoked' }), 0],
  ])('used %s', (_when, credential, changes) => {
    expect(afterUse(credential, [credential], NOW)).toHaveLength(changes);
  });
});

it('check finds what today would be refused', () => {
  const weak = (identity: string, name: string, key: Uint8Array, change: Partial<Credential> = {}): Credential => {
    const credential = aCredential({ identity, endpoint: Endpoint(name), usedAt: NOW, ...change });
    return { ...credential, secret: ring.seal(key, credential), fingerprint: ring.fingerprint(key) };
  };
  const shared = randomBytes(16);
  const book = bookWith(
    weak('a', 'short', randomBytes(8)),
    weak('b', 'counter', Buffer.from(Array.from({ length: 16 }, (_, i) => i))),
    weak('c', 'equal-1', shared),
    weak('d', 'equal-2', shared),
    weak('e', 'expired', randomBytes(16), { expiresAt: NOW }),
    weak('f', 'never', randomBytes(16), { usedAt: undefined, createdAt: Instant(NOW - 31 * DAY_MS) }),
    weak('g', 'fine', randomBytes(16)),
    weak('h', 'gone', randomBytes(8), { state: 'revoked' }),
    aCredential({ identity: 'i', endpoint: Endpoint('sealed'), usedAt: NOW, secret: { key: 'lost', box: '' } }),
  );
  const found = [...check(book, ring, { now: NOW, unusedMs: 30 * DAY_MS })].flatMap((finding) =>
    finding ? [[finding.endpoint, finding.code]] : [],
  );
  expect(found).toEqual([
    ['short', 'KEY_TOO_SHORT'],
    ['counter', 'KEY_COUNTER'],
    ['equal-1', 'KEY_SHARED'],
    ['equal-2', 'KEY_SHARED'],
    ['expired', 'CREDENTIAL_EXPIRED'],
    ['never', 'KEY_UNUSED'],
    ['sealed', 'SECRET_SEALED'],
  ]);
});

describe('raw public keys', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = publicKey.export({ type: 'spki', format: 'der' });

  it('are the same in PEM and in DER', () => {
    const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }));
    expect(readPublicKey(pem)).toEqual(der);
    expect(readPublicKey(der)).toEqual(der);
    expect(spkiName(der)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it.each<[string, Buffer]>([
    ['a private key', Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }))],
    ['a private key in DER', privateKey.export({ type: 'pkcs8', format: 'der' })],
    ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'der' })],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' })],
    ['nothing', Buffer.alloc(0)],
    ['half of one', der.subarray(0, 40)],
  ])('%s is refused', (_what, bytes) => {
    expect(codeOf(() => readPublicKey(bytes))).toBe('KEY_NOT_PUBLIC');
  });
});

describe('a factory key', () => {
  const factory = aCredential({ identity: 'factory', use: 'bootstrap' });
  const own = aCredential({ identity: 'own' });

  it.each<[string, 'management' | 'bootstrap', string]>([
    ['factory', 'bootstrap', 'opened'],
    ['factory', 'management', 'CREDENTIAL_OTHER_USE'],
    ['own', 'management', 'opened'],
    ['own', 'bootstrap', 'CREDENTIAL_OTHER_USE'],
  ])('%s at the door of %s: %s', (identity, use, outcome) => {
    const found = credentialOf({ kind: 'psk', identity }, bookWith(factory, own), { use, now: NOW });
    expect('refused' in found ? found.refused : 'opened').toBe(outcome);
  });

  it('stands beside a key for registrations, and is rotated apart from it', () => {
    expect(accept(aCandidate({ use: 'bootstrap' }), bookWith(own), 'add')).toBe('new');
    expect(codeOf(() => accept(aCandidate({ use: 'bootstrap' }), bookWith(factory), 'add'))).toBe('CREDENTIAL_EXISTS');
    expect(codeOf(() => accept(aCandidate({ use: 'bootstrap' }), bookWith(own), 'rotate'))).toBe('CREDENTIAL_NOT_FOUND');
    const next = aCredential({ identity: 'own 2', state: 'next' });
    expect(afterUse(next, [factory, own, next], NOW).map(({ identity, state }) => `${identity} ${state}`)).toEqual([
      'own revoked',
      'own 2 active',
    ]);
  });

  it('is no reason to let its device in without security', () => {
    expect(mayNotSpeakFor(endpoint, undefined, bookWith(factory))).toBe('ENDPOINT_NEEDS_DTLS');
  });

  it('delivers the first key of a device as one that has to be shown', () => {
    expect(accept(aCandidate(), bookWith(factory), 'deliver')).toBe('new');
    expect(accept(aCandidate(), bookWith(own), 'deliver')).toBe('new');
    expect(codeOf(() => accept(aCandidate(), bookWith(aCredential({ state: 'next' })), 'deliver'))).toBe('ROTATION_UNDER_WAY');
  });

  it('the private key that was made for a device is forgotten when it has shown it', () => {
    const made = aCredential({ kind: 'rpk', identity: 'sha256:1', state: 'next', secret: { key: 's', box: 'AAAA' } });
    expect(afterUse(made, [made], NOW)).toEqual([expect.not.objectContaining({ secret: expect.anything() })]);
  });
});
