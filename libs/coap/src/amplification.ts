import type { EndpointSettings } from './settings.ts';

type Limits = Pick<EndpointSettings, 'maxAmplification' | 'provenMs' | 'maxProven' | 'maxStrangers'>;

/** What one address can save up, bytes: a patient sender must not earn a burst. */
const MOST_CREDIT = 4096;
/** What may go on our own initiative to an address that has sent nothing, bytes: a request of the largest size, with its repetitions. */
const OWN_INITIATIVE = 8192;

/**
 * Keeps us from being anyone's amplifier (RFC 9175 section 2.4, RFC 7252 section 11.3): a source address can be forged, so
 * what goes to it is held to a multiple of what came from it until the address is proven, by an answer to a message of ours,
 * a correct Echo, a security context, or an unguessable token. Two tables, so that a flood of strangers never forgets a
 * proof; both bounded, the oldest goes first.
 */
export class Amplification {
  readonly #limits: Limits;
  /** Until when, ms; in order of proof. */
  readonly #proven = new Map<string, number>();
  /** Bytes that may still be sent; in order of first sight. */
  readonly #credit = new Map<string, number>();
  #withheld = 0;
  /** Proven when its datagram came in, and until when: what is sent back need not be looked up again. */
  #heardFrom = '';
  #heardProvenUntil = Number.NEGATIVE_INFINITY;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Datagrams not sent for want of credit. */
  get withheld(): number {
    return this.#withheld;
  }

  get strangers(): number {
    return this.#credit.size;
  }

  isProven(address: string, now: number): boolean {
    if (this.#limits.maxAmplification === Number.POSITIVE_INFINITY) return true;
    const until = this.#proven.get(address);
    if (until === undefined) return false;
    if (until > now) return true;
    this.#proven.delete(address);
    return false;
  }

  prove(address: string, now: number): void {
    const until = this.#proven.get(address);
    // Not with every message: moving an entry to the end costs more than it is worth.
    if (until !== undefined && until - now > this.#limits.provenMs / 2) return;
    this.#proven.delete(address);
    if (this.#proven.size >= this.#limits.maxProven) deleteOldest(this.#proven);
    this.#proven.set(address, now + this.#limits.provenMs);
    this.#credit.delete(address);
  }

  received(address: string, bytes: number, now: number): void {
    const isProven = this.isProven(address, now);
    this.#heardFrom = address;
    this.#heardProvenUntil = isProven ? (this.#proven.get(address) ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY;
    if (isProven) return;
    this.#setCredit(address, Math.min(MOST_CREDIT, (this.#credit.get(address) ?? 0) + this.#limits.maxAmplification * bytes));
  }

  /** Whether a datagram of this size may go out, without sending it. */
  allows(address: string, bytes: number, now: number): boolean {
    return this.isProven(address, now) || (this.#credit.get(address) ?? OWN_INITIATIVE) >= bytes;
  }

  /** `false`: it must not go out, and was counted. */
  spend(address: string, bytes: number, now: number): boolean {
    const isStillProven = address === this.#heardFrom && this.#heardProvenUntil > now;
    if (isStillProven || this.isProven(address, now)) return true;
    const left = (this.#credit.get(address) ?? OWN_INITIATIVE) - bytes;
    if (left < 0) {
      this.#withheld += 1;
      return false;
    }
    this.#setCredit(address, left);
    return true;
  }

  #setCredit(address: string, bytes: number): void {
    if (!this.#credit.has(address) && this.#credit.size >= this.#limits.maxStrangers) deleteOldest(this.#credit);
    this.#credit.set(address, bytes);
  }
}

function deleteOldest(map: Map<string, unknown>): void {
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
