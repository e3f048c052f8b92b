import type { UpdateFact } from '../link/messages.ts';

export type BlocksSeen = Omit<Extract<UpdateFact, { type: 'blocks-seen' }>, 'type' | 'bearer' | 'ce'>;

/** Told when so many have been seen that nothing held up, or so many at all; fewer than the least say nothing. */
const [ENOUGH_FREE, ENOUGH, LEAST] = [32, 256, 8];

export interface BlockSeen {
  readonly bytes: number;
  /** Since the one before it, campaign ms; undefined for the first of a session. */
  readonly tookMs: number | undefined;
  /** No pause was asked of it, and no other transfer is on its carrier. */
  readonly isFree: boolean;
  /** Times that it was asked for or sent once more. */
  readonly repeated: number;
}

/** Blocks of one transfer: how long those took that nothing held up, how many were repeated, and how fast all of them went. */
export class BlockWatch {
  readonly #tell: (seen: BlocksSeen) => void;
  #blockSize = 0;
  #wasFree = false;
  #blocks = 0;
  #repeated = 0;
  #bytes = 0;
  #spanMs = 0;
  #free: number[] = [];

  constructor(tell: (seen: BlocksSeen) => void) {
    this.#tell = tell;
  }

  block({ bytes, tookMs, isFree, repeated }: BlockSeen): void {
    const isSameSize = bytes === this.#blockSize;
    // Of another size: what has been seen of the one before is told, and the last block of an image is left at that.
    if (!isSameSize) this.flush();
    this.#blockSize = bytes;
    this.#blocks += 1;
    this.#repeated += repeated;
    this.#bytes += bytes;
    if (tookMs !== undefined) this.#spanMs += tookMs;
    if (isSameSize && isFree && this.#wasFree && repeated === 0 && tookMs !== undefined) this.#free.push(tookMs);
    this.#wasFree = isFree;
    if (this.#free.length >= ENOUGH_FREE || this.#blocks >= ENOUGH) this.flush();
  }

  /** Tells what there is; the session is over, or its image complete. */
  flush(): void {
    const [blocks, free] = [this.#blocks, this.#free];
    const seen = { blockSize: this.#blockSize, blocks, repeated: this.#repeated, bytes: this.#bytes, spanMs: Math.round(this.#spanMs) };
    this.#blocks = this.#repeated = this.#bytes = this.#spanMs = 0;
    this.#free = [];
    if (blocks < LEAST) return;
    this.#tell({ ...seen, medianMs: free.length < LEAST ? undefined : middleOf(free) });
  }
}

function middleOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
