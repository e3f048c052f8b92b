import { plus, type Endpoint, type Instant } from '@drover/kernel';
import { LifetimeWheel, type Lapsing, type Registration } from '@drover/lwm2m';
import { ListWeights } from './list-weights.ts';

/** A registration with what the gateway adds: its location, where it lives, and when it was last refreshed. */
export interface Registered extends Registration {
  readonly location: string;
  /** `address:port`, or `tcp:address:port`. */
  readonly peer: string;
  readonly refreshedAt: Instant;
}

export interface RegistryLimits {
  readonly registrations: number;
  /** At one `address:port`: a gateway with devices behind it has some, a forger has many. */
  readonly perAddress: number;
  /** Bytes of different object lists, as sent; parsed they take about ten times as much. */
  readonly listBytes: number;
}

export const REGISTRY_LIMITS: RegistryLimits = { registrations: 1_000_000, perAddress: 1024, listBytes: 32 * 1024 * 1024 };

/** Why there is no room: what to answer follows from it. */
export type NoRoom = 'registrations' | 'per-address' | 'lists';

/** Time a lapsed registration is still believed in: MAX_TRANSMIT_WAIT. */
const GRACE_MS = 93_000;
/** How late a lapse may be noticed, campaign ms. */
const SLOT_MS = 30_000;

class Entry implements Lapsing<Entry> {
  next: Entry | undefined;
  previous: Entry | undefined;
  slot = -1;
  /** An answer has come from where the device says it is. */
  confirmed = false;
  constructor(public registered: Registered) {}
}

/** Registrations by endpoint, location and address. One per endpoint: a new one replaces the old. An idle one costs under 1 KB. */
export class Registry {
  readonly #byEndpoint = new Map<Endpoint, Entry>();
  readonly #byLocation = new Map<string, Entry>();
  /** Mostly one; a list where several share an address. */
  readonly #byPeer = new Map<string, Entry | Entry[]>();
  readonly #wheel: LifetimeWheel<Entry>;
  readonly #lists = new ListWeights();
  readonly #limits: RegistryLimits;

  constructor(now: Instant, limits: Partial<RegistryLimits> = {}) {
    this.#limits = { ...REGISTRY_LIMITS, ...limits };
    this.#wheel = new LifetimeWheel<Entry>({ slotMs: SLOT_MS, now, lapsesAt: ({ registered }) => lapseOf(registered) });
  }

  get size(): number {
    return this.#byEndpoint.size;
  }

  /** `undefined` when there is room for it. A known endpoint always has room for itself. */
  roomFor({ endpoint, peer, objects, links }: Registered): NoRoom | undefined {
    const known = this.#byEndpoint.get(endpoint);
    if (known === undefined && this.#byEndpoint.size >= this.#limits.registrations) return 'registrations';
    if (known?.registered.peer !== peer && this.endpointsAt(peer).length >= this.#limits.perAddress) return 'per-address';
    return this.#lists.knows(objects) || this.#lists.bytes + links.length <= this.#limits.listBytes ? undefined : 'lists';
  }

  put(registered: Registered): void {
    const known = this.#byEndpoint.get(registered.endpoint);
    if (known === undefined) {
      this.#lists.add(registered.objects, registered.links.length);
      return this.#insert(new Entry(registered));
    }
    const before = known.registered;
    if (before.objects !== registered.objects) {
      this.#lists.add(registered.objects, registered.links.length);
      this.#lists.remove(before.objects);
    }
    const isSamePlace = before.peer === registered.peer;
    // The same device, refreshed where it was, needs no new proof; a new location means that it registered anew.
    known.confirmed = known.confirmed && isSamePlace && before.location === registered.location;
    if (before.location !== registered.location) this.#byLocation.delete(before.location);
    if (!isSamePlace) this.#leave(before.peer, known);
    known.registered = registered;
    this.#byLocation.set(registered.location, known);
    if (!isSamePlace) this.#settle(registered.peer, known);
    // A longer life needs no new slot: its entry is asked again when the old one comes up.
    if (lapseOf(registered) < lapseOf(before)) this.#wheel.add(known);
  }

  remove(endpoint: Endpoint): void {
    const entry = this.#byEndpoint.get(endpoint);
    if (entry) this.#drop(entry);
  }

  atLocation(location: string, now: Instant): Registered | undefined {
    return this.#alive(this.#byLocation.get(location), now);
  }

  of(endpoint: Endpoint, now: Instant): Registered | undefined {
    return this.#alive(this.#byEndpoint.get(endpoint), now);
  }

  /** The endpoints that registered from an address last; usually one. */
  endpointsAt(peer: string): readonly Endpoint[] {
    const found = this.#byPeer.get(peer);
    if (found === undefined) return [];
    return found instanceof Entry ? [found.registered.endpoint] : found.map(({ registered }) => registered.endpoint);
  }

  /** Whatever lives at this address has answered something that we asked there. */
  answered(peer: string): void {
    const found = this.#byPeer.get(peer);
    if (found instanceof Entry) found.confirmed = true;
    else for (const entry of found ?? []) entry.confirmed = true;
  }

  /** Until it has answered from where it registered, nothing irrevocable is sent there. */
  isConfirmed(endpoint: Endpoint): boolean {
    return this.#byEndpoint.get(endpoint)?.confirmed ?? false;
  }

  /** Drops what has lapsed, and tells it; a lapse is noticed half a minute late at most. */
  expire(now: Instant, lapsed: (registered: Registered) => void): void {
    this.#wheel.advance(now, (entry) => {
      this.#drop(entry);
      lapsed(entry.registered);
    });
  }

  #alive(entry: Entry | undefined, now: Instant): Registered | undefined {
    return entry !== undefined && lapseOf(entry.registered) >= now ? entry.registered : undefined;
  }

  #insert(entry: Entry): void {
    const { endpoint, location, peer } = entry.registered;
    this.#byEndpoint.set(endpoint, entry);
    this.#byLocation.set(location, entry);
    this.#settle(peer, entry);
    this.#wheel.add(entry);
  }

  #drop(entry: Entry): void {
    const { endpoint, location, peer, objects } = entry.registered;
    this.#wheel.remove(entry);
    this.#lists.remove(objects);
    this.#byEndpoint.delete(endpoint);
    this.#byLocation.delete(location);
    this.#leave(peer, entry);
  }

  #settle(peer: string, entry: Entry): void {
    const there = this.#byPeer.get(peer);
    if (there === undefined) this.#byPeer.set(peer, entry);
    else if (there instanceof Entry) this.#byPeer.set(peer, [there, entry]);
    else there.push(entry);
  }

  #leave(peer: string, entry: Entry): void {
    const there = this.#byPeer.get(peer);
    const rest = Array.isArray(there) ? there.filter((other) => other !== entry) : [];
    if (rest.length > 1) this.#byPeer.set(peer, rest);
    else if (rest.length === 1) this.#byPeer.set(peer, rest[0]!);
    else if (there !== undefined) this.#byPeer.delete(peer);
  }
}

function lapseOf({ refreshedAt, lifetimeS }: Registered): Instant {
  return plus(refreshedAt, lifetimeS * 1000 + GRACE_MS);
}
