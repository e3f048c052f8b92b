import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoapError, codeOfText, codeText, decodeFrame, encodeFrame, FrameDecoder, MAX_OPTIONS } from './index.ts';
import type { StreamMessage } from './index.ts';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const NO_BYTES = new Uint8Array(0);

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly code: string;
  readonly token?: string;
  readonly options?: readonly (readonly [number, string])[];
  readonly payload?: string;
}

const VECTORS: readonly Vector[] = [
  { name: 'Empty', hex: '0000', code: '0.00' },
  { name: '2.03 with a token of one byte', hex: '01437f', code: '2.03', token: '7f' },
  {
    name: 'CSM: Max-Message-Size 1152, Block-Wise-Transfer',
    hex: '40e122048020',
    code: '7.01',
    options: [
      [2, '0480'],
      [4, ''],
    ],
  },
  { name: 'Ping with Custody', hex: '11e25520', code: '7.02', token: '55', options: [[2, '']] },
  { name: 'Abort with a text', hex: '40e5ff626164', code: '7.05', payload: '626164' },
  { name: 'length 12', hex: `c245aabbff${'11'.repeat(11)}`, code: '2.05', token: 'aabb', payload: '11'.repeat(11) },
  { name: 'length 13', hex: `d00045ff${'11'.repeat(12)}`, code: '2.05', payload: '11'.repeat(12) },
  { name: 'length 268', hex: `d0ff45ff${'22'.repeat(267)}`, code: '2.05', payload: '22'.repeat(267) },
  { name: 'length 269', hex: `e0000045ff${'22'.repeat(268)}`, code: '2.05', payload: '22'.repeat(268) },
  { name: 'length 65,804', hex: `e0ffff45ff${'33'.repeat(65_803)}`, code: '2.05', payload: '33'.repeat(65_803) },
  { name: 'length 65,805', hex: `f00000000045ff${'33'.repeat(65_804)}`, code: '2.05', payload: '33'.repeat(65_804) },
  {
    name: 'GET /3/0 with Block2 by BERT',
    hex: '6401deadbeefb1330130c107',
    code: '0.01',
    token: 'deadbeef',
    options: [
      [11, '33'],
      [11, '30'],
      [23, '07'],
    ],
  },
];

function messageOf(vector: Vector): StreamMessage {
  return {
    code: codeOfText(vector.code)!,
    token: bytesOf(vector.token ?? ''),
    options: (vector.options ?? []).map(([number, value]) => ({ number, value: bytesOf(value) })),
    payload: bytesOf(vector.payload ?? ''),
  };
}

const read = ({ code, token, options, payload }: StreamMessage): unknown => ({
  code: codeText(code),
  token: hexOf(token),
  options: options.map(({ number, value }) => [number, hexOf(value)]),
  payload: hexOf(payload),
});

/** What a decoder makes of these pieces: messages, the code of its refusal, or what it still waits for. */
function cut(pieces: readonly Uint8Array[], maxBytes = 100_000): { messages: unknown[]; refused?: string; kept: number } {
  const decoder = new FrameDecoder(maxBytes);
  const messages: unknown[] = [];
  try {
    for (const piece of pieces) {
      decoder.push(piece);
      for (let message = decoder.next(); message !== undefined; message = decoder.next()) messages.push(read(message));
    }
  } catch (error) {
    return { messages, refused: error instanceof CoapError ? error.code : `crash: ${String(error)}`, kept: decoder.kept };
  }
  return { messages, kept: decoder.kept };
}

describe.each(VECTORS)('$name', (vector) => {
  const bytes = bytesOf(vector.hex);

  it('is written and read', () => {
    expect(hexOf(encodeFrame(messageOf(vector)))).toBe(vector.hex);
    expect(read(decodeFrame(bytes))).toEqual(read(messageOf(vector)));
  });

  it('is not there before its last byte, and nothing of it is kept afterwards', () => {
    const step = Math.max(1, Math.floor(bytes.length / 300));
    for (let length = 0; length < bytes.length; length += step) {
      expect(cut([bytes.subarray(0, length)])).toMatchObject({ messages: [] });
      expect(() => decodeFrame(bytes.subarray(0, length))).toThrow(CoapError);
      expect(cut([bytes.subarray(0, length), bytes.subarray(length)])).toEqual({ messages: [read(messageOf(vector))], kept: 0 });
    }
  });
});

it.each([
  ['0900', 'COAP_TOKEN_LENGTH', 'token length 9'],
  ['0f', 'COAP_TOKEN_LENGTH', 'before anything else of the header is there'],
  ['0020', 'COAP_CODE', 'class 1'],
  ['00c0', 'COAP_CODE', 'class 6'],
  ['1001ff', 'COAP_EMPTY_PAYLOAD', 'a marker with nothing behind it'],
  ['1001f0', 'COAP_OPTION_DELTA', 'a reserved delta'],
  ['10010f', 'COAP_OPTION_LENGTH', 'a reserved length'],
  ['1001bb', 'COAP_TRUNCATED', 'an option that leaves its message'],
  ['10010100', 'COAP_TRUNCATED', 'though more of the stream is there'],
  [`d034${'01'}${'00'.repeat(MAX_OPTIONS + 1)}`, 'COAP_OPTION_COUNT', 'more options than anybody needs'],
  ['f0ffffffff', 'COAP_TOO_LONG', '4 GiB, from the header alone'],
  ['e0ffff', 'COAP_TOO_LONG', 'beyond the limit, from the header alone'],
])('%s is refused with %s: %s', (hex, code) => {
  for (const pieces of [[bytesOf(hex)], [...bytesOf(hex)].map((byte) => Uint8Array.of(byte))]) {
    const outcome = cut(pieces, 1000);
    expect(outcome).toMatchObject({ messages: [], refused: code });
    expect(outcome.kept).toBeLessThanOrEqual(1000);
  }
});

it('takes exactly the limit, header included', () => {
  const bytes = encodeFrame({ code: 69, token: NO_BYTES, options: [], payload: new Uint8Array(996) });
  expect(bytes).toHaveLength(1001);
  expect(cut([bytes], 1001)).toMatchObject({ messages: [expect.anything()] });
  expect(cut([bytes.subarray(0, 3)], 1000)).toEqual({ messages: [], refused: 'COAP_TOO_LONG', kept: 0 });
});

it('keeps what a slow sender has sent, not what it has announced', () => {
  const bytes = encodeFrame({ code: 69, token: NO_BYTES, options: [], payload: new Uint8Array(60_000) });
  expect(cut([bytes.subarray(0, 5)]).kept).toBeLessThanOrEqual(64);
  expect(cut([bytes.subarray(0, 5000)]).kept).toBeLessThanOrEqual(10_000);
});

it('copies what it keeps: the chunk belongs to the socket', () => {
  const bytes = encodeFrame({ code: 69, token: NO_BYTES, options: [], payload: Buffer.from('kept') });
  const decoder = new FrameDecoder(100);
  const first = bytes.slice(0, 5);
  decoder.push(first);
  expect(decoder.next()).toBeUndefined();
  first.fill(0);
  decoder.push(bytes.subarray(5));
  expect(Buffer.from(decoder.next()!.payload).toString()).toBe('kept');
});

const message: fc.Arbitrary<StreamMessage> = fc.record({
  code: fc.constantFrom(0, 1, 69, 132, 225, 229),
  token: fc.uint8Array({ maxLength: 8 }),
  options: fc
    .array(fc.record({ number: fc.nat(400), value: fc.uint8Array({ maxLength: 20 }) }), { maxLength: 5 })
    .map((options) => options.sort((a, b) => a.number - b.number)),
  payload: fc.uint8Array({ maxLength: 400 }),
});

it('finds the same messages however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (messages, sizes) => {
      const stream = Buffer.concat(messages.map(encodeFrame));
      const pieces: Uint8Array[] = [];
      for (let at = 0, i = 0; at < stream.length; at += sizes[i++ % sizes.length]!) {
        pieces.push(stream.subarray(at, at + sizes[i % sizes.length]!));
      }
      const expected = { messages: messages.map(read), kept: 0 };
      expect(cut([stream])).toEqual(expected);
      expect(cut(pieces)).toEqual(expected);
    }),
  );
});

it('never crashes on random bytes, and what it refuses it refuses however the stream is cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      const { messages, refused } = cut([bytes], 200);
      expect(refused ?? 'COAP_').toMatch(/^COAP_/);
      const singly = cut(
        [...bytes].map((byte) => Uint8Array.of(byte)),
        200,
      );
      expect([singly.messages, singly.refused]).toEqual([messages, refused]);
    }),
    { numRuns: 2000 },
  );
});
