import { SECOND } from '@drover/kernel';
import type { CampaignClock } from '@drover/platform';
import type { IncomingRequest } from '@drover/coap';
import { Dice } from '../chance.ts';
import type { DevicePlan } from '../device-plan.ts';
import type { Profile } from '../profiles/profile.ts';
import { profileOf } from '../profiles/profiles.ts';
import type { Observer } from '../watch/observer.ts';
import type { Due, Wheel } from '../wheel.ts';
import { nextPowerLoss, skewOf } from '../wire/chaos.ts';
import { CoapPort, type DeviceSecret, type PortOwner, type PortParts } from '../wire/coap-port.ts';
import { localAddress } from '../wire/local-address.ts';
import type { Reply } from '../wire/serving.ts';
import type { Account } from './accounts.ts';
import { BootstrapClient } from './bootstrap-client.ts';
import { FirmwareObject } from './firmware-object.ts';
import { newFlash, type Flash, type Part } from './flash.ts';
import { ObjectServer, type From } from './object-server.ts';
import { Observations } from './observations.ts';
import type { PartParts, PartShell } from './part-parts.ts';
import { PullPorts, type Puller } from './pull-ports.ts';
import { LIFETIME_PERIODS, Registration, type Registrant } from './registration.ts';
import { disableTimeoutS, type DeviceView } from './resources.ts';
import { SoftwareObject } from './software-object.ts';
import { tellChanges, type Teller } from './tell-changes.ts';
import { batteryOf } from './transfer.ts';

/** MAX_TRANSMIT_WAIT: how long a sleeper listens after the last datagram, campaign ms. */
const AWAKE_MS = 93 * SECOND;
/** After a power loss a device registers when its pull has gone on, or after this long if it does not. */
const REGISTER_AFTER_MS = 60 * SECOND;

export interface World {
  readonly clock: CampaignClock;
  readonly wheel: Wheel;
  /** `address:port` of the LwM2M server. */
  readonly server: string;
  readonly observer: Observer;
  /** Of a profile, with the trouble of the whole run. */
  readonly wireOf: (plan: DevicePlan) => PortParts;
  /** `address:port` of a bootstrap server: the keys open that, and what a device registers with it is given there. */
  readonly bootstrap?: string;
  /** Without one a device speaks without security. */
  readonly keyOf?: (plan: DevicePlan) => DeviceSecret | undefined;
  readonly registered: (plan: DevicePlan) => void;
}

/**
 * One simulated device: what it remembers, and the power that comes and goes. What it needs only now and then (shells,
 * observations, ports of pulls) is made when it is needed and dropped when it is idle: a fleet has tens of thousands.
 */
export class Device implements PortOwner, Registrant, Puller, Teller {
  readonly plan: DevicePlan;
  readonly flash: Flash;
  readonly dice: Dice;
  readonly skew: number;
  life = 0;
  /** DTLS sessions that it has begun, in all its lives. */
  handshakes = 0;
  /** Times that it was given its accounts. */
  bootstraps = 0;
  /** Those that the server did not have any more. */
  sessionsLost = 0;
  readonly #world: World;
  #port: CoapPort | undefined;
  #registration: Registration | undefined;
  #observations: Observations | undefined;
  #shells: PartShell[] | undefined;
  #pullPorts: PullPorts | undefined;
  #bootstrap: BootstrapClient | undefined;
  #activeAt = 0;
  #isRegistering = false;
  #isResumed = false;

  constructor(plan: DevicePlan, world: World) {
    this.plan = plan;
    this.flash = newFlash(profileOf(plan.profile), plan.battery, Math.round((LIFETIME_PERIODS * plan.periodMs) / 1000));
    this.dice = new Dice(plan.seed);
    this.#world = world;
    this.skew = skewOf(world.wireOf(plan).chaos, this.dice);
  }

  get profile(): Profile {
    return profileOf(this.plan.profile);
  }

  get server(): string {
    return this.flash.account?.server ?? this.#world.server;
  }

  get port(): CoapPort {
    return (this.#port ??= this.openUdp(this.key));
  }

  /** Its own from the factory, or what it was given with that. */
  get key(): DeviceSecret | undefined {
    return this.flash.account ? this.flash.account.key : this.#world.keyOf?.(this.plan);
  }

  get view(): DeviceView {
    const { plan, profile, flash } = this;
    return { plan, profile, flash, battery: batteryOf({ plan, flash, clock: this.#world.clock }) };
  }

  get localAddress(): string {
    return localAddress(this.plan.index, this.#world.bootstrap ?? this.#world.server);
  }

  powerOn({ isAfterLoss = false } = {}): void {
    this.#isRegistering = false;
    this.#isResumed = false;
    this.#registration = new Registration(this);
    const outage = nextPowerLoss(this.#world.wireOf(this.plan).chaos, this.dice);
    if (outage !== undefined) this.after(outage, () => this.#losePower());
    const resumes = this.profile.parts[0].pull.resumes;
    if (isAfterLoss && resumes === 'after-registering') return this.#register();
    this.#resume();
    if (isAfterLoss && this.#isPulling) this.after(REGISTER_AFTER_MS, () => this.#register());
    else this.#register();
    this.#dropIdle();
  }

  powerOff(): void {
    this.life += 1;
    this.#pullPorts?.closeAll();
    this.#port?.close();
    this.#port = undefined;
    this.#pullPorts = undefined;
    this.#observations = undefined;
    this.#shells = undefined;
    this.#registration = undefined;
    this.#bootstrap = undefined;
  }

  after(campaignMs: number, run: Due): void {
    this.#world.wheel.after(this, campaignMs, run);
  }

  registered(): void {
    this.#world.registered(this.plan);
    this.#resume();
    this.#dropIdle();
  }

  aboutToSpeak(): void {
    if (this.dice.hits(this.#world.wireOf(this.plan).chaos.rebind)) this.#port?.rebind();
  }

  /** Only a sleeper sleeps, and never while it waits for an answer of its own. */
  isAwake(): boolean {
    if (!this.profile.queueMode) return true;
    const isWorking = this.#isPulling || (this.#port?.isBusy ?? false) || this.#pullPorts?.isEmpty === false;
    return isWorking || this.#world.clock.now() <= this.#activeAt + AWAKE_MS;
  }

  heard(wireBytes: number): void {
    this.#world.observer.heard(this.plan, this.#world.clock.now(), wireBytes);
  }

  active(): void {
    this.#activeAt = this.#world.clock.now();
  }

  unobserved(messageId: number): void {
    this.#observations?.endByMessage(messageId);
  }

  closed(port: CoapPort): void {
    this.#pullPorts?.closed(port);
  }

  openUdp(key?: DeviceSecret): CoapPort {
    return new CoapPort(this, this.#world.wireOf(this.plan), key);
  }

  shookHands(isAgain: boolean): void {
    this.handshakes += 1;
    if (isAgain) this.sessionsLost += 1;
  }

  serve(request: IncomingRequest, from: From): Reply {
    if (this.#bootstrap?.isFrom(from.peer) === true) return this.#bootstrap.serve(request);
    const { observer } = this.#world;
    const observations = (this.#observations ??= new Observations());
    const server = new ObjectServer({
      view: () => this.view,
      shellOf: (part) => this.#shellOf(part),
      shells: () => this.#shells ?? [],
      observations,
      stateRead: () => observer.stateRead(this.plan),
      versionTold: (version) => observer.versionTold(this.plan, version),
      reboot: () => this.after(SECOND, () => this.#reboot()),
      update: () => this.#registration?.update(),
      lifetimeChanged: () => this.#registration?.lifetimeChanged(),
      disable: () => this.after(SECOND, () => this.#registration?.disable(disableTimeoutS(this.flash) * SECOND)),
      bootstrap: this.#world.bootstrap === undefined ? undefined : () => this.after(SECOND, () => this.#comeForAccounts()),
      objectsChanged: () => this.#registration?.update({ withObjects: true }),
    });
    const reply = server.serve(request, from);
    this.#dropIdle();
    return reply;
  }

  get #isPulling(): boolean {
    return this.#shells?.some(({ isPulling }) => isPulling) ?? false;
  }

  /** Once per life, before or after it registers. */
  #resume(): void {
    if (this.#isResumed) return;
    this.#isResumed = true;
    for (const part of this.flash.parts) this.#shellOf(part).resume();
  }

  #register(): void {
    if (this.#isRegistering) return;
    this.#isRegistering = true;
    if (this.#world.bootstrap !== undefined && this.flash.account === undefined) this.#comeForAccounts();
    else this.#registration?.start();
  }

  #reboot(): void {
    this.#offFor(this.plan.rebootMs, { isAfterLoss: false });
  }

  #losePower(): void {
    this.#offFor(this.plan.darkMs, { isAfterLoss: true });
  }

  #offFor(campaignMs: number, how: { readonly isAfterLoss: boolean }): void {
    this.powerOff();
    this.after(campaignMs, () => this.powerOn(how));
  }

  #shellOf(part: Part): PartShell {
    const known = this.#shells?.find((shell) => shell.part === part);
    if (known) return known;
    const parts = this.#partParts(part);
    const shell = part.traits.object === 9 ? new SoftwareObject(parts) : new FirmwareObject(parts);
    (this.#shells ??= []).push(shell);
    return shell;
  }

  #dropIdle(): void {
    if (this.#shells?.every(({ isIdle }) => isIdle)) this.#shells = undefined;
    if (this.#observations?.size === 0) this.#observations = undefined;
  }

  #partParts(part: Part): PartParts {
    const { plan, flash, dice } = this;
    const { clock, observer } = this.#world;
    return {
      plan,
      flash,
      part,
      dice,
      clock,
      observer,
      chaos: this.#world.wireOf(plan).chaos,
      after: (campaignMs, run) => this.after(campaignMs, run),
      openPort: (scheme, host) => this.#pulls.open(scheme, host),
      changed: () => tellChanges(this, this.#observations),
      blockTaken: () => this.#register(),
      losePower: () => this.#losePower(),
      reboot: () => this.#reboot(),
      vanish: (forMs) => (forMs === undefined ? this.powerOff() : this.#offFor(forMs, { isAfterLoss: false })),
      sayGoodBye: () => this.profile.registration.deregisters && this.#registration?.end(),
      update: () => this.#registration?.update(),
    };
  }

  get #pulls(): PullPorts {
    return (this.#pullPorts ??= new PullPorts(this));
  }

  #comeForAccounts(): void {
    const { bootstrap } = this.#world;
    if (bootstrap === undefined || this.#bootstrap !== undefined) return;
    const { plan, dice, flash } = this;
    this.#bootstrap = new BootstrapClient(
      {
        endpoint: plan.endpoint,
        dice,
        known: flash.account,
        breaksAt: this.#world.wireOf(plan).chaos.powerLossAtBootstrap,
        openPort: () => this.#pulls.openUdp(this.#world.keyOf?.(plan)),
        after: (campaignMs, run) => this.after(campaignMs, run),
        losePower: () => this.#losePower(),
        bootstrapped: (account) => this.#bootstrapped(account),
      },
      bootstrap,
    );
    this.#bootstrap.start();
  }

  /** Another server, another key: what it had with the one before is over. */
  #bootstrapped(account: Account): void {
    this.flash.account = account;
    this.flash.lifetimeS = account.lifetimeS ?? this.flash.lifetimeS;
    this.bootstraps += 1;
    this.#bootstrap = undefined;
    this.#port?.close();
    this.#port = undefined;
    this.#observations = undefined;
    this.#registration = new Registration(this);
    this.#registration.start();
  }
}
