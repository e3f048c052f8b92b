import { HOUR, MINUTE } from '@drover/kernel';
import { FEWEST_SAMPLES, firstCapacity, learnCapacity, shareOf, type CarrierCapacity, type CellKnowledge } from '../carrier-capacity.ts';
import type { AirMinute } from './air.ts';
import type { Budgets } from './scheduled.ts';
import type { World } from './world.ts';

/** How far a median of block times is off what the air really does, as a part. */
const SIGHT_SD = 0.03;
const PURPOSE_SIGHT = 22;

/** Budgets that are found out: block times and lost sessions of each minute, through the production rule. */
export class LearntBudgets implements Budgets {
  readonly #knowledge: CellKnowledge;
  /** Too little so far. */
  readonly #unread = new Map<number, AirMinute>();
  readonly #capacities = new Map<number, CarrierCapacity>();

  constructor(knowledge: CellKnowledge = 'contract') {
    this.#knowledge = knowledge;
  }

  at(carrier: number, at: number, { fleet }: World): number {
    const contract = fleet.budget[carrier * 24 + (Math.floor(at / HOUR) % 24)]!;
    return shareOf(this.#of(carrier, contract), contract);
  }

  minute(world: World): void {
    for (const minute of world.minutes) {
      const seen = joined(this.#unread.get(minute.carrier), minute);
      // In poor coverage, and paced, a block takes minutes: what was seen is kept until it says something.
      if (seen.blocks < FEWEST_SAMPLES && seen.lost === 0) this.#unread.set(minute.carrier, seen);
      else this.#learn(seen, world);
    }
  }

  #learn({ carrier, blocks, lost, inflation, asked, allowed }: AirMinute, world: World): void {
    const { fleet, now } = world;
    this.#unread.delete(carrier);
    const contract = fleet.budget[carrier * 24 + (Math.floor(now / HOUR) % 24)]!;
    const seen = Math.max(1, inflation * (1 + SIGHT_SD * world.normal(carrier, Math.floor(now / MINUTE), PURPOSE_SIGHT)));
    const minute = { samples: Math.floor(blocks), inflation: seen, duplicates: 0, lost, utilisation: asked / allowed, contract };
    this.#capacities.set(carrier, learnCapacity(this.#of(carrier, contract), minute, now));
  }

  #of(carrier: number, contract: number): CarrierCapacity {
    return this.#capacities.get(carrier) ?? firstCapacity(this.#knowledge, contract);
  }
}

function joined(before: AirMinute | undefined, minute: AirMinute): AirMinute {
  if (before === undefined) return minute;
  const asked = before.asked + minute.asked;
  return {
    carrier: minute.carrier,
    blocks: before.blocks + minute.blocks,
    lost: before.lost + minute.lost,
    inflation: asked > 0 ? (before.inflation * before.asked + minute.inflation * minute.asked) / asked : 1,
    asked,
    allowed: before.allowed + minute.allowed,
  };
}
