import { DroverError, type Digest, type Instant, type Json } from '@drover/kernel';
import { parseReleasePolicy, verifyForServe } from '@drover/firmware-store';
import type { OfferOrder } from '../link/messages.ts';
import type { CachedImage, ImageCache } from './image-cache.ts';

export type DoorOutcome =
  { readonly type: 'open'; readonly image: CachedImage } | { readonly type: 'shut'; readonly code: string; readonly why: string };

/**
 * The last door: before the URI or block 0 of an attempt, and again when a trust fact changes. It believes nobody, the
 * engine included: signatures, expiry, withdrawal, device, and the digest of the copy that will be served.
 */
export class ServeDoor {
  readonly #cache: ImageCache;
  readonly #now: () => Instant;
  #withdrawn: ReadonlySet<Digest> = new Set();

  constructor(cache: ImageCache, now: () => Instant) {
    this.#cache = cache;
    this.#now = now;
  }

  setWithdrawn(digests: readonly Digest[]): void {
    this.#withdrawn = new Set(digests);
  }

  /** An update that is past its transfer needs the image no more: nothing of it will be served. */
  async image(order: OfferOrder): Promise<DoorOutcome> {
    try {
      return { type: 'open', image: await this.#cache.get(order.digest) };
    } catch (error) {
      return shut(error);
    }
  }

  async open(order: OfferOrder): Promise<DoorOutcome> {
    try {
      const image = await this.#cache.get(order.digest);
      const measured = { digest: await image.digest(), size: image.size };
      if (measured.digest !== order.digest) await this.#cache.discard(order.digest);
      const artifact = { envelope: Buffer.from(order.envelope, 'base64'), image: measured };
      const trust = { policy: parseReleasePolicy(order.policy as Json), withdrawn: this.#withdrawn };
      verifyForServe(artifact, trust, order.device, this.#now());
      return { type: 'open', image };
    } catch (error) {
      return shut(error);
    }
  }
}

function shut(error: unknown): DoorOutcome {
  if (error instanceof DroverError) return { type: 'shut', code: error.code, why: error.message };
  throw error;
}
