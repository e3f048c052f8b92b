import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { weaknessOf } from './index.ts';

const OWNER = { endpoint: 'urn:imei:490154203237518', identity: 'meter-0007' };
const GOOD = Buffer.from('9f0c3be1a4d27758e6620b91cc3d84fa', 'hex');
const hash = (name: string, text: string): Buffer => createHash(name).update(text).digest();
const text = (of: string): Buffer => Buffer.from(of);
/** Filled up to 16 bytes. */
const padded = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc(Math.max(0, 16 - bytes.length))]);

it.each([
  ['none at all', Buffer.alloc(0), 'KEY_TOO_SHORT'],
  ['fifteen bytes', GOOD.subarray(0, 15), 'KEY_TOO_SHORT'],
  ['sixty-five bytes', randomBytes(65), 'KEY_TOO_LONG'],
  ['zeros', Buffer.alloc(16), 'KEY_REPETITIVE'],
  ['one byte all along', Buffer.alloc(32, 0xa5), 'KEY_REPETITIVE'],
  ['two halves that are equal', Buffer.concat([GOOD, GOOD]), 'KEY_REPETITIVE'],
  ['a pattern of three', Buffer.alloc(16, Buffer.from('010203', 'hex')), 'KEY_REPETITIVE'],
  ['hardly any bytes that differ', Buffer.from('00010203040506000102030405060605', 'hex'), 'KEY_REPETITIVE'],
  ['counting up', Buffer.from(Array.from({ length: 16 }, (_, i) => i)), 'KEY_COUNTER'],
  ['counting down by three', Buffer.from(Array.from({ length: 20 }, (_, i) => (200 - 3 * i) & 0xff)), 'KEY_COUNTER'],
  ['counting through the end of a byte', Buffer.from(Array.from({ length: 16 }, (_, i) => (250 + i) & 0xff)), 'KEY_COUNTER'],
  ['a sentence', text('correct horse battery'), 'KEY_TEXT'],
  ['a sentence and zeros', Buffer.concat([text('correct horse b'), Buffer.alloc(9)]), 'KEY_TEXT'],
  ['hex that was not decoded', text(GOOD.toString('hex')), 'KEY_TEXT'],
  ['base64 that was not decoded', text(GOOD.toString('base64')), 'KEY_TEXT'],
  ['a word between chance', Buffer.concat([GOOD.subarray(0, 8), text('PassWord'), GOOD.subarray(8)]), 'KEY_DICTIONARY'],
  ['the identity', padded(text('meter-0007')), 'KEY_DERIVED'],
  ['the identity backwards', padded(text('7000-retem')), 'KEY_DERIVED'],
  ['the endpoint', text(OWNER.endpoint), 'KEY_DERIVED'],
  ['the IMEI', padded(text('490154203237518')), 'KEY_DERIVED'],
  ['the IMEI, two digits to a byte', padded(Buffer.from('0490154203237518', 'hex')), 'KEY_DERIVED'],
  ['the IMEI in the middle of chance', Buffer.concat([GOOD, text('490154203237518'), GOOD]), 'KEY_DERIVED'],
  ['SHA-256 of the IMEI', hash('sha256', '490154203237518'), 'KEY_DERIVED'],
  ['its first half', hash('sha256', '490154203237518').subarray(0, 16), 'KEY_DERIVED'],
  ['its second half', hash('sha256', '490154203237518').subarray(16), 'KEY_DERIVED'],
  ['MD5 of the endpoint', hash('md5', OWNER.endpoint), 'KEY_DERIVED'],
  ['SHA-1 of the identity in capitals', hash('sha1', 'METER-0007'), 'KEY_DERIVED'],
  ['SHA-512 of the identity', hash('sha512', OWNER.identity), 'KEY_DERIVED'],
  ['MD5 as text', text(hash('md5', OWNER.identity).toString('hex')), 'KEY_DERIVED'],
])('%s: %#', (_what, key, code) => {
  expect(weaknessOf(key, OWNER)?.code).toBe(code);
});

it('what is wrong is said without the key', () => {
  const key = text('correct horse battery');
  const { message } = weaknessOf(key, OWNER)!;
  for (const spelled of [key.toString(), key.toString('hex'), key.toString('base64')]) expect(message).not.toContain(spelled);
});

describe('keys by chance', () => {
  it.each([16, 24, 32, 64])('of %i bytes are taken', (length) => {
    for (let round = 0; round < 500; round++) {
      const key = randomBytes(length);
      // Printable all along by chance: refused, and so rare that this test would wait for years.
      expect({ key: key.toString('hex'), weakness: weaknessOf(key, OWNER)?.code }).toEqual({
        key: key.toString('hex'),
        weakness: undefined,
      });
    }
  });

  it('never are when the name is in them, wherever', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), fc.uint8Array({ maxLength: 24 }), (before, after) => {
        const key = padded(Buffer.concat([before, text(OWNER.identity), after]));
        expect(weaknessOf(key, OWNER)).toBeDefined();
      }),
    );
  });

  it('nothing makes it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.string({ unit: 'binary' }), fc.string(), (key, endpoint, identity) => {
        const weakness = weaknessOf(key, { endpoint, identity });
        expect(weakness === undefined || weakness.message.length > 0).toBe(true);
      }),
    );
  });
});
