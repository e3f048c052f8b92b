import { HOUR } from '@drover/kernel';
import { coverageAtLoss } from '../coverage.ts';
import { DEFAULT_COST_MODEL, type CostModel } from '../cost-model.ts';
import { energyClass } from '../energy-model.ts';
import { LEVELS, radioClass } from '../radio-model.ts';
import { blockCost } from '../transfer-cost.ts';
import { Agenda } from './agenda.ts';
import { Air, TICK_MS, TICKS_PER_HOUR, TICKS_PER_MINUTE, type AirMinute, type FreeAt, type Pacing, type Rank } from './air.ts';
import { BEARERS, type SimFleet, type SimWeather } from './fleet.ts';
import { noiseOf, normalOf, type Noise } from './noise.ts';

export const BLOCK_SIZE = 512;
/** Blocks that a device which resumes keeps together: the rest of the last group is sent again. */
const KEPT_BLOCKS = 8;
/** How much faster sessions are lost for each carrier's worth of demand above what is free. */
const OVERLOAD_HAZARD = 4;

const PURPOSE = { jitter: 1, missed: 3, natural: 4, hourly: 6, loss: 8, listens: 9 } as const;
/** In `isActive`: told to begin, and not listening yet. */
const PAGED = 2;

/** Decides who transfers when. Called by the world, and calls it: `begin`, `wakeAt`. */
export interface SimPolicy {
  start(world: World): void;
  /** The device is awake, by itself or because it was asked to: it can be told to begin. */
  contact(device: number, world: World): void;
  ended(device: number, isDone: boolean, world: World): void;
  /** Once a minute. */
  minute?(world: World): void;
  /** Asked once a minute: nothing that anybody looks at is left to happen. */
  isOver?(): boolean;
  /** What it believes firmware may take of a carrier, 0–1; without it, what the fleet says. */
  believes?(carrier: number, at: number): number;
}

/** Per bearer and coverage level, for blocks of the simulated size. */
interface BlockClass {
  readonly durationMs: number;
  readonly share: number;
  readonly energyMah: number;
  readonly contactMah: number;
  /** Chance that a session is lost within a tick. */
  readonly lossPerTick: number;
}

const classesOf = (model: CostModel): readonly BlockClass[] =>
  BEARERS.flatMap((bearer) =>
    LEVELS.map((ce): BlockClass => {
      const { duration, share, energyMah } = blockCost({ bearer, ce, blockSize: BLOCK_SIZE }, model);
      const { sessionS } = radioClass(bearer, ce, model.radio);
      const { contactMah } = energyClass(bearer, ce, model.energy);
      return { durationMs: duration, share, energyMah, contactMah, lossPerTick: 1 - Math.exp(-TICK_MS / 1000 / sessionS) };
    }),
  );

export interface WorldOptions {
  readonly pacing: Pacing;
  readonly horizonMs: number;
  readonly freeAt?: FreeAt | undefined;
  /** What an exchange takes; the built-in figures without it. */
  readonly model?: CostModel | undefined;
}

/** What was seen while the world ran, by an observer that is not the policy. */
export interface Sightings {
  /** Carrier-minutes with a transfer; with more on the air than firmware may take; than is free; in which pacing held something back. */
  activeMinutes: number;
  overBudget: number;
  overCapacity: number;
  slowed: number;
  /** Device-minutes of transfer outside the device's window. */
  outsideWindow: number;
  sentBlocks: number;
  wastedBlocks: number;
  extraWakes: number;
  /** Devices in eDRX that were told to begin. */
  probes: number;
}

const NOTHING_SEEN: Sightings = {
  activeMinutes: 0,
  overBudget: 0,
  overCapacity: 0,
  slowed: 0,
  outsideWindow: 0,
  sentBlocks: 0,
  wastedBlocks: 0,
  extraWakes: 0,
  probes: 0,
};

/**
 * A fleet and the carriers it hangs on, through time: wake-ups, radio from contact to contact, transfers that share a
 * carrier, sessions that are lost. The same seed gives every policy the same contacts, radio and chances.
 */
export class World {
  readonly fleet: SimFleet;
  readonly weather: SimWeather;
  readonly model: CostModel;
  readonly seen: Sightings = { ...NOTHING_SEEN };
  /** Airtime taken, in minutes of the whole carrier, by carrier and hour since the start: `carrier * hours + hour`. */
  readonly usedMinutes: Float32Array;
  readonly hours: number;
  /** When the image was complete, ms; NaN before. */
  readonly doneAt: Float64Array;
  readonly energyMah: Float64Array;
  /** Blocks the device holds. */
  readonly held: Float64Array;
  /** 0: no, 1: transferring, 2: told to begin, and not listening yet. */
  readonly isActive: Uint8Array;
  /** Coverage of the session under way. */
  readonly sessionCe: Uint8Array;
  /** Coupling loss at the last contact. */
  readonly lossDb: Float64Array;
  tick = 0;
  activeCount = 0;
  readonly #pacing: Pacing;
  readonly #freeAt: FreeAt | undefined;
  readonly #noise: Noise;
  readonly #agenda: Agenda;
  readonly #ticks: number;
  readonly #contactCount: Int32Array;
  readonly #totalBlocks: Int32Array;
  readonly #active: Int32Array;
  readonly #place: Int32Array;
  readonly #until: Float64Array;
  readonly #classes: readonly BlockClass[];
  readonly #idleMahPerTick: number;
  readonly #air: Air;
  /** First tick at which something can still be put on the agenda. */
  #earliest = 0;
  #policy!: SimPolicy;

  constructor(fleet: SimFleet, weather: SimWeather, { pacing, horizonMs, freeAt, model = DEFAULT_COST_MODEL }: WorldOptions) {
    const { size, carriers } = fleet;
    this.fleet = fleet;
    this.weather = weather;
    this.model = model;
    this.#classes = classesOf(model);
    this.#idleMahPerTick = (model.energy.connectedMa * TICK_MS) / HOUR;
    this.#pacing = pacing;
    this.#noise = noiseOf(weather.seed);
    this.#ticks = Math.ceil(horizonMs / TICK_MS);
    this.hours = Math.ceil(this.#ticks / TICKS_PER_HOUR);
    this.usedMinutes = new Float32Array(carriers * this.hours);
    this.#agenda = new Agenda(this.#ticks);
    this.doneAt = new Float64Array(size).fill(Number.NaN);
    this.energyMah = new Float64Array(size);
    this.held = new Float64Array(size);
    this.isActive = new Uint8Array(size);
    this.sessionCe = new Uint8Array(size);
    this.lossDb = Float64Array.from(fleet.meanLossDb);
    this.#contactCount = new Int32Array(size);
    this.#totalBlocks = Int32Array.from(fleet.bytes, (bytes) => Math.ceil(bytes / BLOCK_SIZE));
    this.#active = new Int32Array(size);
    this.#place = new Int32Array(size);
    this.#until = new Float64Array(size);
    this.#freeAt = freeAt;
    this.#air = new Air(fleet, { pacing, freeAt, believedAt: (carrier, at) => this.#believed(carrier, at) });
  }

  get now(): number {
    return this.tick * TICK_MS;
  }

  isDone(device: number): boolean {
    return !Number.isNaN(this.doneAt[device]!);
  }

  isOpen(device: number, at = this.now): boolean {
    const open = this.fleet.windows[this.fleet.window[device]!]!;
    return open[Math.floor(at / HOUR) % open.length]!;
  }

  /** Coverage at the last contact; of a device that is always reachable, now. */
  coverage(device: number): 0 | 1 | 2 {
    if (this.fleet.periodMs[device] === 0) this.lossDb[device] = this.lossAt(device, this.now);
    return coverageAtLoss(this.lossDb[device]!);
  }

  /** Coupling loss in the hour of `at`, for devices that are reachable then without waking up by themselves. */
  lossAt(device: number, at: number): number {
    return this.#loss(device, Math.floor(at / HOUR), PURPOSE.hourly);
  }

  #loss(device: number, count: number, purpose: number): number {
    const radioSdDb = this.fleet.lossSdDb?.[device] ?? this.weather.radioSdDb;
    const mean = this.fleet.meanLossDb[device]!;
    return radioSdDb === 0 ? mean : mean + radioSdDb * normalOf(this.#noise, device, count, purpose);
  }

  /** Standard normal noise of a policy's own: what it knows is not exact. */
  normal(device: number, count: number, purpose: number): number {
    return normalOf(this.#noise, device, count, purpose);
  }

  /** Carriers with transfers in the minute that has ended, as the server saw them. */
  get minutes(): readonly AirMinute[] {
    return this.#air.minutes;
  }

  #believed(carrier: number, at: number): number {
    const { unseen, budget } = this.fleet;
    return this.#policy.believes?.(carrier, at) ?? (unseen?.budget ?? budget)[carrier * 24 + (Math.floor(at / HOUR) % 24)]!;
  }

  blocksLeft(device: number): number {
    return this.#totalBlocks[device]! - this.held[device]!;
  }

  /** The device begins or goes on, with the coverage of this contact; it stops at a block boundary at `until`. */
  begin(device: number, until = Number.POSITIVE_INFINITY): void {
    if (this.isActive[device] !== 0 || this.isDone(device)) throw new RangeError(`device ${device} cannot begin`);
    this.#until[device] = until;
    const cycle = this.fleet.cycleMs?.[device] ?? 0;
    if (cycle === 0) return this.#activate(device);
    // One probe is sent, and no block before it is answered: the carrier stays free until the device listens.
    this.isActive[device] = PAGED;
    this.sessionCe[device] = this.coverage(device);
    this.seen.probes += 1;
    const listensAt = (Math.floor(this.now / cycle) + this.#noise(device, 0, PURPOSE.listens)) * cycle;
    const at = listensAt >= this.now ? listensAt : listensAt + cycle;
    this.#agenda.put(Math.max(Math.ceil(at / TICK_MS), this.#earliest), 2 * this.fleet.size + device);
  }

  #activate(device: number): void {
    this.isActive[device] = 1;
    this.sessionCe[device] = this.coverage(device);
    this.#place[device] = this.activeCount;
    this.#active[this.activeCount++] = device;
    this.energyMah[device]! += this.#classOf(device).contactMah / 2;
    this.#demandChange(device, 1);
  }

  /** Asks the device to be there at that time: an appointment of a sleeper, a look at one that is always reachable. */
  wakeAt(device: number, at: number): void {
    this.#agenda.put(Math.max(Math.ceil(at / TICK_MS), this.#earliest), this.fleet.size + device);
  }

  run(policy: SimPolicy): void {
    this.#policy = policy;
    for (let device = 0; device < this.fleet.size; device++) this.#putContact(device);
    policy.start(this);
    for (this.tick = 0; this.tick < this.#ticks; this.tick++) {
      this.#earliest = this.tick;
      this.#agenda.take(this.tick, (what) => this.#happen(what));
      this.#earliest = this.tick + 1;
      this.#progress();
      if (this.tick % TICKS_PER_MINUTE === TICKS_PER_MINUTE - 1) {
        this.#endMinute();
        policy.minute?.(this);
        if (policy.isOver?.() === true) return;
      }
    }
  }

  /** When the device wakes up by itself for the nth time. */
  contactAt(device: number, count: number): number {
    const { periodMs, phaseMs } = this.fleet;
    return phaseMs[device]! + count * periodMs[device]! + this.weather.jitterMs * normalOf(this.#noise, device, count, PURPOSE.jitter);
  }

  /** Wake-ups that come about, with the coupling loss at each, until `untilMs`. */
  *naturalContacts(device: number, untilMs: number): Generator<{ readonly at: number; readonly lossDb: number }> {
    if (this.fleet.periodMs[device] === 0 || this.fleet.isDead[device] === 1) return;
    for (let count = 0; ; count++) {
      const at = this.contactAt(device, count);
      if (at >= untilMs) return;
      if (at >= 0 && !this.#isMissed(device, count)) yield { at, lossDb: this.#loss(device, count, PURPOSE.natural) };
    }
  }

  #isMissed(device: number, count: number): boolean {
    return this.weather.isStochastic && this.#noise(device, count, PURPOSE.missed) < this.weather.missed;
  }

  #putContact(device: number): void {
    if (this.fleet.periodMs[device] === 0 || this.fleet.isDead[device] === 1 || this.isDone(device)) return;
    let at = this.contactAt(device, this.#contactCount[device]!);
    while (at < 0) at = this.contactAt(device, ++this.#contactCount[device]!);
    this.#agenda.put(Math.max(Math.floor(at / TICK_MS), this.tick), device);
  }

  #happen(what: number): void {
    const { size, isDead, periodMs } = this.fleet;
    if (what >= 2 * size) return this.#answerProbe(what - 2 * size);
    const isNatural = what < size;
    const device = isNatural ? what : what - size;
    if (isDead[device] === 1) return;
    const count = this.#contactCount[device]!;
    if (isNatural) {
      this.#contactCount[device]! += 1;
      this.#putContact(device);
    }
    if (this.isDone(device) || this.isActive[device] !== 0) return;
    if (isNatural && this.#isMissed(device, count)) return;
    if (periodMs[device]! > 0) {
      this.lossDb[device] = isNatural ? this.#loss(device, count, PURPOSE.natural) : this.lossAt(device, this.now);
      if (!isNatural) this.#extraWake(device);
    }
    this.#policy.contact(device, this);
  }

  #answerProbe(device: number): void {
    if (this.now < this.#until[device]!) return this.#activate(device);
    this.isActive[device] = 0;
    this.#policy.ended(device, false, this);
  }

  #extraWake(device: number): void {
    this.seen.extraWakes += 1;
    const ce = coverageAtLoss(this.lossDb[device]!);
    this.energyMah[device]! += this.#classes[this.fleet.bearer[device]! * 3 + ce]!.contactMah;
  }

  #classOf(device: number): BlockClass {
    return this.#classes[this.fleet.bearer[device]! * 3 + this.sessionCe[device]!]!;
  }

  #rankOf(device: number): Rank {
    return this.#pacing === 'battery-first' && this.fleet.periodMs[device] === 0 && this.fleet.canResume[device] === 1 ? 1 : 0;
  }

  #demandChange(device: number, sign: 1 | -1): void {
    this.#air.change(device, this.#rankOf(device), { share: this.#classOf(device).share, sign });
  }

  #progress(): void {
    for (let place = this.activeCount - 1; place >= 0; place--) this.#advance(this.#active[place]!);
  }

  #advance(device: number): void {
    const carrier = this.fleet.carrier[device]!;
    // It was begun at the end of a tick, and its window closes with it.
    if (this.now >= this.#until[device]!) return this.#lose(device);
    const block = this.#classOf(device);
    const scale = this.#air.scaleOf(device, this.#rankOf(device), this.tick);
    const wanted = (scale * TICK_MS) / block.durationMs;
    const left = this.blocksLeft(device);
    const moved = Math.min(wanted, left);
    this.held[device]! += moved;
    this.seen.sentBlocks += moved;
    this.#air.moved(carrier, moved);
    this.energyMah[device]! += moved * block.energyMah + (1 - scale) * this.#idleMahPerTick;
    if (!this.isOpen(device)) this.seen.outsideWindow += 1 / TICKS_PER_MINUTE;
    if (moved >= left) return this.#finish(device, this.now + (wanted > 0 ? moved / wanted : 1) * TICK_MS);
    if (this.now + TICK_MS >= this.#until[device]!) return this.#lose(device);
    if (this.weather.isStochastic && this.#noise(device, this.tick, PURPOSE.loss) < this.#lossChance(carrier, block)) {
      this.#air.lost(carrier);
      this.#lose(device);
    }
  }

  #lossChance(carrier: number, { lossPerTick }: BlockClass): number {
    return lossPerTick * (1 + OVERLOAD_HAZARD * this.#air.overload(carrier, this.tick));
  }

  #endMinute(): void {
    const hour = Math.floor(this.tick / TICKS_PER_HOUR);
    this.seen.slowed += this.#air.slowed.size;
    this.#air.endMinute();
    for (const { carrier, asked } of this.#air.minutes) {
      const at = carrier * 24 + (hour % 24);
      const free = this.#freeAt?.(carrier, this.now) ?? 1 - this.fleet.background[at]!;
      const budget = this.#freeAt ? free : this.fleet.budget[at]!;
      this.usedMinutes[carrier * this.hours + hour]! += asked;
      this.seen.activeMinutes += 1;
      if (asked > budget + 1e-9) this.seen.overBudget += 1;
      if (asked > free + 1e-9) this.seen.overCapacity += 1;
    }
  }

  #finish(device: number, at: number): void {
    this.#stop(device);
    this.doneAt[device] = at;
    this.energyMah[device]! += this.model.energy.installMah;
    this.#policy.ended(device, true, this);
  }

  #lose(device: number): void {
    this.#stop(device);
    const kept = this.fleet.canResume[device] === 1 ? Math.floor(this.held[device]! / KEPT_BLOCKS) * KEPT_BLOCKS : 0;
    this.seen.wastedBlocks += this.held[device]! - kept;
    this.held[device] = kept;
    this.#policy.ended(device, false, this);
  }

  #stop(device: number): void {
    this.#demandChange(device, -1);
    this.isActive[device] = 0;
    const place = this.#place[device]!;
    const last = this.#active[--this.activeCount]!;
    this.#active[place] = last;
    this.#place[last] = place;
  }
}
