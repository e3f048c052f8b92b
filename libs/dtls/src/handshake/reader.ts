import { DtlsError } from '../errors.ts';

/** Reads what RFC 5246 section 4 writes: numbers, and vectors behind their length. Whatever does not fit is a `decode_error`. */
export class Reader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  /** @param what names the message in errors */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#what = what;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  uint(size: 1 | 2 | 3 | 4): number {
    this.#need(size);
    this.#at += size;
    return this.#bytes.readUIntBE(this.#at - size, size);
  }

  /** A copy: the datagram is its socket's. */
  bytes(length: number): Buffer {
    this.#need(length);
    this.#at += length;
    return Buffer.from(this.#bytes.subarray(this.#at - length, this.#at));
  }

  rest(): Buffer {
    return this.bytes(this.left);
  }

  /** A vector of `min` to `max` bytes behind a length of `size` bytes. */
  vector(size: 1 | 2 | 3, min: number, max = 2 ** (8 * size) - 1): Buffer {
    const length = this.uint(size);
    if (length < min || length > max) throw new DtlsError('DTLS_DECODE_ERROR', `${this.#what}: a vector of ${length} bytes`);
    return this.bytes(length);
  }

  /** A vector of UTF-8 that is whole: what is decoded will be encoded to no other bytes. */
  text(size: 1 | 2, min: number): string {
    const bytes = this.vector(size, min);
    const text = bytes.toString('utf8');
    if (!Buffer.from(text, 'utf8').equals(bytes)) throw new DtlsError('DTLS_DECODE_ERROR', `${this.#what}: text that is none`);
    return text;
  }

  /** A vector of numbers. */
  numbers(size: 1 | 2, each: 1 | 2): number[] {
    const list = this.vector(size, each);
    if (list.length % each !== 0) throw new DtlsError('DTLS_DECODE_ERROR', `${this.#what}: a list that ends inside an entry`);
    return Array.from({ length: list.length / each }, (_, i) => list.readUIntBE(i * each, each));
  }

  /** Nothing may follow: a byte more than a message needs is a fault like a byte less. */
  end(): void {
    if (this.left > 0) throw new DtlsError('DTLS_DECODE_ERROR', `${this.#what}: ${this.left} bytes behind its end`);
  }

  #need(length: number): void {
    if (this.left < length) throw new DtlsError('DTLS_DECODE_ERROR', `${this.#what}: cut off`);
  }
}

/** Reads the whole of `bytes` as one thing. */
export function readAll<T>(bytes: Uint8Array, what: string, read: (from: Reader) => T): T {
  const reader = new Reader(bytes, what);
  const value = read(reader);
  reader.end();
  return value;
}
