import type { Duration, Instant } from '@drover/kernel';
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
import { monotonicMs } from '@drover/platform';
import type { OfferOrder } from '../link/messages.ts';
import { Alarms } from './alarms.ts';
import { Asking } from './asking.ts';
import type { CachedImage } from './cached-image.ts';
import type { ConversationParts } from './conversation-parts.ts';
import { firmwareOrder } from './firmware-order.ts';
import { Progress } from './progress.ts';
import { Push } from './push.ts';
import { TransferWatch } from './transfer-watch.ts';
import { updateFact } from './update-facts.ts';
import { Wakefulness } from './wakefulness.ts';

/** `window-end`: of the download window. */
type AlarmName = 'tick' | 'try-again' | 'silence' | 'window-end' | 'execute-end';

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
  readonly #progress: Progress;
  #talk: Talk;
  #push: Push | undefined;
  readonly #asking: Asking;
  readonly #transfer: TransferWatch;
  #serving = false;
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
    this.#progress = new Progress((fact) => parts.emit(fact));
    this.#asking = new Asking(parts, () => this.heard());
    this.#transfer = new TransferWatch(order, parts);
    if (order.phase === 'transfer') this.#watchTransfer();
    const step = this.#begin();
    this.#talk = step.conversation;
    this.#carryOutSoon(step);
  }

  /** The caller keeps the conversation before the first request can be answered. */
  #carryOutSoon(step: Step): void {
    queueMicrotask(() => this.#carryOut(step));
  }

  #rang(name: AlarmName): void {
    switch (name) {
      case 'tick':
        return this.#wakefulness.isAsleep ? undefined : this.input({ type: 'tick' });
      case 'try-again':
        return this.input({ type: 'contact' });
      case 'silence':
        return this.#lookForSilence();
      case 'window-end':
        return this.#stopAtTheWindowsEnd();
      case 'execute-end':
        return this.#withdrawExecute();
    }
  }

  get isServing(): boolean {
    return this.#serving && !this.#ended;
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
    return this.#parts.clock.wallMs(this.#parts.pacer.delayFor(this.order.attempt));
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
    if (this.#push) this.#pushElsewhere(this.#push);
  }

  /** A block is too much for an address that nobody has answered from: an answer to something small comes first. */
  #pushElsewhere(push: Push): void {
    push.hold();
    this.#asking.confirm(
      (device) => this.#ended || push.follow(device),
      () => push.giveUp(),
    );
  }

  /** Any sign of life from the device. */
  heard(): void {
    this.#progress.awake(this.#wakefulness.heard());
  }

  served(offset: number, length: number): void {
    this.heard();
    const isLast = offset + length >= this.order.size;
    if (length < this.order.blockSize && !isLast) this.#parts.noteBlockSize(length);
    this.#transfer.served(offset, length);
    this.#progress.count({ offset: offset + length, bytes: length, retransmissions: 0 });
    this.input({ type: 'block-served', offset, length });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.image?.done();
    this.#progress.flush();
    this.#wakefulness.stop();
    this.#alarms.stop();
    this.#push?.stop();
    this.#asking.giveUp();
    this.#asking.forgetObservations();
    this.#transfer.stop();
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
        return this.#startPush(action);
      case 'stop-push':
        this.#push?.stop();
        this.#push = undefined;
        return;
      case 'serve':
        this.#serving = action.on;
        return;
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
    if (TRANSFER_PHASES.includes(this.#talk.phase)) return this.#lost();
    const device = this.#parts.device();
    if (device && !device.queueMode) this.#alarms.in('try-again', TRY_AGAIN_MS);
  }

  #lost(): void {
    this.#transfer.lost();
    this.#progress.flush();
    this.#parts.emit({ type: 'session-lost', offset: this.#talk.offset });
  }

  #watchTransfer(): void {
    this.#alarms.in('silence', this.order.inactivityMs / 2);
    if (this.order.notAfter !== undefined) this.#alarms.at('window-end', this.order.notAfter);
  }

  /** The transfer stops at this block boundary and keeps its offset. */
  #stopAtTheWindowsEnd(): void {
    const { notAfter } = this.order;
    if (this.#ended || notAfter === undefined || !TRANSFER_PHASES.includes(this.#talk.phase)) return;
    if (this.#parts.clock.now() < notAfter) return this.#alarms.at('window-end', notAfter);
    this.input({ type: 'suspend' });
    this.#lost();
  }

  /** A device that fetches nothing any more is noticed also while a request to it is being repeated. */
  #lookForSilence(): void {
    if (this.#ended) return;
    if (this.isTransferring && !this.#wakefulness.isAsleep) this.input({ type: 'tick' });
    this.#alarms.in('silence', this.order.inactivityMs / 2);
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
    if (TRANSFER_PHASES.includes(this.#talk.phase)) this.#lost();
  }

  #startPush({ offset, path }: Extract<Action, { type: 'start-push' }>): void {
    const device = this.#parts.device();
    if (!device || !this.image) return this.#lost();
    const { coap, clock } = this.#parts;
    const { timing, firstBlockTimeoutMs, busyRetryMs } = this.#parts.classOf();
    this.#push?.stop();
    this.#push = new Push(device, offset, {
      coap,
      image: this.image,
      path,
      blockSize: this.order.blockSize,
      timing,
      firstBlockTimeoutMs,
      busyRetryMs: busyRetryMs === undefined ? undefined : clock.wallMs(busyRetryMs as Duration),
      now: monotonicMs,
      isCompressed: clock.setting.scale > 1,
      pace: () => this.paceMs,
      sent: (block) => {
        this.heard();
        this.#transfer.block(block.bytes, block.retransmissions);
        this.#progress.count(block);
      },
      askedFor: (bytes) => this.#parts.noteBlockSize(bytes),
      report: (input) => this.input(input),
    });
    this.#push.start();
  }

  #tell(fact: FirmwareFact): void {
    if (fact.type === 'progress') return;
    if (fact.type === 'battery') return this.#parts.learnt({ 'battery.level': fact.level });
    this.#progress.flush();
    if (fact.type === 'download-finished') this.#transfer.arrived();
    const told = updateFact(fact, this.#talk);
    if (told) this.#parts.emit(told);
  }
}
