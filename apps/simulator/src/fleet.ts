import type { CampaignClock } from '@drover/platform';
import type { DeviceKeys } from './device-keys.ts';
import { planFleet, type DevicePlan, type Range } from './device-plan.ts';
import { Device, type World } from './device/device.ts';
import type { Mix } from './profiles/mix.ts';
import { expectedOutcome, profileOf, type ProfileName } from './profiles/profiles.ts';
import type { DeviceReport, PartReport, Report, Sighting } from './report.ts';
import { AirCollector, AirJudge, type AirRows, type AirWatch } from './watch/air-watch.ts';
import type { Limits } from './watch/limits.ts';
import { Observer } from './watch/observer.ts';
import { Wheel } from './wheel.ts';
import { both, CALM, type Chaos } from './wire/chaos.ts';
import type { PortParts } from './wire/coap-port.ts';

export interface FleetSetting {
  /** `address:port` of the LwM2M server. */
  readonly server: string;
  readonly devices: number;
  readonly seed: number;
  readonly clock: CampaignClock;
  readonly limits: Limits;
  readonly mix: Mix;
  /** Without it, one for ten devices. */
  readonly cells?: number;
  /** Hours of campaign time between the wake-ups of a sleeper; without it one to two. */
  readonly wakeHours?: Range;
  /** How long it takes to switch all devices on, wall ms; without it a second, and more for many. */
  readonly switchOnMs?: number;
  /** `address:port` of a bootstrap server: keys are those of a factory. */
  readonly bootstrap?: string;
  /** Whoever is in it speaks DTLS. */
  readonly keys?: DeviceKeys;
  /** On top of what each profile brings. */
  readonly chaos?: Partial<Chaos>;
  /** First timeout of each device, wall ms. */
  readonly ackTimeoutMs?: number;
  readonly memory?: 'counters' | 'full';
  /** Of the whole fleet, those that this process holds; without it all. */
  readonly share?: { readonly from: number; readonly to: number };
}

/** Wall ms over which a fleet is switched on: not even a power cut ends everywhere in the same millisecond. */
const SWITCH_ON_MS = 1000;
/** Devices per wall ms when there are many: a server has to answer them all. */
const SWITCH_ON_PER_MS = 2;

/** All devices of this process, each on sockets of its own. */
export class Fleet {
  readonly #devices: readonly Device[];
  readonly #limits: Limits;
  readonly #observer: Observer;
  readonly #air: AirWatch;
  readonly #wheel: Wheel;
  readonly #switchOnMs: number;
  readonly #missing: Set<number>;
  #isStopped = false;
  #allRegistered: () => void = () => undefined;
  /** When every device has registered once. */
  readonly ready = new Promise<void>((resolve) => (this.#allRegistered = resolve));

  constructor({
    server,
    bootstrap,
    devices,
    seed,
    clock,
    limits,
    mix,
    cells,
    wakeHours,
    switchOnMs,
    keys,
    chaos,
    ackTimeoutMs,
    memory,
    share,
  }: FleetSetting) {
    this.#limits = limits;
    this.#air = share === undefined ? new AirJudge(limits.airtime) : new AirCollector();
    this.#observer = new Observer(limits, clock.setting.scale, memory, this.#air);
    this.#wheel = new Wheel(clock);
    const world: World = {
      clock,
      wheel: this.#wheel,
      server,
      ...(bootstrap !== undefined && { bootstrap }),
      observer: this.#observer,
      wireOf: wirePerProfile({ chaos: { ...CALM, ...chaos }, wheel: this.#wheel, ackTimeoutMs }),
      keyOf: ({ endpoint }) => keys?.get(endpoint),
      registered: ({ index }: DevicePlan) => this.#registered(index),
    };
    const plans = planFleet({ devices, seed, mix, cells, wakeHours });
    this.#devices = plans.slice(share?.from ?? 0, share?.to).map((plan) => new Device(plan, world));
    this.#switchOnMs = switchOnMs ?? Math.max(SWITCH_ON_MS, this.#devices.length / SWITCH_ON_PER_MS);
    this.#missing = new Set(this.#devices.map(({ plan }) => plan.index));
  }

  start(): void {
    for (const [index, device] of this.#devices.entries())
      this.#wheel.afterWall(device, (index / this.#devices.length) * this.#switchOnMs, () => this.#isStopped || device.powerOn());
  }

  stop(): void {
    this.#isStopped = true;
    this.#wheel.stop();
    for (const device of this.#devices) device.powerOff();
  }

  /** A person's Hold began or ended, campaign ms. */
  hold(when: { readonly from?: number; readonly until?: number }): void {
    this.#observer.hold(when);
  }

  /** Without the devices: quick, however many there are. */
  sighting(): Sighting {
    return { violations: { ...this.#observer.violations }, samples: [...this.#observer.samples], air: this.#air.summary() };
  }

  report(): Report {
    return { ...this.sighting(), devices: this.#devices.map((device) => this.#reportOf(device)) };
  }

  /** Of a share of a fleet: what it has had on the air since the last time, for whoever judges the whole. */
  drain(): AirRows {
    return this.#air.drain();
  }

  #reportOf({ plan, flash, handshakes, sessionsLost, bootstraps }: Device): DeviceReport {
    const parts = flash.parts.map(({ traits: { object }, instance, component, version, standing }): PartReport => ({
      object,
      instance,
      component,
      version,
      ...standing,
    }));
    const { version = '', state = 0, result = 0 } = parts[0] ?? {};
    return {
      endpoint: plan.endpoint,
      profile: plan.profile,
      expected: expectedOutcome(plan.profile, this.#limits),
      version,
      installs: flash.installs,
      blocks: flash.blocks,
      handshakes,
      sessionsLost,
      bootstraps,
      state,
      result,
      parts,
      memory: this.#observer.memoryOf(plan),
    };
  }

  #registered(index: number): void {
    if (!this.#missing.delete(index)) return;
    if (this.#missing.size === 0) this.#allRegistered();
  }
}

/** One object per profile: a fleet asks at every datagram. */
function wirePerProfile({ chaos: everywhere, ...same }: Omit<PortParts, 'traits'>): World['wireOf'] {
  const known = new Map<ProfileName, PortParts>();
  return ({ profile }) => {
    const { chaos, wire: traits } = profileOf(profile);
    const parts = known.get(profile) ?? { ...same, traits, chaos: both(everywhere, chaos) };
    known.set(profile, parts);
    return parts;
  };
}
