import { BERT_SZX, offsetOf, sizeOfSzx } from './block.ts';
import type { Block } from './block.ts';
import { CODE } from './codes.ts';

export interface AssemblySettings {
  readonly maxBodyBytes: number;
  /** Past it the body that made no progress for longest goes, one that has only a first block before any other. */
  readonly maxPending: number;
  /** Past it the next one of the same peer is answered 5.03. */
  readonly maxPendingPerPeer: number;
  /** A body without a further block for this long is dropped; EXCHANGE_LIFETIME by RFC 7959. */
  readonly expiryMs: number;
}

export const DEFAULT_ASSEMBLY_SETTINGS: AssemblySettings = {
  maxBodyBytes: 65_536,
  maxPending: 1024,
  maxPendingPerPeer: 4,
  expiryMs: 247_000,
};

export interface BodyPart {
  readonly block: Block;
  readonly payload: Uint8Array;
  readonly contentFormat?: number;
  readonly etag?: Uint8Array;
  /** Size1 or Size2: refuses a body that will not fit before its first block is kept. */
  readonly announcedSize?: number;
  /** Tells bodies apart that one peer sends to one path at the same time (RFC 9175 section 3). */
  readonly requestTag?: readonly Uint8Array[];
}

export type AssemblyOutcome =
  /** Block1: answer 2.31 with `block`. Block2: ask for the block at `received`, which by BERT is not the next number. */
  | { readonly type: 'continue'; readonly block: Block; readonly received: number }
  | { readonly type: 'complete'; readonly body: Uint8Array; readonly block: Block; readonly contentFormat?: number }
  /** `code` is what to answer a Block1 with; a Block2 body is given up, or asked for again from 0. */
  | { readonly type: 'refused'; readonly code: number; readonly maxBodyBytes?: number };

interface Pending {
  readonly peer: string;
  readonly parts: Uint8Array[];
  readonly contentFormat?: number;
  readonly etag: string;
  length: number;
  expiresAt: number;
}

/** How many of the oldest bodies are looked at for one that has only just begun. */
const LOOKS_FOR_ROOM = 64;

/**
 * Puts bodies together that arrive in blocks: a device's Register by Block1, a long answer by Block2. One body per
 * peer, path and Request-Tag at a time; a new block 0 replaces an unfinished one.
 */
export class BlockAssembly {
  readonly #settings: AssemblySettings;
  /** In order of their last progress. */
  readonly #pending = new Map<string, Pending>();
  readonly #perPeer = new Map<string, number>();

  constructor(settings: Partial<AssemblySettings> = {}) {
    this.#settings = { ...DEFAULT_ASSEMBLY_SETTINGS, ...settings };
  }

  get pending(): number {
    return this.#pending.size;
  }

  add(from: { readonly peer: string; readonly path: string }, part: BodyPart, now: number): AssemblyOutcome {
    this.#expire(now);
    const key = keyOf(from, part.requestTag);
    const { block, payload } = part;
    const offset = offsetOf(block);
    if (block.more && !isWhole(block, payload.length)) return this.#refuse(key, CODE.BAD_REQUEST);
    if (Math.max(part.announcedSize ?? 0, offset + payload.length) > this.#settings.maxBodyBytes) return this.#tooLarge(key);

    if (offset === 0) this.#drop(key);
    const body = this.#pending.get(key) ?? (offset === 0 ? this.#begin(from.peer, part) : undefined);
    if (body === undefined) return this.#refuse(key, CODE.REQUEST_ENTITY_INCOMPLETE);
    // The last block again under a new message id: its sender missed our answer.
    const again = offset < body.length && offset + payload.length === body.length;
    const fits = (again || offset === body.length) && body.contentFormat === part.contentFormat && body.etag === etagText(part);
    if (!fits) return this.#refuse(key, CODE.REQUEST_ENTITY_INCOMPLETE);
    if (!again) this.#append(body, payload);
    return this.#answer(key, body, { block, now });
  }

  #answer(key: string, body: Pending, { block, now }: { block: Block; now: number }): AssemblyOutcome {
    this.#drop(key);
    if (!block.more) return { type: 'complete', body: Buffer.concat(body.parts), block, contentFormat: body.contentFormat };
    const ofPeer = this.#perPeer.get(body.peer) ?? 0;
    if (ofPeer >= this.#settings.maxPendingPerPeer) return { type: 'refused', code: CODE.SERVICE_UNAVAILABLE };
    if (this.#pending.size >= this.#settings.maxPending) this.#makeRoom();
    body.expiresAt = now + this.#settings.expiryMs;
    this.#pending.set(key, body); // At the end: the map stays in order of expiry.
    this.#perPeer.set(body.peer, ofPeer + 1);
    return { type: 'continue', block, received: body.length };
  }

  forget(from: { readonly peer: string; readonly path: string }): void {
    this.#drop(keyOf(from, undefined));
  }

  #drop(key: string): void {
    const body = this.#pending.get(key);
    if (body === undefined) return;
    this.#pending.delete(key);
    const left = (this.#perPeer.get(body.peer) ?? 1) - 1;
    if (left === 0) this.#perPeer.delete(body.peer);
    else this.#perPeer.set(body.peer, left);
  }

  /** Who floods us with first blocks pushes out first blocks, not the third of a device that is getting on. */
  #makeRoom(): void {
    let oldest: string | undefined;
    let looks = LOOKS_FOR_ROOM;
    for (const [key, { parts }] of this.#pending) {
      if (parts.length === 1) return this.#drop(key);
      oldest ??= key;
      if (--looks === 0) break;
    }
    if (oldest !== undefined) this.#drop(oldest);
  }

  #begin(peer: string, part: BodyPart): Pending {
    return { peer, parts: [], contentFormat: part.contentFormat, etag: etagText(part), length: 0, expiresAt: 0 };
  }

  /** A copy: the payload is a view of a datagram that will be reused. */
  #append(body: Pending, payload: Uint8Array): void {
    body.parts.push(payload.slice());
    body.length += payload.length;
  }

  #refuse(key: string, code: number): AssemblyOutcome {
    this.#drop(key);
    return { type: 'refused', code };
  }

  #tooLarge(key: string): AssemblyOutcome {
    this.#drop(key);
    return { type: 'refused', code: CODE.REQUEST_ENTITY_TOO_LARGE, maxBodyBytes: this.#settings.maxBodyBytes };
  }

  #expire(now: number): void {
    for (const [key, body] of this.#pending) {
      if (body.expiresAt > now) return;
      this.#drop(key);
    }
  }
}

/** A block that is not the last one is full; by BERT it is one or more full ones. */
function isWhole({ szx }: Block, length: number): boolean {
  const size = sizeOfSzx(szx);
  return szx === BERT_SZX ? length > 0 && length % size === 0 : length === size;
}

function keyOf({ peer, path }: { readonly peer: string; readonly path: string }, requestTag: BodyPart['requestTag']): string {
  const tags = requestTag?.map((tag) => Buffer.from(tag).toString('hex')).join() ?? '';
  return `${peer} ${path} ${tags}`;
}

function etagText(part: BodyPart): string {
  return part.etag === undefined ? '' : Buffer.from(part.etag).toString('hex');
}
