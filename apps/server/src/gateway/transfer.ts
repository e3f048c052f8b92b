import type { Duration } from '@drover/kernel';
import type { Action, FirmwareInput } from '@drover/lwm2m';
import { monotonicMs } from '@drover/platform';
import type { OfferOrder } from '../link/messages.ts';
import { Alarms } from './alarms.ts';
import type { CachedImage } from './cached-image.ts';
import type { ConversationParts } from './conversation-parts.ts';
import { Progress } from './progress.ts';
import { Push } from './push.ts';
import type { Registered } from './registry.ts';
import { TransferWatch } from './transfer-watch.ts';

export interface TransferParts {
  readonly order: OfferOrder;
  /** Absent once the transfer is over. */
  readonly image: CachedImage | undefined;
  readonly gateway: ConversationParts;
  /** The conversation is where blocks go. */
  readonly isUnderWay: () => boolean;
  /** What the device has, as far as the conversation knows. */
  readonly offset: () => number;
  readonly heard: () => void;
  /** Time has passed in which nothing may have come. */
  readonly tick: () => void;
  readonly report: (input: FirmwareInput) => void;
}

/** Asks the device something small at its new address. */
type Confirm = (then: (device: Registered) => void, otherwise: () => void) => void;

/** The image of one conversation on its way: pushed or served block by block, at its pace, within its window. */
export class Transfer {
  readonly #parts: TransferParts;
  readonly #progress: Progress;
  readonly #watch: TransferWatch;
  readonly #alarms: Alarms<'silence' | 'window-end'>;
  #push: Push | undefined;
  #isServing = false;
  #hasEnded = false;

  constructor(parts: TransferParts) {
    this.#parts = parts;
    const { order, gateway } = parts;
    this.#progress = new Progress((fact) => gateway.emit(fact));
    this.#watch = new TransferWatch(order, gateway);
    this.#alarms = new Alarms(gateway.clock, (name) => (name === 'silence' ? this.#lookForSilence() : this.#stopAtTheWindowsEnd()));
    if (order.phase === 'transfer') this.#watchTime();
  }

  /** Wall ms from one block to the next. */
  get paceMs(): number {
    const { clock, pacer } = this.#parts.gateway;
    return clock.wallMs(pacer.delayFor(this.#parts.order.attempt));
  }

  /** Whether it may be pulled now. */
  get isServing(): boolean {
    return this.#isServing;
  }

  serve(on: boolean): void {
    this.#isServing = on;
  }

  served(offset: number, length: number): void {
    const { order, gateway, heard, report } = this.#parts;
    heard();
    const isLast = offset + length >= order.size;
    if (length < order.blockSize && !isLast) gateway.noteBlockSize(length);
    this.#watch.served(offset, length);
    this.#progress.count({ offset: offset + length, bytes: length, retransmissions: 0 });
    report({ type: 'block-served', offset, length });
  }

  startPush({ offset, path }: Extract<Action, { type: 'start-push' }>): void {
    const { order, image, gateway, report } = this.#parts;
    const device = gateway.device();
    if (!device || !image) return this.lost();
    const { coap, clock } = gateway;
    const { timing, firstBlockTimeoutMs, busyRetryMs } = gateway.classOf();
    this.#push?.stop();
    this.#push = new Push(device, offset, {
      coap,
      image,
      path,
      blockSize: order.blockSize,
      timing,
      firstBlockTimeoutMs,
      busyRetryMs: busyRetryMs === undefined ? undefined : clock.wallMs(busyRetryMs as Duration),
      now: monotonicMs,
      isCompressed: clock.setting.scale > 1,
      pace: () => this.paceMs,
      sent: (block) => this.#pushed(block),
      askedFor: (bytes) => gateway.noteBlockSize(bytes),
      report,
    });
    this.#push.start();
  }

  stopPush(): void {
    this.#push?.stop();
    this.#push = undefined;
  }

  /** A block is too much for an address that nobody has answered from: an answer to something small comes first. */
  moved(confirm: Confirm): void {
    const push = this.#push;
    if (!push) return;
    push.hold();
    confirm(
      (device) => push.follow(device),
      () => push.giveUp(),
    );
  }

  /** Its budget is better spent elsewhere. */
  lost(): void {
    this.#watch.lost();
    this.#progress.flush();
    this.#parts.gateway.emit({ type: 'session-lost', offset: this.#parts.offset() });
  }

  arrived(): void {
    this.#watch.arrived();
  }

  /** Campaign ms that the device was awake on its account. */
  awake(ms: number): void {
    this.#progress.awake(ms);
  }

  /** What was counted so far is told, before whatever follows from it. */
  flush(): void {
    this.#progress.flush();
  }

  end(): void {
    this.#hasEnded = true;
    this.#parts.image?.done();
    this.#progress.flush();
    this.#alarms.stop();
    this.#push?.stop();
    this.#watch.stop();
  }

  #pushed(block: { readonly offset: number; readonly bytes: number; readonly retransmissions: number }): void {
    this.#parts.heard();
    this.#watch.block(block.bytes, block.retransmissions);
    this.#progress.count(block);
  }

  #watchTime(): void {
    const { inactivityMs, notAfter } = this.#parts.order;
    this.#alarms.in('silence', inactivityMs / 2);
    if (notAfter !== undefined) this.#alarms.at('window-end', notAfter);
  }

  /** A device that fetches nothing any more is noticed also while a request to it is being repeated. */
  #lookForSilence(): void {
    const { order, isUnderWay, tick } = this.#parts;
    if (isUnderWay()) tick();
    // That may have been its end.
    if (!this.#hasEnded) this.#alarms.in('silence', order.inactivityMs / 2);
  }

  /** The transfer stops at this block boundary and keeps its offset. */
  #stopAtTheWindowsEnd(): void {
    if (!this.#parts.isUnderWay()) return;
    this.#parts.report({ type: 'suspend' });
    this.lost();
  }
}
