import { fork, type ChildProcess } from 'node:child_process';
import { mergeReports, type Report } from './report.ts';
import type { Share } from './processes.ts';

/** A fleet that runs, in this process or in several. */
export interface RunningFleet {
  readonly ready: Promise<unknown>;
  start(): void;
  stop(): void;
  hold(when: { readonly from?: number; readonly until?: number }): void;
  report(): Report | Promise<Report>;
}

type Said = { readonly type: 'ready' } | { readonly type: 'report'; readonly report: Report };

/** A fleet in as many processes as its sockets need, each of which knows the same plan and holds its share of it. */
export class SpreadFleet implements RunningFleet {
  readonly #script: string;
  readonly #args: readonly string[];
  readonly #shares: readonly Share[];
  readonly #died: (why: string) => void;
  #children: readonly ChildProcess[] = [];
  #isStopped = false;
  #isReady: () => void = () => undefined;
  readonly ready = new Promise<void>((resolve) => (this.#isReady = resolve));

  constructor(script: string, args: readonly string[], shares: readonly Share[], died: (why: string) => void) {
    this.#script = script;
    this.#args = args;
    this.#shares = shares;
    this.#died = died;
  }

  start(): void {
    this.#children = this.#shares.map(({ from, to }) => this.#startOne(['--share', `${from}-${to}`]));
    void Promise.all(this.#children.map((child) => said(child, 'ready'))).then(() => this.#isReady());
  }

  stop(): void {
    this.#isStopped = true;
    for (const child of this.#children) if (child.connected) child.send({ type: 'stop' });
  }

  hold(when: { readonly from?: number; readonly until?: number }): void {
    for (const child of this.#children) child.send({ type: 'hold', ...when });
  }

  async report(): Promise<Report> {
    const reports = await Promise.all(
      this.#children.map(async (child) => {
        const answer = said(child, 'report');
        child.send({ type: 'report' });
        return ((await answer) as Extract<Said, { type: 'report' }>).report;
      }),
    );
    return mergeReports(reports as [Report, ...Report[]]);
  }

  #startOne(share: readonly string[]): ChildProcess {
    const child = fork(this.#script, [...this.#args, ...share], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.once('exit', (code) => this.#isStopped || this.#died(`a process of the fleet ended with ${code}`));
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
