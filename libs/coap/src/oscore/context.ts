import { OscoreError } from './errors.ts';
import { deriveKeys, type OscoreKeys, type OscoreSecret } from './keys.ts';
import { pivOf } from './option.ts';
import { ReplayWindow } from './replay-window.ts';

/** Above it a number has no Partial IV (RFC 8613 section 7.2.1). */
const MOST_SEQUENCE = 2 ** 40 - 1;

/** Our numbers that have been reserved on disk, so that none is used twice whatever happens to this process. */
export interface OscoreMark {
  /** Lower numbers may have been used: the next life begins here. */
  readonly sendBelow: number;
}

/** What a context asks for: write the mark down, then say `saved` with its number. */
export interface MarkWanted extends OscoreMark {
  readonly number: number;
}

export interface ContextOptions {
  /** Numbers that are reserved at a time; 0: the context does not outlive this process. */
  readonly reserve: number;
  /**
   * Of a context that may have been used before: it goes on behind its numbers, and does not know what it has received. One that
   * outlives this process has one from the start, of 0. Absent: nobody has used these keys.
   */
  readonly mark?: OscoreMark | undefined;
}

/** Gives the keys whenever they are asked for: of a million contexts most are idle, and need none. */
export type KeySource = () => OscoreKeys;

/** One security context: keys, numbers used, numbers received. */
export class OscoreContext {
  readonly #keys: KeySource;
  readonly #reserve: number;
  #next: number;
  #below: number;
  #wanted: MarkWanted | undefined;
  #isTold = false;
  #window: ReplayWindow | undefined;

  /** Throws OSCORE_KEYS for a secret that makes none. */
  constructor(secret: OscoreSecret | KeySource, { reserve, mark }: ContextOptions) {
    this.#keys = typeof secret === 'function' ? secret : kept(deriveKeys(secret));
    this.#reserve = reserve;
    this.#next = mark?.sendBelow ?? 0;
    this.#below = reserve === 0 ? Number.POSITIVE_INFINITY : this.#next;
    if (mark === undefined) this.#window = new ReplayWindow();
    this.#wantMark();
  }

  get keys(): OscoreKeys {
    return this.#keys();
  }

  /** All numbers are used; only other keys have new ones. */
  get isSpent(): boolean {
    return this.#next > MOST_SEQUENCE;
  }

  /** It may have received anything before: only whoever answers a challenge is heard (appendix B.1.2). */
  get isInDoubt(): boolean {
    return this.#window === undefined;
  }

  /** The next Partial IV. Throws OSCORE_SEQUENCE_EXHAUSTED where no number is reserved, or none is left. */
  nextPiv(): Uint8Array {
    if (this.isSpent) throw new OscoreError('OSCORE_SEQUENCE_EXHAUSTED', 'all numbers of this context are used');
    if (this.#next >= this.#below) throw new OscoreError('OSCORE_SEQUENCE_EXHAUSTED', 'no number is reserved yet');
    const piv = pivOf(this.#next++);
    this.#wantMark();
    return piv;
  }

  isNew(sequence: number): boolean {
    return this.#window?.isNew(sequence) ?? true;
  }

  received(sequence: number): void {
    this.#window?.take(sequence);
  }

  /** A request with this number was made after our challenge: what is older is refused from now on. */
  resolveDoubt(sequence: number): void {
    this.#window ??= new ReplayWindow(sequence);
  }

  /** The mark to be written down, once. */
  takeWanted(): MarkWanted | undefined {
    if (this.#isTold) return undefined;
    this.#isTold = true;
    return this.#wanted;
  }

  /** The mark of this number is safe on disk. */
  saved(number: number): void {
    if (this.#wanted?.number !== number) return;
    this.#below = this.#wanted.sendBelow;
    this.#wanted = undefined;
    this.#wantMark();
  }

  #wantMark(): void {
    if (this.#wanted !== undefined || this.#below - this.#next > this.#reserve / 2) return;
    this.#wanted = { number: this.#next, sendBelow: this.#next + this.#reserve };
    this.#isTold = false;
  }
}

const kept =
  (keys: OscoreKeys): KeySource =>
  () =>
    keys;
