import { demand } from '../target.ts';
import { cookieOf } from './dtls-forging.ts';

/** What may be sent to an address that has shown nothing, for each byte from there: an alert or a cookie is shorter than what it answers. */
const AMPLIFICATION = 3;

/** Who was sent how much, by address; we are nobody's amplifier. */
export class Addresses {
  readonly #received = new Map<string, number>();
  readonly #sent = new Map<string, number>();
  readonly #cookies = new Map<string, Buffer[]>();
  /** They have brought back the cookie that was sent to them, or the caller vouches for them. */
  readonly #proven = new Set<string>();

  arrived(address: string, bytes: Buffer): void {
    this.#received.set(address, (this.#received.get(address) ?? 0) + bytes.length);
    if (this.#cookies.get(address)?.some((cookie) => bytes.includes(cookie))) this.prove(address);
  }

  left(address: string, bytes: Buffer): void {
    this.#sent.set(address, (this.#sent.get(address) ?? 0) + bytes.length);
    const cookie = cookieOf(bytes);
    if (cookie) this.#cookies.set(address, [...(this.#cookies.get(address) ?? []), cookie]);
    const [sent, received] = [this.#sent.get(address)!, this.#received.get(address) ?? 0];
    demand(this.#proven.has(address) || sent <= AMPLIFICATION * received, () => `${sent} bytes to a stranger who sent ${received}`);
  }

  prove(address: string): void {
    this.#proven.add(address);
  }
}
