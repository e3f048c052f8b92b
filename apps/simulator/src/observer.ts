import { isoOf, type Instant } from '@drover/kernel';
import { AirtimeLedger, MAX_SPREAD_MS } from './airtime-ledger.ts';
import { isOpen, type DailyWindow, type Limits } from './limits.ts';
import { blockCost, type Link } from './radio.ts';

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

const MAX_SAMPLES = 20;
/** Between the server's look at its clock and the datagram in the device's hands, wall ms. A compressed clock stretches it. */
const DELIVERY_WALL_MS = 25;

interface Memory {
  lastBlockAt?: number;
  /** Execute was received, and State has not been read since. */
  isBlind: boolean;
  /** The image that is being taken in, by its URI or its first bytes. */
  underWay?: string;
  readonly installed: Set<string>;
}

/**
 * Counts broken promises from what the devices themselves saw. It knows the limits and nothing of the scheduler that
 * should keep them.
 */
export class Observer {
  readonly violations: Record<Violation, number> = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Violation, number>;
  readonly samples: Sample[] = [];
  readonly #limits: Limits;
  readonly #deliveryMs: number;
  readonly #airtime: AirtimeLedger;
  readonly #memories = new Map<string, Memory>();

  constructor(limits: Limits, scale: number) {
    this.#limits = limits;
    this.#deliveryMs = DELIVERY_WALL_MS * scale;
    this.#airtime = new AirtimeLedger(limits.airtime);
  }

  block(device: Watched, { at, bytes, battery, askedAt = at }: BlockSeen): void {
    const { downloadWindow, minBatteryLevel, maxCoverage = 3 } = this.#limits;
    const cost = blockCost(device, bytes);
    const tolerance = cost.durationMs + (at - askedAt);
    this.#judgeWindow('window', device, downloadWindow, { at, tolerance });
    if (battery < minBatteryLevel * 100) this.#count('battery', device, at, `a block at ${battery.toFixed(1)} %`);
    if (device.ce > maxCoverage) this.#count('coverage', device, at, `a block in CE${device.ce}`);
    this.#spend(device, at, cost);
  }

  executed(device: Watched, at: Instant): void {
    const memory = this.#memoryOf(device);
    this.#judgeWindow('installWindow', device, this.#limits.installWindow, { at, tolerance: 0 });
    if (memory.isBlind) this.#count('blindExecute', device, at, 'a second Execute, and State was not read in between');
    memory.isBlind = true;
  }

  stateRead(device: Watched): void {
    this.#memoryOf(device).isBlind = false;
  }

  /** A URI or a first block came; `image` tells one image from another. */
  offered(device: Watched, image: string, at: Instant): void {
    const memory = this.#memoryOf(device);
    if (memory.underWay !== undefined && memory.underWay !== image)
      this.#count('twoImages', device, at, `${image} while ${memory.underWay} is under way`);
    memory.underWay = image;
  }

  /** Installed, given up, reset or cancelled: another image may come. */
  transferOver(device: Watched): void {
    this.#memoryOf(device).underWay = undefined;
  }

  installed(device: Watched, { digest, isIntact }: { digest: string; isIntact: boolean }, at: Instant): void {
    const { installed } = this.#memoryOf(device);
    if (installed.has(digest)) this.#count('doubleInstall', device, at, digest);
    installed.add(digest);
    if (!isIntact || digest !== (this.#limits.digest ?? digest)) this.#count('wrongImage', device, at, digest);
  }

  /** The window is asked about the time at which the exchange may have begun: a transfer ends at a block boundary. */
  #judgeWindow(
    kind: 'window' | 'installWindow',
    device: Watched,
    window: DailyWindow | undefined,
    { at, tolerance }: { at: Instant; tolerance: number },
  ): void {
    const begun = at - tolerance - this.#deliveryMs;
    if (isOpen(window, device.utcOffsetMinutes, at) || isOpen(window, device.utcOffsetMinutes, begun)) return;
    this.#count(kind, device, at, kind === 'window' ? 'a block outside the download window' : 'Execute outside the install window');
  }

  #spend(device: Watched, at: Instant, { durationMs, airtimeMs }: { durationMs: number; airtimeMs: number }): void {
    const memory = this.#memoryOf(device);
    const gap = memory.lastBlockAt === undefined ? 0 : at - memory.lastBlockAt;
    memory.lastBlockAt = at;
    const spread = Math.min(Math.max(gap, durationMs), MAX_SPREAD_MS);
    for (const over of this.#airtime.add(device.carrier, { from: at - spread, to: at }, airtimeMs)) {
      this.#count('budget', device, over.minuteAt as Instant, `${over.carrier} used ${over.usedMs} of ${over.allowedMs} ms`);
    }
  }

  #memoryOf({ endpoint }: Watched): Memory {
    const memory = this.#memories.get(endpoint) ?? { isBlind: false, installed: new Set() };
    this.#memories.set(endpoint, memory);
    return memory;
  }

  #count(kind: Violation, { endpoint }: Watched, at: Instant, detail: string): void {
    this.violations[kind] += 1;
    if (this.samples.length < MAX_SAMPLES) this.samples.push({ kind, endpoint, at: isoOf(at), detail });
  }
}
