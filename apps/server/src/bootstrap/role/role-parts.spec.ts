import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CODE } from '@drover/coap';
import { SystemEntropy } from '@drover/platform';
import { Packs } from './packs.ts';
import { RequestLimits } from './request-limits.ts';

const at = (now: number): { own: number; now: number } => ({ own: now, now });

describe('limits', () => {
  it('a few in a row, then one a minute; others are not held up', () => {
    const limits = new RequestLimits(0);
    const admitted = Array.from({ length: 20 }, () => limits.admits('d', 'secured', at(0))).filter(Boolean);
    expect(admitted).toHaveLength(6);
    expect(limits.admits('e', 'secured', at(0))).toBe(true);
    expect(limits.admits('d', 'plain', at(0))).toBe(true);
    expect(limits.admits('d', 'secured', at(59_000))).toBe(false);
    expect(limits.admits('d', 'secured', at(120_000))).toBe(true);
  });

  it('all together have a bound, however many names they use; without security a small one of its own', () => {
    const limits = new RequestLimits(0);
    const admitted = (from: 'plain' | 'secured'): number =>
      Array.from({ length: 15_000 }, (_, index) => limits.admits(`d${index}`, from, at(0))).filter(Boolean).length;
    expect([admitted('plain'), admitted('secured')]).toEqual([50, 200]);
  });
});

describe('packs', () => {
  const fetched = (packs: Packs, payload: Uint8Array, szx: number): Buffer => {
    const parts: Uint8Array[] = [];
    let response = packs.first('p', { payload, contentFormat: 112 }, { num: 0, more: false, szx }, 0);
    for (let num = 1; ; num++) {
      parts.push(response.payload ?? new Uint8Array(0));
      if (response.options?.block2?.more !== true) return Buffer.concat(parts);
      response = packs.further('p', { num, more: false, szx }, 0) ?? { code: CODE.NOT_FOUND };
    }
  };

  it('come whole in blocks of any size, and nothing is kept of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), fc.integer({ min: 0, max: 6 }), (payload, szx) => {
        const packs = new Packs(new SystemEntropy());
        const wanted = Buffer.from(payload);
        expect(fetched(packs, payload, szx).equals(wanted)).toBe(true);
        expect(packs.further('p', { num: 1, more: false, szx }, 0)).toBeUndefined();
      }),
    );
  });

  it('are nobody else’s, and end', () => {
    const packs = new Packs(new SystemEntropy());
    const first = packs.first('p', { payload: Buffer.alloc(100, 1), contentFormat: 112 }, { num: 0, more: false, szx: 0 }, 0);
    expect(first.options?.block2).toEqual({ num: 0, more: true, szx: 0 });
    const block = { num: 1, more: false, szx: 0 };
    expect(packs.further('q', block, 0)).toBeUndefined();
    expect(packs.further('p', { ...block, num: 9 }, 0)?.code).toBe(CODE.BAD_REQUEST);
    expect(packs.further('p', block, 300_000)).toBeUndefined();
  });
});
