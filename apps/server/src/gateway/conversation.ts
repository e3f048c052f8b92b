import type { Instant } from '@drover/kernel';
import {
  begin,
  beginInstalled,
  next,
  type Action,
  type Conversation as Talk,
  type FirmwareFact,
  type FirmwareInput,
  type FirmwareOrder,
  type Operation,
  type Step,
} from '@drover/lwm2m';
import type { OfferOrder } from '../link/messages.ts';
import { Alarms } from './alarms.ts';
import { Asking } from './asking.ts';
import type { CachedImage } from './cached-image.ts';
import type { ConversationParts } from './conversation-parts.ts';
import { firmwareOrder } from './firmware-order.ts';
import { Transfer } from './transfer.ts';
import { updateFact } from './update-facts.ts';
import { Wakefulness } from './wakefulness.ts';

type AlarmName = 'tick' | 'try-again' | 'execute-end';

/** Phases in which an unanswered request means that the transfer has stopped and its budget is better spent elsewhere. */
const TRANSFER_PHASES: readonly Talk['phase'][] = [
  'locating',
  'probing',
  'clearing',
  'resetting',
  'preparing',
  'offering',
  'offer-refused',
  'downloading',
];
/** How soon a device that never sleeps is tried again after it did not answer, campaign ms. */
const TRY_AGAIN_MS = 120_000;

/** Drives the pure conversation of one attempt: performs its actions, feeds back what comes of them, tells its facts. */
export class Conversation {
  readonly order: OfferOrder;
  /** Absent once the transfer is over. */
  readonly image: CachedImage | undefined;
  readonly #parts: ConversationParts;
  #talk: Talk;
  readonly #asking: Asking;
  readonly #transfer: Transfer;
  #ended = false;
  readonly #alarms: Alarms<AlarmName>;
  readonly #wakefulness: Wakefulness;
  #executeNotAfter: Instant | undefined;

  constructor(order: OfferOrder, image: CachedImage | undefined, parts: ConversationParts) {
    this.order = order;
    this.image = image?.use();
    this.#parts = parts;
    const { clock } = parts;
    this.#alarms = new Alarms(clock, (name) => this.#rang(name));
    this.#wakefulness = new Wakefulness({
      clock,
      sleeps: () => !this.#ended && parts.device()?.queueMode === true,
      awakeMs: () => parts.awakeMs,
      fellAsleep: () => this.#fellAsleep(),
      keepAwake: () => this.#keepAwake(),
      mayKeepMs: order.keepAwakeMs,
    });
    this.#asking = new Asking(parts, () => this.heard());
    this.#transfer = this.#makeTransfer();
    const step = this.#begin();
    this.#talk = step.conversation;
    this.#carryOutSoon(step);
  }

  #makeTransfer(): Transfer {
    return new Transfer({
      order: this.order,
      image: this.image,
      gateway: this.#parts,
      isUnderWay: () => this.isTransferring,
      offset: () => this.#talk.offset,
      heard: () => this.heard(),
      tick: () => this.#tick(),
      report: (input) => this.input(input),
    });
  }

  /** The caller keeps the conversation before the first request can be answered. */
  #carryOutSoon(step: Step): void {
    queueMicrotask(() => this.#carryOut(step));
  }

  #rang(name: AlarmName): void {
    switch (name) {
      case 'tick':
        return this.#tick();
      case 'try-again':
        return this.input({ type: 'contact' });
      case 'execute-end':
        return this.#withdrawExecute();
    }
  }

  #tick(): void {
    if (!this.#wakefulness.isAsleep) this.input({ type: 'tick' });
  }

  get isServing(): boolean {
    return this.#transfer.isServing && !this.#ended;
  }

  get isTransferring(): boolean {
    return !this.#ended && TRANSFER_PHASES.includes(this.#talk.phase);
  }

  /** Whether it is asking already what this order wants to know. */
  isLookingFor({ attempt, phase }: OfferOrder): boolean {
    const isSame = phase === 'install' && this.order.phase === 'install' && this.order.attempt === attempt;
    return isSame && !this.#ended && this.#asking.isUnderWay;
  }

  get paceMs(): number {
    return this.#transfer.paceMs;
  }

  input(input: FirmwareInput): void {
    if (input.type === 'suspend') this.#beforeHold();
    if (input.type === 'registered') this.#asking.forgetObservations();
    if (!this.#ended) this.#follow(next(this.#talk, input, this.#parts.clock.now()));
  }

  /** A permission to install that has not been used is given back: whoever gave it would wait for what comes of it. */
  #beforeHold(): void {
    if (this.#talk.mayExecute) this.#parts.refuseExecute('a hold came first');
    this.#withdrawExecute();
  }

  /** An Execute that has not been answered is not repeated under a Hold, or when its window has closed; what came of it is looked at. */
  #withdrawExecute(): void {
    if (this.#ended || this.#talk.phase !== 'executing' || !this.#talk.asked) return;
    const [operation] = this.#talk.todo;
    this.#asking.giveUp();
    if (operation) this.#unanswered(operation);
  }

  /** Permission to install, until then: it is looked at again at the moment of sending. */
  allowExecute(notAfter: Instant | undefined): void {
    this.#executeNotAfter = notAfter;
    this.input({ type: 'execute' });
  }

  /** The device is at another address: what was under way to the old one is sent again, and of an Execute it is asked what came of it. */
  moved(): void {
    if (this.#ended) return;
    const confirmAgain = this.#asking.giveUp();
    this.#asking.forgetObservations();
    if (confirmAgain) return confirmAgain();
    this.#follow(next(this.#talk, { type: 'moved' }, this.#parts.clock.now()));
    this.#transfer.moved((then, otherwise) => this.#asking.confirm(then, otherwise));
  }

  /** Any sign of life from the device. */
  heard(): void {
    this.#transfer.awake(this.#wakefulness.heard());
  }

  served(offset: number, length: number): void {
    this.#transfer.served(offset, length);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#transfer.end();
    this.#wakefulness.stop();
    this.#alarms.stop();
    this.#asking.giveUp();
    this.#asking.forgetObservations();
  }

  #wanted(): FirmwareOrder {
    const { order } = this;
    const { uriFor } = this.#parts;
    return firmwareOrder(order, this.#parts.classOf(), { uriFor, device: this.#parts.device() });
  }

  #begin(): Step {
    const { order } = this;
    const wanted = this.#wanted();
    const now = this.#parts.clock.now();
    if (order.phase === 'install') return beginInstalled(wanted, now);
    const step = begin(wanted, now);
    return order.phase === 'cancel' ? next(step.conversation, { type: 'cancel' }, now) : step;
  }

  #follow(step: Step): void {
    if (this.#ended) return;
    this.#talk = step.conversation;
    this.#carryOut(step);
  }

  /** Leaves the conversation where it is: between the first step and its turn a Hold may have come. */
  #carryOut(step: Step): void {
    if (this.#ended) return;
    for (const fact of step.facts) this.#tell(fact);
    for (const action of step.actions) this.#act(action);
  }

  #act(action: Action): void {
    if (this.#ended) return;
    switch (action.type) {
      case 'start-push':
        return this.#transfer.startPush(action);
      case 'stop-push':
        return this.#transfer.stopPush();
      case 'serve':
        return this.#transfer.serve(action.on);
      case 'wait-until':
        return this.#alarms.at('tick', action.at as Instant);
      default:
        return this.#perform(action);
    }
  }

  #perform(operation: Operation): void {
    const { execute, activate } = this.#talk.paths;
    const isUpdate = operation.type === 'execute' && (operation.path === execute || operation.path === activate);
    if (isUpdate && this.#isTooLate) return this.#executeTooLate();
    const device = this.#parts.device();
    if (!device) return this.#unanswered(operation);
    this.#wakefulness.watch();
    // Whoever registered in the device's name last must at least be where it says it is.
    if (isUpdate && !this.#parts.isConfirmed())
      return this.#asking.confirm(
        () => this.#ended || this.#perform(operation),
        () => this.#unanswered(operation),
      );
    this.#asking.ask(device, operation, {
      done: (outcome) => {
        if (outcome.type === 'no-answer') return this.#unanswered(operation);
        this.heard();
        this.input({ type: 'answer', op: operation, code: outcome.code, values: outcome.values });
      },
      notified: (values) => {
        this.heard();
        this.input({ type: 'observed', values });
      },
    });
    if (isUpdate && this.#executeNotAfter !== undefined) this.#alarms.at('execute-end', this.#executeNotAfter);
  }

  get #isTooLate(): boolean {
    return this.#executeNotAfter !== undefined && this.#parts.clock.now() > this.#executeNotAfter;
  }

  /** The permission ran out between the command and this moment: nothing is sent, and the device is read as one that waits to install. */
  #executeTooLate(): void {
    this.#parts.refuseExecute('its window has closed');
    this.#follow(beginInstalled(this.#wanted(), this.#parts.clock.now()));
  }

  #unanswered(operation: Operation): void {
    if (this.#ended) return;
    this.input({ type: 'no-answer', op: operation });
    if (this.isTransferring) return this.#transfer.lost();
    const device = this.#parts.device();
    if (device && !device.queueMode) this.#alarms.in('try-again', TRY_AGAIN_MS);
  }

  /** Only for what is close: a look that is due, or an answer that is under way. */
  #keepAwake(): boolean {
    if (this.#ended || this.#talk.asked || this.#talk.wakeAt === undefined) return false;
    this.input({ type: 'stay' });
    return this.#asking.isUnderWay;
  }

  #fellAsleep(): void {
    if (this.#ended) return;
    const operation = this.#talk.asked ? this.#talk.todo[0] : undefined;
    this.#asking.giveUp();
    if (operation) return this.#unanswered(operation);
    if (this.isTransferring) this.#transfer.lost();
  }

  #tell(fact: FirmwareFact): void {
    if (fact.type === 'progress') return;
    if (fact.type === 'battery') return this.#parts.learnt({ 'battery.level': fact.level });
    this.#transfer.flush();
    if (fact.type === 'download-finished') this.#transfer.arrived();
    const told = updateFact(fact, this.#talk);
    if (told) this.#parts.emit(told);
  }
}
