import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  blockMs,
  DEFAULT_COST_MODEL,
  goodput,
  learnCarrierTransfers,
  learnTransfer,
  ownLink,
  ownSlowness,
  type CostModel,
  type TransferLink,
  type TransferPattern,
  type TransferSeen,
} from './index.ts';

const LINK: TransferLink = { bearer: 'NB-IoT', ce: 0, blockSize: 512 };
const seen = (slowness: number | undefined, change: Partial<TransferSeen> = {}): TransferSeen => ({
  blocks: 32,
  repeated: 0,
  bytes: 16_384,
  spanMs: 32_000,
  slowness,
  ...change,
});
const after = (...all: readonly TransferSeen[]): TransferPattern | undefined =>
  all.reduce<TransferPattern | undefined>((known, each) => learnTransfer(known, each), undefined);
const slowness = (pattern: TransferPattern | undefined, model = DEFAULT_COST_MODEL): number => ownSlowness(pattern, LINK, model);

describe('what transfers show of a device', () => {
  it('is believed more, the oftener it is seen', () => {
    const twice = (times: number) => slowness(after(...new Array<TransferSeen>(times).fill(seen(2))));
    expect([0, 1, 2, 20].map((times) => Number(twice(times).toFixed(2)))).toEqual([1, 1.26, 1.41, 1.88]);
  });

  it('follows a device that changes, and forgets', () => {
    const changed = after(...new Array<TransferSeen>(20).fill(seen(4)), ...new Array<TransferSeen>(20).fill(seen(1)));
    expect(changed!.slowness).toBeLessThan(1.05);
  });

  it('blocks that were all held up tell of loss alone', () => {
    expect(after(seen(undefined, { repeated: 8 }))).toEqual({ measured: 0, slowness: 1, loss: 0.2 });
    expect(slowness(after(seen(undefined, { repeated: 8 })))).toBe(1);
  });

  it('a model that already says so is not moved twice', () => {
    const { radio } = DEFAULT_COST_MODEL;
    const [ce0, ce1, ce2] = radio.bearers['NB-IoT'];
    const slow: CostModel = {
      ...DEFAULT_COST_MODEL,
      radio: { ...radio, bearers: { ...radio.bearers, 'NB-IoT': [{ ...ce0, rttS: 2 * ce0.rttS, phyKbps: ce0.phyKbps / 2 }, ce1, ce2] } },
    };
    const pattern = after(...new Array<TransferSeen>(50).fill(seen(2)));
    expect(slowness(pattern, slow)).toBeCloseTo(1, 9);
    expect(blockMs(ownLink(LINK, pattern, slow), slow) / blockMs(LINK)).toBeCloseTo(2, 9);
  });

  it('whatever is seen, it is planned with a quarter to four times the model, and every number is a number', () => {
    const any = fc.record({
      slowness: fc.option(fc.oneof(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.constant(Number.NaN)), { nil: undefined }),
      repeated: fc.nat(500),
      blocks: fc.nat(500),
      bytes: fc.nat(1_000_000),
      spanMs: fc.nat(10_000_000),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 60 }), (all) => {
        const pattern = after(...all)!;
        expect(Object.keys(pattern)).toHaveLength(3);
        expect(Object.values(pattern).every(Number.isFinite)).toBe(true);
        expect(slowness(pattern)).toBeGreaterThanOrEqual(0.25);
        expect(slowness(pattern)).toBeLessThanOrEqual(4);
        expect(goodput(pattern, LINK, DEFAULT_COST_MODEL)).toBeGreaterThan(0);
        const carrier = all.reduce(
          (known: ReturnType<typeof learnCarrierTransfers> | undefined, each) => learnCarrierTransfers(known, each),
          undefined,
        )!;
        expect(Object.values(carrier).every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it('one outlier moves a device that is well known by a fifth of its distance at most', () => {
    fc.assert(
      fc.property(fc.double({ min: 1 / 16, max: 16, noNaN: true }), (outlier) => {
        const known = after(...new Array<TransferSeen>(20).fill(seen(1)))!;
        expect(Math.abs(Math.log(learnTransfer(known, seen(outlier)).slowness))).toBeLessThanOrEqual(
          0.2 * Math.abs(Math.log(outlier)) + 1e-9,
        );
      }),
    );
  });
});

it('of a carrier the rate of a transfer is kept too, pauses included', () => {
  const carrier = learnCarrierTransfers(undefined, seen(1));
  expect(carrier).toEqual({ measured: 1, slowness: 1, loss: 0, bytesPerSecond: 512 });
  expect(learnCarrierTransfers(carrier, seen(1, { spanMs: 64_000 })).bytesPerSecond).toBeCloseTo(460.8, 1);
  expect(learnCarrierTransfers(carrier, seen(1, { spanMs: 0 })).bytesPerSecond).toBe(512);
});

it('goodput falls with time and with loss', () => {
  const rate = (pattern: TransferPattern | undefined) => goodput(pattern, LINK, DEFAULT_COST_MODEL);
  expect(rate(undefined)).toBeCloseTo(460, 0);
  expect(rate({ measured: 0, slowness: 1, loss: 0.5 })).toBeCloseTo(230, 0);
});
