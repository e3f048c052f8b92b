import { HOUR } from '@drover/kernel';
import { paceFactors } from '../pacing.ts';
import type { SimFleet } from './fleet.ts';

export const TICK_MS = 10_000;
export const TICKS_PER_MINUTE = 6;
export const TICKS_PER_HOUR = HOUR / TICK_MS;

/** How what firmware may take of a carrier is shared by its transfers. */
export type Pacing = 'none' | 'even' | 'battery-first';

/** Firm transfers, or yielding ones. */
export type Rank = 0 | 1;

/** What a carrier really has for firmware, whatever the policy was told: 0–1 at a time in ms. */
export type FreeAt = (carrier: number, at: number) => number;

/** What firmware may take of a carrier by what the policy believes, 0–1. */
export type BelievedAt = (carrier: number, at: number) => number;

/** What was seen of a carrier within the last minute by who serves its blocks. */
export interface AirMinute {
  readonly carrier: number;
  readonly blocks: number;
  readonly lost: number;
  /** Block time over what was to be expected at that pace. */
  readonly inflation: number;
  /** Share of the carrier that was asked for, and that was allowed. */
  readonly asked: number;
  readonly allowed: number;
}

type PerRank = readonly [Float64Array, Float64Array];
const perRank = (size: number): PerRank => [new Float64Array(size), new Float64Array(size)];

/**
 * Carriers shared by transfers. The server paces what it believes to be one carrier to what it believes that may take; the
 * air then gives what it has. Where the two are the same nothing is ever late.
 */
export class Air {
  /** Carriers on which something was under way in the minute that has just ended. */
  minutes: AirMinute[] = [];
  readonly #fleet: SimFleet;
  readonly #pacing: Pacing;
  readonly #freeAt: FreeAt | undefined;
  readonly #believedAt: BelievedAt;
  /** By carrier as the policy sees it, and of devices whose cell it does not see by the carrier they load. */
  readonly #demand: PerRank;
  readonly #unseen: PerRank;
  readonly #on: Int32Array;
  readonly #paced: Int32Array;
  readonly #pace: PerRank;
  /** What was believed when it was paced last. */
  readonly #believed: Float64Array;
  readonly #scaled: Int32Array;
  readonly #stretch: Float64Array;
  readonly #onAir: Float64Array;
  readonly #used: Float64Array;
  readonly #late: Float64Array;
  readonly #allowed: Float64Array;
  readonly #blocks: Float64Array;
  readonly #lost: Float64Array;
  readonly #usedFrom: Int32Array;
  #active: number[] = [];
  readonly slowed = new Set<number>();

  constructor(fleet: SimFleet, { pacing, freeAt, believedAt }: { pacing: Pacing; freeAt?: FreeAt | undefined; believedAt: BelievedAt }) {
    const { carriers } = fleet;
    const seen = fleet.unseen?.groups ?? carriers;
    this.#fleet = fleet;
    this.#pacing = pacing;
    this.#freeAt = freeAt;
    this.#believedAt = believedAt;
    this.#demand = perRank(seen);
    this.#unseen = perRank(carriers);
    this.#on = new Int32Array(seen + carriers);
    this.#paced = new Int32Array(seen).fill(-1);
    this.#pace = perRank(seen);
    this.#believed = new Float64Array(seen).fill(1);
    this.#scaled = new Int32Array(carriers).fill(-1);
    [this.#stretch, this.#onAir, this.#used, this.#late] = [0, 0, 0, 0].map(() => new Float64Array(carriers)) as Four;
    [this.#allowed, this.#blocks, this.#lost] = [0, 0, 0].map(() => new Float64Array(carriers)) as Three;
    this.#usedFrom = new Int32Array(carriers).fill(-1);
  }

  /** A transfer of this share begins or ends. */
  change(device: number, rank: Rank, { share, sign }: { share: number; sign: 1 | -1 }): void {
    const { carrier, unseen } = this.#fleet;
    const seenAs = unseen?.carrier[device] ?? carrier[device]!;
    this.#add(this.#demand, seenAs, { rank, share, sign, counter: seenAs });
    if (seenAs === carrier[device]) return;
    this.#add(this.#unseen, carrier[device]!, { rank, share, sign, counter: this.#demand[0].length + carrier[device]! });
  }

  /** Part of its full rate that a transfer gets in this tick. */
  scaleOf(device: number, rank: Rank, tick: number): number {
    const { carrier, unseen } = this.#fleet;
    const own = carrier[device]!;
    if (this.#scaled[own] !== tick) this.#rescale(own, tick);
    return this.#pace[rank][unseen?.carrier[device] ?? own]! * this.#stretch[own]!;
  }

  /** How far more is asked of the carrier than it has, as a part of that. */
  overload(carrier: number, tick: number): number {
    const isPlain = this.#freeAt === undefined && this.#fleet.unseen === undefined;
    const asked = isPlain ? this.#demand[0][carrier]! + this.#demand[1][carrier]! : this.#onAir[carrier]!;
    return Math.max(0, asked / this.#free(carrier, tick) - 1);
  }

  moved(carrier: number, blocks: number): void {
    this.#blocks[carrier]! += blocks;
  }

  lost(carrier: number): void {
    this.#lost[carrier]! += 1;
  }

  endMinute(): void {
    this.minutes = this.#active.map((carrier) => ({
      carrier,
      blocks: this.#blocks[carrier]!,
      lost: this.#lost[carrier]!,
      inflation: this.#used[carrier]! > 0 ? this.#late[carrier]! / this.#used[carrier]! : 1,
      asked: this.#used[carrier]! / TICKS_PER_MINUTE,
      allowed: this.#allowed[carrier]! / TICKS_PER_MINUTE,
    }));
    for (const carrier of this.#active) this.#blocks[carrier] = this.#lost[carrier] = 0;
    this.#active = [];
    this.slowed.clear();
  }

  #add(demand: PerRank, place: number, { rank, share, sign, counter }: { rank: Rank; share: number; sign: 1 | -1; counter: number }): void {
    this.#on[counter]! += sign;
    // Nobody left: whatever rounding has piled up goes with them.
    if (this.#on[counter] === 0) demand[0][place] = demand[1][place] = 0;
    else demand[rank][place]! += sign * share;
  }

  #free(carrier: number, tick: number): number {
    if (this.#freeAt) return this.#freeAt(carrier, tick * TICK_MS);
    return 1 - this.#fleet.background[carrier * 24 + (Math.floor(tick / TICKS_PER_HOUR) % 24)]!;
  }

  #rescale(carrier: number, tick: number): void {
    this.#scaled[carrier] = tick;
    this.#repace(carrier, carrier, tick);
    const bucket = this.#fleet.unseen?.bucketOf[carrier];
    if (bucket !== undefined) this.#repace(bucket, carrier, tick);
    const seen = this.#asked(this.#demand, carrier, carrier);
    const onAir = seen + (bucket === undefined ? 0 : this.#asked(this.#unseen, carrier, bucket));
    const free = this.#free(carrier, tick);
    this.#onAir[carrier] = onAir;
    this.#stretch[carrier] = onAir > free ? free / onAir : 1;
    this.#sight(carrier, tick, onAir);
  }

  #asked(demand: PerRank, place: number, pacedAs: number): number {
    return demand[0][place]! * this.#pace[0][pacedAs]! + demand[1][place]! * this.#pace[1][pacedAs]!;
  }

  /** What the server lets the transfers of one carrier have of their full rate in this tick. */
  #repace(seenAs: number, carrier: number, tick: number): void {
    if (this.#paced[seenAs] === tick) return;
    this.#paced[seenAs] = tick;
    const [firm, yielding] = [this.#demand[0][seenAs]!, this.#demand[1][seenAs]!];
    const isBlind = this.#freeAt !== undefined || seenAs !== carrier;
    const believed = this.#pacing === 'none' ? Number.POSITIVE_INFINITY : this.#believedAt(seenAs, tick * TICK_MS);
    if (believed < Number.POSITIVE_INFINITY) this.#believed[seenAs] = believed;
    const budget = isBlind ? believed : Math.min(believed, this.#free(carrier, tick));
    const factors = budget < Number.POSITIVE_INFINITY ? paceFactors({ firm, yielding, budget }) : { firm: 1, yielding: 1 };
    this.#pace[0][seenAs] = 1 / factors.firm;
    this.#pace[1][seenAs] = 1 / factors.yielding;
    if (this.#pacing !== 'none' && (factors.firm > 1 || factors.yielding > 1)) this.slowed.add(seenAs);
  }

  #sight(carrier: number, tick: number, onAir: number): void {
    const minute = Math.floor(tick / TICKS_PER_MINUTE);
    if (this.#usedFrom[carrier] !== minute) {
      this.#usedFrom[carrier] = minute;
      this.#used[carrier] = this.#late[carrier] = this.#allowed[carrier] = 0;
      this.#active.push(carrier);
    }
    const free = this.#stretch[carrier]!;
    // Without pacing the air is asked for more than there is: that is what counts as above.
    this.#used[carrier]! += this.#pacing === 'none' ? this.#demand[0][carrier]! + this.#demand[1][carrier]! : onAir;
    this.#late[carrier]! += onAir / free;
    this.#allowed[carrier]! += this.#believed[carrier]!;
  }
}

type Four = [Float64Array, Float64Array, Float64Array, Float64Array];
type Three = [Float64Array, Float64Array, Float64Array];
