import type { CampaignClock } from '@drover/platform';
import { Device } from './device.ts';
import { planFleet } from './device-plan.ts';
import type { Limits } from './limits.ts';
import type { Mix } from './mix.ts';
import { Observer, type Sample, type Violation } from './observer.ts';
import { expectedOutcome, type Outcome, type ProfileName } from './profiles.ts';

export interface FleetSetting {
  /** `address:port` of the LwM2M server. */
  readonly server: string;
  readonly devices: number;
  readonly seed: number;
  readonly clock: CampaignClock;
  readonly limits: Limits;
  readonly mix: Mix;
}

export interface DeviceReport {
  readonly endpoint: string;
  readonly profile: ProfileName;
  readonly expected: Outcome;
  readonly version: string;
  readonly installs: number;
  readonly blocks: number;
  /** State and Update Result of Object 5. */
  readonly state: number;
  readonly result: number;
}

/** What the devices have seen and become. Plain data. */
export interface Report {
  readonly devices: readonly DeviceReport[];
  readonly violations: Readonly<Record<Violation, number>>;
  readonly samples: readonly Sample[];
}

/** Wall ms over which a fleet is switched on: not even a power cut ends everywhere in the same millisecond. */
const SWITCH_ON_MS = 1000;

/** All devices, each on sockets of its own. */
export class Fleet {
  readonly #devices: readonly Device[];
  readonly #limits: Limits;
  readonly #observer: Observer;
  readonly #missing: Set<string>;
  readonly #switches: NodeJS.Timeout[] = [];
  #allRegistered: () => void = () => undefined;
  /** When every device has registered once. */
  readonly ready = new Promise<void>((resolve) => (this.#allRegistered = resolve));

  constructor({ server, devices, seed, clock, limits, mix }: FleetSetting) {
    this.#limits = limits;
    this.#observer = new Observer(limits, clock.setting.scale);
    const world = {
      clock,
      server,
      observer: this.#observer,
      registered: ({ endpoint }: { endpoint: string }) => this.#registered(endpoint),
    };
    this.#devices = planFleet({ devices, seed, mix }).map((plan) => new Device(plan, world));
    this.#missing = new Set(this.#devices.map(({ plan }) => plan.endpoint));
  }

  start(): void {
    for (const [index, device] of this.#devices.entries())
      this.#switches.push(setTimeout(() => device.powerOn(), (index / this.#devices.length) * SWITCH_ON_MS));
  }

  stop(): void {
    for (const timeout of this.#switches) clearTimeout(timeout);
    for (const device of this.#devices) device.powerOff();
  }

  report(): Report {
    return {
      devices: this.#devices.map(({ plan: { endpoint, profile }, flash }) => ({
        endpoint,
        profile,
        expected: expectedOutcome(profile, this.#limits),
        version: flash.version,
        installs: flash.installs,
        blocks: flash.blocks,
        state: flash.firmware.state,
        result: flash.firmware.result,
      })),
      violations: { ...this.#observer.violations },
      samples: [...this.#observer.samples],
    };
  }

  #registered(endpoint: string): void {
    this.#missing.delete(endpoint);
    if (this.#missing.size === 0) this.#allRegistered();
  }
}
