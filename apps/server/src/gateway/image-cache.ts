import { createHash } from 'node:crypto';
import { closeSync, createReadStream, existsSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfBytes, type Digest } from '@drover/kernel';
import type { BlobStore } from '@drover/firmware-store/stores';

/** An image on the gateway's own disk, read block by block, never whole in memory. Open as long as somebody uses it. */
export class CachedImage {
  readonly size: number;
  readonly path: string;
  readonly #fd: number;
  #users = 0;
  #isDiscarded = false;

  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'r');
    this.size = fstatSync(this.#fd).size;
  }

  /** `undefined` when the disk gives less than it should: nothing of that is served. */
  read(offset: number, length: number): Uint8Array | undefined {
    const block = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - offset)));
    try {
      return readSync(this.#fd, block, 0, block.length, offset) === block.length ? block : undefined;
    } catch {
      return undefined;
    }
  }

  /** Over the bytes that will be served, not over what their name says. */
  async digest(): Promise<Digest> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(this.path)) hash.update(chunk as Buffer);
    return digestOfBytes(hash.digest());
  }

  /** Each use ends with `done`: a descriptor must not be closed, and reused for another file, under one who reads. */
  use(): this {
    this.#users += 1;
    return this;
  }

  done(): void {
    this.#users -= 1;
    if (this.#users === 0 && this.#isDiscarded) closeSync(this.#fd);
  }

  discard(): void {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    if (this.#users === 0) closeSync(this.#fd);
  }
}

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
