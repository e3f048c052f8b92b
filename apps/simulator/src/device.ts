import { seededRandom, SECOND } from '@drover/kernel';
import type { CampaignClock } from '@drover/platform';
import { CoapPort } from './coap-port.ts';
import type { DevicePlan } from './device-plan.ts';
import { FirmwareObject } from './firmware-object.ts';
import { newFlash, type Flash } from './flash.ts';
import { ObjectServer } from './object-server.ts';
import type { Observer } from './observer.ts';
import { PROFILES } from './profiles.ts';
import { LIFETIME_PERIODS, Registration } from './registration.ts';
import { Timers } from './timers.ts';

/** MAX_TRANSMIT_WAIT: how long a sleeper listens after the last datagram, campaign ms. */
const AWAKE_MS = 93 * SECOND;
/** After a power loss a device registers when its pull has gone on, or after this long if it does not. */
const REGISTER_AFTER_MS = 60 * SECOND;

export interface World {
  readonly clock: CampaignClock;
  /** `address:port` of the LwM2M server. */
  readonly server: string;
  readonly observer: Observer;
  readonly registered: (plan: DevicePlan) => void;
}

/** One simulated device: what it remembers, and the power that comes and goes. */
export class Device {
  readonly plan: DevicePlan;
  readonly flash: Flash;
  readonly #world: World;
  readonly #random: () => number;
  readonly #timers: Timers;
  #life: Life | undefined;

  constructor(plan: DevicePlan, world: World) {
    this.plan = plan;
    this.flash = newFlash(plan.battery, Math.round((LIFETIME_PERIODS * plan.periodMs) / 1000));
    this.#world = world;
    this.#random = seededRandom(plan.seed);
    this.#timers = new Timers(world.clock);
  }

  powerOn({ isAfterLoss = false } = {}): void {
    const power = {
      random: this.#random,
      losePower: () => this.#powerOff(this.plan.darkMs, { isAfterLoss: true }),
      reboot: () => this.#powerOff(this.plan.rebootMs, { isAfterLoss: false }),
      vanish: () => this.powerOff(),
    };
    this.#life = new Life(this, this.#world, power);
    this.#life.start(isAfterLoss);
  }

  powerOff(): void {
    this.#life?.end();
    this.#life = undefined;
    this.#timers.clear();
  }

  #powerOff(campaignMs: number, how: { isAfterLoss: boolean }): void {
    this.powerOff();
    this.#timers.after(campaignMs, () => this.powerOn(how));
  }
}

interface Power {
  readonly random: () => number;
  readonly losePower: () => void;
  readonly reboot: () => void;
  readonly vanish: () => void;
}

/** From power-on to power-off: sockets, registration and observations that the next life knows nothing of. */
class Life {
  readonly #device: Device;
  readonly #world: World;
  readonly #power: Power;
  readonly #timers: Timers;
  readonly #ports = new Set<CoapPort>();
  readonly #firmware: FirmwareObject;
  readonly #objects: ObjectServer;
  readonly #port: CoapPort;
  readonly #registration: Registration;
  #activeAt = 0;
  #isRegistering = false;

  constructor(device: Device, world: World, power: Power) {
    const { plan, flash } = device;
    this.#device = device;
    this.#world = world;
    this.#power = power;
    this.#timers = new Timers(world.clock);
    const rebootSoon = (): void => this.#timers.after(SECOND, power.reboot);
    this.#firmware = new FirmwareObject({
      ...power,
      plan,
      flash,
      timers: this.#timers,
      clock: world.clock,
      observer: world.observer,
      openPort: () => this.#openPort(),
      changed: () => this.#objects.changed(),
      blockTaken: () => this.#register(),
    });
    this.#objects = new ObjectServer({
      plan,
      flash,
      firmware: this.#firmware,
      notify: (peer, token, content) => this.#port.notify(peer, token, content),
      stateRead: () => world.observer.stateRead(plan),
      reboot: rebootSoon,
      update: () => this.#registration.update(),
    });
    this.#port = this.#openPort();
    this.#registration = new Registration({
      plan,
      flash,
      server: world.server,
      port: this.#port,
      timers: this.#timers,
      random: power.random,
      registered: () => world.registered(plan),
    });
  }

  start(isAfterLoss: boolean): void {
    this.#firmware.resume();
    if (isAfterLoss && this.#firmware.isPulling) this.#timers.after(REGISTER_AFTER_MS, () => this.#register());
    else this.#register();
  }

  end(): void {
    this.#timers.clear();
    for (const port of this.#ports) port.close();
  }

  #register(): void {
    if (this.#isRegistering) return;
    this.#isRegistering = true;
    this.#registration.start();
  }

  #openPort(): CoapPort {
    const { random } = this.#power;
    const port: CoapPort = new CoapPort({
      seed: Math.floor(random() * 2 ** 32),
      loss: PROFILES[this.#device.plan.profile].loss,
      random,
      isAwake: () => this.#isAwake(),
      active: () => (this.#activeAt = this.#world.clock.now()),
      serve: (request, from) => this.#objects.serve(request, from),
      unobserved: (token) => this.#objects.unobserved(token),
      closed: () => this.#ports.delete(port),
    });
    this.#ports.add(port);
    return port;
  }

  /** Only a sleeper sleeps, and never while it waits for an answer of its own. */
  #isAwake(): boolean {
    if (!PROFILES[this.#device.plan.profile].queueMode) return true;
    const isWorking = this.#firmware.isPulling || [...this.#ports].some(({ isBusy }) => isBusy);
    return isWorking || this.#world.clock.now() <= this.#activeAt + AWAKE_MS;
  }
}
