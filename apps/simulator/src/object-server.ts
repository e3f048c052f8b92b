import { CODE, type IncomingRequest } from '@drover/coap';
import {
  CONTENT_FORMAT,
  decodeContent,
  DEVICE,
  encodeContent,
  FIRMWARE,
  formatLinks,
  formatPath,
  isWithin,
  Lwm2mError,
  type ResourceValue,
  type Value,
} from '@drover/lwm2m';
import type { Reply } from './coap-port.ts';
import type { DevicePlan } from './device-plan.ts';
import type { FirmwareObject } from './firmware-object.ts';
import type { Flash } from './flash.ts';
import { PROFILES, type Profile } from './profiles.ts';
import { readResources, UNREADABLE } from './resources.ts';

export interface ObjectServerParts {
  readonly plan: DevicePlan;
  readonly flash: Flash;
  readonly firmware: FirmwareObject;
  readonly notify: (
    peer: string,
    token: Uint8Array,
    content: { options: { observe: number; contentFormat: number }; payload: Uint8Array },
  ) => void;
  readonly stateRead: () => void;
  readonly reboot: () => void;
  readonly update: () => void;
}

interface Observation {
  readonly peer: string;
  readonly token: Uint8Array;
  readonly path: string;
  readonly format: number;
  sequence: number;
  sent: string;
}

const MAX_OBSERVATIONS = 16;
const { TEXT, TLV, SENML_JSON, SENML_CBOR, LINK } = CONTENT_FORMAT;

/** The device management interface of one device: reads, writes, executes and observations on Objects 1, 3, 4 and 5. */
export class ObjectServer {
  readonly #parts: ObjectServerParts;
  readonly #profile: Profile;
  readonly #observations = new Map<string, Observation>();

  constructor(parts: ObjectServerParts) {
    this.#parts = parts;
    this.#profile = PROFILES[parts.plan.profile];
  }

  serve(request: IncomingRequest, from: { peer: string; token: Uint8Array }): Reply {
    const path = lwm2mPath(request.options.uriPath);
    if (path === undefined) return reply(CODE.NOT_FOUND);
    switch (request.method) {
      case 'GET':
        return this.#get(path, request, from);
      case 'PUT':
        return this.#write(path, request);
      case 'POST':
        return this.#execute(path);
      default:
        return reply(CODE.METHOD_NOT_ALLOWED);
    }
  }

  /** Tells every observer whose values have changed. */
  changed(): void {
    for (const observation of this.#observations.values()) {
      const payload = this.#encoded(observation.format, observation.path);
      const text = Buffer.from(payload).toString('hex');
      if (text === observation.sent) continue;
      observation.sent = text;
      observation.sequence += 1;
      const options = { observe: observation.sequence, contentFormat: observation.format };
      this.#parts.notify(observation.peer, observation.token, { options, payload });
    }
  }

  unobserved(token: Uint8Array): void {
    this.#observations.delete(keyOf(token));
  }

  #get(path: string, { options }: IncomingRequest, from: { peer: string; token: Uint8Array }): Reply {
    if (UNREADABLE.includes(path)) return reply(CODE.METHOD_NOT_ALLOWED);
    const values = readResources(this.#parts.plan, this.#parts.flash, path);
    if (values.length === 0) return reply(CODE.NOT_FOUND);
    if (options.accept === LINK) return discovered(values);
    if (options.observe === 0 && !this.#profile.observable) return reply(CODE.METHOD_NOT_ALLOWED);
    const format = this.#formatFor(path, values, options.accept);
    if (format === undefined) return reply(CODE.NOT_ACCEPTABLE);
    if (isWithin(FIRMWARE.STATE, path)) this.#parts.stateRead();
    const payload = encodeContent(format, values, path);
    if (options.observe === 1) this.unobserved(from.token);
    const observe = options.observe === 0 ? this.#observe({ ...from, path, format, payload }) : undefined;
    return { response: { code: CODE.CONTENT, options: { contentFormat: format, observe }, payload } };
  }

  /** The sequence number to answer with; `undefined` when there are too many, and the answer is a plain read. */
  #observe({ peer, token, path, format, payload }: Omit<Observation, 'sequence' | 'sent'> & { payload: Uint8Array }): number | undefined {
    if (this.#observations.size >= MAX_OBSERVATIONS) return undefined;
    const observation = { peer, token, path, format, sequence: 1, sent: Buffer.from(payload).toString('hex') };
    this.#observations.set(keyOf(token), observation);
    return observation.sequence;
  }

  #encoded(format: number, path: string): Uint8Array {
    return encodeContent(format, readResources(this.#parts.plan, this.#parts.flash, path), path);
  }

  /** Without Accept a device answers in what it likes best, one resource often otherwise than many. */
  #formatFor(path: string, values: readonly ResourceValue[], accept: number | undefined): number | undefined {
    const { tlvOnly, lwm2m } = this.#profile;
    const isSingle = values.length === 1 && values[0]?.path === path;
    const many = lwm2m === '1.0' ? [TLV] : [SENML_CBOR, TLV, SENML_JSON];
    const known = isSingle && !tlvOnly ? [TEXT, ...many] : many;
    return accept === undefined ? known[0] : known.find((format) => format === accept);
  }

  #write(path: string, request: IncomingRequest): Reply {
    const { flash, firmware } = this.#parts;
    if (path === FIRMWARE.PACKAGE) return firmware.writePackage(request);
    const value = writtenValue(path, request);
    if (value === undefined) return reply(CODE.BAD_REQUEST);
    switch (path) {
      case FIRMWARE.PACKAGE_URI:
        return typeof value === 'string' ? reply(firmware.writeUri(value)) : reply(CODE.BAD_REQUEST);
      case FIRMWARE.AUTOMATIC_UPGRADE:
        if (!this.#profile.fullObject5) return reply(CODE.NOT_FOUND);
        flash.automaticUpgrade = value === true;
        return reply(CODE.CHANGED);
      case '/1/0/1':
        if (typeof value !== 'number' || value < 1) return reply(CODE.BAD_REQUEST);
        flash.lifetimeS = value;
        return reply(CODE.CHANGED);
      default:
        return reply(CODE.METHOD_NOT_ALLOWED);
    }
  }

  #execute(path: string): Reply {
    const { firmware, reboot, update } = this.#parts;
    switch (path) {
      case FIRMWARE.UPDATE:
        return reply(firmware.execute());
      case FIRMWARE.CANCEL:
        return reply(this.#profile.fullObject5 ? firmware.cancel() : CODE.NOT_FOUND);
      case DEVICE.REBOOT:
        reboot();
        return reply(CODE.CHANGED);
      case '/1/0/8':
        update();
        return reply(CODE.CHANGED);
      default:
        return reply(CODE.METHOD_NOT_ALLOWED);
    }
  }
}

function reply(code: number): Reply {
  return { response: { code } };
}

function keyOf(token: Uint8Array): string {
  return Buffer.from(token).toString('hex');
}

function lwm2mPath(segments: readonly string[]): string | undefined {
  const ids = segments.map((segment) => (/^\d{1,5}$/.test(segment) ? Number(segment) : Number.NaN));
  try {
    return ids.length === 0 ? undefined : formatPath(...ids);
  } catch (error) {
    if (error instanceof Lwm2mError) return undefined;
    throw error;
  }
}

/** `undefined` when it cannot be read as one value for this path. */
function writtenValue(path: string, { options, payload }: IncomingRequest): Value | undefined {
  try {
    const values = decodeContent(options.contentFormat ?? TEXT, payload, path);
    return values.length === 1 && values[0]?.path === path ? values[0].value : undefined;
  } catch (error) {
    if (error instanceof Lwm2mError) return undefined;
    throw error;
  }
}

function discovered(values: readonly ResourceValue[]): Reply {
  const paths = new Set(values.map(({ path }) => path.split('/').slice(0, 4).join('/')));
  const links = formatLinks([...paths].map((path) => ({ path, attributes: new Map<string, string>() })));
  return { response: { code: CODE.CONTENT, options: { contentFormat: LINK }, payload: Buffer.from(links) } };
}
