import { describe, expect, it } from '@jest/globals';
import { codeText, sizeOfSzx } from '@drover/coap';
import { PushReceiver } from './push-receiver.ts';

const SZX = 0;
const BODY = Buffer.from('0123456789abcdef'.repeat(3) + 'end');

/** A receiver, the blocks of `BODY` sent to it, and what it has taken. */
class Bench {
  readonly receiver = new PushReceiver();
  taken = '';
  completed = false;

  block(num: number, { length = sizeOfSzx(SZX) } = {}): string {
    const payload = BODY.subarray(num * sizeOfSzx(SZX), num * sizeOfSzx(SZX) + length);
    const options = { uriPath: [], uriQuery: [], locationPath: [], block1: { num, more: num < 3, szx: SZX }, size1: BODY.length };
    const step = this.receiver.receive({ options, payload }, (intake, offset, size) => {
      expect(offset).toBe(num * sizeOfSzx(SZX));
      expect(size).toBe(BODY.length);
      intake.add(payload);
      this.taken += payload.toString();
    });
    this.completed ||= step.completed !== undefined;
    return codeText(step.response.code);
  }
}

describe('a push', () => {
  it('is taken in order and answered 2.04 at its end', () => {
    const bench = new Bench();
    expect([0, 1, 2, 3].map((num) => bench.block(num))).toEqual(['2.31', '2.31', '2.31', '2.04']);
    expect(bench.taken).toBe(BODY.toString());
    expect(bench.completed).toBe(true);
    expect(bench.receiver.isUnderWay).toBe(false);
  });

  it('answers the last block again and takes it once', () => {
    const bench = new Bench();
    expect([0, 0, 1, 1].map((num) => bench.block(num))).toEqual(['2.31', '2.31', '2.31', '2.31']);
    expect(bench.taken).toBe(BODY.subarray(0, 32).toString());
  });

  it.each([
    ['a gap', [0, 2]],
    ['a block from the middle', [1]],
    ['an earlier block', [0, 1, 2, 1]],
  ])('is incomplete after %s, and can only begin anew', (_, nums) => {
    const bench = new Bench();
    const last = nums.at(-1)!;
    for (const num of nums.slice(0, -1)) expect(bench.block(num)).toBe('2.31');
    expect(bench.block(last)).toBe('4.08');
    expect(bench.block(last)).toBe('4.08');
    expect(bench.receiver.isUnderWay).toBe(false);
    expect(bench.block(0)).toBe('2.31');
  });

  it('refuses a short block that is not the last', () => {
    const bench = new Bench();
    expect(bench.block(0, { length: 10 })).toBe('4.00');
    expect(bench.taken).toBe('');
  });
});
