import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { oscoreIdentity, packMaterial, requireMaterial, unpackMaterial, type OscoreChoice, type OscoreMaterial } from './index.ts';

const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength, maxLength });
const someMaterial = fc.record<OscoreMaterial>(
  { masterSecret: bytes(16, 64), masterSalt: bytes(1, 64), idContext: bytes(0, 32), senderId: bytes(0, 7), recipientId: bytes(0, 7) },
  { requiredKeys: ['masterSecret', 'senderId', 'recipientId'] },
);
const plain = (material: OscoreMaterial): object =>
  Object.fromEntries(Object.entries(material).map(([name, value]) => [name, Buffer.from(value as Uint8Array).toString('hex')]));

describe('a context as one secret', () => {
  it('is unpacked as it was packed, whatever becomes of the bytes, and nothing shorter or longer is one', () => {
    fc.assert(
      fc.property(someMaterial, (material) => {
        const packed = packMaterial(material);
        const buffer = Buffer.from(packed);
        const unpacked = unpackMaterial(buffer);
        buffer.fill(0);
        expect(plain(unpacked)).toEqual(plain(material));
        // Without an empty ID Context at its end it is a whole one.
        if (material.idContext?.length !== 0) expect(() => unpackMaterial(packed.subarray(0, -1))).toThrow('none');
        expect(() => unpackMaterial(Buffer.concat([packed, Uint8Array.of(9)]))).toThrow('none');
      }),
    );
  });

  it('has an identity that no other ID and ID Context have', () => {
    fc.assert(
      fc.property(someMaterial, someMaterial, (one, other) => {
        const shown = ({ senderId, idContext }: OscoreMaterial): string =>
          JSON.stringify([[...senderId], idContext === undefined ? null : [...idContext]]);
        expect(oscoreIdentity(one) === oscoreIdentity(other)).toBe(shown(one) === shown(other));
        expect(Buffer.byteLength(oscoreIdentity(one))).toBeLessThanOrEqual(128);
      }),
    );
  });
});

describe('a context that is refused', () => {
  const good: OscoreMaterial = { masterSecret: randomBytes(16), senderId: Uint8Array.of(1), recipientId: Uint8Array.of(2) };
  it.each<[string, Partial<OscoreMaterial>, OscoreChoice, string]>([
    ['another AEAD', {}, { aead: 'AES-CCM-64-64-128' }, 'ALGORITHM_UNSUPPORTED'],
    ['another HKDF', {}, { hkdf: 'SHA-512' }, 'ALGORITHM_UNSUPPORTED'],
    ['the same ID on both sides', { senderId: Uint8Array.of(2) }, {}, 'OSCORE_ID_INVALID'],
    ['no ID on either side', { senderId: Uint8Array.of(), recipientId: Uint8Array.of() }, {}, 'OSCORE_ID_INVALID'],
    ['a long Sender ID', { senderId: new Uint8Array(8) }, {}, 'OSCORE_ID_INVALID'],
    ['a long Recipient ID', { recipientId: new Uint8Array(8) }, {}, 'OSCORE_ID_INVALID'],
    ['a long ID Context', { idContext: new Uint8Array(33) }, {}, 'OSCORE_ID_INVALID'],
    ['a long salt', { masterSalt: new Uint8Array(65) }, {}, 'CREDENTIAL_INVALID'],
    ['a long secret', { masterSecret: randomBytes(65) }, {}, 'KEY_TOO_LONG'],
  ])('%s', (_what, change, choice, code) => {
    expect(() => requireMaterial({ ...good, ...change }, choice)).toThrow(expect.objectContaining({ code }));
  });

  it('is none of these', () => {
    const most = { masterSalt: new Uint8Array(64), idContext: new Uint8Array(32), senderId: new Uint8Array(7) };
    expect(() => requireMaterial({ ...good, ...most }, { aead: 'AES-CCM-16-64-128', hkdf: 'SHA-256' })).not.toThrow();
  });
});
