import { DroverError, type Digest, type Instant, type Json } from '@drover/kernel';
import { parseReleasePolicy, verifyForServe, verifySignatures, type SignedRelease } from '@drover/firmware-store';
import type { OfferOrder, Papers } from '../link/messages.ts';
import type { CachedImage } from './cached-image.ts';
import type { ImageCache } from './image-cache.ts';

/** `out-of-order`: the image cannot be read now, which says nothing about whether it may be served. */
export type DoorOutcome =
  | { readonly type: 'open'; readonly image: CachedImage }
  | { readonly type: 'shut' | 'out-of-order'; readonly code: string; readonly why: string };

/**
 * The last door: before the URI or block 0 of an attempt, and again when a trust fact changes. It believes nobody, the
 * engine included: signatures, expiry, withdrawal, device, and the digest of the copy that will be served.
 */
export class ServeDoor {
  readonly #cache: ImageCache;
  readonly #now: () => Instant;
  readonly #signed = new WeakMap<Papers, SignedRelease>();
  #withdrawn: ReadonlySet<Digest> = new Set();

  constructor(cache: ImageCache, now: () => Instant) {
    this.#cache = cache;
    this.#now = now;
  }

  setWithdrawn(digests: readonly Digest[]): void {
    this.#withdrawn = new Set(digests);
  }

  async open(order: OfferOrder): Promise<DoorOutcome> {
    try {
      const image = await this.#cache.get(order.digest);
      const measured = { digest: await image.digest(), size: image.size };
      if (measured.digest !== order.digest) await this.#cache.discard(order.digest);
      verifyForServe(this.#signedBy(order.papers), { image: measured, withdrawn: this.#withdrawn }, order.device, this.#now());
      return { type: 'open', image };
    } catch (error) {
      return shut(error);
    }
  }

  /** Expiry, withdrawal, image and device are asked each time; the signatures of one and the same papers hold or do not. */
  #signedBy(papers: Papers): SignedRelease {
    const known = this.#signed.get(papers);
    if (known) return known;
    const signed = verifySignatures(Buffer.from(papers.envelope, 'base64'), parseReleasePolicy(JSON.parse(papers.policy) as Json));
    this.#signed.set(papers, signed);
    return signed;
  }
}

function shut(error: unknown): DoorOutcome {
  const isVerdict = error instanceof DroverError && (error.kind === 'trust' || error.kind === 'input');
  if (isVerdict) return { type: 'shut', code: error.code, why: error.message };
  const { code = 'IMAGE_UNREADABLE', message } = error as NodeJS.ErrnoException;
  return { type: 'out-of-order', code, why: message };
}
