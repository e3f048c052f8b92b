import { KEY_SIZES, type DirectionKeys } from '../crypto/prf.ts';
import type { Cipher } from '../crypto/suites.ts';

export interface KeyParts {
  readonly cipher: Cipher;
  readonly write: DirectionKeys;
  readonly read: DirectionKeys;
  /** What the peer wants in records to it, and what we want in records to us; empty: none (RFC 9146). */
  readonly writeCid: Uint8Array;
  readonly readCid: Uint8Array;
}

/**
 * Keys and Connection IDs of a session in one piece of memory of its own. There may be a million of these: eight buffers would
 * be a kilobyte, and small ones are cut from slabs that a single one of them keeps alive. What is read from it is a view.
 */
export class PackedKeys {
  readonly cipher: Cipher;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #writeCidBytes: number;

  /** Copies; whoever made the parts may overwrite them. */
  constructor({ cipher, write, read, writeCid, readCid }: KeyParts) {
    const parts = [write.mac, write.key, write.iv, read.mac, read.key, read.iv, writeCid, readCid];
    this.cipher = cipher;
    this.#writeCidBytes = writeCid.length;
    this.#bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      this.#bytes.set(part, at);
      at += part.length;
    }
  }

  get write(): DirectionKeys {
    return this.#keysAt(0);
  }

  get read(): DirectionKeys {
    return this.#keysAt(this.#keyBytes);
  }

  get writeCid(): Uint8Array {
    return this.#bytes.subarray(2 * this.#keyBytes, 2 * this.#keyBytes + this.#writeCidBytes);
  }

  get readCid(): Uint8Array {
    return this.#bytes.subarray(2 * this.#keyBytes + this.#writeCidBytes);
  }

  /** Without a view of it: each record asks. */
  isReadCid(cid: Uint8Array): boolean {
    const start = 2 * this.#keyBytes + this.#writeCidBytes;
    if (cid.length !== this.#bytes.length - start) return false;
    for (let at = 0; at < cid.length; at++) if (cid[at] !== this.#bytes[start + at]) return false;
    return true;
  }

  get writeCidBytes(): number {
    return this.#writeCidBytes;
  }

  /** Overwrites the keys, as far as the runtime lets us: what OpenSSL and the collector have copied is theirs. */
  wipe(): void {
    this.#bytes.fill(0, 0, 2 * this.#keyBytes);
  }

  /** Of one direction. */
  get #keyBytes(): number {
    const { mac, key, iv } = KEY_SIZES[this.cipher];
    return mac + key + iv;
  }

  #keysAt(start: number): DirectionKeys {
    const { mac, key, iv } = KEY_SIZES[this.cipher];
    const view = (offset: number, length: number): Buffer => Buffer.from(this.#bytes.buffer, start + offset, length);
    return { mac: view(0, mac), key: view(mac, key), iv: view(mac + key, iv) };
  }
}

/** Keys that were copied elsewhere. */
export function wipeKeys(...directions: readonly DirectionKeys[]): void {
  for (const { mac, key, iv } of directions) for (const secret of [mac, key, iv]) secret.fill(0);
}
