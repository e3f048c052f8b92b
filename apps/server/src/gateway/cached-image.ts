import { createHash, hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { digestOfBytes, type Digest } from '@drover/kernel';

/** What is hashed by itself, bytes: small enough to be checked with each block, large enough that the hashes fit into memory. */
const LEAF = 4096;
const HASH_BYTES = 32;
const LEAVES_AT_ONCE = 16;
/** Kept in memory as they were verified, while somebody takes the image: a fleet takes the same megabyte for a while, and then the next. */
const RECENT_LEAVES = 256;

/**
 * An image on the gateway's own disk, read leaf by leaf, no more than a megabyte of it in memory. Its digest is taken once; from
 * then on every leaf that is read is held against its hash, so that what is served is what was verified, whoever writes to the file
 * meanwhile. Open as long as somebody uses it.
 */
export class CachedImage {
  readonly size: number;
  readonly path: string;
  readonly #fd: number;
  #users = 0;
  #isDiscarded = false;
  #digest: Promise<Digest> | undefined;
  /** By their offset, the oldest first. */
  readonly #recent = new Map<number, Uint8Array>();
  /** Hashes of the leaves, one after another; empty until the digest was taken. */
  #leaves: Uint8Array = new Uint8Array();

  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'r');
    this.size = fstatSync(this.#fd).size;
  }

  /** `undefined` when the disk gives less than it should, or other than was verified: nothing of that is served. Not to be written to. */
  read(offset: number, length: number): Uint8Array | undefined {
    const end = Math.min(offset + length, this.size);
    const from = offset - (offset % LEAF);
    const to = Math.min(this.size, Math.ceil(end / LEAF) * LEAF);
    const bytes = this.#recent.get(from);
    if (bytes !== undefined && to - from <= LEAF) return bytes.subarray(offset - from, end - from);
    return this.#verified(from, Math.max(0, to - from))?.subarray(offset - from, Math.max(0, end - from));
  }

  #verified(from: number, length: number): Uint8Array | undefined {
    const bytes = this.#bytes(from, length);
    if (bytes === undefined || this.#leaves.length === 0) return bytes;
    if (!this.#isAsVerified(bytes, from)) {
      // Whoever opens it next hashes it anew, and finds out.
      this.#digest = undefined;
      return undefined;
    }
    if (length > 0 && length <= LEAF) this.#keep(from, bytes);
    return bytes;
  }

  #keep(from: number, leaf: Uint8Array): void {
    const [oldest] = this.#recent.keys();
    if (this.#recent.size >= RECENT_LEAVES && oldest !== undefined) this.#recent.delete(oldest);
    this.#recent.set(from, leaf);
  }

  /** Over the bytes that will be served, not over what their name says. */
  digest(): Promise<Digest> {
    this.#digest ??= this.#measure();
    this.#digest.catch(() => (this.#digest = undefined));
    return this.#digest;
  }

  /** Each use ends with `done`: a descriptor must not be closed, and reused for another file, under one who reads. */
  use(): this {
    this.#users += 1;
    return this;
  }

  done(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#recent.clear();
    if (this.#isDiscarded) closeSync(this.#fd);
  }

  discard(): void {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    if (this.#users === 0) closeSync(this.#fd);
  }

  async #measure(): Promise<Digest> {
    const whole = createHash('sha256');
    const leaves = new Uint8Array(Math.ceil(this.size / LEAF) * HASH_BYTES);
    const file = await open(this.path);
    try {
      const chunk = Buffer.alloc(LEAVES_AT_ONCE * LEAF);
      for (let at = 0; at < this.size;) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
        if (bytesRead === 0) break;
        // A read may end anywhere; leaves do not, but for the last one.
        const length = at + bytesRead < this.size ? bytesRead - (bytesRead % LEAF) : bytesRead;
        // Cut off meanwhile, in the middle of a leaf: what was read so far is not the image, and says so.
        if (length === 0) break;
        whole.update(chunk.subarray(0, length));
        for (let leaf = 0; leaf < length; leaf += LEAF)
          leaves.set(hashOf(chunk.subarray(leaf, Math.min(leaf + LEAF, length))), ((at + leaf) / LEAF) * HASH_BYTES);
        at += length;
      }
    } finally {
      await file.close();
    }
    this.#leaves = leaves;
    return digestOfBytes(whole.digest());
  }

  #isAsVerified(bytes: Uint8Array, from: number): boolean {
    for (let at = 0; at < bytes.length; at += LEAF) {
      const place = ((from + at) / LEAF) * HASH_BYTES;
      if (hashOf(bytes.subarray(at, at + LEAF)).compare(this.#leaves, place, place + HASH_BYTES) !== 0) return false;
    }
    return true;
  }

  #bytes(offset: number, length: number): Buffer | undefined {
    const bytes = Buffer.allocUnsafe(length);
    try {
      return readSync(this.#fd, bytes, 0, length, offset) === length ? bytes : undefined;
    } catch {
      return undefined;
    }
  }
}

function hashOf(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}
