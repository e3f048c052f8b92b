import { describe, expect, it } from '@jest/globals';
import { codeText, sizeOfSzx } from '@drover/coap';
import { PLAIN_PART, type PushTraits } from '../profiles/profile.ts';
import { PushReceiver } from './push-receiver.ts';

const BODY = Buffer.from('0123456789abcdef'.repeat(3) + 'end');
const LAST = 3;

/** A receiver, the blocks of `BODY` sent to it, and what it has taken. */
class Bench {
  readonly receiver: PushReceiver;
  taken = '';
  completed = false;

  constructor(traits: Partial<PushTraits> = {}) {
    this.receiver = new PushReceiver({ ...PLAIN_PART.push, ...traits });
  }

  block(num: number, { szx = 0, length = sizeOfSzx(szx) } = {}): string {
    const from = num * sizeOfSzx(szx);
    const payload = BODY.subarray(from, from + length);
    const more = from + length < BODY.length;
    const options = { uriPath: [], uriQuery: [], locationPath: [], block1: { num, more, szx }, size1: BODY.length };
    const step = this.receiver.receive({ options, payload }, (block) => {
      expect(block.size).toBe(BODY.length);
      expect(block.offset).toBe(block.intake.length);
      block.intake.add(block.payload);
      this.taken += Buffer.from(block.payload).toString();
    });
    this.completed ||= step.completed !== undefined;
    const { code, options: answered } = step.response;
    return answered?.block1 && answered.block1.szx !== szx ? `${codeText(code)} szx ${answered.block1.szx}` : codeText(code);
  }
}

describe('a push', () => {
  it('is taken in order and answered 2.04 at its end', () => {
    const bench = new Bench();
    expect([0, 1, 2, LAST].map((num) => bench.block(num))).toEqual(['2.31', '2.31', '2.31', '2.04']);
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

  it('begins anew with block 0', () => {
    const bench = new Bench();
    expect([0, 1, 0, 1].map((num) => bench.block(num))).toEqual(['2.31', '2.31', '2.31', '2.31']);
    expect(bench.taken).toBe(BODY.subarray(0, 32).toString().repeat(2));
  });

  it('refuses a short block that is not the last', () => {
    const bench = new Bench();
    expect(bench.block(0, { length: 10 })).toBe('4.00');
    expect(bench.taken).toBe('');
  });
});

describe('the stack that', () => {
  it('is busy answers 5.03 to what it has, block 0 included, and goes on with the next', () => {
    const bench = new Bench({ isBusyMeanwhile: true });
    expect([0, 1, 1, 0, 2, LAST].map((num) => bench.block(num))).toEqual(['2.31', '2.31', '5.03', '5.03', '2.31', '2.04']);
    expect(bench.taken).toBe(BODY.toString());
  });

  it('takes gaps puts every block where it belongs', () => {
    const bench = new Bench({ takesGaps: true });
    expect([0, 2, 1, LAST].map((num) => bench.block(num))).toEqual(['2.31', '2.31', '2.31', '2.04']);
    expect(bench.taken).toBe(BODY.toString());
  });

  it('refuses a block twice loses what it has', () => {
    const bench = new Bench({ refusesTwice: true });
    expect([0, 1, 1, 2, 0].map((num) => bench.block(num))).toEqual(['2.31', '2.31', '4.08', '4.08', '2.31']);
  });

  it('hints at smaller blocks by 4.13 has taken nothing', () => {
    const bench = new Bench({ maxBlock: { bytes: 16, says: '4.13' } });
    expect(bench.block(0, { szx: 1 })).toBe('4.13 szx 0');
    expect(bench.taken).toBe('');
    expect(bench.block(0)).toBe('2.31');
  });

  it('answers with smaller blocks has taken the large one', () => {
    const bench = new Bench({ maxBlock: { bytes: 16, says: '2.31' } });
    expect([bench.block(0, { szx: 1 }), bench.block(2), bench.block(LAST)]).toEqual(['2.31 szx 0', '2.31', '2.04']);
    expect(bench.taken).toBe(BODY.toString());
  });
});
