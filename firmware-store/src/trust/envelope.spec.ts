import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Digest, instantOf, Name } from '@drover/kernel';
import { Tag } from 'cbor2';
import { encodeDeterministic } from './cbor.ts';
import { encodeEnvelope, ENVELOPE_MAX_BYTES, isSignedBy, parseEnvelope } from './envelope.ts';
import { describePublicKey, parsePrivateKey, parsePublicKey, printPublicKey } from './keys.ts';
import { encodeManifest } from './manifest.ts';
import { countersign, signManifest } from './signing.ts';

const pem = (key: ReturnType<typeof generateKeyPairSync>['privateKey']) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const anna = parsePrivateKey(pem(generateKeyPairSync('ed25519').privateKey));
const ben = parsePrivateKey(pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey));

const PAYLOAD = encodeManifest({
  name: Name('wm-modem'),
  version: '2.4.1',
  sequenceNumber: 17,
  size: 250_000,
  digest: Digest(`sha256:${'6a'.repeat(32)}`),
  models: ['WM-300'],
  expiresAt: instantOf('2027-06-01T00:00:00Z'),
  createdAt: instantOf('2026-11-15T00:00:00Z'),
});
const ENVELOPE = signManifest(PAYLOAD, [anna, ben]);

const codeOf = (action: () => unknown): string | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

it('is COSE_Sign: tag 98 around four parts', () => {
  expect(Buffer.from(ENVELOPE.subarray(0, 3)).toString('hex')).toBe('d86284');
  const { payload, signatures } = parseEnvelope(ENVELOPE);
  expect(payload).toEqual(PAYLOAD);
  expect(signatures.map(({ keyId, algorithm }) => [keyId, algorithm])).toEqual([
    [anna.publicKey.id, 'EdDSA'],
    [ben.publicKey.id, 'ES256'],
  ]);
  expect(encodeEnvelope({ payload, signatures })).toEqual(ENVELOPE);
});

it('holds for the signer alone, and for the payload alone', () => {
  const [byAnna, byBen] = parseEnvelope(ENVELOPE).signatures;
  if (!byAnna || !byBen) throw new Error('two signatures expected');
  expect(isSignedBy(PAYLOAD, byAnna, anna.publicKey)).toBe(true);
  expect(isSignedBy(PAYLOAD, byBen, ben.publicKey)).toBe(true);
  expect(isSignedBy(PAYLOAD, { ...byBen, keyId: anna.publicKey.id }, anna.publicKey)).toBe(false);
  expect(isSignedBy(PAYLOAD, { ...byBen, algorithm: 'EdDSA' }, ben.publicKey)).toBe(false);
  expect(isSignedBy(Buffer.concat([PAYLOAD, Buffer.alloc(1)]), byAnna, anna.publicKey)).toBe(false);
});

it('takes signatures one desk at a time, one per key', () => {
  const twice = countersign(countersign(signManifest(PAYLOAD, [anna]), ben), anna);
  const { signatures } = parseEnvelope(twice);
  expect(signatures.map(({ keyId }) => keyId)).toEqual([ben.publicKey.id, anna.publicKey.id]);
  expect(signatures.every((signature) => [anna, ben].some(({ publicKey }) => isSignedBy(PAYLOAD, signature, publicKey)))).toBe(true);
});

it('never believes an altered byte: the envelope is refused or a signature is gone', () => {
  const holds = (bytes: Uint8Array) => {
    const { payload, signatures } = parseEnvelope(bytes);
    return [anna, ben].every(({ publicKey }) => signatures.some((signature) => isSignedBy(payload, signature, publicKey)));
  };
  expect(holds(ENVELOPE)).toBe(true);
  for (let at = 0; at < ENVELOPE.length; at++) {
    const altered = Uint8Array.from(ENVELOPE);
    altered[at] = (altered[at] ?? 0) ^ 0x01;
    const code = codeOf(() => {
      if (!holds(altered)) throw Object.assign(new Error(), { code: 'NOT SIGNED' });
    });
    expect(['ARTIFACT_ENVELOPE_INVALID', 'NOT SIGNED']).toContain(code);
  }
});

describe('strictness', () => {
  const { signatures } = parseEnvelope(ENVELOPE);
  const body = encodeDeterministic(new Map([[3, 'application/vnd.drover.firmware-manifest+cbor']]));
  const signer = (header: Map<number, unknown>, unprotected = new Map(), signature = new Uint8Array(64)) => [
    encodeDeterministic(header),
    unprotected,
    signature,
  ];
  const good = new Map<number, unknown>([
    [1, -8],
    [4, new Uint8Array(8)],
  ]);
  const message = (...parts: unknown[]) => encodeDeterministic(new Tag(98, parts));

  it('accepts what the following rows change', () => {
    expect(codeOf(() => parseEnvelope(message(body, new Map(), PAYLOAD, [signer(good)])))).toBeUndefined();
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['something behind it', Buffer.concat([ENVELOPE, Buffer.alloc(1)])],
    ['no tag', encodeDeterministic([body, new Map(), PAYLOAD, []])],
    ['COSE_Sign1', encodeDeterministic(new Tag(18, [body, new Map(), PAYLOAD, []]))],
    ['three parts', message(body, new Map(), PAYLOAD)],
    ['another content type', message(encodeDeterministic(new Map([[3, 'text/plain']])), new Map(), PAYLOAD, [])],
    ['an unprotected header', message(body, new Map([[4, 1]]), PAYLOAD, [])],
    ['a detached payload', message(body, new Map(), null, [])],
    [
      '17 signatures',
      message(
        body,
        new Map(),
        PAYLOAD,
        Array.from({ length: 17 }, () => signer(good)),
      ),
    ],
    ['an unprotected signer header', message(body, new Map(), PAYLOAD, [signer(good, new Map([[1, -8]]))])],
    ['a short signature', message(body, new Map(), PAYLOAD, [signer(good, new Map(), new Uint8Array(63))])],
    ['no algorithm', message(body, new Map(), PAYLOAD, [signer(new Map([[4, new Uint8Array(8)]]))])],
    ['HMAC', message(body, new Map(), PAYLOAD, [signer(new Map<number, unknown>([...good, [1, 5]]))])],
    ['a critical header', message(body, new Map(), PAYLOAD, [signer(new Map<number, unknown>([...good, [2, [1]]]))])],
    ['a short kid', message(body, new Map(), PAYLOAD, [signer(new Map<number, unknown>([...good, [4, new Uint8Array(7)]]))])],
    ['too many bytes', encodeEnvelope({ payload: new Uint8Array(ENVELOPE_MAX_BYTES), signatures })],
    ['a longer length than needed', Buffer.concat([Buffer.from('d9006284', 'hex'), ENVELOPE.subarray(3)])],
    ['indefinite length', Buffer.concat([Buffer.from('d8629f', 'hex'), ENVELOPE.subarray(3), Buffer.from('ff', 'hex')])],
    ['a byte string of 2^63 bytes', Buffer.from('d862845b7fffffffffffffff', 'hex')],
    ['an array of 2^32 items', Buffer.from('d862849affffffff', 'hex')],
    ['nesting without end', Buffer.alloc(60_000, 0x81)],
  ])('refuses %s', (_name, bytes) => {
    expect(codeOf(() => parseEnvelope(bytes))).toBe('ARTIFACT_ENVELOPE_INVALID');
  });

  it('refuses every prefix', () => {
    for (let length = 0; length < ENVELOPE.length; length++) {
      expect(codeOf(() => parseEnvelope(ENVELOPE.subarray(0, length)))).toBe('ARTIFACT_ENVELOPE_INVALID');
    }
  });
});

describe('keys', () => {
  it('survive printing', () => {
    for (const { publicKey } of [anna, ben]) expect(parsePublicKey(printPublicKey(publicKey)).spki).toBe(publicKey.spki);
  });
  it.each([
    ['a private key', pem(anna.key)],
    ['RSA', printPublicKey({ ...anna.publicKey, key: generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey })],
    ['P-384', printPublicKey({ ...anna.publicKey, key: generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey })],
    ['noise', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['nothing', ''],
  ])('public: refuses %s', (_name, text) => {
    expect(codeOf(() => parsePublicKey(text))).toBe('KEY_INVALID');
  });
  it('private: says nothing of what it read', () => {
    expect(() => parsePrivateKey('-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----')).toThrow(/^the key cannot be read/);
    expect(codeOf(() => describePublicKey(generateKeyPairSync('x25519').publicKey))).toBe('KEY_INVALID');
  });
});
