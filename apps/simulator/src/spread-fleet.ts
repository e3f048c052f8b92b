import { fork, type ChildProcess } from 'node:child_process';
import type { Report, Sighting } from './report.ts';
import type { Share } from './processes.ts';
import type { AirRows } from './watch/air-watch.ts';
import { WholeFleet } from './whole-fleet.ts';

/** A fleet that runs, in this process or in several. */
export interface RunningFleet {
  readonly ready: Promise<unknown>;
  start(): void;
  stop(): void;
  hold(when: { readonly from?: number; readonly until?: number }): void;
  sighting(): Sighting | Promise<Sighting>;
  report(): Report | Promise<Report>;
}

type Said =
  | { readonly type: 'ready' }
  | { readonly type: 'sighting'; readonly sighting: Sighting; readonly rows: AirRows }
  | { readonly type: 'report'; readonly report: Report; readonly rows: AirRows };

/** How often the processes are asked what was on the air, wall ms: what they have not told they have to remember. */
const LOOK_EVERY_MS = 2000;

export interface SpreadSetting {
  /** What a process runs, and with which arguments beside its share. */
  readonly script: string;
  readonly args: readonly string[];
  readonly shares: readonly Share[];
  /** Allowed share of a carrier, 0–1. */
  readonly airtime: number;
  /** A process has ended by itself. */
  readonly died: (why: string) => void;
}

/** A fleet in as many processes as its sockets need, each of which knows the same plan and holds its share of it. */
export class SpreadFleet implements RunningFleet {
  readonly #script: string;
  readonly #args: readonly string[];
  readonly #shares: readonly Share[];
  readonly #died: (why: string) => void;
  readonly #whole: WholeFleet;
  #looks: NodeJS.Timeout | undefined;
  #children: readonly ChildProcess[] = [];
  #isStopped = false;
  #isReady: () => void = () => undefined;
  readonly ready = new Promise<void>((resolve) => (this.#isReady = resolve));

  constructor({ script, args, shares, airtime, died }: SpreadSetting) {
    this.#script = script;
    this.#args = args;
    this.#shares = shares;
    this.#died = died;
    this.#whole = new WholeFleet(airtime);
  }

  start(): void {
    this.#children = this.#shares.map(({ from, to }) => this.#startOne(['--share', `${from}-${to}`]));
    void Promise.all(this.#children.map((child) => said(child, 'ready'))).then(() => this.#isReady());
    this.#looks = setInterval(() => void this.sighting(), LOOK_EVERY_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#looks);
    for (const child of this.#children) if (child.connected) child.send({ type: 'stop' });
  }

  hold(when: { readonly from?: number; readonly until?: number }): void {
    for (const child of this.#children) child.send({ type: 'hold', ...when });
  }

  async sighting(): Promise<Sighting> {
    return this.#whole.sighting((await this.#ask('sighting')).map(({ sighting }) => sighting));
  }

  async report(): Promise<Report> {
    const reports = (await this.#ask('report')).map(({ report }) => report);
    return { ...this.#whole.sighting(reports), devices: reports.flatMap(({ devices }) => devices) };
  }

  #ask<T extends 'sighting' | 'report'>(type: T): Promise<Extract<Said, { type: T }>[]> {
    return Promise.all(
      this.#children.map((child) => {
        const answer = said(child, type);
        child.send({ type });
        return answer as Promise<Extract<Said, { type: T }>>;
      }),
    );
  }

  #startOne(share: readonly string[]): ChildProcess {
    const child = fork(this.#script, [...this.#args, ...share], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('exit', (code) => this.#isStopped || this.#died(`a process of the fleet ended with ${code}`));
    // By a listener of its own: whoever waits for an answer, its rows are counted once.
    child.on('message', (message: Said) => {
      if (message.type !== 'ready') this.#whole.take(message.rows);
    });
    return child;
  }
}

function said(child: ChildProcess, type: Said['type']): Promise<Said> {
  return new Promise((resolve) => {
    const listen = (message: unknown): void => {
      if ((message as Said).type !== type) return;
      child.off('message', listen);
      resolve(message as Said);
    };
    child.on('message', listen);
  });
}
