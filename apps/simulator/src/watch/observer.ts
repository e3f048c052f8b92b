import { isoOf, type Instant } from '@drover/kernel';
import { AirJudge, type AirWatch } from './air-watch.ts';
import { MAX_SPREAD_MS, type OverBudget } from './airtime-ledger.ts';
import { isOpen, type DailyWindow, type Limits } from './limits.ts';
import { blockCost, type Link } from '../radio.ts';
import { NO_MEMORY, Recollection, type DeviceMemory } from './memory.ts';

/** What the observer has to know of a device. */
export interface Watched extends Link {
  readonly endpoint: string;
  /** Operator, cell and bearer. */
  readonly carrier: string;
  readonly utcOffsetMinutes: number;
}

export interface BlockSeen {
  readonly at: Instant;
  readonly bytes: number;
  /** Percent, before the block. */
  readonly battery: number;
  /** When it was asked for, if datagrams of the exchange were lost: the answer may be that late through no fault of the server. */
  readonly askedAt?: Instant;
}

const KINDS = [
  'window',
  'installWindow',
  'blockUnderHold',
  'executeUnderHold',
  'battery',
  'coverage',
  'budget',
  'blindExecute',
  'twoImages',
  'doubleInstall',
  'wrongImage',
] as const;
export type Violation = (typeof KINDS)[number];

export interface Sample {
  readonly kind: Violation;
  readonly endpoint: string;
  readonly at: string;
  readonly detail: string;
}

export const MAX_SAMPLES = 20;

export type Violations = Record<Violation, number>;

export function noViolations(): Violations {
  return Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Violations;
}

/** Of a minute in which the devices of a carrier together had too much on the air. */
export function overBudgetSample({ carrier, minuteAt, usedMs, allowedMs }: OverBudget, endpoint = ''): Sample {
  return { kind: 'budget', endpoint, at: isoOf(minuteAt as Instant), detail: `${carrier} used ${usedMs} of ${allowedMs} ms` };
}
/** Between the server's look at its clock and the datagram in the device's hands, wall ms. A compressed clock stretches it. */
const DELIVERY_WALL_MS = 25;

/** A Hold that a person has placed; without `until` it stands. */
interface Hold {
  readonly from: number;
  until: number;
}

/**
 * Counts broken promises from what the devices themselves saw. It knows the limits and nothing of the scheduler that
 * should keep them.
 */
export class Observer {
  readonly violations = noViolations();
  readonly samples: Sample[] = [];
  readonly #limits: Limits;
  readonly #deliveryMs: number;
  readonly #air: AirWatch;
  readonly #memories = new Map<string, Recollection>();
  readonly #holds: Hold[] = [];
  readonly #memory: 'counters' | 'full';

  constructor(limits: Limits, scale: number, memory: 'counters' | 'full' = 'counters', air: AirWatch = new AirJudge(limits.airtime)) {
    this.#limits = limits;
    this.#memory = memory;
    this.#deliveryMs = (limits.deliveryMs ?? DELIVERY_WALL_MS) * scale;
    this.#air = air;
  }

  /** Told by whoever places Holds and lifts them, campaign ms. */
  hold({ from, until }: { readonly from?: number; readonly until?: number }): void {
    if (from !== undefined) this.#holds.push({ from, until: until ?? Infinity });
    else if (until !== undefined) for (const hold of this.#holds) hold.until = Math.min(hold.until, until);
  }

  memoryOf({ endpoint }: Pick<Watched, 'endpoint'>): DeviceMemory {
    return this.#memories.get(endpoint)?.snapshot() ?? NO_MEMORY;
  }

  /** A datagram of whatever kind has reached it. */
  heard({ carrier }: Watched, at: Instant, bytes: number): void {
    this.#air.heard(carrier, at, bytes);
  }

  versionTold(device: Watched, version: string): void {
    this.#recall(device).told(version);
  }

  block(device: Watched, { at, bytes, battery, askedAt = at }: BlockSeen): void {
    const { downloadWindow, minBatteryLevel, maxCoverage = 3 } = this.#limits;
    const cost = blockCost(device, bytes);
    const tolerance = cost.durationMs + (at - askedAt);
    const isOutside = this.#judgeWindow('window', device, downloadWindow, { at, tolerance });
    const isHeld = this.#judgeHold('blockUnderHold', device, { at, tolerance });
    if (battery < minBatteryLevel * 100) this.#count('battery', device, at, `a block at ${battery.toFixed(1)} %`);
    if (device.ce > maxCoverage) this.#count('coverage', device, at, `a block in CE${device.ce}`);
    this.#spend(device, { at, askedAt }, cost);
    this.#recall(device).block(at, { isOutside, isHeld });
  }

  /** `state` is that of the device when Execute came. */
  executed(device: Watched, at: Instant, state: number): void {
    const memory = this.#recall(device);
    this.#judgeWindow('installWindow', device, this.#limits.installWindow, { at, tolerance: 0 });
    const isHeld = this.#judgeHold('executeUnderHold', device, { at, tolerance: 0 });
    memory.execute(at, { state, isHeld });
    if (memory.isBlind) this.#count('blindExecute', device, at, 'a second Execute, and State was not read in between');
    memory.isBlind = true;
  }

  stateRead({ endpoint }: Watched): void {
    const memory = this.#memories.get(endpoint);
    if (memory) memory.isBlind = false;
  }

  /** A URI or a first block came; `image` tells one image from another. */
  offered(device: Watched, image: string, at: Instant): void {
    const memory = this.#recall(device);
    memory.offer(at, image);
    if (memory.underWay !== undefined && memory.underWay !== image)
      this.#count('twoImages', device, at, `${image} while ${memory.underWay} is under way`);
    memory.underWay = image;
  }

  /** Installed, given up, reset or cancelled: another image may come. */
  transferOver({ endpoint }: Watched): void {
    const memory = this.#memories.get(endpoint);
    if (memory) memory.underWay = undefined;
  }

  installed(device: Watched, { digest, isIntact }: { digest: string; isIntact: boolean }, at: Instant): void {
    const memory = this.#recall(device);
    const { installed } = memory;
    memory.install({ at, digest, isIntact });
    if (installed.has(digest)) this.#count('doubleInstall', device, at, digest);
    installed.add(digest);
    if (!isIntact || !this.#isWanted(digest)) this.#count('wrongImage', device, at, digest);
  }

  /** What was installed last is gone: to install it again is no second time. */
  fellBack({ endpoint }: Watched): void {
    this.#memories.get(endpoint)?.installed.clear();
  }

  #isWanted(digest: string): boolean {
    const { digest: only, digests } = this.#limits;
    return only === undefined && digests === undefined ? true : digest === only || (digests?.includes(digest) ?? false);
  }

  /** The window is asked about the time at which the exchange may have begun: a transfer ends at a block boundary. */
  #judgeWindow(
    kind: 'window' | 'installWindow',
    device: Watched,
    window: DailyWindow | undefined,
    { at, tolerance }: { at: Instant; tolerance: number },
  ): boolean {
    const begun = at - tolerance - this.#deliveryMs;
    if (isOpen(window, device.utcOffsetMinutes, at) || isOpen(window, device.utcOffsetMinutes, begun)) return false;
    this.#count(kind, device, at, kind === 'window' ? 'a block outside the download window' : 'Execute outside the install window');
    return true;
  }

  /** As with windows: what was on its way when the Hold came does no harm. */
  #judgeHold(kind: 'blockUnderHold' | 'executeUnderHold', device: Watched, { at, tolerance }: { at: Instant; tolerance: number }): boolean {
    const begun = at - tolerance - this.#deliveryMs;
    if (!this.#holds.some(({ from, until }) => begun >= from && at < until)) return false;
    this.#count(kind, device, at, kind === 'blockUnderHold' ? 'a block under a Hold' : 'Execute under a Hold');
    return true;
  }

  /** A block is on its way since the block before it; the first one since the device asked for it. */
  #spend(
    device: Watched,
    { at, askedAt }: { at: Instant; askedAt: Instant },
    { durationMs, airtimeMs }: { durationMs: number; airtimeMs: number },
  ): void {
    const { lastBlockAt = askedAt } = this.#recall(device);
    const spread = Math.min(Math.max(at - lastBlockAt, durationMs), MAX_SPREAD_MS);
    for (const over of this.#air.block(device.carrier, { from: at - spread, to: at }, airtimeMs)) {
      this.#keep(overBudgetSample(over, device.endpoint));
    }
  }

  #recall({ endpoint }: Watched): Recollection {
    const memory = this.#memories.get(endpoint) ?? new Recollection(this.#memory === 'full');
    this.#memories.set(endpoint, memory);
    return memory;
  }

  #count(kind: Violation, { endpoint }: Watched, at: Instant, detail: string): void {
    this.#keep({ kind, endpoint, at: isoOf(at), detail });
  }

  #keep(sample: Sample): void {
    this.violations[sample.kind] += 1;
    if (this.samples.length < MAX_SAMPLES) this.samples.push(sample);
  }
}
