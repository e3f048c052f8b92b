import { DroverError, type Entropy } from '@drover/kernel';
import type { Outlook } from '@drover/schedule';
import type { Engine } from '../engine/engine.ts';
import { ForecastTicket, type ForecastAsked } from './forecast-ticket.ts';
import type { OutlookRunner, Running } from './outlook-thread.ts';
import { inSlices } from '../engine/in-slices.ts';
import { makeSnapshot } from './snapshot-maker.ts';

/** Forecasts that may wait for their turn; one is computed at a time. */
const MAX_QUEUED = 8;
/** Answers that are kept to be read again; one of these is a few tens of kilobytes. */
const MAX_KEPT = 64;
/** A forecast that nobody has asked for so long is given up, wall ms. */
const UNWATCHED_MS = 30_000;
const LOOK_EVERY_MS = 5000;

type Question = Omit<ForecastAsked, 'id' | 'key' | 'askedAt'>;

/** Who has asked for which forecast. Computes one at a time, off the engine's thread, and none that nobody waits for any more. */
export class ForecastDesk {
  readonly #engine: Engine;
  readonly #runner: OutlookRunner;
  readonly #entropy: Entropy;
  readonly #wallNow: () => number;
  /** The newest last. */
  readonly #tickets = new Map<string, ForecastTicket>();
  #current: { readonly ticket: ForecastTicket; running: Running | undefined } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(parts: { engine: Engine; runner: OutlookRunner; entropy: Entropy; wallNow: () => number }) {
    this.#engine = parts.engine;
    this.#runner = parts.runner;
    this.#entropy = parts.entropy;
    this.#wallNow = parts.wallNow;
  }

  /** Begins one, or joins the same one that is under way already. */
  ask(question: Question): ForecastTicket {
    const key = `${question.isPlan ? 'plan ' : ''}${question.namespace}/${question.campaign}`;
    const open = [...this.#tickets.values()].filter(({ isSettled }) => !isSettled);
    const same = open.find(({ asked }) => asked.key === key);
    if (same && isSameQuestion(same, question)) return this.#looked(same);
    if (same)
      throw new DroverError(
        'FORECAST_UNDER_WAY',
        'conflict',
        `another forecast of campaign ${question.campaign} is under way; wait for it or cancel it`,
      );
    if (open.length > MAX_QUEUED || this.#isStopped)
      throw new DroverError('FORECAST_QUEUE_FULL', 'transport', `${open.length} forecasts are under way already; ask again in a moment`);
    const id = Buffer.from(this.#entropy.bytes(9)).toString('base64url');
    const ticket = new ForecastTicket({ ...question, id, key, askedAt: this.#engine.clock.now() }, this.#wallNow());
    this.#tickets.set(id, ticket);
    this.#forgetOldest();
    this.#timer ??= setInterval(() => this.tick(), LOOK_EVERY_MS).unref();
    this.#next();
    return ticket;
  }

  find(id: string): ForecastTicket {
    const ticket = this.#tickets.get(id);
    if (!ticket) throw notFound(`no forecast ${id.slice(0, 40)} is known; forecasts are kept for a while only`);
    return this.#looked(ticket);
  }

  /** The newest of a campaign. */
  latest(namespace: string, campaign: string): ForecastTicket {
    const own = [...this.#tickets.values()].filter(
      ({ asked }) => asked.namespace === namespace && asked.campaign === campaign && !asked.isPlan,
    );
    const ticket = own.at(-1);
    if (!ticket) throw notFound(`nobody has asked for a forecast of campaign ${campaign} yet`);
    return this.#looked(ticket);
  }

  /** Waits for news of one. Who has gone meanwhile does not count as somebody who waits. */
  async news(ticket: ForecastTicket, { after, ms }: { after: number; ms: number }, gone: AbortSignal): Promise<void> {
    await ticket.newerThan(after, ms, gone);
    if (!gone.aborted) this.#looked(ticket);
  }

  cancel(ticket: ForecastTicket): void {
    ticket.cancel();
    if (this.#current?.ticket === ticket) this.#current.running?.stop();
  }

  /** Gives up what nobody waits for any more. */
  tick(): void {
    const now = this.#wallNow();
    let isBusy = false;
    for (const ticket of this.#tickets.values()) {
      if (ticket.isSettled) continue;
      if (ticket.isWatched(now, UNWATCHED_MS)) isBusy = true;
      else this.cancel(ticket);
    }
    if (isBusy) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Nest calls it when the server stops. */
  onModuleDestroy(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const ticket of this.#tickets.values()) this.cancel(ticket);
  }

  #looked(ticket: ForecastTicket): ForecastTicket {
    ticket.lookedAt(this.#wallNow());
    return ticket;
  }

  #next(): void {
    if (this.#current || this.#isStopped) return;
    const ticket = [...this.#tickets.values()].find(({ state }) => state === 'queued');
    if (!ticket) return;
    this.#current = { ticket, running: undefined };
    void this.#compute(ticket)
      .then((outlook) => outlook && ticket.done(outlook))
      .catch((error: unknown) => this.#failed(ticket, error))
      .finally(() => {
        this.#current = undefined;
        this.#next();
      });
  }

  async #compute(ticket: ForecastTicket): Promise<Outlook | undefined> {
    const { source } = ticket;
    if (!source) return undefined;
    ticket.goesOn('collecting');
    const { state, clock } = this.#engine;
    const stop = { get isStopped() { return ticket.isSettled; } }; // prettier-ignore
    const snapshot = await inSlices(makeSnapshot(source, state, clock.now()), stop);
    ticket.source = undefined;
    if (!snapshot || ticket.isSettled || !this.#current) return undefined;
    ticket.goesOn('running');
    this.#current.running = this.#runner.run({ snapshot, options: ticket.asked.options }, (progress) => ticket.progressed(progress));
    return this.#current.running.result;
  }

  /** What was stopped has been taken back already. */
  #failed(ticket: ForecastTicket, error: unknown): void {
    if (ticket.isSettled) return;
    this.#engine.log.error({ err: error, campaign: ticket.asked.campaign }, 'a forecast failed');
    ticket.failed(
      error instanceof DroverError
        ? error
        : new DroverError('FORECAST_FAILED', 'invariant', 'the forecast could not be computed', { cause: error }),
    );
  }

  #forgetOldest(): void {
    for (const [id, ticket] of this.#tickets) {
      if (this.#tickets.size <= MAX_KEPT) return;
      if (ticket.isSettled) this.#tickets.delete(id);
    }
  }
}

function isSameQuestion({ asked: { options } }: ForecastTicket, question: Question): boolean {
  const wanted = question.options;
  return options.runs === wanted.runs && options.seed === wanted.seed && options.deltaBytes === wanted.deltaBytes;
}

function notFound(message: string): DroverError {
  return new DroverError('FORECAST_NOT_FOUND', 'missing', message);
}
