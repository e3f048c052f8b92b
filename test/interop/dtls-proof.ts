import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SuiteName } from '@drover/dtls';

/** How a side is known to the other. */
export type Mode = 'psk' | 'x509' | 'rpk';

/** What was between the two, or what they did beside the handshake and data both ways. */
export type Condition = 'plain' | 'loss' | 'reordering' | 'small datagrams' | 'resumption' | 'Connection ID' | 'three source ports';

/** One thing that was seen to work. */
export interface Seen {
  readonly suite: SuiteName;
  readonly mode: Mode;
  /** What the peer was; we were the other. */
  readonly role: 'client' | 'server';
  readonly condition: Condition;
}

/** What a peer cannot do at all, so that nothing of it stands in the table. */
export interface Lack {
  readonly suites?: readonly SuiteName[];
  readonly mode?: Mode;
  readonly role?: 'client' | 'server';
  readonly why: string;
}

const OUT = join(import.meta.dirname, '..', '..', 'out');

/** What one suite has proved: `out/dtls-<peer>.json`, of which `npm run dtls-table` makes the table in docs/security.md. */
export class Proof {
  readonly #file: string;
  readonly #peer: string;
  readonly #seen: Seen[] = [];
  readonly #lacks: readonly Lack[];

  /** @param peer its name and version */
  constructor(file: string, peer: string, lacks: readonly Lack[] = []) {
    this.#file = file;
    this.#peer = peer;
    this.#lacks = lacks;
  }

  /** Called last in a test, when everything has held. */
  saw(seen: Seen): void {
    this.#seen.push(seen);
  }

  write(): void {
    if (this.#seen.length === 0) return;
    mkdirSync(OUT, { recursive: true });
    const text = JSON.stringify({ peer: this.#peer, seen: this.#seen, lacks: this.#lacks }, null, 2);
    writeFileSync(join(OUT, `dtls-${this.#file}.json`), `${text}\n`);
  }
}
