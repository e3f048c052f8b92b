import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one exchange with other people's software came to. */
export interface Figure {
  readonly peer: string;
  readonly transport: string;
  readonly what: string;
  readonly bytes: number;
  readonly blocks: number;
  readonly seconds: number;
  /** Datagrams on UDP; on TCP writes of ours and reads from the socket. */
  readonly sent: number;
  readonly received: number;
}

const OUT = join(import.meta.dirname, '..', '..', 'out');

/** Figures of one suite: a JSON line each on standard output, and all of them in `out/interop-<suite>.json`. */
export class Figures {
  readonly #rows: Figure[] = [];
  readonly #suite: string;

  constructor(suite: string) {
    this.#suite = suite;
  }

  add(figure: Figure): void {
    this.#rows.push(figure);
    process.stdout.write(`${JSON.stringify(figure)}\n`);
  }

  write(): void {
    if (this.#rows.length === 0) return;
    mkdirSync(OUT, { recursive: true });
    writeFileSync(join(OUT, `interop-${this.#suite}.json`), `${JSON.stringify(this.#rows, null, 2)}\n`);
  }
}
