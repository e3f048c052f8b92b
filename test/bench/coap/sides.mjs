// The two processes of the coap bench: devices on one core, the server side on another, the same for us and for the peers.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { join } from 'node:path';

const hasTaskset = (() => {
  try {
    execFileSync('taskset', ['-c', '0', 'true']);
    return cpus().length > 1;
  } catch {
    return false;
  }
})();

export const pinned = hasTaskset ? 'each side on a core of its own' : 'not pinned: this machine has no taskset, or one core';

/** `taskset -c N` in front of a command, where there is one. */
export const onCore = (core, command, args) => (hasTaskset ? ['taskset', ['-c', String(core), command, ...args]] : [command, args]);

/** A process that is asked by message, one order after the other. */
export class Side {
  #child;
  #ended;
  constructor(script, core) {
    const [execPath, execArgv] = onCore(core, process.execPath, ['--max-semi-space-size=32']);
    const launch = hasTaskset ? { execPath, execArgv } : { execArgv };
    this.#child = fork(join(import.meta.dirname, script), { ...launch, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#ended = once(this.#child, 'exit').then(([code]) => Promise.reject(new Error(`${script} ended with ${code}`)));
    this.#ended.catch(() => undefined);
  }

  ask(order) {
    this.#child.send(order);
    const answer = new Promise((resolve) => this.#child.once('message', resolve));
    return Promise.race([answer, this.#ended]);
  }

  end() {
    this.#child.disconnect();
    this.#child.kill();
  }
}
