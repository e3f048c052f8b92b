import type { Digest } from '@drover/kernel';
import type { ImageDigest } from '../trust/verify.ts';

/** An open image, read in pieces. */
export interface BlobReader {
  readonly size: number;
  /** Up to `length` bytes, and never more than a mebibyte; fewer only at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Where images lie, each under the digest of its bytes. No image is ever whole in memory. */
export abstract class BlobStore {
  /** Stores what the source yields and says what it was. Whole or absent: a failed put leaves nothing behind. */
  abstract put(source: AsyncIterable<Uint8Array>): Promise<ImageDigest>;
  /** Refuses with `ARTIFACT_NOT_FOUND`. The caller closes the reader. */
  abstract open(digest: Digest): Promise<BlobReader>;
  /** Reads the stored bytes again and says what they are now: the name of a blob proves nothing about its content. */
  abstract measure(digest: Digest): Promise<ImageDigest>;
  abstract has(digest: Digest): Promise<boolean>;
  /** Nothing happens where nothing is. */
  abstract delete(digest: Digest): Promise<void>;
  abstract list(): AsyncIterable<Digest>;
}
