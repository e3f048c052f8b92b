import { ByIdentity } from './by-identity.ts';
import type { ServerSession } from './session.ts';

const LOOKS_FOR_ROOM = 16;

/** Connection IDs as keys: every byte is one character. Each record asks, and spreading the bytes would take four times as long. */
function keyOf(cid: Uint8Array): string {
  let key = '';
  for (let at = 0; at < cid.length; at++) key += String.fromCharCode(cid[at]!);
  return key;
}

/**
 * The established sessions: by Connection ID those that have one, by address the others. Two devices behind one NAT may get
 * the same address one after the other, so an address never ends a session that is known by its Connection ID.
 */
export class Sessions {
  readonly #byCid = new Map<string, ServerSession>();
  readonly #byAddress = new Map<string, ServerSession>();
  readonly #byIdentity = new ByIdentity();

  get size(): number {
    return this.#byCid.size + this.#byAddress.size;
  }

  withCid(cid: Uint8Array): ServerSession | undefined {
    return this.#byCid.get(keyOf(cid));
  }

  at(address: string): ServerSession | undefined {
    return this.#byAddress.get(address);
  }

  add(session: ServerSession): void {
    this.#byIdentity.add(session);
    const { readCid } = session.channel;
    if (readCid.length > 0) this.#byCid.set(keyOf(readCid), session);
    else this.#byAddress.set(session.path.proven, session);
  }

  remove(session: ServerSession): void {
    this.#byIdentity.remove(session);
    const { readCid } = session.channel;
    if (readCid.length > 0) this.#byCid.delete(keyOf(readCid));
    else if (this.#byAddress.get(session.path.proven) === session) this.#byAddress.delete(session.path.proven);
  }

  /** Of those with the identity of `session` the one that was silent longest, where there are `most` of them already. */
  surplusOf({ identityKey }: ServerSession, most: number): ServerSession | undefined {
    const same = identityKey === undefined ? [] : this.#byIdentity.of(identityKey);
    if (same.length < most) return undefined;
    return same.reduce((least, one) => (one.lastHeardAt < least.lastHeardAt ? one : least));
  }

  /** One that was not heard of for long: the one of a few that was silent longest, not of all. */
  leastLately(): ServerSession | undefined {
    let least: ServerSession | undefined;
    for (const map of [this.#byCid, this.#byAddress]) {
      for (const session of firstOf(map, LOOKS_FOR_ROOM))
        if (least === undefined || session.lastHeardAt < least.lastHeardAt) least = session;
    }
    return least;
  }

  *[Symbol.iterator](): IterableIterator<ServerSession> {
    yield* this.#byCid.values();
    yield* this.#byAddress.values();
  }
}

/** The first few, put behind the others so that the next look finds other ones. */
function firstOf(map: Map<string, ServerSession>, count: number): ServerSession[] {
  const first: [string, ServerSession][] = [];
  for (const entry of map) {
    if (first.length === count) break;
    first.push(entry);
  }
  for (const [key, session] of first) {
    map.delete(key);
    map.set(key, session);
  }
  return first.map(([, session]) => session);
}
