import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { unwrap, wrap } from './inner-plaintext.ts';
import { CONTENT, encodeRecord, MAX_SEQUENCE, NO_CID, readRecords, type RecordHeader } from './record.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const header = (more: Partial<RecordHeader> = {}): RecordHeader => ({
  type: CONTENT.application_data,
  version: 0xfefd,
  epoch: 1,
  sequence: 2,
  cid: NO_CID,
  ...more,
});

it.each([
  ['plain', '17 fefd 0001 000000000002 0003 aabbcc', header(), 0],
  ['with a Connection ID', '19 fefd 0001 000000000002 c0c1 0003 aabbcc', header({ type: 25, cid: hex('c0c1') }), 2],
  [
    'the highest number',
    '16 feff ffff ffffffffffff 0003 aabbcc',
    header({ type: 22, version: 0xfeff, epoch: 65_535, sequence: MAX_SEQUENCE }),
    0,
  ],
])('a record, %s', (_, text, expected, cidBytes) => {
  expect(encodeRecord(expected, hex('aabbcc'))).toEqual(hex(text));
  expect(readRecords(hex(text), cidBytes)).toEqual([{ ...expected, fragment: hex('aabbcc') }]);
  for (let length = 0; length < hex(text).length; length++) expect(readRecords(hex(text).subarray(0, length), cidBytes)).toEqual([]);
});

const arbitrary = fc.record({ sequence: fc.nat(1000), hasCid: fc.boolean(), bytes: fc.uint8Array({ maxLength: 40 }) });

it('a datagram of several records is those records; what is behind them and cannot be read is dropped', () => {
  fc.assert(
    fc.property(fc.array(arbitrary, { maxLength: 6 }), fc.uint8Array({ maxLength: 12 }), (parts, rest) => {
      const records = parts.map(({ sequence, hasCid, bytes }) =>
        encodeRecord(header({ sequence, ...(hasCid ? { type: 25, cid: hex('c0c1c2') } : {}) }), bytes),
      );
      const read = readRecords(Buffer.concat([...records, rest]), 3);
      expect(read.map(({ sequence, fragment }) => [sequence, Uint8Array.from(fragment)])).toEqual(
        parts.map(({ sequence, bytes }) => [sequence, bytes]),
      );
    }),
  );
});

it('where we want no Connection ID there is no record with one: nobody knows how long it is', () => {
  expect(readRecords(hex('19 fefd 0001 000000000002 0003 aabbcc'), 0)).toEqual([]);
});

it('random bytes never crash it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(8), (bytes, cidBytes) => {
      for (const record of readRecords(bytes, cidBytes)) expect(record.fragment.length).toBeLessThanOrEqual(bytes.length - 13);
    }),
    { numRuns: 2000 },
  );
});

describe('the inner plaintext (RFC 9146 section 4)', () => {
  it('is content, type and any number of zeros', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 255 }), fc.nat(20), (bytes, type, padding) => {
        expect(unwrap(wrap(type, bytes, padding))).toEqual({ type, bytes: Buffer.from(bytes) });
      }),
    );
  });

  it.each([0, 1, 100])('%d zeros have no type', (length) => {
    expect(unwrap(Buffer.alloc(length))).toBeUndefined();
  });
});
