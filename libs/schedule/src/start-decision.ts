import { DAY, HOUR, MINUTE, SECOND } from '@drover/kernel';
import { stretched, type Booking, type CarrierKey, type Within } from './airtime-ledger.ts';
import { costOfWaiting, expectedTries, type CostByCoverage } from './better-radio.ts';
import { LONGEST_FROM, type Carriers } from './carriers.ts';
import { coverageChances, expectedCoverage, type CoveragePattern } from './coverage.ts';
import { KEPT_APPOINTMENTS, LOOK_AGAIN_MS, type PaceMode } from './pace-mode.ts';
import { DEFAULT_COST_MODEL, type CostModel } from './cost-model.ts';
import { energyClass } from './energy-model.ts';
import { radioClass, type Bearer, type Coverage } from './radio-model.ts';
import { paddedDuration, transferCost, type TransferCost } from './transfer-cost.ts';
import type { WaitCode } from './reason.ts';

/** What a decision has to know of one device at one moment. Times in ms of campaign time. */
export interface Candidate {
  readonly carrier: CarrierKey;
  /** Share of its carrier beyond which its campaign does not go, 0–1. */
  readonly airtime: number;
  readonly bearer: Bearer;
  /** Coverage now. */
  readonly ce: Coverage;
  readonly coverage: CoveragePattern;
  readonly blockSize: number;
  readonly remainingBytes: number;
  readonly canResume: boolean;
  readonly onBattery: boolean;
  /** When it wakes up by itself, the first time at or after `at`; undefined for a device that is always reachable. */
  readonly wakesAt: ((at: number) => number) | undefined;
  /** How often it came for nothing, because its carrier was taken. */
  readonly turnedAway: number;
  /** How often it can still be asked to come at another time. */
  readonly appointmentsLeft: number;
  /** End of the window that is open now; Infinity without one. */
  readonly closesAt: number;
  readonly isOpen: (at: number) => boolean;
  /** Until when it may be left waiting for better radio. */
  readonly patientUntil: number;
  /** From then on its campaign lets nobody begin; Infinity without a deadline. */
  readonly endsAt: number;
  readonly booking: Booking | undefined;
  /** How much longer its blocks take than those of others, as a factor; 1 without it. */
  readonly slowness?: number | undefined;
  /** What its costs are counted by; the built-in figures without it. */
  readonly model?: CostModel | undefined;
}

export type StartCode = 'RESERVED' | 'OPEN' | 'YIELDING';

export type StartDecision =
  | { readonly type: 'start'; readonly code: StartCode; readonly booking: Booking; readonly share: number; readonly isFirm: boolean }
  | {
      readonly type: 'wait';
      readonly code: WaitCode;
      readonly until: number;
      /** Airtime that is promised from now on. */
      readonly booking?: Booking;
      /** Whether the device is to be asked to come at `until`; else it comes by itself, or is there. */
      readonly asks: boolean;
    };

/** A booking holds for a device that comes this much before or after its time, and with at most this much more airtime. */
const PROMISE = { offMs: 15 * MINUTE, more: 1.3 } as const;
/** Around an appointment: not at once, and not shortly before the device comes by itself. */
const APPOINTMENT = { soonest: 15 * MINUTE, before: 30 * MINUTE, ahead: 5 * DAY } as const;
const SOON = 10 * MINUTE;
const MOST_CONTACTS = 12;
/** Wake-ups tried for a booking. */
const WAKES_TRIED = 8;
/** Of a carrier that firmware may hardly use. */
const LEAST_BUDGET = 0.01;

interface Case {
  readonly candidate: Candidate;
  readonly mode: PaceMode;
  readonly carriers: Carriers;
  readonly now: number;
  readonly cost: TransferCost;
  readonly durationMs: number;
}

/** Whether a device that is reachable now begins, or until when it waits, and what it is promised. Changes nothing: the caller books. */
export function decideStart(candidate: Candidate, mode: PaceMode, carriers: Carriers, now: number): StartDecision {
  const { bearer, ce } = candidate;
  const cost = costAt(candidate, ce);
  const each: Case = { candidate, mode, carriers, now, cost, durationMs: paddedDuration(cost) };
  if (!candidate.isOpen(now)) return outsideWindow(each);
  // Its network has nothing to spare: not even for one that is alone.
  if (carriers.budgetAt(candidate.carrier, now) <= 0) return comesBack(each, 'CELL_BUDGET');
  if (!candidate.canResume && candidate.closesAt - now < each.durationMs)
    return (canBeAsked(candidate) ? appointment(each, 'WINDOW_TOO_SHORT') : undefined) ?? comesBack(each, 'WINDOW_TOO_SHORT');
  const radio = ce > 0 ? waitForRadio(each, energyClass(bearer, ce, modelOf(candidate).energy).contactMah) : undefined;
  if (radio) return radio;
  if (ce >= LONGEST_FROM && carriers.isCrowded(candidate.carrier)) return comesBack(each, 'CELL_BUDGET');
  return yields(candidate) ? yieldingStart(each) : firmStart(each);
}

/** It is always there, goes on where it was stopped, and has no battery that a slow transfer would empty. */
function yields({ wakesAt, canResume, onBattery }: Candidate): boolean {
  return wakesAt === undefined && canResume && !onBattery;
}

function modelOf({ model = DEFAULT_COST_MODEL }: Candidate): CostModel {
  return model;
}

function costAt(candidate: Candidate, ce: Coverage): TransferCost {
  const { bearer, blockSize, remainingBytes, slowness } = candidate;
  return transferCost(remainingBytes, { bearer, ce, blockSize, slowness }, { install: false, model: modelOf(candidate) });
}

/** What the campaign lets firmware take, as far as the carrier gives it. */
function budgetAt({ candidate, carriers }: Case, at: number): number {
  return Math.min(candidate.airtime, carriers.budgetAt(candidate.carrier, at));
}

function within({ candidate, now }: Case): Within {
  return { atMost: candidate.airtime, now };
}

function canBeAsked({ appointmentsLeft }: Candidate): boolean {
  return appointmentsLeft > 0;
}

/** It takes what the others leave. */
function yieldingStart(each: Case): StartDecision {
  const { candidate, carriers, now, cost, durationMs } = each;
  const { carrier } = candidate;
  const demand = carriers.demandOn(carrier);
  const budget = budgetAt(each, now);
  if (demand > 0 && demand + cost.share > budget) return { type: 'wait', code: 'CELL_BUDGET', until: now + SOON, asks: false };
  const booking = { carrier, from: now, until: now + durationMs, share: cost.share };
  return { type: 'start', code: 'YIELDING', booking, share: cost.share, isFirm: false };
}

function firmStart(each: Case): StartDecision {
  const { candidate, mode, carriers, now, cost, durationMs } = each;
  const { carrier, wakesAt } = candidate;
  const isPromised = holdsPromise(each);
  const isMovable = wakesAt === undefined || canBeAsked(candidate);
  const stretch = isPromised ? mode.stretch.promised : isMovable ? mode.stretch.movable : patienceOf(each);
  if (hasRoomNow(each, wakesAt === undefined ? 1 : stretch)) {
    const wanted = { carrier, from: now, until: now + durationMs, share: cost.share };
    const until = carriers.ledger.endOf(wanted, now + aloneStretch(each) * stretch * durationMs, within(each));
    if (until < Number.POSITIVE_INFINITY) {
      const booking = stretched(wanted, now, until);
      return { type: 'start', code: isPromised ? 'RESERVED' : 'OPEN', booking, share: cost.share, isFirm: true };
    }
  }
  if (wakesAt === undefined) return { type: 'wait', code: 'CELL_BUDGET', until: now + SOON, asks: false };
  return (canBeAsked(candidate) ? appointment(each, 'CELL_BUDGET') : undefined) ?? comesBack(each, 'CELL_BUDGET');
}

/** A budget may be smaller than one transfer's share at every hour: then it takes longer whoever else is there. */
function aloneStretch(each: Case): number {
  const {
    now,
    cost: { share },
  } = each;
  if (share <= budgetAt(each, now)) return 1;
  let best = 0;
  for (let hour = 0; hour < 24; hour++) best = Math.max(best, budgetAt(each, now + hour * HOUR));
  return Math.max(1, share / Math.max(best, LEAST_BUDGET));
}

/** Who has no other time is not turned away for ever: each time it takes more of a squeeze to do so. */
function patienceOf({ candidate: { turnedAway }, mode: { stretch } }: Case): number {
  return Math.min(stretch.promised, stretch.fixed * (1 + turnedAway));
}

/** A promise is kept if the device comes at its time and asks for what it was promised. */
function holdsPromise({ candidate: { booking }, now, cost, durationMs }: Case): boolean {
  if (booking === undefined || Math.abs(booking.from - now) > PROMISE.offMs) return false;
  return cost.share * durationMs <= PROMISE.more * booking.share * (booking.until - booking.from);
}

/** Beside the other firm ones at this moment, so that nobody is slowed more than by `stretch`. */
function hasRoomNow(each: Case, stretch: number): boolean {
  const firm = each.carriers.firmOn(each.candidate.carrier);
  return firm === 0 || firm + each.cost.share <= stretch * budgetAt(each, each.now);
}

/** What beginning costs at each coverage level, in the unit of the mode. */
function costsOf({ candidate, mode, carriers }: Case): CostByCoverage {
  const airPrice = mode.airtimeMah * carriers.scarcity(candidate.carrier);
  const { radio } = modelOf(candidate);
  const at = (ce: Coverage): number => {
    const cost = costAt(candidate, ce);
    const tries = candidate.canResume ? 1 : expectedTries(cost.duration, radioClass(candidate.bearer, ce, radio).sessionS * 1000);
    const energy = candidate.onBattery ? cost.energyMah : 0;
    return tries * (energy + (airPrice * cost.airtime) / SECOND + (mode.hourMah * cost.duration) / HOUR);
  };
  return [at(0), at(1), at(2)];
}

/** Whether one of the next contacts is likely to be so much better that waiting for it pays. */
function waitForRadio(each: Case, contactMah: number): StartDecision | undefined {
  const { candidate, now } = each;
  const costs = costsOf(each);
  const chances = coverageChances(candidate.coverage);
  const { byItself, next } = waitingByItself(each, costs, chances);
  const byAsking = waitingByAsking(each, { costs, chances, contactMah, next });
  if (costs[Math.min(candidate.ce, 2) as 0 | 1 | 2] <= Math.min(byItself, byAsking)) return undefined;
  if (byAsking < byItself) return { type: 'wait', code: 'RADIO_POOR', until: now + LOOK_AGAIN_MS, asks: true };
  return { type: 'wait', code: 'RADIO_POOR', until: next, asks: false };
}

function waitingByItself(
  { candidate, mode, now }: Case,
  costs: CostByCoverage,
  chances: CostByCoverage,
): { byItself: number; next: number } {
  const { wakesAt, patientUntil } = candidate;
  const next = wakesAt === undefined ? now + LOOK_AGAIN_MS : wakesAt(now + SOON);
  const period = wakesAt === undefined ? LOOK_AGAIN_MS : Math.max(wakesAt(next + SOON) - next, SOON);
  const contacts = Math.min(wakesAt === undefined ? 2 * MOST_CONTACTS : MOST_CONTACTS, Math.floor((patientUntil - now) / period));
  return { next, byItself: costOfWaiting(costs, chances, { contacts, waitCost: (mode.hourMah * (next - now)) / HOUR }) };
}

function waitingByAsking(
  { candidate, mode, now }: Case,
  { costs, chances, contactMah, next }: { costs: CostByCoverage; chances: CostByCoverage; contactMah: number; next: number },
): number {
  const { wakesAt, appointmentsLeft, isOpen, endsAt } = candidate;
  const left = appointmentsLeft - KEPT_APPOINTMENTS;
  const again = now + LOOK_AGAIN_MS;
  if (wakesAt === undefined || left <= 0 || next - now <= 1.5 * LOOK_AGAIN_MS || again >= endsAt || !isOpen(again))
    return Number.POSITIVE_INFINITY;
  const contacts = Math.min(left, Math.floor((next - now) / LOOK_AGAIN_MS));
  return costOfWaiting(costs, chances, { contacts, waitCost: (mode.hourMah * LOOK_AGAIN_MS) / HOUR + contactMah + mode.wakeMah });
}

/** Outside its window: comes back by itself if it soon wakes up inside, else it is asked to. */
function outsideWindow(each: Case): StartDecision {
  const { candidate, mode, now } = each;
  const next = nextOpenWake(candidate, now);
  const isAsked = candidate.wakesAt !== undefined && canBeAsked(candidate) && next - now > mode.windowWaitMs;
  return (isAsked ? appointment(each, 'WINDOW_CLOSED') : undefined) ?? comesBack(each, 'WINDOW_CLOSED');
}

function nextOpenWake({ wakesAt, isOpen }: Candidate, now: number): number {
  if (wakesAt === undefined) return now + SOON;
  let at = wakesAt(now + SOON);
  for (let tried = 0; tried < 2 * WAKES_TRIED; tried++, at = wakesAt(at + SOON)) if (isOpen(at)) return at;
  return Number.POSITIVE_INFINITY;
}

/** The first gap in which it fits, if that comes before the device itself does. */
function appointment(each: Case, code: WaitCode): StartDecision | undefined {
  const { candidate, mode, carriers, now, cost, durationMs } = each;
  const { carrier, canResume, wakesAt } = candidate;
  const from = now + APPOINTMENT.soonest;
  // When it comes by itself there may be room on the carrier; its window will be as short as now.
  const comesAt =
    code === 'CELL_BUDGET' ? wakesAt!(now + SOON) : code === 'WINDOW_CLOSED' ? nextOpenWake(candidate, now) : Number.POSITIVE_INFINITY;
  const isOpen = (at: number): boolean => candidate.isOpen(at) && (canResume || candidate.isOpen(at + durationMs));
  const before = Math.min(comesAt - APPOINTMENT.before, now + APPOINTMENT.ahead, candidate.endsAt);
  const wanted = { carrier, from, until: from + durationMs, share: cost.share };
  const booking = carriers.ledger.firstGap(wanted, { before, stretch: aloneStretch(each) * mode.stretch.movable, isOpen }, within(each));
  return booking && { type: 'wait', code: 'APPOINTMENT', until: booking.from, booking, asks: true };
}

/** At the first of its own wake-ups that has room, by the coverage that is to be expected of it; without room at the next one all the same. */
export function bookWakeUp(
  candidate: Candidate,
  mode: PaceMode,
  carriers: Carriers,
  now: number,
): { at: number; booking: Booking | undefined } {
  const { carrier, wakesAt, isOpen, coverage, endsAt } = candidate;
  if (wakesAt === undefined) return { at: now + SOON, booking: undefined };
  const cost = costAt(candidate, expectedCoverage(coverage));
  const duration = paddedDuration(cost);
  const first = wakesAt(now + SOON / 2);
  for (let at = first, tried = 0; at < endsAt && tried < WAKES_TRIED; tried++, at = wakesAt(at + SOON)) {
    if (!isOpen(at)) continue;
    const wanted = { carrier, from: at, until: at + duration, share: cost.share };
    const until = carriers.ledger.endOf(wanted, at + mode.stretch.fixed * duration, { atMost: candidate.airtime, now });
    if (until < Number.POSITIVE_INFINITY) return { at, booking: stretched(wanted, at, until) };
  }
  return { at: first, booking: undefined };
}

function comesBack({ candidate, mode, carriers, now }: Case, code: WaitCode): StartDecision {
  const isFixed = candidate.wakesAt !== undefined && !canBeAsked(candidate);
  if (!isFixed) return { type: 'wait', code, until: candidate.wakesAt?.(now + SOON) ?? now + SOON, asks: false };
  const { at, booking } = bookWakeUp(candidate, mode, carriers, now);
  return { type: 'wait', code, until: at, ...(booking && { booking }), asks: false };
}
