import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Digest, digestOfBytes } from '@drover/kernel';
import { ArtifactError } from '../trust/errors.ts';
import type { ImageDigest } from '../trust/verify.ts';
import { BlobStore, type BlobReader } from './blob-store.ts';
import { onDisk, syncDirectory, systemCode } from './disk.ts';

export interface DirectoryLimits {
  /** Largest image that is taken. */
  readonly maxBytes: number;
}

const MEBIBYTE = 1024 * 1024;
const READ_MAX = MEBIBYTE;

/** Images as files: `sha256/ab/cdef…`. One process writes to a directory; any number may read. */
export class DirectoryBlobStore extends BlobStore {
  readonly #root: string;
  readonly #incoming: string;
  readonly #limits: DirectoryLimits;

  private constructor(root: string, limits: DirectoryLimits) {
    super();
    this.#root = root;
    this.#incoming = join(root, 'incoming');
    this.#limits = limits;
  }

  /** Makes the directory where there is none, and sweeps out what a crash left half written. */
  static async start(root: string, limits: DirectoryLimits = { maxBytes: 256 * MEBIBYTE }): Promise<DirectoryBlobStore> {
    const store = new DirectoryBlobStore(root, limits);
    await onDisk(async () => {
      await rm(store.#incoming, { recursive: true, force: true });
      await mkdir(store.#incoming, { recursive: true });
    });
    return store;
  }

  /** For a process that only reads, beside the one that writes: leaves what is half written alone. */
  static reading(root: string): DirectoryBlobStore {
    return new DirectoryBlobStore(root, { maxBytes: 0 });
  }

  async put(source: AsyncIterable<Uint8Array>): Promise<ImageDigest> {
    const path = join(this.#incoming, randomUUID());
    try {
      const file = await onDisk(() => open(path, 'wx'));
      const image = await this.#receive(source, file).finally(() => onDisk(() => file.close()));
      await onDisk(() => this.#settle(path, this.#pathOf(image.digest)));
      return image;
    } finally {
      // Gone already where all went well. What cannot be removed now is swept out at the next start.
      await rm(path, { force: true }).catch(() => undefined);
    }
  }

  async #receive(source: AsyncIterable<Uint8Array>, file: FileHandle): Promise<ImageDigest> {
    const { maxBytes } = this.#limits;
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of source) {
      size += chunk.length;
      if (size > maxBytes) throw new ArtifactError('ARTIFACT_TOO_LARGE', `the image is larger than ${maxBytes} bytes`);
      hash.update(chunk);
      await onDisk(() => file.appendFile(chunk));
    }
    await onDisk(() => file.sync());
    return { digest: digestOfBytes(hash.digest()), size };
  }

  /** Within one file system a rename is atomic: readers find the whole image or none. */
  async #settle(from: string, to: string): Promise<void> {
    const folder = dirname(to);
    await mkdir(folder, { recursive: true });
    await rename(from, to);
    for (const directory of [folder, dirname(folder), this.#root]) await syncDirectory(directory);
  }

  async open(digest: Digest): Promise<BlobReader> {
    const file = await onDisk(() => open(this.#pathOf(digest), 'r').catch((error: unknown) => refuseMissing(error, digest)));
    const { size } = await onDisk(() => file.stat());
    return {
      size,
      close: () => file.close(),
      read: async (offset, length) => {
        const piece = Buffer.alloc(Math.max(0, Math.min(length, READ_MAX, size - offset)));
        const { bytesRead } = await onDisk(() => file.read(piece, 0, piece.length, offset));
        return piece.subarray(0, bytesRead);
      },
    };
  }

  async measure(digest: Digest): Promise<ImageDigest> {
    const reader = await this.open(digest);
    try {
      const hash = createHash('sha256');
      let size = 0;
      for (let piece = await reader.read(0, READ_MAX); piece.length > 0; piece = await reader.read(size, READ_MAX)) {
        hash.update(piece);
        size += piece.length;
      }
      return { digest: digestOfBytes(hash.digest()), size };
    } finally {
      await reader.close();
    }
  }

  async has(digest: Digest): Promise<boolean> {
    const found = await onDisk(() => stat(this.#pathOf(digest)).catch(undefinedIfMissing));
    return found !== undefined;
  }

  async delete(digest: Digest): Promise<void> {
    await onDisk(() => rm(this.#pathOf(digest), { force: true }));
  }

  async *list(): AsyncGenerator<Digest> {
    const all = join(this.#root, 'sha256');
    for (const folder of await namesIn(all)) {
      for (const file of await namesIn(join(all, folder))) {
        if (/^[0-9a-f]{64}$/.test(folder + file)) yield Digest(`sha256:${folder}${file}`);
      }
    }
  }

  #pathOf(digest: Digest): string {
    const hex = Digest(digest).slice('sha256:'.length);
    return join(this.#root, 'sha256', hex.slice(0, 2), hex.slice(2));
  }
}

async function namesIn(path: string): Promise<string[]> {
  const names = await onDisk(() => readdir(path).catch(undefinedIfMissing));
  return (names ?? []).sort();
}

function undefinedIfMissing(error: unknown): undefined {
  const code = systemCode(error);
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}

function refuseMissing(error: unknown, digest: Digest): never {
  if (systemCode(error) === 'ENOENT') throw new ArtifactError('ARTIFACT_NOT_FOUND', `no image ${digest} is stored`);
  throw error;
}
