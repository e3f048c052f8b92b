import {
  OSCORE_PREFIX,
  OscoreContext,
  OscoreContexts,
  OscoreError,
  type MarkWanted,
  type NamedContext,
  type OscoreMark,
} from '@drover/coap';
import { CredentialError, oscoreIdentity, usable, type CredentialBook, type KeyRing, type Sealed } from '@drover/credentials';
import type { Instant } from '@drover/kernel';
import type { Logger } from '@drover/platform';
import type { SealedSession, SecurityReport, SharedCredential } from '../../link/security.ts';
import { numberFloor, OSCORE_PER_SECOND } from '../number-floor.ts';
import { ContextKeys } from './context-keys.ts';

export interface OscoreDeskParts {
  readonly book: CredentialBook<SharedCredential>;
  readonly ring: Pick<KeyRing, 'open' | 'sealSession' | 'openSession'>;
  readonly log: Pick<Logger, 'error'>;
  /** Campaign time: what credentials expire by. */
  readonly clock: () => Instant;
  readonly now: () => number;
  /** Real time, ms since 1970. */
  readonly wall: () => number;
  readonly tell: (report: SecurityReport) => void;
  /** Contexts whose keys are kept; `KEPT_KEYS` without it. */
  readonly keptKeys?: number;
}

/** Numbers written down ahead at a time: a save for every few hundred messages, and at most so many skipped by a start. */
const RESERVE = 512;
const NUMBER_BYTES = 6;
/** A registration, and a download on a port of its own. */
const MOST_ADDRESSES = 2;
/** How often it is told that a context is in use, ms. */
const USE_TOLD_EVERY_MS = 3_600_000;

/** A context that somebody has spoken under since the start; what it knows of numbers and addresses is half a kilobyte, its keys are elsewhere. */
interface Known extends NamedContext {
  toldAt?: number;
  /** Where it has shown that it receives, the last one first. */
  shownAt: readonly string[];
}

/**
 * Security contexts of devices (RFC 8613), by the identity of their credential. What a context has sent is written down ahead
 * through the engine; what it has received is forgotten with this process, so each begins in doubt.
 */
export class OscoreDesk extends OscoreContexts {
  readonly #parts: OscoreDeskParts;
  readonly #keys: ContextKeys;
  readonly #known = new Map<string, Known>();
  /** Of an earlier process, opened when somebody speaks under it. */
  readonly #marks = new Map<string, Sealed>();

  constructor(parts: OscoreDeskParts) {
    super();
    this.#parts = parts;
    this.#keys = new ContextKeys(parts.ring, parts.keptKeys);
  }

  override find(kid: Uint8Array, kidContext: Uint8Array | undefined): NamedContext | undefined {
    return this.named(oscoreIdentity({ senderId: kid, ...(kidContext && { idContext: kidContext }) }));
  }

  override named(name: string): NamedContext | undefined {
    if (this.credentialOf(name)?.secret === undefined) return undefined;
    return this.#known.get(name) ?? this.#take(name);
  }

  /** Whose context this is; undefined when it opens nothing any more. */
  credentialOf(name: string): SharedCredential | undefined {
    const found = usable(this.#parts.book.with('oscore', name), { use: 'management', now: this.#parts.clock() });
    return 'credential' in found ? found.credential : undefined;
  }

  /** Whether a request was taken from it at this address since the start. */
  hasShown(name: string, address: string): boolean {
    return this.#known.get(name)?.shownAt.includes(address) === true;
  }

  /** A request was opened under it that is no recording, at an address that is its own. */
  heard(name: string, address: string): void {
    const known = this.#known.get(name);
    const now = this.#parts.now();
    if (known === undefined) return;
    if (known.shownAt[0] !== address)
      known.shownAt = [address, ...known.shownAt.filter((each) => each !== address)].slice(0, MOST_ADDRESSES);
    if (known.toldAt !== undefined && now - known.toldAt < USE_TOLD_EVERY_MS) return;
    known.toldAt = now;
    this.#parts.tell({ type: 'credential-used', kind: 'oscore', identity: name, at: this.#parts.clock() });
  }

  /** Numbers are used when this is on the disk, and not before. */
  write(name: string, { number, sendBelow }: MarkWanted): void {
    const bytes = Buffer.alloc(NUMBER_BYTES);
    bytes.writeUIntBE(sendBelow, 0, NUMBER_BYTES);
    const session = OSCORE_PREFIX + name;
    this.#parts.tell({ type: 'session-save', name: session, number, state: this.#parts.ring.sealSession(session, bytes) });
  }

  /** Every start is taken for one after a backup was put back, as with DTLS. */
  restore({ name: session, state }: SealedSession): void {
    const name = session.slice(OSCORE_PREFIX.length);
    if (this.#parts.book.with('oscore', name)?.secret === undefined) this.#parts.tell({ type: 'session-gone', name: session });
    else this.#marks.set(name, state);
  }

  /** After a credential has changed: a revoked one ends at once, and its keys are overwritten. */
  review({ kind, identity, state }: Pick<SharedCredential, 'kind' | 'identity' | 'state'>): void {
    if (kind !== 'oscore' || state !== 'revoked') return;
    const wasUsed = this.#known.delete(identity);
    const wasWritten = this.#marks.delete(identity);
    this.#keys.forget(identity);
    if (wasUsed || wasWritten) this.#parts.tell({ type: 'session-gone', name: OSCORE_PREFIX + identity });
  }

  get load(): { readonly contexts: number; readonly keys: number } {
    return { contexts: this.#known.size, keys: this.#keys.size };
  }

  #take(name: string): Known | undefined {
    try {
      const mark = this.#markOf(name);
      this.#keys.of(this.credentialOf(name)!);
      const context = new OscoreContext(() => this.#keys.of(this.#parts.book.with('oscore', name)!), { reserve: RESERVE, mark });
      const known: Known = { name, context, shownAt: [] };
      this.#known.set(name, known);
      return known;
    } catch (error) {
      if (!(error instanceof CredentialError) && !(error instanceof OscoreError)) throw error;
      // Without its mark it would use its numbers once more: it stays shut.
      this.#parts.log.error({ context: name, code: error.code }, 'an OSCORE context cannot be used: its device needs another one');
      return undefined;
    }
  }

  /** A context without a mark has one all the same: a crash leaves it looking like that, and so does a backup from before its first use. */
  #markOf(name: string): OscoreMark {
    const floor = numberFloor(this.#parts.wall(), OSCORE_PER_SECOND);
    const sealed = this.#marks.get(name);
    if (sealed === undefined) return { sendBelow: floor };
    const bytes = this.#parts.ring.openSession(OSCORE_PREFIX + name, sealed);
    return { sendBelow: Math.max(floor, bytes.readUIntBE(0, NUMBER_BYTES)) };
  }
}
