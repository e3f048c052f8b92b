import { existsSync, mkdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@drover/kernel';
import type { BlobStore } from '@drover/firmware-store/stores';
import { CachedImage } from './cached-image.ts';

/** Copies images from the store once and keeps them by digest. */
export class ImageCache {
  readonly #folder: string;
  readonly #store: BlobStore;
  readonly #images = new Map<Digest, Promise<CachedImage>>();

  constructor(folder: string, store: BlobStore) {
    this.#folder = folder;
    this.#store = store;
    mkdirSync(folder, { recursive: true });
  }

  get(digest: Digest): Promise<CachedImage> {
    const known = this.#images.get(digest);
    if (known) return known;
    const fetched = this.#fetch(digest);
    this.#images.set(digest, fetched);
    fetched.catch(() => this.#images.delete(digest));
    return fetched;
  }

  /** A copy that does not hold what its name says is thrown away and fetched again next time. */
  async discard(digest: Digest): Promise<void> {
    const image = await this.#images.get(digest)?.catch(() => undefined);
    this.#images.delete(digest);
    image?.discard();
    await rm(this.#pathOf(digest), { force: true });
  }

  async #fetch(digest: Digest): Promise<CachedImage> {
    const path = this.#pathOf(digest);
    if (!existsSync(path)) {
      const reader = await this.#store.open(digest);
      const part = `${path}.part`;
      const file = await open(part, 'w');
      try {
        for (let offset = 0; offset < reader.size;) {
          const chunk = await reader.read(offset, 65_536);
          await file.write(chunk);
          offset += chunk.length;
        }
      } finally {
        await file.close();
        await reader.close();
      }
      await rename(part, path);
    }
    return new CachedImage(path);
  }

  #pathOf(digest: Digest): string {
    return join(this.#folder, digest.replace(':', '-'));
  }
}
