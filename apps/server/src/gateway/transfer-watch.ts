import type { Instant } from '@drover/kernel';
import type { OfferOrder } from '../link/messages.ts';
import { BlockWatch } from './block-watch.ts';
import type { ConversationParts } from './conversation-parts.ts';

type WatchParts = Pick<ConversationParts, 'carriers' | 'clock' | 'pacer' | 'emit'>;

/** How the blocks of one transfer go: what its carrier, its pace and what is known of its kind learn from them. */
export class TransferWatch {
  readonly #parts: WatchParts;
  readonly #order: OfferOrder;
  readonly #blocks: BlockWatch | undefined;
  /** The last block, and the pause that followed it, campaign ms; bytes that were served so far. */
  #blockAt: Instant | undefined;
  #paceMs = 0;
  #reached = 0;

  constructor(order: OfferOrder, parts: WatchParts) {
    this.#parts = parts;
    this.#order = order;
    if (order.phase !== 'transfer') return;
    parts.pacer.start(order.attempt, order);
    // A network does not run faster with a compressed clock.
    if (parts.clock.setting.scale === 1)
      this.#blocks = new BlockWatch((seen) => parts.emit({ type: 'blocks-seen', ...order.link, ...seen }));
  }

  served(offset: number, length: number): void {
    this.block(length, offset < this.#reached ? 1 : 0);
    this.#reached = Math.max(this.#reached, offset + length);
  }

  /** How long a block took, beside what it should take at its pace, is what tells that a carrier is full. */
  block(bytes: number, repeated: number): void {
    const { carriers, clock, pacer } = this.#parts;
    const { attempt, carrier, blockMs, share } = this.#order;
    const now = clock.now();
    const tookMs = this.#blockAt === undefined ? undefined : now - this.#blockAt;
    carriers.block({ carrier, tookMs, expectedMs: blockMs + this.#paceMs, blockMs, share, repeated });
    this.#blockAt = now;
    this.#paceMs = pacer.delayFor(attempt);
    this.#blocks?.block({ bytes, tookMs, repeated, isFree: this.#paceMs === 0 && pacer.isAlone(attempt) });
  }

  /** Silence: its share of the cell must not be held by a device that sleeps. */
  lost(): void {
    this.#parts.carriers.lost(this.#order.carrier);
    this.#blockAt = undefined;
    this.#blocks?.flush();
  }

  /** What has arrived takes no airtime any more; installing must not slow the neighbours down. */
  arrived(): void {
    this.#blocks?.flush();
    this.stop();
  }

  stop(): void {
    this.#parts.pacer.stop(this.#order.attempt);
  }
}
