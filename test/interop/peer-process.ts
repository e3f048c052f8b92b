import { spawn, type ChildProcess } from 'node:child_process';

/** A peer in a process of its own that says what it saw as lines of JSON. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #rest = '';
  #failed: string | undefined;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } });
    this.#child.stdout!.on('data', (chunk: Buffer) => this.#onText(chunk.toString()));
    this.#child.on('error', ({ message }) => {
      this.#failed = message;
    });
    this.#child.on('exit', (code) => {
      this.#failed = `it ended with ${code}`;
    });
  }

  /** The next line, parsed; rejects when the process ends before it. */
  async said<T>(): Promise<T> {
    while (this.#lines.length === 0) {
      if (this.#failed !== undefined) throw new TypeError(this.#failed);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return JSON.parse(this.#lines.shift()!) as T;
  }

  /** A line of its standard input. */
  tell(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  #onText(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    this.#lines.push(...lines.filter((line) => line.startsWith('{')));
  }
}
