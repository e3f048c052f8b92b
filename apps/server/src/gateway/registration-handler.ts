import type { Entropy, Instant } from '@drover/kernel';
import { BlockAssembly, CODE, codeOfText, type CoapResponse, type IncomingRequest } from '@drover/coap';
import { parseRegister, parseUpdate, type Registration } from '@drover/lwm2m';
import type { ContactKind, FromGateway, RestoredRegistration } from '../link/messages.ts';
import type { Registered, Registry } from './registry.ts';

/** What a request came to: the answer, and whose contact it was. */
export interface Handled {
  readonly response: CoapResponse;
  readonly contact?: { readonly kind: ContactKind; readonly device: Registered };
}

/** The registration interface: Register, Update, Deregister. A location we do not know is 4.04, and the device registers again. */
export class RegistrationHandler {
  readonly #registry: Registry;
  readonly #entropy: Entropy;
  readonly #bodies = new BlockAssembly({ maxBodyBytes: 16_384, maxPending: 1000 });

  constructor(registry: Registry, entropy: Entropy) {
    this.#registry = registry;
    this.#entropy = entropy;
  }

  handle(peer: string, request: IncomingRequest, { now, clock }: { now: number; clock: Instant }): Handled {
    const path = request.options.uriPath.filter((segment) => segment !== '');
    if (path[0] !== 'rd' || path.length > 2) return { response: { code: CODE.NOT_FOUND } };
    if (path.length === 1)
      return request.method === 'POST' ? this.#register(peer, request, { now, clock }) : { response: { code: CODE.METHOD_NOT_ALLOWED } };
    const device = this.#registry.atLocation(path[1] ?? '', clock);
    if (!device) return { response: { code: CODE.NOT_FOUND } };
    if (request.method === 'DELETE') {
      this.#registry.remove(device.endpoint);
      return { response: { code: CODE.DELETED }, contact: { kind: 'deregister', device } };
    }
    return request.method === 'POST' || request.method === 'PUT'
      ? this.#update(peer, device, request, clock)
      : { response: { code: CODE.METHOD_NOT_ALLOWED } };
  }

  #register(peer: string, request: IncomingRequest, { now, clock }: { now: number; clock: Instant }): Handled {
    const body = this.#bodyOf(peer, request, now);
    if ('response' in body) return body;
    const outcome = parseRegister({ query: request.options.uriQuery, contentFormat: request.options.contentFormat, payload: body.payload });
    if (outcome.type === 'refused')
      return { response: { code: codeOfText(outcome.code) ?? CODE.BAD_REQUEST, payload: diagnostic(outcome.why) } };
    const { registration } = outcome;
    if (this.#registry.isFull && !this.#registry.of(registration.endpoint, clock))
      return { response: { code: CODE.SERVICE_UNAVAILABLE, options: { maxAge: 300 } } };
    const device: Registered = {
      ...registration,
      location: Buffer.from(this.#entropy.bytes(6)).toString('base64url'),
      peer,
      refreshedAt: clock,
    };
    this.#registry.put(device);
    return {
      response: { code: CODE.CREATED, options: { locationPath: ['rd', device.location], ...body.options } },
      contact: { kind: 'register', device },
    };
  }

  #update(peer: string, device: Registered, request: IncomingRequest, clock: Instant): Handled {
    const outcome = parseUpdate(
      { query: request.options.uriQuery, contentFormat: request.options.contentFormat, payload: request.payload },
      device.lwm2mVersion,
    );
    if (outcome.type === 'refused')
      return { response: { code: codeOfText(outcome.code) ?? CODE.BAD_REQUEST, payload: diagnostic(outcome.why) } };
    const updated: Registered = { ...device, ...(outcome.update as Partial<Registration>), peer, refreshedAt: clock };
    this.#registry.put(updated);
    return { response: { code: CODE.CHANGED }, contact: { kind: 'update', device: updated } };
  }

  /** A device with small buffers registers by Block1. */
  #bodyOf(
    peer: string,
    request: IncomingRequest,
    now: number,
  ): Handled | { readonly payload: Uint8Array; readonly options: CoapResponse['options'] } {
    const { block1, contentFormat, size1 } = request.options;
    if (!block1) return { payload: request.payload, options: {} };
    const outcome = this.#bodies.add(
      { peer, path: 'rd' },
      { block: block1, payload: request.payload, contentFormat, announcedSize: size1 },
      now,
    );
    if (outcome.type === 'refused')
      return { response: { code: outcome.code, options: outcome.maxBodyBytes === undefined ? {} : { size1: outcome.maxBodyBytes } } };
    if (outcome.type === 'continue') return { response: { code: CODE.CONTINUE, options: { block1 } } };
    return { payload: outcome.body, options: { block1 } };
  }
}

function diagnostic(why: string): Uint8Array {
  return Buffer.from(why.slice(0, 200), 'utf8');
}

export function contactMessage(kind: ContactKind, device: Registered, at: Instant): FromGateway {
  return { type: 'contact', endpoint: device.endpoint, kind, at, registration: kind === 'deregister' ? undefined : restorable(device) };
}

/** What the engine keeps, so that a restart does not make the fleet register again. */
function restorable(device: Registered): RestoredRegistration {
  return {
    endpoint: device.endpoint,
    location: device.location,
    address: device.peer,
    lifetimeS: device.lifetimeS,
    lwm2mVersion: device.lwm2mVersion,
    queueMode: device.queueMode,
    objects: device.objects.flatMap(({ object, instances }) =>
      instances.length === 0 ? [`/${object}`] : instances.map((instance) => `/${object}/${instance}`),
    ),
    rootPath: device.rootPath,
    contentFormats: device.contentFormats,
    refreshedAt: device.refreshedAt,
  };
}

/** The other way round. */
export function restored(registration: RestoredRegistration): Registered {
  const instances = new Map<number, number[]>();
  for (const path of registration.objects) {
    const [, object = '', instance] = path.split('/');
    instances.set(Number(object), [...(instances.get(Number(object)) ?? []), ...(instance === undefined ? [] : [Number(instance)])]);
  }
  return {
    endpoint: registration.endpoint,
    lifetimeS: registration.lifetimeS,
    lwm2mVersion: registration.lwm2mVersion as Registration['lwm2mVersion'],
    binding: 'U',
    queueMode: registration.queueMode,
    objects: [...instances].map(([object, list]) => ({ object, instances: list, version: '1.0' })),
    rootPath: registration.rootPath,
    contentFormats: registration.contentFormats,
    location: registration.location,
    peer: registration.address,
    refreshedAt: registration.refreshedAt,
  };
}
