import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeFragment, MESSAGE, readFragments, type Fragment } from './message.ts';
import { Reassembly } from './reassembly.ts';

const MOST = 4096;
const fragment = (more: Partial<Fragment> = {}): Fragment => {
  const bytes = more.bytes ?? Buffer.from('abcd');
  return { type: MESSAGE.finished, sequence: 0, length: bytes.length, offset: 0, ...more, bytes };
};

/** Every message cut as the sizes say, some pieces twice, in any order. */
const flight = fc
  .array(
    fc.record({ body: fc.uint8Array({ maxLength: 60 }), sizes: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .chain((messages) => {
    const pieces = messages.flatMap(({ body, sizes }, sequence) => cut(body, sizes).map((piece) => ({ ...piece, sequence })));
    return fc.record({
      messages: fc.constant(messages.map(({ body }) => body)),
      pieces: fc.shuffledSubarray([...pieces, ...pieces], { minLength: 2 * pieces.length }),
    });
  });

function cut(body: Uint8Array, sizes: readonly number[]): Fragment[] {
  if (body.length === 0) return [fragment({ bytes: Buffer.alloc(0) })];
  const pieces: Fragment[] = [];
  for (let offset = 0, i = 0; offset < body.length; i++) {
    const size = Math.min(sizes[i % sizes.length]!, body.length - offset);
    // Overlapping by up to three bytes with the piece before.
    const from = Math.max(0, offset - (i % 4));
    pieces.push(fragment({ length: body.length, offset: from, bytes: Buffer.from(body.subarray(from, offset + size)) }));
    offset += size;
  }
  return pieces;
}

it('fragments in any order, doubled and overlapping, are the messages in their order', () => {
  fc.assert(
    fc.property(flight, ({ messages, pieces }) => {
      const reassembly = new Reassembly(0, MOST);
      const taken: Uint8Array[] = [];
      for (const piece of pieces) {
        reassembly.add(piece);
        for (let message = reassembly.take(); message !== undefined; message = reassembly.take()) taken.push(Uint8Array.from(message.body));
      }
      expect(taken).toEqual(messages);
      expect(reassembly.kept).toBe(0);
    }),
  );
});

it('a message is there only when all of it is', () => {
  const reassembly = new Reassembly(3, MOST);
  reassembly.add(fragment({ sequence: 3, length: 6, offset: 2 }));
  expect(reassembly.take()).toBeUndefined();
  reassembly.add(fragment({ sequence: 3, length: 6, bytes: Buffer.from('xy') }));
  expect(reassembly.take()?.body.toString()).toBe('xyabcd');
});

it('what was handed out already is old: the peer repeats itself', () => {
  const reassembly = new Reassembly(0, MOST);
  expect(reassembly.add(fragment())).toBe('taken');
  reassembly.take();
  expect(reassembly.add(fragment())).toBe('old');
});

it('keeps nothing of messages far ahead', () => {
  const reassembly = new Reassembly(0, MOST);
  for (let sequence = 8; sequence < 70_000; sequence += 101) expect(reassembly.add(fragment({ sequence }))).toBe('ignored');
  expect(reassembly.kept).toBe(0);
});

it('the first bytes count: a later fragment does not change what has arrived', () => {
  const reassembly = new Reassembly(0, MOST);
  reassembly.add(fragment({ length: 6 }));
  reassembly.add(fragment({ length: 6, bytes: Buffer.from('XXXXef') }));
  expect(reassembly.take()?.body.toString()).toBe('abcdef');
});

it.each([
  ['type', { type: MESSAGE.certificate }],
  ['length', { length: 7 }],
])('two fragments that disagree about the %s of their message are an illegal_parameter', (_, change) => {
  const reassembly = new Reassembly(0, MOST);
  reassembly.add(fragment({ length: 6 }));
  expect(() => reassembly.add(fragment({ length: 6, offset: 2, ...change }))).toThrow(
    expect.objectContaining({ code: 'DTLS_ILLEGAL_PARAMETER' }),
  );
});

it.each([
  ['a certificate', MESSAGE.certificate, MOST],
  ['a hello', MESSAGE.client_hello, 2048],
  ['anything else', MESSAGE.client_key_exchange, 1024],
  ['a type that nobody knows', 99, 1024],
])('%s is bounded before a byte is kept for it', (_, type, most) => {
  const reassembly = new Reassembly(0, MOST);
  expect(reassembly.add(fragment({ type, length: most }))).toBe('taken');
  expect(() => new Reassembly(0, MOST).add(fragment({ type, length: most + 1 }))).toThrow(
    expect.objectContaining({ code: 'DTLS_ILLEGAL_PARAMETER' }),
  );
});

it('keeps at most eight messages ahead, each of its size', () => {
  const reassembly = new Reassembly(0, MOST);
  for (let sequence = 0; sequence < 1000; sequence++) reassembly.add(fragment({ sequence, type: MESSAGE.certificate, length: MOST }));
  expect(reassembly.kept).toBeLessThanOrEqual(8 * 2 * MOST);
});

it('a record of fragments is those fragments; cut anywhere, or beyond its message, it is none', () => {
  const bytes = Buffer.concat([encodeFragment(fragment()), encodeFragment(fragment({ sequence: 1, length: 9, offset: 5 }))]);
  expect(readFragments(bytes)).toEqual([fragment(), fragment({ sequence: 1, length: 9, offset: 5 })]);
  for (let length = 0; length < bytes.length; length++) {
    if (length !== 16) expect(readFragments(bytes.subarray(0, length))).toBeUndefined();
  }
  expect(readFragments(encodeFragment(fragment({ length: 9, offset: 6 })))).toBeUndefined();
});
