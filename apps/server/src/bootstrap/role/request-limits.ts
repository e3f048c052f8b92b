import { TokenBucket, type Rate } from '../../gateway/token-bucket.ts';

/** Bootstrap-Requests of one device: a few in a row after trouble, then one a minute of campaign time, by which it lives. */
const OF_ONE: Rate = { burst: 6, perSecond: 1 / 60 };
/**
 * Of all devices together: a key by chance and a commit for each. Without security anybody makes up names, each of which would
 * stay in the store: those are few, and take nothing from devices that have shown a key.
 */
const OF_ALL = { secured: { burst: 200, perSecond: 50 }, plain: { burst: 50, perSecond: 1 } } as const satisfies Record<string, Rate>;
/** Devices whose rate is remembered; past it the one that came first is forgotten. */
const REMEMBERED = 10_000;

/** How often devices may ask. A flood costs a few answers and no more. */
export class RequestLimits {
  readonly #all: Readonly<Record<keyof typeof OF_ALL, TokenBucket>>;
  readonly #ofOne = new Map<string, TokenBucket>();

  constructor(now: number) {
    this.#all = { secured: new TokenBucket(OF_ALL.secured, now), plain: new TokenBucket(OF_ALL.plain, now) };
  }

  /** `own`: campaign time; `now`: real ms, in which the work of all is done. */
  admits(endpoint: string, from: keyof typeof OF_ALL, { own: ownNow, now }: { readonly own: number; readonly now: number }): boolean {
    // Apart: whoever merely says that he is this device takes nothing from it.
    const name = `${from} ${endpoint}`;
    const own = this.#ofOne.get(name) ?? new TokenBucket(OF_ONE, ownNow);
    this.#ofOne.delete(name);
    this.#ofOne.set(name, own);
    if (this.#ofOne.size > REMEMBERED) this.#ofOne.delete(this.#ofOne.keys().next().value!);
    return own.take(ownNow) && this.#all[from].take(now);
  }
}
