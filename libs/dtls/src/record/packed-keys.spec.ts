import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KEY_SIZES } from '../crypto/prf.ts';
import { PackedKeys, wipeKeys } from './packed-keys.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));
const parts = fc.constantFrom('aes-128-ccm-8', 'aes-128-gcm', 'aes-128-cbc-sha256').chain((cipher) => {
  const { mac, key, iv } = KEY_SIZES[cipher];
  const keys = fc.record({ mac: bytes(mac), key: bytes(key), iv: bytes(iv) });
  const cid = fc.integer({ min: 0, max: 255 }).chain(bytes);
  return fc.record({ cipher: fc.constant(cipher), write: keys, read: keys, writeCid: cid, readCid: cid });
});

it('what was packed is there again, also when whoever made it has overwritten it', () => {
  fc.assert(
    fc.property(parts, (made) => {
      const before = JSON.stringify(made);
      const { cipher, write, read, writeCid, readCid } = new PackedKeys(made);
      expect(JSON.stringify({ cipher, write, read, writeCid: Buffer.from(writeCid), readCid: Buffer.from(readCid) })).toBe(before);
      const packed = new PackedKeys(made);
      wipeKeys(made.write, made.read);
      expect(JSON.stringify([packed.write, packed.read])).toBe(JSON.stringify([write, read]));
    }),
  );
});

it('after a wipe keys are zeros, and Connection IDs what they were', () => {
  fc.assert(
    fc.property(parts, (made) => {
      const packed = new PackedKeys(made);
      packed.wipe();
      const secrets = [packed.write, packed.read].flatMap(({ mac, key, iv }) => [mac, key, iv]);
      expect(secrets.every((secret) => secret.every((byte) => byte === 0))).toBe(true);
      expect([Buffer.from(packed.writeCid), Buffer.from(packed.readCid)]).toEqual([made.writeCid, made.readCid]);
    }),
  );
});
