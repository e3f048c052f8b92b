import { DAY, hash32, HOUR, MINUTE, SECOND } from '@drover/kernel';
import { BEARERS, BLOCK_SIZE, coverageAtLoss, LOWEST_BATTERY, normalCdf, transferCost } from '@drover/schedule';
import type { SimPolicy, World } from '@drover/schedule';
import { Rectangles } from './rectangles.ts';
import type { Rectangle } from './rectangles.ts';

/** The figures of section 4.2 of the scheduling study. */
const DEADLINE_MS = 7 * DAY;
const SOFT_DEADLINE_MS = 0.6 * DEADLINE_MS;
const MOST_CONTACTS = 12;
const MAINS_CONTACT_MS = 2 * HOUR;
const BETTER_FROM = 0.8;
const LONGEST_WINDOW_MS = 11 * HOUR;
const PROMISE = { offMs: 15 * MINUTE, more: 1.3, graceMs: 10 * MINUTE } as const;
const APPOINTMENT = { most: 3, soonest: 15 * MINUTE, before: 30 * MINUTE, worthMs: 2 * HOUR } as const;
const PULLED_FORWARD = 8;
const [FIRST_RETRY_MS, LAST_RETRY_MS] = [5 * MINUTE, 80 * MINUTE];
const THRESHOLD_DB = [0, 144, 154] as const;
const SPREAD_DB = 4;
const [FIRST_ERROR_DB, PURPOSE_FIRST_ERROR, MEAN_WEIGHT] = [1.5, 20, 0.4];
const STEP_MS = 10 * MINUTE;

/** The study's own policy, by its text: rectangles on carriers, a plan beforehand, appointments, and a gate on radio in ECO. */
export class StudyPolicy implements SimPolicy {
  readonly #isEco: boolean;
  #world!: World;
  #ledger!: Rectangles;
  #meanDb = new Float64Array(0);
  #planned = new Float64Array(0);
  #asked = new Uint8Array(0);
  #losses = new Uint8Array(0);
  #notBefore = new Float64Array(0);
  readonly #booked: (Rectangle | undefined)[] = [];
  readonly #live: (Rectangle | undefined)[] = [];
  /** Devices whose promise ends at this minute if they have not come. */
  readonly #due = new Map<number, number[]>();
  /** Always reachable devices, by carrier, that are not done. */
  #mains: number[][] = [];

  constructor(mode: 'FAST' | 'ECO') {
    this.#isEco = mode === 'ECO';
  }

  start(world: World): void {
    const { fleet } = world;
    this.#world = world;
    this.#ledger = new Rectangles(fleet, world.hours * HOUR);
    this.#meanDb = Float64Array.from(
      fleet.meanLossDb,
      (mean, device) => mean + FIRST_ERROR_DB * world.normal(device, 0, PURPOSE_FIRST_ERROR),
    );
    const carriers = fleet.unseen?.groups ?? fleet.carriers;
    this.#planned = new Float64Array(carriers);
    this.#asked = new Uint8Array(fleet.size);
    this.#losses = new Uint8Array(fleet.size);
    this.#notBefore = new Float64Array(fleet.size);
    this.#mains = Array.from({ length: carriers }, () => []);
    this.#plan();
  }

  contact(device: number, world: World): void {
    if (world.fleet.battery[device]! < LOWEST_BATTERY) return;
    const ce = world.coverage(device);
    this.#meanDb[device]! += MEAN_WEIGHT * (world.lossDb[device]! - this.#meanDb[device]!);
    const own = this.#booked[device];
    this.#release(device);
    const wanted = this.#wanted(device, ce, world.now);
    if (!world.isOpen(device)) return this.#outside(device, wanted);
    if (this.#windowLeft(device, world.now) < Math.min(wanted.until - wanted.from, LONGEST_WINDOW_MS)) return this.#outside(device, wanted);
    if (this.#isGated(device, ce)) return this.#later(device, world.now + MINUTE);
    if (own && this.#holds(own, wanted)) return this.#admit(device, wanted);
    if (this.#hasRoom(wanted)) return this.#admit(device, wanted);
    this.#refuse(device, wanted);
  }

  ended(device: number, isDone: boolean, world: World): void {
    const { periodMs } = world.fleet;
    const live = this.#live[device]!;
    this.#live[device] = undefined;
    this.#planned[live.carrier]! -= live.share;
    if (live.until > world.now) this.#ledger.book({ ...live, from: world.now }, -1);
    if (!isDone) {
      if (periodMs[device] === 0) {
        this.#notBefore[device] = world.now + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#losses[device]!);
        this.#losses[device]! = Math.min(10, this.#losses[device]! + 1);
        world.wakeAt(device, this.#notBefore[device]!);
      } else this.#refuse(device, this.#wanted(device, coverageAtLoss(this.#meanDb[device]!), world.now));
    }
    this.#pullForward(live.carrier);
  }

  minute(world: World): void {
    const minute = Math.floor(world.now / MINUTE);
    for (const device of this.#due.get(minute) ?? []) {
      const own = this.#booked[device];
      if (own === undefined || own.from + PROMISE.graceMs > world.now || world.isDone(device)) continue;
      this.#release(device);
      this.#later(device, world.now);
    }
    this.#due.delete(minute);
  }

  /** Who has the fewest ways to come first, then who takes most. */
  #plan(): void {
    const { fleet } = this.#world;
    const rigidity = (device: number): number => (fleet.periodMs[device] === 0 ? 2 : fleet.canAppoint[device]!);
    const order = Array.from({ length: fleet.size }, (_, device) => device).filter((device) => fleet.battery[device]! >= LOWEST_BATTERY);
    const airtime = Float64Array.from({ length: fleet.size }, (_, device) => {
      const { share, from, until } = this.#wanted(device, coverageAtLoss(this.#meanDb[device]!), 0);
      return share * (until - from);
    });
    const chance = Float64Array.from({ length: fleet.size }, (_, device) => hash32(`${device}`));
    order.sort((a, b) => rigidity(a) - rigidity(b) || airtime[b]! - airtime[a]! || chance[a]! - chance[b]!);
    for (const device of order) {
      if (fleet.periodMs[device] === 0) this.#mains[this.#carrierOf(device)]!.push(device);
      this.#later(device, 0);
    }
  }

  #wanted(device: number, ce: 0 | 1 | 2, from: number): Rectangle {
    const { fleet } = this.#world;
    const link = { bearer: BEARERS[fleet.bearer[device]!]!, ce, blockSize: BLOCK_SIZE };
    const { duration, share } = transferCost(this.#world.blocksLeft(device) * BLOCK_SIZE, link, { install: false });
    return { carrier: this.#carrierOf(device), from, until: from + 1.05 * duration + 20 * SECOND, share };
  }

  #carrierOf(device: number): number {
    const { unseen, carrier } = this.#world.fleet;
    return unseen?.carrier[device] ?? carrier[device]!;
  }

  #windowLeft(device: number, from: number): number {
    if (this.#world.fleet.window[device] === 0) return Number.POSITIVE_INFINITY;
    let at = (Math.floor(from / HOUR) + 1) * HOUR;
    while (this.#world.isOpen(device, at)) at += HOUR;
    return at - from;
  }

  #isUsable(device: number, at: number, length: number): boolean {
    return this.#world.isOpen(device, at) && this.#windowLeft(device, at) >= Math.min(length, LONGEST_WINDOW_MS);
  }

  #nextWake(device: number, after: number): number {
    const { periodMs, phaseMs } = this.#world.fleet;
    const [period, phase] = [periodMs[device]!, phaseMs[device]!];
    return phase + Math.max(0, Math.ceil((after - phase) / period)) * period;
  }

  #isGated(device: number, ce: 0 | 1 | 2): boolean {
    if (!this.#isEco || ce === 0) return false;
    const period = this.#world.fleet.periodMs[device]! || MAINS_CONTACT_MS;
    const contacts = Math.min(MOST_CONTACTS, Math.floor((SOFT_DEADLINE_MS - this.#world.now) / period));
    if (contacts <= 0) return false;
    const each = normalCdf((THRESHOLD_DB[ce] - this.#meanDb[device]!) / SPREAD_DB);
    return 1 - (1 - each) ** contacts >= BETTER_FROM;
  }

  #holds(own: Rectangle, wanted: Rectangle): boolean {
    if (Math.abs(own.from - wanted.from) > PROMISE.offMs) return false;
    return wanted.share * (wanted.until - wanted.from) <= PROMISE.more * own.share * (own.until - own.from);
  }

  #hasRoom(wanted: Rectangle): boolean {
    const budget = this.#ledger.budgetAt(wanted.carrier, wanted.from);
    const planned = this.#planned[wanted.carrier]!;
    return (planned < 1e-6 || planned + wanted.share <= budget) && this.#ledger.fits(wanted);
  }

  #admit(device: number, wanted: Rectangle): void {
    this.#live[device] = wanted;
    this.#planned[wanted.carrier]! += wanted.share;
    this.#ledger.book(wanted, 1);
    this.#world.begin(device, this.#world.now + this.#windowLeft(device, this.#world.now));
  }

  /** Waits for its window; asked to come into it only if it never does by itself. */
  #outside(device: number, wanted: Rectangle): void {
    const { fleet, now } = this.#world;
    if (fleet.periodMs[device] === 0 || this.#fitOnContacts(device, now + MINUTE)) return this.#later(device, now + MINUTE);
    this.#appoint(device, wanted, now + DAY);
  }

  #refuse(device: number, wanted: Rectangle): void {
    const { fleet, now } = this.#world;
    if (fleet.periodMs[device] === 0) return this.#later(device, now);
    const natural = this.#fitOnContacts(device, now + STEP_MS);
    const at = natural?.from ?? Number.POSITIVE_INFINITY;
    if (at > now + APPOINTMENT.worthMs && this.#appoint(device, wanted, Math.min(at - APPOINTMENT.before, now + DEADLINE_MS))) return;
    if (natural) this.#book(device, natural);
  }

  #appoint(device: number, wanted: Rectangle, before: number): boolean {
    const { fleet, now } = this.#world;
    if (fleet.canAppoint[device] === 0 || this.#asked[device]! >= APPOINTMENT.most) return false;
    const [from, length] = [now + APPOINTMENT.soonest, wanted.until - wanted.from];
    const gap = this.#ledger.firstGap({ ...wanted, from, until: from + length }, before, (at) => this.#isUsable(device, at, length));
    if (!gap) return false;
    this.#asked[device]! += 1;
    this.#book(device, gap);
    this.#world.wakeAt(device, gap.from);
    return true;
  }

  /** A place at one of its own contacts, or at any time for a device that is always reachable. */
  #later(device: number, after: number): void {
    const { fleet, now } = this.#world;
    if (fleet.periodMs[device]! > 0) {
      const place = this.#fitOnContacts(device, after);
      if (place) this.#book(device, place);
      return;
    }
    const wanted = this.#wanted(device, coverageAtLoss(this.#meanDb[device]!), Math.max(after, now));
    const length = wanted.until - wanted.from;
    const gated = this.#isGated(device, this.#world.coverage(device)) ? MAINS_CONTACT_MS : 0;
    const from = wanted.from + gated;
    const gap = this.#ledger.firstGap({ ...wanted, from, until: from + length }, from + DEADLINE_MS, (at) =>
      this.#isUsable(device, at, length),
    );
    if (gap) this.#book(device, gap);
    this.#world.wakeAt(device, gap?.from ?? now + HOUR);
  }

  #fitOnContacts(device: number, after: number): Rectangle | undefined {
    const wanted = this.#wanted(device, coverageAtLoss(this.#meanDb[device]!), 0);
    const length = wanted.until;
    for (let at = this.#nextWake(device, after); at < after + DEADLINE_MS; at = this.#nextWake(device, at + MINUTE)) {
      const placed = { ...wanted, from: at, until: at + length };
      if (this.#isUsable(device, at, length) && this.#ledger.fits(placed)) return placed;
    }
    return undefined;
  }

  #book(device: number, place: Rectangle): void {
    this.#booked[device] = place;
    this.#ledger.book(place, 1);
    const minute = Math.ceil((place.from + PROMISE.graceMs) / MINUTE) + 1;
    const due = this.#due.get(minute);
    if (due) due.push(device);
    else this.#due.set(minute, [device]);
  }

  #release(device: number): void {
    const own = this.#booked[device];
    if (own) this.#ledger.book(own, -1);
    this.#booked[device] = undefined;
  }

  /** Airtime that has become free goes to those that are there. */
  #pullForward(carrier: number): void {
    const world = this.#world;
    const waiting = this.#mains[carrier]!.filter((device) => !world.isDone(device));
    this.#mains[carrier] = waiting;
    let pulled = 0;
    for (const device of waiting) {
      if (pulled === PULLED_FORWARD) return;
      if (world.isActive[device] !== 0 || world.fleet.isDead[device] === 1 || this.#notBefore[device]! > world.now) continue;
      const ce = world.coverage(device);
      const wanted = this.#wanted(device, ce, world.now);
      if (!this.#isUsable(device, world.now, wanted.until - wanted.from) || this.#isGated(device, ce)) continue;
      const own = this.#booked[device];
      this.#release(device);
      if (this.#hasRoom(wanted)) {
        this.#admit(device, wanted);
        pulled += 1;
      } else if (own) {
        this.#booked[device] = own;
        this.#ledger.book(own, 1);
      }
    }
  }
}
