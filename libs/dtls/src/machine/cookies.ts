import { createHmac, timingSafeEqual } from 'node:crypto';
import type { HelloStart } from '../handshake/hello.ts';
import { uint } from '../handshake/writer.ts';

const COOKIE_BYTES = 16;
const SECRET_BYTES = 32;

/**
 * Stateless cookies (RFC 6347 section 4.2.1): a MAC over the address and the start of the hello. Its key changes with the time,
 * and a cookie of the period before still counts. The suites are not in it, so that a hello may come in fragments: the
 * transcript begins with the hello that brings the cookie, and Finished covers all of that one.
 */
export class Cookies {
  readonly #root: Uint8Array;
  readonly #periodMs: number;

  constructor(entropy: { bytes(count: number): Uint8Array }, periodMs: number) {
    this.#root = entropy.bytes(SECRET_BYTES);
    this.#periodMs = periodMs;
  }

  cookieFor(address: string, hello: HelloStart, now: number): Buffer {
    return this.#mac(address, hello, this.#periodAt(now));
  }

  isGood(address: string, hello: HelloStart, now: number): boolean {
    if (hello.cookie.length !== COOKIE_BYTES) return false;
    const period = this.#periodAt(now);
    const isOfThis = timingSafeEqual(hello.cookie, this.#mac(address, hello, period));
    const isOfTheLast = timingSafeEqual(hello.cookie, this.#mac(address, hello, period - 1));
    return isOfThis || isOfTheLast;
  }

  #periodAt(now: number): number {
    return Math.floor(now / this.#periodMs);
  }

  #mac(address: string, { version, random, sessionId }: HelloStart, period: number): Buffer {
    const key = createHmac('sha256', this.#root).update(String(period)).digest();
    // Each part of variable length behind its length: no two tellings give the same bytes.
    const text = Buffer.from(address, 'utf8');
    return createHmac('sha256', key)
      .update(Buffer.concat([uint(2, text.length), text, uint(2, version), random, sessionId]))
      .digest()
      .subarray(0, COOKIE_BYTES);
  }
}
