import type { DroverError, Instant } from '@drover/kernel';
import type { Outlook, OutlookOptions, OutlookProgress } from '@drover/schedule';
import type { OutlookSource } from './snapshot-maker.ts';

export type ForecastState = 'queued' | 'collecting' | 'running' | 'done' | 'failed' | 'cancelled';

export interface ForecastAsked {
  readonly id: string;
  /** `namespace/name` of the campaign, or of the plan of one. */
  readonly key: string;
  readonly namespace: string;
  readonly campaign: string;
  readonly isPlan: boolean;
  readonly source: OutlookSource;
  readonly options: OutlookOptions;
  readonly askedAt: Instant;
  /** What has to happen first, and is taken for done. */
  readonly assumes: readonly string[];
}

/** One forecast from the question to its answer. Lives as long as somebody may ask for it, and at most as long as the process. */
export class ForecastTicket {
  readonly asked: Omit<ForecastAsked, 'source'>;
  /** Let go of as soon as it has been copied. */
  source: OutlookSource | undefined;
  #state: ForecastState = 'queued';
  #revision = 0;
  #progress: OutlookProgress = { done: 0, of: 0 };
  #outlook: Outlook | undefined;
  #failure: DroverError | undefined;
  #lookedAt: number;
  readonly #waiters = new Set<() => void>();

  /** `wallNow`: monotonic ms; who asks has looked. */
  constructor({ source, ...asked }: ForecastAsked, wallNow: number) {
    this.asked = asked;
    this.source = source;
    this.#lookedAt = wallNow;
  }

  get state(): ForecastState {
    return this.#state;
  }

  /** Goes up with every change, so that one can ask for what is new. */
  get revision(): number {
    return this.#revision;
  }

  get progress(): OutlookProgress {
    return this.#progress;
  }

  get outlook(): Outlook | undefined {
    return this.#outlook;
  }

  get failure(): DroverError | undefined {
    return this.#failure;
  }

  get isSettled(): boolean {
    return this.#state === 'done' || this.#state === 'failed' || this.#state === 'cancelled';
  }

  /** Whether anybody has been waiting for it within the last `ms`. */
  isWatched(wallNow: number, ms: number): boolean {
    return this.#waiters.size > 0 || wallNow - this.#lookedAt < ms;
  }

  lookedAt(wallNow: number): void {
    this.#lookedAt = wallNow;
  }

  goesOn(state: 'collecting' | 'running'): void {
    this.#become(state);
  }

  progressed(progress: OutlookProgress): void {
    this.#progress = progress;
    this.#become('running');
  }

  done(outlook: Outlook): void {
    this.#outlook = outlook;
    this.#become('done');
  }

  failed(failure: DroverError): void {
    this.#failure = failure;
    this.#become('failed');
  }

  cancel(): void {
    this.#become('cancelled');
  }

  /** Resolves when something is newer than `revision`, after `ms`, or when who waits has gone. */
  newerThan(revision: number, ms: number, gone?: AbortSignal): Promise<void> {
    if (this.isSettled || this.#revision > revision || ms <= 0 || gone?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        gone?.removeEventListener('abort', done);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      gone?.addEventListener('abort', done);
      this.#waiters.add(done);
    });
  }

  #become(state: ForecastState): void {
    if (this.isSettled) return;
    this.#state = state;
    this.#revision += 1;
    if (this.isSettled) this.source = undefined;
    for (const done of [...this.#waiters]) done();
  }
}
