import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, instantOf, must, plus, type Instant } from '@drover/kernel';
import {
  dataCapReached,
  DataLedger,
  measuredVolume,
  monthOf,
  overDataCap,
  predictedVolume,
  usedInMonth,
  type DataCaps,
  type DataUse,
  type PoolVolume,
} from './index.ts';

const now = instantOf('2026-12-30T12:00:00Z');
const NONE: DataCaps = { perDevice: undefined, campaign: undefined, perPoolAndMonth: undefined };
const use = (change: Partial<DataUse> = {}): DataUse => ({ byDevice: 0, byCampaign: 0, keptInCampaign: 0, pool: undefined, ...change });
const pool = (used: number, kept = 0): Partial<DataUse> => ({ pool: { name: 'north', used, kept } });

it('counts payload, headers of both directions, and repetitions at the size of a block', () => {
  expect(measuredVolume({ blocks: 1, bytes: 512, retransmissions: 1 })).toBe(1324);
  expect(measuredVolume({ blocks: 0, bytes: 0, retransmissions: 0 })).toBe(0);
  expect(predictedVolume(2048, { blockSize: 512 })).toBe(2648);
  expect(predictedVolume(2049, { blockSize: 512 })).toBe(2799);
  expect(predictedVolume(2048, { blockSize: 512 }, { pattern: { loss: 0.2 } })).toBe(3310);
  expect(predictedVolume(2048, { blockSize: 512 }, { pattern: { loss: 0.99 } })).toBe(5296);
});

describe('a transfer of 100 bytes', () => {
  it.each<[string, Partial<DataCaps>, Partial<DataUse>, string | undefined, Instant | string | undefined]>([
    ['without a cap', {}, use({ byDevice: 1e9, byCampaign: 1e12 }), undefined, undefined],
    ['that fits exactly', { perDevice: 150, campaign: 200 }, { byDevice: 50, byCampaign: 100 }, undefined, undefined],
    [
      'beyond the cap of its device',
      { perDevice: 149 },
      { byDevice: 50 },
      '50 bytes of 149 bytes of this device in this campaign are moved, this transfer needs about 100 bytes',
      'never',
    ],
    [
      'beyond the cap of its campaign',
      { campaign: 1e6 },
      { byCampaign: 999_950 },
      '1000 kB of 1.00 MB of this campaign are moved, this transfer needs about 100 bytes',
      'never',
    ],
    [
      'beside others under way',
      { campaign: 1000 },
      { byCampaign: 500, keptInCampaign: 401 },
      '500 bytes of 1.00 kB of this campaign are moved, 401 bytes are kept for transfers under way, this transfer needs about 100 bytes',
      'transfers',
    ],
    [
      'beyond the month of its pool',
      { perPoolAndMonth: 1000 },
      pool(901),
      '901 bytes of 1.00 kB of SIM pool north in 2026-12 are moved, this transfer needs about 100 bytes',
      instantOf('2027-01-01T00:00:00Z'),
    ],
    [
      'larger than any month',
      { perPoolAndMonth: 99 },
      pool(0),
      '0 bytes of 99 bytes of SIM pool north in 2026-12 are moved, this transfer needs about 100 bytes',
      'never',
    ],
    [
      'beside others of its pool',
      { perPoolAndMonth: 1000 },
      pool(500, 450),
      '500 bytes of 1.00 kB of SIM pool north in 2026-12 are moved, 450 bytes are kept for transfers under way, this transfer needs about 100 bytes',
      'transfers',
    ],
    ['of a device without a pool', { perPoolAndMonth: 1 }, {}, undefined, undefined],
    [
      'against which no wait helps, whatever its pool says',
      { campaign: 99, perPoolAndMonth: 1000 },
      pool(950),
      expect.anything() as never,
      'never',
    ],
  ])('%s', (_, caps, moved, evidence, until) => {
    const over = overDataCap({ ...NONE, ...caps }, use(moved), 100, now);
    expect([over?.evidence, over?.until]).toEqual([evidence, until]);
  });
});

it('stops what is under way at the cap, and not before', () => {
  expect(dataCapReached({ ...NONE, campaign: 1000 }, use({ byCampaign: 999, keptInCampaign: 500 }), now)).toBeUndefined();
  expect(dataCapReached({ ...NONE, campaign: 1000 }, use({ byCampaign: 1000 }), now)).toEqual({
    evidence: '1.00 kB of 1.00 kB of this campaign are moved',
    until: 'never',
  });
});

describe('what is kept for transfers under way', () => {
  it('is told to others and not to those for whom it is kept', () => {
    const ledger = new DataLedger();
    ledger.reserve('a', { campaign: 'c', pool: 'north', bytes: 100 });
    ledger.reserve('b', { campaign: 'other', pool: 'north', bytes: 10 });
    expect(ledger.besides('new', { campaign: 'c', pool: 'north' })).toEqual({ inCampaign: 100, inPool: 110 });
    expect(ledger.besides('a', { campaign: 'c', pool: 'north' })).toEqual({ inCampaign: 0, inPool: 0 });
    ledger.reserve('a', { campaign: 'c', pool: 'north', bytes: 40 });
    ledger.reserve('b', undefined);
    expect(ledger.besides('new', { campaign: 'c', pool: 'north' })).toEqual({ inCampaign: 40, inPool: 40 });
    ledger.reserve('a', undefined);
    expect(ledger.inCampaign('c')).toBe(0);
  });
});

/** Devices of two campaigns and two pools, as the engine lets them begin, go on and stop; blocks come one by one. */
class Fleet {
  readonly caps: DataCaps;
  readonly ledger = new DataLedger();
  readonly devices = Array.from({ length: COUNT }, (_, index) => ({
    name: `d${index}`,
    campaign: index % 2 === 0 ? 'x' : 'y',
    pool: index % 3 === 0 ? 'north' : 'south',
    isLive: false,
    left: BLOCKS,
    volume: 0,
  }));
  readonly moved = new Map<string, number>();
  readonly pools = new Map<string, PoolVolume>();
  /** By account, what was live in it when its cap was reached. */
  readonly liveAtCap = new Map<string, number>();
  at = now;

  constructor(caps: DataCaps) {
    this.caps = caps;
  }

  #useOf(device: Fleet['devices'][number]): DataUse {
    const kept = this.ledger.besides(device.name, device);
    const used = usedInMonth(this.pools.get(device.pool), this.at);
    return {
      byDevice: device.volume,
      byCampaign: this.moved.get(device.campaign) ?? 0,
      keptInCampaign: kept.inCampaign,
      pool: { name: device.pool, used, kept: kept.inPool },
    };
  }

  #keep(device: Fleet['devices'][number]): void {
    const bytes = predictedVolume(device.left * BLOCK_SIZE, { blockSize: BLOCK_SIZE });
    this.ledger.reserve(device.name, { ...device, bytes });
  }

  begin(index: number): void {
    const device = must(this.devices[index], 'device');
    if (device.isLive || device.left === 0) return;
    const needs = predictedVolume(device.left * BLOCK_SIZE, { blockSize: BLOCK_SIZE });
    const over = overDataCap(this.caps, this.#useOf(device), needs, this.at);
    if (over?.until === 'never') this.ledger.reserve(device.name, undefined);
    if (over) return;
    device.isLive = true;
    this.#keep(device);
  }

  block(index: number, isRepeated: boolean): void {
    const device = must(this.devices[index], 'device');
    if (!device.isLive) return;
    const live = (fits: (other: Fleet['devices'][number]) => boolean): number =>
      this.devices.filter((other) => other.isLive && fits(other)).length;
    const [before, inMonth] = [this.moved.get(device.campaign) ?? 0, usedInMonth(this.pools.get(device.pool), this.at)];
    device.volume += BLOCK;
    this.moved.set(device.campaign, before + BLOCK);
    this.pools.set(device.pool, { pool: device.pool, month: monthOf(this.at), bytes: inMonth + BLOCK });
    const { campaign, perPoolAndMonth } = this.caps;
    if (campaign !== undefined && before < campaign && before + BLOCK >= campaign)
      this.liveAtCap.set(
        device.campaign,
        live((other) => other.campaign === device.campaign),
      );
    if (perPoolAndMonth !== undefined && inMonth < perPoolAndMonth && inMonth + BLOCK >= perPoolAndMonth)
      this.liveAtCap.set(
        device.pool,
        live((other) => other.pool === device.pool),
      );
    if (!isRepeated) device.left -= 1;
    if (device.left === 0) this.#end(device);
    else {
      this.#keep(device);
      if (dataCapReached(this.caps, this.#useOf(device), this.at)) device.isLive = false;
    }
  }

  #end(device: Fleet['devices'][number]): void {
    device.isLive = false;
    this.ledger.reserve(device.name, undefined);
  }

  /** Interrupted, and to go on; or failed, and to begin anew. */
  lose(index: number, isFailure: boolean): void {
    const device = must(this.devices[index], 'device');
    if (!device.isLive) return;
    device.isLive = false;
    if (!isFailure) return;
    device.left = BLOCKS;
    this.ledger.reserve(device.name, undefined);
  }

  judge(): void {
    const { perDevice, campaign, perPoolAndMonth } = this.caps;
    const above = (account: string): number => (this.liveAtCap.get(account) ?? 0) * BLOCK;
    for (const { volume } of this.devices) if (perDevice !== undefined) expect(volume).toBeLessThanOrEqual(perDevice + BLOCK);
    for (const [name, bytes] of this.moved) if (campaign !== undefined) expect(bytes).toBeLessThanOrEqual(campaign + above(name));
    for (const { pool: name, bytes } of this.pools.values())
      if (perPoolAndMonth !== undefined) expect(bytes).toBeLessThanOrEqual(perPoolAndMonth + above(name));
  }
}

const COUNT = 6;
const BLOCK_SIZE = 512;
const BLOCKS = 6;
const BLOCK = measuredVolume({ blocks: 1, bytes: BLOCK_SIZE, retransmissions: 0 });
const WHOLE = BLOCKS * BLOCK;

const device = fc.nat(COUNT - 1);
const of = (weight: number, arbitrary: fc.Arbitrary<(fleet: Fleet) => void>) => ({ weight, arbitrary });
const aStep = fc.oneof(
  of(
    4,
    device.map((index) => (fleet) => fleet.begin(index)),
  ),
  of(
    12,
    fc.tuple(device, fc.nat(3)).map(
      ([index, chance]) =>
        (fleet) =>
          fleet.block(index, chance > 0),
    ),
  ),
  of(
    1,
    fc.tuple(device, fc.boolean()).map(
      ([index, isFailure]) =>
        (fleet) =>
          fleet.lose(index, isFailure),
    ),
  ),
  of(
    1,
    fc.integer({ min: 1, max: 20 }).map((days) => (fleet) => void (fleet.at = plus(fleet.at, days * DAY))),
  ),
);
const cap = (most: number): fc.Arbitrary<number | undefined> => fc.option(fc.integer({ min: WHOLE, max: most }), { nil: undefined });
const someCaps = fc.record({ perDevice: cap(2 * WHOLE), campaign: cap(3 * WHOLE), perPoolAndMonth: cap(3 * WHOLE) });

describe('in any history', () => {
  it('no cap is exceeded by more than one block of each transfer that was under way when it was reached', () => {
    fc.assert(
      fc.property(someCaps, fc.array(aStep, { minLength: 50, maxLength: 200, size: 'max' }), (caps, steps) => {
        const fleet = new Fleet(caps);
        for (const step of steps) {
          step(fleet);
          fleet.judge();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('nothing is exceeded at all where no block is repeated, however many ask at the same moment', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 * WHOLE }),
        fc.shuffledSubarray([...Array(COUNT).keys()], { minLength: COUNT }),
        (campaign, order) => {
          const fleet = new Fleet({ ...NONE, campaign, perPoolAndMonth: campaign });
          for (const index of order) fleet.begin(index);
          for (let round = 0; round < BLOCKS; round++) for (const index of order) fleet.block(index, false);
          for (const bytes of fleet.moved.values()) expect(bytes).toBeLessThanOrEqual(campaign);
          for (const { bytes } of fleet.pools.values()) expect(bytes).toBeLessThanOrEqual(campaign);
          // Nor is it left lying about: one more would not have fitted into one of the two.
          const waiting = fleet.devices.filter(({ left }) => left > 0);
          for (const { campaign: name, pool: of } of waiting)
            expect(Math.max(fleet.moved.get(name) ?? 0, fleet.pools.get(of)?.bytes ?? 0)).toBeGreaterThan(campaign - WHOLE);
        },
      ),
    );
  });
});
