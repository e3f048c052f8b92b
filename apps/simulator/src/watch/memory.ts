import type { Instant } from '@drover/kernel';

export interface Installed {
  readonly at: Instant;
  readonly digest: string;
  readonly isIntact: boolean;
}

/** What a device remembers of what was done to it, for a checker that asks it and nobody else. Plain data. */
export interface DeviceMemory {
  readonly offers: number;
  readonly executes: number;
  readonly installs: number;
  readonly firstBlockAt?: Instant;
  readonly lastBlockAt?: Instant;
  readonly blocksOutsideWindow: number;
  readonly blocksUnderHold: number;
  readonly executesUnderHold: number;
  /** The version that a server has read last. */
  readonly versionTold?: string;
  /** With `--memory full` alone, and the first of each only. */
  readonly offered?: readonly { readonly at: Instant; readonly image: string }[];
  /** With the State that it was in when Execute came. */
  readonly executed?: readonly { readonly at: Instant; readonly state: number }[];
  readonly installed?: readonly Installed[];
}

export const NO_MEMORY: DeviceMemory = {
  offers: 0,
  executes: 0,
  installs: 0,
  blocksOutsideWindow: 0,
  blocksUnderHold: 0,
  executesUnderHold: 0,
};

/** A device that is attacked without end remembers the beginning of it. */
const MAX_KEPT = 200;

type Draft = { -readonly [K in keyof DeviceMemory]: DeviceMemory[K] };

/** The memory of one device while it lives, and what the observer needs to judge by. */
export class Recollection {
  readonly #draft: Draft = { ...NO_MEMORY };
  readonly #isFull: boolean;
  /** Digests that were installed, and not fallen back from. */
  readonly installed = new Set<string>();
  /** Execute was received, and State has not been read since. */
  isBlind = false;
  /** The image that is being taken in, by its URI or its first bytes. */
  underWay: string | undefined;

  constructor(isFull: boolean) {
    this.#isFull = isFull;
  }

  get lastBlockAt(): Instant | undefined {
    return this.#draft.lastBlockAt;
  }

  block(at: Instant, { isOutside, isHeld }: { isOutside: boolean; isHeld: boolean }): void {
    this.#draft.firstBlockAt ??= at;
    this.#draft.lastBlockAt = at;
    if (isOutside) this.#draft.blocksOutsideWindow += 1;
    if (isHeld) this.#draft.blocksUnderHold += 1;
  }

  offer(at: Instant, image: string): void {
    this.#draft.offers += 1;
    if (this.#isFull) this.#draft.offered = kept(this.#draft.offered, { at, image });
  }

  execute(at: Instant, { state, isHeld }: { state: number; isHeld: boolean }): void {
    this.#draft.executes += 1;
    if (isHeld) this.#draft.executesUnderHold += 1;
    if (this.#isFull) this.#draft.executed = kept(this.#draft.executed, { at, state });
  }

  install(installed: Installed): void {
    this.#draft.installs += 1;
    if (this.#isFull) this.#draft.installed = kept(this.#draft.installed, installed);
  }

  told(version: string): void {
    this.#draft.versionTold = version;
  }

  snapshot(): DeviceMemory {
    return { ...this.#draft };
  }
}

function kept<T>(list: readonly T[] = [], item: T): readonly T[] {
  return list.length < MAX_KEPT ? [...list, item] : list;
}
