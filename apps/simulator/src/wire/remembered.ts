import { monotonicMs } from '@drover/platform';
import type { TimerOwner, Wheel } from '../wheel.ts';

interface Place {
  readonly peer: string;
  readonly messageId: number;
  readonly token: Uint8Array;
  readonly at: number;
  /** Nothing while it is being worked on. */
  answer?: Uint8Array;
}

/** A server has one request under way; what is older than these was repeated long ago. */
const KEPT = 16;
/** MAX_TRANSMIT_SPAN with an answer on its way, wall ms. */
const KEPT_MS = 150_000;

/**
 * The answers a device gives again to the same request: same message id, token and address, as one stack has it. It forgets
 * itself when nothing has come for a while, because most devices of a fleet are idle.
 */
export class Remembered {
  readonly #places: Place[] = [];
  readonly #owner: TimerOwner;
  readonly #wheel: Wheel;
  readonly #empty: () => void;

  constructor(owner: TimerOwner, wheel: Wheel, empty: () => void) {
    this.#owner = owner;
    this.#wheel = wheel;
    this.#empty = empty;
    this.#expireLater(KEPT_MS);
  }

  find(peer: string, messageId: number, token: Uint8Array): Place | undefined {
    return this.#places.find((place) => place.messageId === messageId && place.peer === peer && Buffer.compare(place.token, token) === 0);
  }

  add(peer: string, messageId: number, token: Uint8Array): Place {
    // A copy: the token is a view of a datagram that would be kept for it.
    const place: Place = { peer, messageId, token: token.slice(), at: monotonicMs() };
    this.#places.push(place);
    if (this.#places.length > KEPT) this.#places.shift();
    return place;
  }

  #expireLater(ms: number): void {
    this.#wheel.afterWall(this.#owner, ms, () => {
      const newest = this.#places.at(-1)?.at ?? 0;
      const left = newest + KEPT_MS - monotonicMs();
      if (left > 0) this.#expireLater(left);
      else this.#empty();
    });
  }
}
