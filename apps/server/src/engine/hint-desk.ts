import { DEFAULT_NAMESPACE, DroverError, MINUTE, plus, type Instant } from '@drover/kernel';
import type { NetworkHint } from '@drover/schedule';
import type { HintSource } from '../network/hint-source.ts';
import { draft, type Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import { ShareTeller } from './share-teller.ts';

/** How often sources are read, and the gateway is told what follows, wall ms. */
const READ_EVERY_MS = 5 * MINUTE;
const TELL_EVERY_MS = 1000;

/** How a source did when it was read last. */
export interface SourceState {
  readonly name: string;
  readonly readAt: Instant | undefined;
  readonly hints: number;
  readonly error: string | undefined;
}

/** Congestion by the words of 3GPP TS 29.122 (`nsiType`), as the part of a carrier that firmware takes then. */
export const CONGESTION = { HIGH: 0.1, MEDIUM: 0.5, LOW: 1 } as const;
export type Congestion = keyof typeof CONGESTION;
/** How long a report of congestion counts, unless another one follows. */
const REPORT_MS = 30 * MINUTE;

/** What networks say of themselves. It lowers what is taken of their carriers, from now or from when they say, and never raises it. */
export class HintDesk {
  readonly #engine: Engine;
  readonly #sources: readonly HintSource[];
  readonly #wallNow: () => number;
  readonly #states = new Map<string, SourceState>();
  readonly #teller = new ShareTeller();
  #readAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(parts: { engine: Engine; sources: readonly HintSource[]; wallNow: () => number }) {
    this.#engine = parts.engine;
    this.#sources = parts.sources;
    this.#wallNow = parts.wallNow;
  }

  get sources(): SourceState[] {
    return this.#sources.map(({ name }) => this.#states.get(name) ?? { name, readAt: undefined, hints: 0, error: undefined });
  }

  /** Nobody waits for a source: what it says counts when it is there. */
  tick(): void {
    const wall = this.#wallNow();
    if (wall - this.#readAt >= READ_EVERY_MS) {
      this.#readAt = wall;
      for (const source of this.#sources) void this.#read(source);
    }
    if (wall - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = wall;
    const news = this.#teller.news(this.#engine.state, this.#engine.clock.now());
    if (news) this.#engine.tell(news);
  }

  /** A network reports congestion, or that it is over. */
  report(operator: string, congestion: Congestion, actor: Actor): Promise<NetworkHint> {
    return this.#engine.change((unit) => {
      const hint: NetworkHint = {
        operator,
        cells: undefined,
        bearer: undefined,
        from: unit.now,
        until: plus(unit.now, REPORT_MS),
        share: CONGESTION[congestion],
        text: `the network reports congestion: ${congestion}`,
      };
      this.#engine.state.hints.put(`report ${operator}`, congestion === 'LOW' ? [] : [hint]);
      unit.audit(draft('network-reported', unit.now, { namespace: DEFAULT_NAMESPACE, actor }, { operator, congestion }));
      return hint;
    });
  }

  async #read(source: HintSource): Promise<void> {
    const before = this.#states.get(source.name);
    const readAt = this.#engine.clock.now();
    try {
      const hints = await source.read();
      this.#engine.state.hints.put(source.name, hints);
      this.#states.set(source.name, { name: source.name, readAt, hints: hints.length, error: undefined });
    } catch (error) {
      if (!(error instanceof DroverError)) throw error;
      this.#states.set(source.name, { name: source.name, readAt, hints: before?.hints ?? 0, error: `${error.code}: ${error.message}` });
      this.#engine.log.warn({ source: source.name, code: error.code, why: error.message }, 'a network hint source cannot be read');
    }
  }
}
