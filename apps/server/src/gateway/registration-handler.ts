import { bodyOf } from './body-in-blocks.ts';
import type { Entropy, Instant } from '@drover/kernel';
import { BlockAssembly, Chance, CODE, codeOfText, type CoapResponse, type IncomingRequest } from '@drover/coap';
import { ObjectLists, parseRegister, parseUpdate, type Lwm2mVersion, type Refusal, type Registration } from '@drover/lwm2m';
import type { ContactKind, FromGateway, RestoredRegistration } from '../link/messages.ts';
import type { IdentityGuard } from './dtls/identity-guard.ts';
import { isSecured } from '../link/security.ts';
import { Newcomers } from './newcomers.ts';
import { endpointOfRegister } from './register-claim.ts';
import type { Registered, Registry } from './registry.ts';

/** What a request came to: the answer, and whose contact it was. */
export interface Handled {
  readonly response: CoapResponse;
  readonly contact?: Contact;
}

export interface Contact {
  readonly kind: ContactKind;
  readonly device: Registered;
  /** The address of a living registration that this one replaced, where nobody vouches for the endpoint (NoSec). */
  readonly replaced?: string;
  /** Its security vouches for it: whoever registers anew is the same device. */
  readonly isVouched?: boolean;
  /** Where the device was until this Update: a NAT, or the network, has given it another address. */
  readonly movedFrom?: string;
}

/** What to do with a Register for an endpoint that is alive at another address, when only its name says who it is. */
export type Takeover = 'accept' | 'refuse-while-alive';

interface Times {
  /** Protocol time, ms. */
  readonly now: number;
  readonly clock: Instant;
}

const LOCATION_BYTES = 6;
const MAX_LIST_BYTES = 16_384;
const MAX_HALF_DONE = 1000;
/** Seconds after which a device that found no room may ask again. */
const NO_ROOM_S = 300;

export interface HandlerSetting {
  readonly takeover?: Takeover;
  /** Without it nobody needs a credential. */
  readonly guard?: IdentityGuard;
}

/** The registration interface: Register, Update, Deregister. A location we do not know is 4.04, and the device registers again. */
export class RegistrationHandler {
  readonly #registry: Registry;
  readonly #chance: Chance;
  readonly #takeover: Takeover;
  readonly #guard: IdentityGuard | undefined;
  readonly #newcomers = new Newcomers();
  readonly #lists = new ObjectLists();
  readonly #bodies = new BlockAssembly({ maxBodyBytes: MAX_LIST_BYTES, maxPending: MAX_HALF_DONE });

  constructor(registry: Registry, entropy: Entropy, { takeover = 'accept', guard }: HandlerSetting = {}) {
    this.#registry = registry;
    this.#guard = guard;
    this.#chance = new Chance(entropy);
    this.#takeover = takeover;
  }

  handle(peer: string, request: IncomingRequest, times: Times): Handled {
    const path = request.options.uriPath.filter((segment) => segment !== '');
    const [root, location] = path;
    if (root !== 'rd' || path.length > 2) return { response: { code: CODE.NOT_FOUND } };
    if (location === undefined) return request.method === 'POST' ? this.#register(peer, request, times) : NOT_ALLOWED;
    const device = this.#registry.atLocation(location, times.clock);
    if (!device) return { response: { code: CODE.NOT_FOUND } };
    const foreign = this.#guard?.refuses(peer, device.endpoint);
    if (foreign !== undefined) return notTheirs(foreign);
    if (request.method === 'DELETE') {
      this.#registry.remove(device.endpoint);
      return { response: { code: CODE.DELETED }, contact: { kind: 'deregister', device } };
    }
    return request.method === 'POST' || request.method === 'PUT' ? this.#update(peer, device, request, times) : NOT_ALLOWED;
  }

  /** What the engine kept of a registration: its devices go on without noticing that we were away. */
  restore(record: RestoredRegistration): void {
    const { address: peer, lwm2mVersion: version, links, ...rest } = record;
    const lwm2mVersion = version as Lwm2mVersion;
    this.#registry.put({ ...this.#lists.parse(Buffer.from(links), lwm2mVersion), ...rest, lwm2mVersion, peer });
  }

  #register(peer: string, request: IncomingRequest, { now, clock }: Times): Handled {
    const identity = this.#guard?.endpointAt(peer);
    const claimed = endpointOfRegister(request) ?? identity;
    const foreign = claimed && this.#guard?.refuses(peer, claimed);
    if (foreign !== undefined) return notTheirs(foreign);
    const body = bodyOf(this.#bodies, { peer, path: request.options.uriPath.join('/'), request }, now);
    if ('response' in body) return body;
    const { uriQuery: query, contentFormat } = request.options;
    const outcome = parseRegister({ query, contentFormat, payload: body.body }, { lists: this.#lists, identity });
    if (outcome.type === 'refused') return refused(outcome);
    const { registration } = outcome;
    const device: Registered = { ...registration, location: this.#newLocation(), peer, refreshedAt: clock };
    const known = this.#registry.of(device.endpoint, clock);
    const isElsewhere = known !== undefined && known.peer !== peer;
    const isVouched = isSecured(peer);
    if (isElsewhere && !isVouched && this.#takeover === 'refuse-while-alive') return ALIVE_ELSEWHERE;
    const noRoom =
      this.#registry.roomFor(device) ?? (known || isVouched || this.#newcomers.admits(hostOf(peer), now) ? undefined : 'newcomers');
    if (noRoom !== undefined) return { response: { code: CODE.SERVICE_UNAVAILABLE, options: { maxAge: NO_ROOM_S } } };
    this.#registry.put(device);
    return {
      response: { code: CODE.CREATED, options: { locationPath: ['rd', device.location], ...body.options } },
      contact: { kind: 'register', device, isVouched, ...(isElsewhere && { replaced: known.peer }) },
    };
  }

  #update(peer: string, device: Registered, request: IncomingRequest, { now, clock }: Times): Handled {
    const body = bodyOf(this.#bodies, { peer, path: request.options.uriPath.join('/'), request }, now);
    if ('response' in body) return body;
    const { uriQuery: query, contentFormat } = request.options;
    const outcome = parseUpdate({ query, contentFormat, payload: body.body }, device.lwm2mVersion, this.#lists);
    if (outcome.type === 'refused') return refused(outcome);
    const updated: Registered = { ...device, ...(outcome.update as Partial<Registration>), peer, refreshedAt: clock };
    this.#registry.put(updated);
    const contact: Contact = { kind: 'update', device: updated, ...(device.peer !== peer && { movedFrom: device.peer }) };
    return { response: { code: CODE.CHANGED, options: body.options }, contact };
  }

  /** Unguessable, and short: it travels in each Update. */
  #newLocation(): string {
    const { buffer, byteOffset, length } = this.#chance.bytes(LOCATION_BYTES);
    return Buffer.from(buffer, byteOffset, length).toString('base64url');
  }
}

const NOT_ALLOWED: Handled = { response: { code: CODE.METHOD_NOT_ALLOWED } };
const ALIVE_ELSEWHERE: Handled = {
  response: { code: CODE.FORBIDDEN, payload: diagnostic('this endpoint is registered elsewhere, and that registration is alive') },
};

function refused({ code, why }: Refusal): Handled {
  return { response: { code: codeOfText(code) ?? CODE.BAD_REQUEST, payload: diagnostic(why) } };
}

/** LwM2M Transport section 6.7: 4.00. The code is for whoever reads the device's log. */
function notTheirs(code: string): Handled {
  return { response: { code: CODE.BAD_REQUEST, payload: diagnostic(code) } };
}

/** Without its port: many devices come out of one address of an operator's network, each from a port of its own. */
function hostOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':'));
}

function diagnostic(why: string): Uint8Array {
  return Buffer.from(why.slice(0, 200), 'utf8');
}

export function contactMessage({ kind, device, replaced, isVouched }: Contact, at: Instant): FromGateway {
  const registration = kind === 'deregister' ? undefined : restorable(device);
  return { type: 'contact', endpoint: device.endpoint, kind, at, registration, ...(replaced !== undefined && !isVouched && { replaced }) };
}

/** What the engine keeps, so that a restart does not make the fleet register again. */
function restorable(device: Registered): RestoredRegistration {
  const { endpoint, location, peer: address, lifetimeS, lwm2mVersion, binding, queueMode, links, refreshedAt } = device;
  return { endpoint, location, address, lifetimeS, lwm2mVersion, binding, queueMode, links, refreshedAt };
}
