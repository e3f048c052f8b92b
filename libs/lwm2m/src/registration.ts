import { Endpoint } from '@drover/kernel';
import { CONTENT_FORMAT } from './content.ts';
import { Lwm2mError } from './errors.ts';
import { parseObjectList } from './object-list.ts';
import type { ObjectLists } from './object-lists.ts';
import type { Lwm2mVersion, ObjectList } from './object-list.ts';

export interface Registration extends ObjectList {
  readonly endpoint: Endpoint;
  readonly lifetimeS: number;
  readonly lwm2mVersion: Lwm2mVersion;
  /** Letters as sent, without Q: `U`, `UT`, `US` … */
  readonly binding: string;
  readonly queueMode: boolean;
  readonly sms?: string;
}

/** What an Update changes; absent is unchanged. */
export type RegistrationUpdate = Partial<Omit<Registration, 'endpoint' | 'lwm2mVersion'>>;

export interface Refusal {
  readonly type: 'refused';
  readonly code: '4.00' | '4.03' | '4.09' | '4.12';
  readonly why: string;
}

export interface RegistrationRequest {
  readonly query: readonly string[];
  readonly contentFormat?: number;
  readonly payload: Uint8Array;
}

export const DEFAULT_LIFETIME_S = 86_400;
/** Sent by devices whose lifetime is infinite (Server object: 0). */
const MAX_LIFETIME_S = 0xffffffff;

const refused = (code: Refusal['code'], why: string): Refusal => ({ type: 'refused', code, why });

interface ParseOptions {
  /** The endpoint name that the security layer vouches for: it stands in for an absent `ep`, and an `ep` that differs is refused. */
  readonly identity?: string;
  /** Object lists seen before; without it each is parsed anew. */
  readonly lists?: ObjectLists;
}

/** Reads a Register (Core section 6.2.1). */
export function parseRegister(
  request: RegistrationRequest,
  { identity, lists }: ParseOptions = {},
): { readonly type: 'registration'; readonly registration: Registration } | Refusal {
  return guarded(() => {
    const query = parametersOf(request.query);
    const lwm2mVersion = versionOf(query.lwm2m ?? '1.0');
    if (typeof lwm2mVersion !== 'string') return lwm2mVersion;
    const ep = query.ep ?? identity;
    if (ep === undefined) return refused('4.00', 'no endpoint name');
    if (identity !== undefined && ep !== identity) return refused('4.00', 'the endpoint name is not that of the security identity');
    requireLinkFormat(request);
    const list = lists?.parse(request.payload, lwm2mVersion) ?? parseObjectList(request.payload, lwm2mVersion);
    if (list.objects.length === 0) return query.pid !== undefined ? refused('4.09', 'unknown profile') : refused('4.00', 'no object list');
    const { lifetimeS = DEFAULT_LIFETIME_S, binding = 'U', queueMode = false, sms } = changeableOf(query);
    return { type: 'registration', registration: { ...list, endpoint: Endpoint(ep), lifetimeS, lwm2mVersion, binding, queueMode, sms } };
  });
}

/** Reads an Update; `lwm2mVersion` is that of the registration. An Update with nothing in it refreshes the lifetime. */
export function parseUpdate(
  request: RegistrationRequest,
  lwm2mVersion: Lwm2mVersion,
  lists?: ObjectLists,
): { readonly type: 'update'; readonly update: RegistrationUpdate } | Refusal {
  return guarded(() => {
    const changes = changeableOf(parametersOf(request.query));
    if (request.payload.length === 0) return { type: 'update', update: changes };
    requireLinkFormat(request);
    const list = lists?.parse(request.payload, lwm2mVersion) ?? parseObjectList(request.payload, lwm2mVersion);
    return { type: 'update', update: { ...changes, ...list } };
  });
}

/** Whatever is malformed inside is the device's fault, and 4.00 to it. */
function guarded<T>(parse: () => T): T | Refusal {
  try {
    return parse();
  } catch (error) {
    const isInput = error instanceof Lwm2mError || (error as { code?: string }).code === 'ENDPOINT_INVALID';
    if (isInput) return refused('4.00', (error as Error).message);
    throw error;
  }
}

function malformedParameter(name: string): Lwm2mError {
  return new Lwm2mError('VALUE_INVALID', `malformed parameter ${name}`);
}

/** The parameters of section 6.2.1; an absent one is undefined, one without a value is empty. */
type Parameters = Partial<Record<'ep' | 'lt' | 'lwm2m' | 'b' | 'Q' | 'sms' | 'pid', string>>;

function isParameter(name: string): name is keyof Parameters {
  return name === 'ep' || name === 'lt' || name === 'lwm2m' || name === 'b' || name === 'Q' || name === 'sms' || name === 'pid';
}

/** Some stacks quote values. A parameter that comes twice has no meaning; unknown ones do no harm. */
function parametersOf(query: readonly string[]): Parameters {
  const parameters: Parameters = { ep: undefined, lt: undefined, lwm2m: undefined, b: undefined, Q: undefined, sms: undefined };
  for (const part of query) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (!isParameter(name)) continue;
    if (parameters[name] !== undefined && name !== 'pid') throw malformedParameter(name);
    parameters[name] = equals < 0 ? '' : unquoted(part.slice(equals + 1));
  }
  return parameters;
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** 1.0, 1.1 and 1.2 are served, their patch releases (`1.0.2`, `1.1.1`) included. */
function versionOf(text: string): Lwm2mVersion | Refusal {
  if (text === '1.0' || text === '1.1' || text === '1.2') return text;
  const parts = /^(\d{1,3})\.(\d{1,3})(\.\d{1,3})?$/.exec(text);
  if (parts === null) throw malformedParameter('lwm2m');
  const version = `${parts[1]}.${parts[2]}`;
  return version === '1.0' || version === '1.1' || version === '1.2' ? version : refused('4.12', `LwM2M ${version} is not supported`);
}

function requireLinkFormat({ contentFormat }: RegistrationRequest): void {
  if (contentFormat !== undefined && contentFormat !== CONTENT_FORMAT.LINK)
    throw new Lwm2mError('CONTENT_UNSUPPORTED', `an object list in content format ${contentFormat}`);
}

type Changeable = Pick<RegistrationUpdate, 'lifetimeS' | 'binding' | 'queueMode' | 'sms'>;

/** Only what is there: in an Update the rest stays as it was. */
function changeableOf({ lt, b, Q, sms }: Parameters): Changeable {
  const changes: { -readonly [K in keyof Changeable]: Changeable[K] } = {};
  if (lt !== undefined) changes.lifetimeS = lifetimeOf(lt);
  if (b !== undefined) changes.binding = bindingOf(b);
  // Q is part of `b` in 1.0, a flag of its own since 1.1, and often still in `b` then.
  if (b !== undefined || Q !== undefined) changes.queueMode = Q !== undefined || b!.includes('Q');
  const digits = sms?.startsWith('+') ? sms.slice(1) : sms;
  if (digits !== undefined && /^\d{1,20}$/.test(digits)) changes.sms = digits;
  return changes;
}

function bindingOf(b: string): string {
  if (b === 'U' || b === 'UQ') return 'U';
  if (!/^[UTSNMHQ]{1,8}$/.test(b)) throw malformedParameter('b');
  return b.replaceAll('Q', '') || 'U';
}

function lifetimeOf(text: string): number {
  const seconds = text.length <= 10 && /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= MAX_LIFETIME_S)) throw malformedParameter('lt');
  return seconds === 0 ? MAX_LIFETIME_S : seconds;
}
