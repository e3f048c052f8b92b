import { createHmac, timingSafeEqual } from 'node:crypto';

/** Bytes of the time and of the MAC in an Echo value of ours: 12 in all, of the 40 an option may have. */
const TIME_BYTES = 4;
const MAC_BYTES = 8;
/** Bytes of the key, of this process alone. */
export const ECHO_KEY_BYTES = 32;
/** A queue-mode device answers a challenge while it is awake, or not at all. */
const FRESH_MS = 93_000;

/**
 * Echo values without a table (RFC 9175 section 2.3 and appendix A): the time in seconds, and a MAC over it and the address.
 * Whoever repeats one receives at that address, and did so since then.
 */
export class EchoValues {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  valueFor(address: string, now: number): Uint8Array {
    const time = Buffer.alloc(TIME_BYTES);
    time.writeUInt32BE(Math.floor(now / 1000) >>> 0);
    return Buffer.concat([time, this.#macOf(address, time)]);
  }

  isFresh(address: string, value: Uint8Array, now: number): boolean {
    if (value.length !== TIME_BYTES + MAC_BYTES) return false;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
    const age = now - bytes.readUInt32BE(0) * 1000;
    return age >= 0 && age <= FRESH_MS && timingSafeEqual(bytes.subarray(TIME_BYTES), this.#macOf(address, bytes.subarray(0, TIME_BYTES)));
  }

  #macOf(address: string, time: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(time).update(address).digest().subarray(0, MAC_BYTES);
  }
}
