import { DAY, MINUTE } from '@drover/kernel';
import type { Dice } from '../chance.ts';

/** What goes wrong between a device and its server, and with its power; shares are 0–1 and per datagram, each way. */
export interface Chaos {
  readonly loss: number;
  readonly duplicate: number;
  /** Share that is held back until others have overtaken it. */
  readonly reorder: number;
  /** Share that is late, by up to `delayMs`. */
  readonly delay: number;
  /** Wall ms: protocol timers, which a late datagram plays with, are never scaled either. */
  readonly delayMs: number;
  /** Share of contacts before which the address of the device changes. */
  readonly rebind: number;
  /** Share of blocks during which the power goes. */
  readonly powerLossAtBlock: number;
  /** Share of the requests of a bootstrap server at which the power goes. */
  readonly powerLossAtBootstrap: number;
  /** Power losses per day of campaign time, at any time. */
  readonly powerLossPerDay: number;
  /** ‰ by which clocks run fast or slow, at most. */
  readonly skew: number;
}

export const CALM: Chaos = {
  loss: 0,
  duplicate: 0,
  reorder: 0,
  delay: 0,
  delayMs: 200,
  rebind: 0,
  powerLossAtBlock: 0,
  powerLossAtBootstrap: 0,
  powerLossPerDay: 0,
  skew: 0,
};

const ON_TIME = [0] as const;
/** Longer than the way of the datagrams that overtake it, shorter than any retransmission, wall ms. */
const OVERTAKEN_MS = 15;

/** Wall ms after which each copy of a datagram arrives; none is a loss. Always the same throws, so that a seed means something. */
export function fateOf(chaos: Chaos, dice: Dice): readonly number[] {
  if (dice.hits(chaos.loss)) return [];
  const late = dice.hits(chaos.delay) ? dice.next() * chaos.delayMs : 0;
  const overtaken = dice.hits(chaos.reorder) ? OVERTAKEN_MS : 0;
  const isTwice = dice.hits(chaos.duplicate);
  if (late + overtaken === 0 && !isTwice) return ON_TIME;
  const first = late + overtaken;
  return isTwice ? [first, first + dice.next() * chaos.delayMs] : [first];
}

/** Two causes of trouble on one way: what survives the first may still meet the second. */
export function both(one: Chaos, other: Partial<Chaos> = {}): Chaos {
  const with_ = { ...CALM, ...other };
  const either = (key: keyof Chaos): number => 1 - (1 - one[key]) * (1 - with_[key]);
  return {
    loss: either('loss'),
    duplicate: either('duplicate'),
    reorder: either('reorder'),
    delay: either('delay'),
    delayMs: Math.max(one.delayMs, other.delayMs ?? 0),
    rebind: either('rebind'),
    powerLossAtBlock: either('powerLossAtBlock'),
    powerLossAtBootstrap: either('powerLossAtBootstrap'),
    powerLossPerDay: one.powerLossPerDay + with_.powerLossPerDay,
    skew: Math.max(one.skew, with_.skew),
  };
}

/** Campaign ms until the power goes for no reason; undefined is never. Exponential: the next one knows nothing of the last. */
export function nextPowerLoss({ powerLossPerDay }: Chaos, dice: Dice): number | undefined {
  if (powerLossPerDay <= 0) return undefined;
  return Math.max(MINUTE, (-Math.log(1 - dice.next()) * DAY) / powerLossPerDay);
}

/** Share by which a device's clock is slow (above 0) or fast. */
export function skewOf({ skew }: Chaos, dice: Dice): number {
  return skew === 0 ? 0 : ((2 * dice.next() - 1) * skew) / 1000;
}
