import { HOUR, MINUTE } from '@drover/kernel';
import type { Booking } from '../airtime-ledger.ts';
import { Carriers, smallAirtimeMs, type LiveTransfer } from '../carriers.ts';
import { expectedCoverage, learnCoverage, type CoveragePattern } from '../coverage.ts';
import { MOST_APPOINTMENTS, type PaceMode } from '../pace-mode.ts';
import { bookWakeUp, decideStart, type Candidate, type StartDecision } from '../start-decision.ts';
import { transferCost } from '../transfer-cost.ts';
import { BEARERS, LOWEST_BATTERY } from './fleet.ts';
import { BLOCK_SIZE, type SimPolicy, type World } from './world.ts';

/** How far what is known of a device's radio at the start may be off, dB. */
const FIRST_GUESS_DB = 1.5;
const PURPOSE_FIRST_GUESS = 20;
const [FIRST_RETRY_MS, LAST_RETRY_MS] = [5 * MINUTE, 80 * MINUTE];
/** After a lost session a sleeper that was asked beforehand comes back this soon, if it would not come anyway. */
const [BACK_AFTER_MS, WORTH_ASKING_MS] = [15 * MINUTE, HOUR];
/** Carriers whose waiting devices are looked at again each minute: each of them every ten minutes. */
const TURNS = 10;

export interface ScheduledOptions {
  readonly mode: PaceMode;
  /** Whether airtime is promised to devices that can come at no other time before anyone has made contact. */
  readonly plansAhead?: boolean;
  readonly appointments?: number;
  /** Who takes part from the start; the others do from `enter` on. Everybody without it. */
  readonly isIn?: (device: number) => boolean;
  /** Whether its campaign lets a device begin now, whatever its radio and its carrier say. */
  readonly mayBegin?: (device: number) => boolean;
  /** Until when a device may be left waiting for better radio, ms. */
  readonly patientUntil?: (device: number) => number;
  /** What it goes by; without it, what the fleet says of each carrier. */
  readonly budgets?: Budgets;
}

/** What is believed of the carriers: told, known or found out. */
export interface Budgets {
  readonly at: (carrier: number, at: number, world: World) => number;
  readonly minute?: (world: World) => void;
}

const TOLD: Budgets = {
  at: (carrier, at, { fleet: { unseen, budget } }) => (unseen?.budget ?? budget)[carrier * 24 + (Math.floor(at / HOUR) % 24)]!,
};

/** The production decisions, in the simulated world: what the engine does with rows and messages, done with columns. */
export class ScheduledPolicy implements SimPolicy {
  readonly #mode: PaceMode;
  readonly #plansAhead: boolean;
  readonly #appointments: number;
  readonly #startsIn: (device: number) => boolean;
  readonly #mayBegin: (device: number) => boolean;
  readonly #patientUntil: (device: number) => number;
  readonly #budgets: Budgets;
  #carriers!: Carriers;
  #world!: World;
  #coverage: CoveragePattern[] = [];
  readonly #bookings: (Booking | undefined)[] = [];
  readonly #live: (LiveTransfer | undefined)[] = [];
  #asked = new Uint8Array(0);
  #turnedAway = new Uint8Array(0);
  #losses = new Uint8Array(0);
  #notBefore = new Float64Array(0);
  #airtime = new Float64Array(0);
  #smallAirtime = new Float64Array(0);
  #isIn = new Uint8Array(0);
  /** Always reachable devices that wait, per carrier, the quickest first. */
  #waiting: number[][] = [];

  constructor({ mode, plansAhead = true, appointments = MOST_APPOINTMENTS, budgets = TOLD, ...gate }: ScheduledOptions) {
    this.#mode = mode;
    this.#plansAhead = plansAhead;
    this.#appointments = appointments;
    this.#budgets = budgets;
    this.#startsIn = gate.isIn ?? (() => true);
    this.#mayBegin = gate.mayBegin ?? (() => true);
    this.#patientUntil = gate.patientUntil ?? (() => mode.patienceMs);
  }

  start(world: World): void {
    const { fleet } = world;
    this.#world = world;
    this.#carriers = new Carriers((carrier, at) => this.#budgets.at(carrier as number, at, world));
    this.#asked = new Uint8Array(fleet.size);
    this.#turnedAway = new Uint8Array(fleet.size);
    this.#losses = new Uint8Array(fleet.size);
    this.#notBefore = new Float64Array(fleet.size);
    this.#coverage = Array.from({ length: fleet.size }, (_, device) =>
      learnCoverage(undefined, fleet.meanLossDb[device]! + FIRST_GUESS_DB * world.normal(device, 0, PURPOSE_FIRST_GUESS)),
    );
    this.#airtime = new Float64Array(fleet.size);
    this.#smallAirtime = new Float64Array(fleet.size);
    this.#isIn = new Uint8Array(fleet.size);
    this.#waiting = Array.from({ length: fleet.unseen?.groups ?? fleet.carriers }, () => []);
    this.#lineUp(Array.from({ length: fleet.size }, (_, device) => device).filter(this.#startsIn));
    if (this.#plansAhead) this.#promiseAhead();
    for (let carrier = 0; carrier < this.#waiting.length; carrier++) this.#serve(carrier);
  }

  /** These take part from now on: their stage has opened. */
  enter(devices: Iterable<number>): void {
    for (const carrier of this.#lineUp(devices)) this.#serve(carrier);
  }

  contact(device: number, world: World): void {
    if (this.#isIn[device] === 0 || !this.#mayBegin(device)) return;
    if (world.fleet.periodMs[device] === 0) return this.#serve(this.#carrierOf(device));
    world.coverage(device);
    this.#coverage[device] = learnCoverage(this.#coverage[device], world.lossDb[device]!);
    this.#follow(device, this.#decide(device));
  }

  ended(device: number, isDone: boolean, world: World): void {
    const { periodMs } = world.fleet;
    const carrier = this.#carrierOf(device);
    const live = this.#live[device];
    if (live) this.#carriers.end(live, world.now);
    this.#live[device] = undefined;
    if (isDone) this.#carriers.removeWaiting(carrier, this.#smallAirtime[device]!);
    else if (periodMs[device] === 0) this.#retryLater(device, carrier);
    else this.#comeBack(device);
    this.#serve(carrier);
  }

  minute(world: World): void {
    this.#budgets.minute?.(world);
    const turn = Math.floor(world.now / MINUTE) % TURNS;
    for (let carrier = turn; carrier < this.#waiting.length; carrier += TURNS) this.#serve(carrier);
  }

  believes(carrier: number, at: number): number {
    return this.#budgets.at(carrier, at, this.#world);
  }

  /** The carrier as the server knows it. */
  #carrierOf(device: number): number {
    const { unseen, carrier } = this.#world.fleet;
    return unseen?.carrier[device] ?? carrier[device]!;
  }

  /** Joins those who wait; returns the carriers on which somebody is always there. */
  #lineUp(devices: Iterable<number>): Set<number> {
    const { fleet, model } = this.#world;
    const served = new Set<number>();
    for (const device of devices) {
      if (fleet.battery[device]! < LOWEST_BATTERY) continue;
      const carrier = this.#carrierOf(device);
      const link = { bearer: BEARERS[fleet.bearer[device]!]!, ce: expectedCoverage(this.#coverage[device]!), blockSize: BLOCK_SIZE };
      this.#isIn[device] = 1;
      this.#airtime[device] = transferCost(fleet.bytes[device]!, link, { model }).airtime;
      this.#smallAirtime[device] = smallAirtimeMs(fleet.bytes[device]!, link, model);
      this.#carriers.addWaiting(carrier, this.#smallAirtime[device]!);
      if (fleet.periodMs[device]! > 0) continue;
      this.#waiting[carrier]!.push(device);
      served.add(carrier);
    }
    for (const carrier of served) this.#waiting[carrier]!.sort((a, b) => this.#airtime[a]! - this.#airtime[b]! || a - b);
    return served;
  }

  #promiseAhead(): void {
    const { fleet, now } = this.#world;
    for (let device = 0; device < fleet.size; device++) {
      if (fleet.periodMs[device] === 0 || fleet.canAppoint[device] === 1 || this.#isIn[device] === 0) continue;
      this.#book(device, bookWakeUp(this.#candidate(device), this.#mode, this.#carriers, now).booking);
    }
  }

  #decide(device: number): StartDecision {
    const { now } = this.#world;
    const candidate = this.#candidate(device);
    this.#book(device, undefined);
    return decideStart(candidate, this.#mode, this.#carriers, now);
  }

  #follow(device: number, decision: StartDecision): void {
    const world = this.#world;
    if (decision.type === 'wait') {
      this.#book(device, decision.booking);
      if (decision.code === 'CELL_BUDGET') this.#turnedAway[device]! += 1;
      if (!decision.asks) return;
      this.#asked[device]! += 1;
      return world.wakeAt(device, decision.until);
    }
    this.#live[device] = decision;
    this.#carriers.begin(decision, world.now);
    world.begin(device, this.#closesAt(device));
  }

  #book(device: number, booking: Booking | undefined): void {
    const { now } = this.#world;
    const before = this.#bookings[device];
    if (before) this.#carriers.ledger.release(before, now);
    this.#bookings[device] = booking;
    if (booking) this.#carriers.ledger.book(booking, now);
  }

  #candidate(device: number): Candidate {
    const world = this.#world;
    const { bearer, canResume, canAppoint, periodMs, phaseMs } = world.fleet;
    const [period, phase] = [periodMs[device]!, phaseMs[device]!];
    return {
      carrier: this.#carrierOf(device),
      airtime: 1,
      bearer: BEARERS[bearer[device]!]!,
      ce: world.coverage(device),
      coverage: this.#coverage[device]!,
      blockSize: BLOCK_SIZE,
      remainingBytes: world.blocksLeft(device) * BLOCK_SIZE,
      canResume: canResume[device] === 1,
      onBattery: period > 0,
      wakesAt: period === 0 ? undefined : (at) => phase + Math.max(0, Math.ceil((at - phase) / period)) * period,
      turnedAway: this.#turnedAway[device]!,
      appointmentsLeft: canAppoint[device] === 1 ? this.#appointments - this.#asked[device]! : 0,
      closesAt: this.#closesAt(device),
      isOpen: (at) => world.isOpen(device, at),
      patientUntil: this.#patientUntil(device),
      endsAt: Number.POSITIVE_INFINITY,
      booking: this.#bookings[device],
      model: world.model,
    };
  }

  #closesAt(device: number): number {
    const world = this.#world;
    if (world.fleet.window[device] === 0) return Number.POSITIVE_INFINITY;
    let at = (Math.floor(world.now / HOUR) + 1) * HOUR;
    while (world.isOpen(device, at)) at += HOUR;
    return at;
  }

  #retryLater(device: number, carrier: number): void {
    const { now } = this.#world;
    this.#notBefore[device] = now + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#losses[device]!);
    this.#losses[device]! = Math.min(this.#losses[device]! + 1, 10);
    this.#waiting[carrier]!.push(device);
  }

  /** It was asked before the session began: a device that has been lost cannot be asked any more. */
  #comeBack(device: number): void {
    const world = this.#world;
    const candidate = this.#candidate(device);
    if (candidate.appointmentsLeft > 0 && candidate.wakesAt!(world.now) - world.now > WORTH_ASKING_MS) {
      this.#asked[device]! += 1;
      return world.wakeAt(device, world.now + BACK_AFTER_MS);
    }
    if (candidate.appointmentsLeft === 0) this.#book(device, bookWakeUp(candidate, this.#mode, this.#carriers, world.now).booking);
  }

  #serve(carrier: number): void {
    const list = this.#waiting[carrier]!;
    if (list.length === 0 || this.#isFull(carrier)) return;
    let kept = 0;
    for (const device of list) if (!this.#tryNow(device, carrier)) list[kept++] = device;
    list.length = kept;
  }

  #isFull(carrier: number): boolean {
    return this.#carriers.demandOn(carrier) >= this.#carriers.budgetAt(carrier, this.#world.now);
  }

  #tryNow(device: number, carrier: number): boolean {
    const world = this.#world;
    if (world.fleet.isDead[device] === 1 || this.#notBefore[device]! > world.now || !world.isOpen(device)) return false;
    if (this.#isFull(carrier) || !this.#mayBegin(device)) return false;
    const decision = decideStart(this.#candidate(device), this.#mode, this.#carriers, world.now);
    if (decision.type === 'start') this.#follow(device, decision);
    return decision.type === 'start';
  }
}
