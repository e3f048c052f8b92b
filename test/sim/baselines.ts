import { HOUR, MINUTE } from '@drover/kernel';
import { LOWEST_BATTERY } from '@drover/schedule';
import type { SimPolicy, World } from '@drover/schedule';

/** An always reachable device that has lost its session; the study does not say, and its rows fit best with this. */
const RETRY_MS = 5 * MINUTE;

export interface BaselineRules {
  /** From when on the device may begin, ms. */
  readonly releaseAt?: (device: number) => number;
  readonly maxActive?: number;
  /** Transfers at a time on one carrier, by coverage level. */
  readonly caps?: readonly [number, number, number];
  /** A slot is taken by the next in line and kept until it is done, asleep or not. */
  readonly holdsSlot?: boolean;
  readonly keepsBatteryFloor?: boolean;
}

/** What others do: first come, first served, below a limit that knows neither airtime nor energy. Windows are looked at before a start. */
export class Baseline implements SimPolicy {
  readonly #rules: BaselineRules;
  #inSlots = 0;
  #line = 0;
  #hasSlot = new Uint8Array(0);
  #byCarrier = new Int32Array(0);
  /** Always reachable devices for which there was no room, first come first. */
  readonly #waiting = new Map<number, number[]>();
  readonly #everywhere: number[] = [];
  #served = 0;

  constructor(rules: BaselineRules) {
    this.#rules = rules;
  }

  start(world: World): void {
    const { size, carriers, periodMs } = world.fleet;
    this.#hasSlot = new Uint8Array(size);
    this.#byCarrier = new Int32Array(3 * carriers);
    if (this.#rules.holdsSlot === true) return this.#fillSlots(world);
    for (let device = 0; device < size; device++) if (periodMs[device] === 0) world.wakeAt(device, this.#rules.releaseAt?.(device) ?? 0);
  }

  contact(device: number, world: World): void {
    const { releaseAt, keepsBatteryFloor, holdsSlot } = this.#rules;
    if (keepsBatteryFloor === true && world.fleet.battery[device]! < LOWEST_BATTERY) return;
    if (holdsSlot === true && this.#hasSlot[device] === 0) return;
    if (releaseAt && world.now < releaseAt(device)) return;
    if (!world.isOpen(device)) return this.#atOpening(device, world);
    if (!this.#hasRoom(device, world)) return this.#queue(device, world);
    if (this.#rules.caps) this.#byCarrier[this.#lane(device, world)]! += 1;
    world.begin(device);
  }

  ended(device: number, isDone: boolean, world: World): void {
    const { fleet } = world;
    if (this.#rules.caps) this.#byCarrier[3 * fleet.carrier[device]! + world.sessionCe[device]!]! -= 1;
    if (!isDone && fleet.periodMs[device] === 0) world.wakeAt(device, world.now + RETRY_MS);
    if (isDone && this.#rules.holdsSlot === true) {
      this.#inSlots -= 1;
      this.#fillSlots(world);
    }
    if (this.#rules.caps) this.#next(this.#waiting.get(fleet.carrier[device]!), world);
  }

  minute(world: World): void {
    while (this.#served < this.#everywhere.length && world.activeCount < (this.#rules.maxActive ?? Infinity))
      this.contact(this.#everywhere[this.#served++]!, world);
  }

  #next(line: number[] | undefined, world: World): void {
    for (const device of line?.splice(0) ?? []) if (!world.isDone(device) && world.isActive[device] === 0) this.contact(device, world);
  }

  #lane(device: number, world: World): number {
    return 3 * world.fleet.carrier[device]! + world.coverage(device);
  }

  #hasRoom(device: number, world: World): boolean {
    const { caps, maxActive, holdsSlot } = this.#rules;
    if (maxActive !== undefined && holdsSlot !== true && world.activeCount >= maxActive) return false;
    return caps === undefined || this.#byCarrier[this.#lane(device, world)]! < (caps[world.coverage(device)] ?? 0);
  }

  /** A sleeper comes again by itself. */
  #queue(device: number, world: World): void {
    if (world.fleet.periodMs[device]! > 0) return;
    if (!this.#rules.caps) return void this.#everywhere.push(device);
    const carrier = world.fleet.carrier[device]!;
    const line = this.#waiting.get(carrier);
    if (line) line.push(device);
    else this.#waiting.set(carrier, [device]);
  }

  #atOpening(device: number, world: World): void {
    if (world.fleet.periodMs[device]! > 0) return;
    let at = (Math.floor(world.now / HOUR) + 1) * HOUR;
    while (!world.isOpen(device, at)) at += HOUR;
    world.wakeAt(device, at);
  }

  #fillSlots(world: World): void {
    const { size, periodMs, battery } = world.fleet;
    while (this.#inSlots < (this.#rules.maxActive ?? size) && this.#line < size) {
      const device = this.#line++;
      if (this.#rules.keepsBatteryFloor === true && battery[device]! < LOWEST_BATTERY) continue;
      this.#hasSlot[device] = 1;
      this.#inSlots += 1;
      if (periodMs[device] === 0) world.wakeAt(device, world.now);
    }
  }
}
