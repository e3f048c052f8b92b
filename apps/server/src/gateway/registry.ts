import { plus, type Endpoint, type Instant } from '@drover/kernel';
import type { Registration } from '@drover/lwm2m';

/** A registration with what the gateway adds: its location, where it lives, and when it was last refreshed. */
export interface Registered extends Registration {
  readonly location: string;
  /** `address:port`. */
  readonly peer: string;
  readonly refreshedAt: Instant;
}

/** Time a lapsed registration is still believed in: MAX_TRANSMIT_WAIT. */
const GRACE_MS = 93_000;

/** Registrations by location and by endpoint. One per endpoint: a new one replaces the old. */
export class Registry {
  readonly #byLocation = new Map<string, Registered>();
  readonly #byEndpoint = new Map<Endpoint, Registered>();
  readonly #byPeer = new Map<string, Endpoint>();
  readonly max: number;

  constructor(max = 1_000_000) {
    this.max = max;
  }

  put(registered: Registered): void {
    const old = this.#byEndpoint.get(registered.endpoint);
    if (old) this.#drop(old);
    this.#byLocation.set(registered.location, registered);
    this.#byEndpoint.set(registered.endpoint, registered);
    this.#byPeer.set(registered.peer, registered.endpoint);
  }

  remove(endpoint: Endpoint): void {
    const old = this.#byEndpoint.get(endpoint);
    if (old) this.#drop(old);
  }

  atLocation(location: string, now: Instant): Registered | undefined {
    return this.#alive(this.#byLocation.get(location), now);
  }

  of(endpoint: Endpoint, now: Instant): Registered | undefined {
    return this.#alive(this.#byEndpoint.get(endpoint), now);
  }

  endpointAt(peer: string): Endpoint | undefined {
    return this.#byPeer.get(peer);
  }

  get isFull(): boolean {
    return this.#byEndpoint.size >= this.max;
  }

  #alive(registered: Registered | undefined, now: Instant): Registered | undefined {
    if (!registered) return undefined;
    if (plus(registered.refreshedAt, registered.lifetimeS * 1000 + GRACE_MS) >= now) return registered;
    this.#drop(registered);
    return undefined;
  }

  #drop(registered: Registered): void {
    this.#byLocation.delete(registered.location);
    this.#byEndpoint.delete(registered.endpoint);
    if (this.#byPeer.get(registered.peer) === registered.endpoint) this.#byPeer.delete(registered.peer);
  }
}
