import { DroverError } from '@drover/kernel';
import type { EngineLink } from '../link/link.ts';
import type { FromGateway } from '../link/messages.ts';
import type { OperationResult } from '../link/operations.ts';
import type { AppointmentDesk } from './appointment-desk.ts';
import { isOfAppointment } from './appointment-orders.ts';
import type { BootstrapDesk } from '../bootstrap/bootstrap-desk.ts';
import { BootstrapWishes } from '../bootstrap/bootstrap-wishes.ts';
import type { RotationStepper } from '../rotation/rotation-stepper.ts';
import type { RotationTicker } from '../rotation/rotation-ticker.ts';
import type { CarrierDesk } from './carrier-desk.ts';
import type { ContactHandler } from './contact-handler.ts';
import type { Engine } from './engine.ts';
import type { GatewayLooks } from './gateway-looks.ts';
import type { HintDesk } from './hint-desk.ts';
import { Inbox } from './inbox.ts';
import type { OperationDesk } from './operation-desk.ts';
import type { RollbackDesk } from './rollback-desk.ts';
import type { RolloutTicker } from './rollout-ticker.ts';
import type { GatewayHears } from './gateway-hears.ts';
import type { SessionKeeper } from './session-keeper.ts';
import type { UpdateFactHandler } from './update-fact-handler.ts';

/** Wall milliseconds between looks at campaigns; contacts never wait for one. */
const TICK_MS = 100;

/** How long messages are worked off before new ones are let in, ms. */
const SLICE_MS = 10;

/** Messages in, ticks by the clock. What fails here is a broken promise: it ends the process rather than go on half-done. */
export class EngineLoop {
  readonly #engine: Engine;
  readonly #contacts: ContactHandler;
  readonly #updates: UpdateFactHandler;
  readonly #ticker: RolloutTicker;
  readonly #operations: OperationDesk;
  readonly #looks: GatewayLooks;
  readonly #rollbacks: RollbackDesk;
  readonly #appointments: AppointmentDesk;
  readonly #carriers: CarrierDesk;
  readonly #hints: HintDesk;
  readonly #sessions: SessionKeeper;
  readonly #hears: GatewayHears;
  readonly #bootstraps: BootstrapDesk;
  readonly #wishes: BootstrapWishes;
  readonly #rotations: { readonly stepper: RotationStepper; readonly ticker: RotationTicker };
  readonly #onFatal: (error: unknown) => void;
  readonly #inbox = new Inbox();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #isDraining = false;

  constructor(parts: {
    engine: Engine;
    contacts: ContactHandler;
    updates: UpdateFactHandler;
    ticker: RolloutTicker;
    operations: OperationDesk;
    looks: GatewayLooks;
    rollbacks: RollbackDesk;
    appointments: AppointmentDesk;
    carriers: CarrierDesk;
    hints: HintDesk;
    sessions: SessionKeeper;
    hears: GatewayHears;
    bootstraps: BootstrapDesk;
    wishes: BootstrapWishes;
    rotations: { readonly stepper: RotationStepper; readonly ticker: RotationTicker };
    onFatal: (error: unknown) => void;
  }) {
    this.#engine = parts.engine;
    this.#contacts = parts.contacts;
    this.#updates = parts.updates;
    this.#ticker = parts.ticker;
    this.#operations = parts.operations;
    this.#looks = parts.looks;
    this.#rollbacks = parts.rollbacks;
    this.#appointments = parts.appointments;
    this.#carriers = parts.carriers;
    this.#hints = parts.hints;
    this.#sessions = parts.sessions;
    this.#hears = parts.hears;
    this.#bootstraps = parts.bootstraps;
    this.#wishes = parts.wishes;
    this.#rotations = parts.rotations;
    this.#onFatal = parts.onFatal;
  }

  start(link: EngineLink): void {
    link.onMessage((message) => {
      this.#inbox.push(message);
      this.#drainSoon();
    });
    this.#next();
  }

  #drainSoon(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    setImmediate(() => {
      this.#isDraining = false;
      this.#drain();
    });
  }

  /** In slices, so that what arrives meanwhile gets its turn: contacts first. */
  #drain(): void {
    const until = performance.now() + SLICE_MS;
    while (!this.#stopped && performance.now() < until) {
      const message = this.#inbox.take();
      if (message === undefined) return;
      this.#handle(message).catch(this.#onFatal);
    }
    if (!this.#stopped) this.#drainSoon();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      this.#ticker
        .tick()
        .then(() => this.#rollbacks.tick())
        .then(() => this.#rotations.ticker.tick())
        .then(() => this.#operations.tick())
        .then(() => this.#hints.tick())
        .then(() => {
          if (!this.#stopped) this.#next();
        })
        .catch(this.#onFatal);
    }, TICK_MS);
  }

  /** A key that is shown for the first time is what a rotation waits for. */
  async #onUsed(message: Extract<FromGateway, { type: 'credential-used' }>): Promise<void> {
    await this.#sessions.on(message);
    const used = this.#engine.state.credentials.with(message.kind, message.identity);
    if (used) await this.#rotations.stepper.look(used.endpoint);
  }

  async #handle(message: FromGateway): Promise<void> {
    switch (message.type) {
      case 'contact':
        await this.#contacts.onContact(message);
        if (message.kind === 'deregister') return;
        await this.#wishes.onContact(message.endpoint);
        await this.#rotations.stepper.look(message.endpoint);
        return this.#operations.onContact(message.endpoint);
      case 'lapsed':
        return this.#contacts.onLapsed(message);
      case 'facts':
        return this.#contacts.onFacts(message);
      case 'operated':
        if (isDevicesWord(message.result)) this.#contacts.stayAwake(message.endpoint, message.at);
        if (isOfAppointment(message)) return this.#appointments.onOperated(message);
        if (BootstrapWishes.isOf(message)) {
          await this.#wishes.onOperated(message);
          return this.#rotations.stepper.look(message.endpoint);
        }
        return this.#operations.onOperated(message);
      case 'operation-notified':
        this.#operations.onNotified(message);
        if (message.ended !== undefined) return;
        this.#contacts.stayAwake(message.endpoint, message.at);
        return this.#operations.onContact(message.endpoint);
      case 'carriers-seen':
        return this.#carriers.onSeen(message);
      case 'looked':
        return this.#looks.onLooked(message);
      case 'credentials-known':
        return this.#hears.heard(message.number);
      case 'session-save':
      case 'session-gone':
      case 'identity-refused':
        return this.#sessions.on(message);
      case 'credential-used':
        return this.#onUsed(message);
      case 'bootstrap-asked':
      case 'bootstrap-ended':
        await this.#bootstraps.on(message);
        return this.#rotations.stepper.look(message.endpoint);
      case 'bootstrap-refused':
      case 'enrolment-asked':
      case 'certificate-made':
        return this.#bootstraps.on(message);
      case 'update':
        return this.#updates.onUpdate(message);
      case 'refused-command':
        this.#engine.log.info({ endpoint: message.endpoint, command: message.command, why: message.why }, 'late command refused');
        return this.#updates.onRefusedCommand(message);
      case 'fatal':
        throw new DroverError('GATEWAY_FAILED', 'transport', `the gateway cannot run: ${message.code} ${message.message}`);
      case 'ready':
        return;
    }
  }
}

/** Whatever it answers, it is awake; what was refused before it was sent says nothing about it. */
function isDevicesWord(result: OperationResult): boolean {
  return result.type === 'done' || (result.type === 'failed' && result.answer !== undefined);
}
