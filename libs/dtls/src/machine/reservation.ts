import { MAX_SEQUENCE } from '../record/record.ts';

/** How far both directions may count without asking the disk again. */
export interface Marks {
  /** We send lower numbers only. */
  readonly send: number;
  /** We take numbers up to and including it only. */
  readonly receive: number;
}

const UNBOUNDED: Marks = { send: Number.POSITIVE_INFINITY, receive: Number.POSITIVE_INFINITY };

/**
 * Numbers are written down before they are used: after a crash the session goes on behind what was reserved, so that no nonce
 * comes twice, and refuses what it may have received already. New marks count when they are safe on disk, and not before.
 */
export class Reservation {
  readonly #step: number;
  #marks: Marks;
  #asked?: { readonly number: number; readonly marks: Marks };
  #lastNumber = 0;

  /** @param step numbers at a time; 0: nothing is saved. @param marks of a session that comes from disk */
  constructor(step: number, marks?: Marks) {
    this.#step = step;
    this.#marks = marks ?? UNBOUNDED;
  }

  get marks(): Marks {
    return this.#marks;
  }

  get isOn(): boolean {
    return this.#step > 0;
  }

  /** Marks were asked for: before that a state is good for an orderly end only. */
  get isBounded(): boolean {
    return this.#marks !== UNBOUNDED;
  }

  /** A mark is near enough, or passed already, that new ones should be asked for; once, until they are there. */
  isNeeded(sendNext: number, received: number): boolean {
    if (!this.isOn || this.#asked !== undefined) return false;
    if (this.#marks === UNBOUNDED) return true;
    return this.#marks.send - sendNext < this.#step / 2 || this.#marks.receive - received < this.#step / 2;
  }

  /** The marks to write down, under the number that `saved` is to be called with. */
  ask(sendNext: number, received: number): { readonly number: number; readonly marks: Marks } {
    // The very last number is never used, nor taken: what stands behind it could not be written down.
    const marks = { send: Math.min(sendNext + this.#step, MAX_SEQUENCE), receive: Math.min(received + this.#step, MAX_SEQUENCE - 1) };
    this.#asked = { number: (this.#lastNumber += 1), marks };
    // Before its first save a session does not survive a crash at all: whatever it has used by then is forgotten with its keys.
    if (this.#marks === UNBOUNDED) this.#marks = marks;
    return this.#asked;
  }

  saved(number: number): void {
    if (this.#asked?.number !== number) return;
    this.#marks = this.#asked.marks;
    this.#asked = undefined;
  }
}
