import { CODE, type IncomingRequest } from '@drover/coap';
import {
  CONTENT_FORMAT,
  decodeContent,
  decodePathList,
  DEVICE,
  encodeContent,
  formatLinks,
  formatPath,
  idsOf,
  Lwm2mError,
  type ResourceValue,
  type Value,
} from '@drover/lwm2m';
import type { PartTraits } from '../profiles/profile.ts';
import type { Reply } from '../wire/serving.ts';
import { newPart, type Part } from './flash.ts';
import { formatOf } from './formats.ts';
import type { Observations } from './observations.ts';
import type { PartShell } from './part-parts.ts';
import { isUnreadable, readResources, type DeviceView } from './resources.ts';

export interface ObjectServerParts {
  readonly view: () => DeviceView;
  readonly shellOf: (part: Part) => PartShell;
  readonly shells: () => readonly PartShell[];
  readonly observations: Observations;
  readonly stateRead: () => void;
  readonly versionTold: (version: string) => void;
  readonly reboot: () => void;
  readonly update: () => void;
  readonly lifetimeChanged: () => void;
  readonly disable: () => void;
  /** Absent where the device knows no bootstrap server. */
  readonly bootstrap: (() => void) | undefined;
  /** Instances came or went. */
  readonly objectsChanged: () => void;
}

export interface From {
  readonly peer: string;
  readonly token: Uint8Array;
}

const { TEXT, LINK } = CONTENT_FORMAT;
const PACKAGE: Readonly<Record<number, number>> = { 5: 0, 33629: 0, 9: 2 };
const PACKAGE_URI: Readonly<Record<number, number>> = { 5: 1, 33629: 1, 9: 3 };
const STATE: Readonly<Record<number, number>> = { 5: 3, 33629: 3, 9: 7 };
const SEVERITY = 11;
const MAXIMUM_DEFER = 13;
const AUTOMATIC_UPGRADE = 14;
/** Of Object 1. */
const [LIFETIME, DISABLE, DISABLE_TIMEOUT, UPDATE_TRIGGER, BOOTSTRAP_TRIGGER] = [1, 4, 5, 8, 9];

/** The device management interface of one device. */
export class ObjectServer {
  readonly #parts: ObjectServerParts;

  constructor(parts: ObjectServerParts) {
    this.#parts = parts;
  }

  serve(request: IncomingRequest, from: From): Reply {
    const { rootPath } = this.#view.profile.registration;
    const segments = request.options.uriPath;
    const isComposite = request.method === 'FETCH' && segments.length === 0;
    const path = isComposite ? '/' : lwm2mPath(rootPath === '/' ? segments : withoutRoot(segments, rootPath));
    if (path === undefined) return reply(CODE.NOT_FOUND);
    if (this.#parts.shells().some(({ isBusy }) => isBusy) && !this.#isPackage(path)) return reply(CODE.SERVICE_UNAVAILABLE);
    switch (request.method) {
      case 'GET':
        return this.#get(path, request, from);
      case 'PUT':
        return this.#write(path, request);
      case 'POST':
        return this.#post(path, request);
      case 'DELETE':
        return this.#delete(path);
      case 'FETCH':
        return this.#composite(request);
      default:
        return reply(CODE.METHOD_NOT_ALLOWED);
    }
  }

  get #view(): DeviceView {
    return this.#parts.view();
  }

  #get(path: string, { options }: IncomingRequest, from: From): Reply {
    if (isUnreadable(idsOf(path))) return reply(CODE.METHOD_NOT_ALLOWED);
    const view = this.#view;
    const values = readResources(view, path);
    if (values.length === 0) return reply(CODE.NOT_FOUND);
    if (options.accept === LINK) return discovered(values);
    const { content, registration } = view.profile;
    if (options.observe === 0 && content.observe === 'refused') return reply(CODE.METHOD_NOT_ALLOWED);
    const format = formatOf(content, { registration, values, path, accept: options.accept });
    if (format === undefined) return reply(CODE.NOT_ACCEPTABLE);
    this.#told(values);
    const payload = encodeContent(format, values, path);
    const { observations } = this.#parts;
    if (options.observe === 1) observations.end(from.token);
    const isObserved = options.observe === 0 && content.observe === 'yes';
    const observe = isObserved ? observations.begin({ ...from, path, format }, payload) : undefined;
    return { response: { code: CODE.CONTENT, options: { contentFormat: format, observe }, payload } };
  }

  /** What a server knows of us from now on. */
  #told(values: readonly ResourceValue[]): void {
    const { flash } = this.#view;
    for (const { traits, instance } of flash.parts)
      if (values.some(({ path }) => path === `/${traits.object}/${instance}/${STATE[traits.object]}`)) this.#parts.stateRead();
    const versionPath = versionPathOf(flash.parts[0]);
    const version = values.find(({ path }) => path === versionPath)?.value;
    if (typeof version === 'string') this.#parts.versionTold(version);
  }

  #composite({ options, payload }: IncomingRequest): Reply {
    const view = this.#view;
    const { composite } = view.profile.content;
    if (composite === 'refused') return reply(CODE.METHOD_NOT_ALLOWED);
    if (composite === 'unanswered') return { response: { code: CODE.CONTENT }, instead: 'acknowledged' };
    const format = options.accept ?? options.contentFormat ?? CONTENT_FORMAT.SENML_CBOR;
    try {
      const paths = decodePathList(options.contentFormat ?? CONTENT_FORMAT.SENML_CBOR, payload);
      const values = paths.filter((path) => !isUnreadable(idsOf(path))).flatMap((path) => readResources(view, path));
      this.#told(values);
      return { response: { code: CODE.CONTENT, options: { contentFormat: format }, payload: encodeContent(format, values, '/') } };
    } catch (error) {
      if (error instanceof Lwm2mError) return reply(CODE.BAD_REQUEST);
      throw error;
    }
  }

  #write(path: string, request: IncomingRequest): Reply {
    const pushed = this.#pushedTo(path);
    if (pushed) return pushed.writePackage(request);
    const [object = 0, instance = 0, resource = -1] = idsOf(path);
    const value = writtenValue(path, request);
    if (value === undefined) return reply(CODE.BAD_REQUEST);
    const part = this.#partAt(object, instance);
    if (part) return reply(this.#writePart(part, resource, value));
    const isAccount = object === 1 && instance === this.#view.profile.registration.serverInstance;
    return reply(isAccount ? this.#writeAccount(resource, value) : CODE.METHOD_NOT_ALLOWED);
  }

  #writeAccount(resource: number, value: Value): number {
    const { flash, profile } = this.#view;
    const { takesLifetime, canBeDisabled } = profile.registration;
    const isTaken = (resource === LIFETIME && takesLifetime) || (resource === DISABLE_TIMEOUT && canBeDisabled);
    if (!isTaken) return CODE.METHOD_NOT_ALLOWED;
    if (typeof value !== 'number' || value < 1) return CODE.BAD_REQUEST;
    if (resource === DISABLE_TIMEOUT) flash.disableTimeoutS = value;
    else {
      flash.lifetimeS = value;
      this.#parts.lifetimeChanged();
    }
    return CODE.CHANGED;
  }

  #writePart(part: Part, resource: number, value: Value): number {
    const { traits } = part;
    if (resource === PACKAGE_URI[traits.object])
      return typeof value === 'string' ? this.#parts.shellOf(part).writeUri(value) : CODE.BAD_REQUEST;
    const setting = settingsOf(traits)[resource];
    if (setting === undefined) return CODE.METHOD_NOT_ALLOWED;
    return setting(part, value) ? CODE.CHANGED : CODE.BAD_REQUEST;
  }

  #post(path: string, request: IncomingRequest): Reply {
    const ids = idsOf(path);
    const [object = 0, instance = 0, resource] = ids;
    if (ids.length === 1) return this.#create(object, request);
    const pushed = this.#pushedTo(path);
    if (pushed) return pushed.writePackage(request);
    if (resource === undefined) return reply(CODE.METHOD_NOT_ALLOWED);
    const part = this.#partAt(object, instance);
    if (part) return this.#parts.shellOf(part).execute(resource, Buffer.from(request.payload).toString());
    if (path === DEVICE.REBOOT) {
      this.#parts.reboot();
      return reply(CODE.CHANGED);
    }
    return reply(object === 1 ? this.#executeAccount(resource) : CODE.METHOD_NOT_ALLOWED);
  }

  #executeAccount(resource: number): number {
    const canBeDisabled = this.#view.profile.registration.canBeDisabled;
    if (resource === UPDATE_TRIGGER) this.#parts.update();
    else if (resource === DISABLE && canBeDisabled) this.#parts.disable();
    else if (resource === BOOTSTRAP_TRIGGER && this.#parts.bootstrap) this.#parts.bootstrap();
    else return CODE.METHOD_NOT_ALLOWED;
    return CODE.CHANGED;
  }

  /** Of Object 9 alone; Instances of the others are what the device is made of. */
  #create(object: number, { options, payload }: IncomingRequest): Reply {
    const { flash, profile } = this.#view;
    const traits = profile.parts.find((part) => part.object === 9 && part.software.creates);
    if (object !== 9 || traits === undefined) return reply(CODE.METHOD_NOT_ALLOWED);
    const asked = instanceIn(options.contentFormat, payload);
    const taken = new Set(flash.parts.map(({ instance }) => instance));
    const instance = asked ?? [0, 1, 2, 3].find((each) => !taken.has(each));
    if (instance === undefined || taken.has(instance)) return reply(CODE.BAD_REQUEST);
    flash.parts = [...flash.parts, newPart(traits, instance)];
    this.#parts.objectsChanged();
    return { response: { code: CODE.CREATED, options: { locationPath: ['9', String(instance)] } } };
  }

  #delete(path: string): Reply {
    const [object = 0, instance = 0, resource] = idsOf(path);
    const part = this.#partAt(object, instance);
    if (resource !== undefined || part === undefined || !part.traits.software.creates) return reply(CODE.METHOD_NOT_ALLOWED);
    const { flash } = this.#view;
    flash.parts = flash.parts.filter((each) => each !== part);
    this.#parts.objectsChanged();
    return reply(CODE.DELETED);
  }

  #partAt(object: number, instance: number): Part | undefined {
    return this.#view.flash.parts.find((part) => part.traits.object === object && part.instance === instance);
  }

  /** The part whose package is written here, by Object 19 if that is its way. */
  #pushedTo(path: string): PartShell | undefined {
    const [object = 0, instance = 0, resource = -1] = idsOf(path);
    const at19 = object === 19 && instance === 0 && resource === 0;
    const part = at19 ? this.#view.flash.parts.find(({ traits }) => traits.push.at === 'object-19') : this.#partAt(object, instance);
    if (part === undefined) return undefined;
    const isPackage = at19 || (resource === PACKAGE[object] && part.traits.push.at === 'package');
    return isPackage ? this.#parts.shellOf(part) : undefined;
  }

  #isPackage(path: string): boolean {
    return this.#pushedTo(path) !== undefined;
  }
}

type Setting = (part: Part, value: Value) => boolean;

/** What can be written beside the package and its URI. */
function settingsOf({ object, hasCancel, maximumDeferS, automaticUpgrade }: PartTraits): Partial<Record<number, Setting>> {
  if (object === 9) return {};
  return {
    [SEVERITY]: hasCancel ? (part, value) => typeof value === 'number' && ((part.severity = value), true) : undefined,
    [MAXIMUM_DEFER]:
      maximumDeferS === undefined ? undefined : (part, value) => typeof value === 'number' && ((part.maximumDeferS = value), true),
    [AUTOMATIC_UPGRADE]:
      object !== 5 || automaticUpgrade === 'absent'
        ? undefined
        : (part, value) => {
            if (automaticUpgrade !== 'always-on') part.automaticUpgrade = value === true;
            return typeof value === 'boolean';
          },
  };
}

function versionPathOf(part: Part | undefined): string {
  if (part === undefined) return '';
  return part.traits.versionAt ?? `/${part.traits.object}/${part.instance}/${part.traits.object === 9 ? 1 : 15}`;
}

function reply(code: number): Reply {
  return { response: { code } };
}

/** `undefined` outside the device's own root. */
function withoutRoot(segments: readonly string[], rootPath: string): readonly string[] {
  return `/${segments[0]}` === rootPath ? segments.slice(1) : [];
}

function lwm2mPath(segments: readonly string[]): string | undefined {
  const ids = segments.map((segment) => (/^\d{1,5}$/.test(segment) ? Number(segment) : Number.NaN));
  return orUndefined(() => (ids.length === 0 ? undefined : formatPath(...ids)));
}

/** `undefined` when it cannot be read as one value for this path. */
function writtenValue(path: string, { options, payload }: IncomingRequest): Value | undefined {
  return orUndefined(() => {
    const values = decodeContent(options.contentFormat ?? TEXT, payload, path);
    return values.length === 1 && values[0]?.path === path ? values[0].value : undefined;
  });
}

/** The instance that a Create names; without one the device chooses. */
function instanceIn(format: number | undefined, payload: Uint8Array): number | undefined {
  if (payload.length === 0) return undefined;
  return orUndefined(() => idsOf(decodeContent(format ?? CONTENT_FORMAT.TLV, payload, '/9')[0]?.path ?? '/9')[1]);
}

function orUndefined<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
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
