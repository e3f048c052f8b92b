import type { Instant } from '@drover/kernel';
import type { BootstrapReport } from '../../link/bootstrap.ts';

type Refusal = Extract<BootstrapReport, { type: 'bootstrap-refused' }>;

/** Refusals told in a minute; the rest are counted, and told with the next. */
const TOLD_PER_MINUTE = 30;
const MINUTE_MS = 60_000;

export interface RefusalsParts {
  readonly clock: () => Instant;
  readonly now: () => number;
  readonly tell: (report: Refusal) => void;
}

/** Who was turned away, for the audit log: a flood of them is a few events with a count. */
export class Refusals {
  readonly #parts: RefusalsParts;
  #since = Number.NEGATIVE_INFINITY;
  #told = 0;
  #untold = 0;

  constructor(parts: RefusalsParts) {
    this.#parts = parts;
  }

  note(refusal: Pick<Refusal, 'code' | 'endpoint' | 'identity' | 'from'>): void {
    const now = this.#parts.now();
    if (now - this.#since >= MINUTE_MS) [this.#since, this.#told] = [now, 0];
    this.#untold += 1;
    if (this.#told >= TOLD_PER_MINUTE) return;
    this.#told += 1;
    this.#parts.tell({ type: 'bootstrap-refused', at: this.#parts.clock(), count: this.#untold, ...refusal });
    this.#untold = 0;
  }
}
