import type { Timer } from '@drover/kernel';
import type { HandshakeDriver } from './handshake-driver.ts';
import type { Conversation } from './conversation.ts';
import type { ServerHandshake } from './server-handshake.ts';
import type { ServerSettings } from './settings.ts';

/** A handshake under way at a server; afterwards, for a while, the memory of its last flight. */
export interface HalfOpen extends Timer {
  readonly address: string;
  readonly random: Buffer;
  readonly conversation: Conversation;
  readonly handshake: ServerHandshake;
  readonly driver: HandshakeDriver;
  readonly deadline: number;
  /** Records of the client that our keys did not open. */
  forged: number;
  /** Instead of what a timer of a handshake does: it has ended, and only its last flight is kept. */
  onDue?: () => void;
}

const NETWORK_GROUPS = 4;

/** Who has an address of IPv6 has 2^64 of them: the first four groups are the host. */
function hostOf(address: string): string {
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  if (!host.includes(':') || host.includes('.')) return host;
  const [before, after] = host.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = after === undefined ? [] : Array<string>(Math.max(0, 2 * NETWORK_GROUPS - before!.length - after.length)).fill('0');
  return [...before!, ...zeros, ...(after ?? [])].slice(0, NETWORK_GROUPS).join(':');
}

/** The handshakes under way, one to an address: bounded altogether and for each host, for a cookie shows an address and nothing more. */
export class HalfOpens {
  readonly #settings: Pick<ServerSettings, 'maxHalfOpen' | 'maxHalfOpenPerHost'>;
  readonly #byAddress = new Map<string, HalfOpen>();
  readonly #perHost = new Map<string, number>();
  #turnedAway = 0;

  constructor(settings: Pick<ServerSettings, 'maxHalfOpen' | 'maxHalfOpenPerHost'>) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  /** Hellos with a good cookie for which there was no place. */
  get turnedAway(): number {
    return this.#turnedAway;
  }

  at(address: string): HalfOpen | undefined {
    return this.#byAddress.get(address);
  }

  /** Asked before anything is made; a handshake that the new one would replace counts as gone. */
  hasRoomFor(address: string): boolean {
    const isThere = this.#byAddress.has(address) ? 1 : 0;
    const ofHost = (this.#perHost.get(hostOf(address)) ?? 0) - isThere;
    const hasRoom = this.#byAddress.size - isThere < this.#settings.maxHalfOpen && ofHost < this.#settings.maxHalfOpenPerHost;
    if (!hasRoom) this.#turnedAway += 1;
    return hasRoom;
  }

  add(half: HalfOpen): void {
    const host = hostOf(half.address);
    this.#byAddress.set(half.address, half);
    this.#perHost.set(host, (this.#perHost.get(host) ?? 0) + 1);
  }

  remove(half: HalfOpen): void {
    if (this.#byAddress.get(half.address) !== half) return;
    this.#byAddress.delete(half.address);
    const host = hostOf(half.address);
    const left = this.#perHost.get(host)! - 1;
    if (left === 0) this.#perHost.delete(host);
    else this.#perHost.set(host, left);
  }
}
