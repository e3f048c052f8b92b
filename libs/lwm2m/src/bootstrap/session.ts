import { CONTENT_FORMAT, encodeContent } from '../content.ts';
import type { WrittenInstance } from './account.ts';
import { instancesOf, type BootstrapConfiguration } from './account.ts';
import { holdingsOf, type Holdings } from './discovered.ts';

/** One request to the device. */
export interface BootstrapStep {
  readonly method: 'GET' | 'DELETE' | 'PUT' | 'POST';
  readonly path: string;
  readonly accept?: number;
  readonly contentFormat?: number;
  readonly payload?: Uint8Array;
}

export type BootstrapAnswer =
  /** `2.04`, and so on. */
  { readonly type: 'answer'; readonly code: string; readonly payload: Uint8Array } | { readonly type: 'no-answer' };

export type BootstrapTurn =
  | { readonly type: 'send'; readonly step: BootstrapStep }
  | { readonly type: 'finished' }
  /** `at`: method and path. What has been written by then is in the device: it asks again. */
  | { readonly type: 'failed'; readonly at: string; readonly why: string };

/** Where a session is. Plain data: a function of what was asked and answered so far. */
export interface BootstrapSession {
  readonly configuration: BootstrapConfiguration;
  readonly phase: 'discovering' | 'deleting' | 'writing' | 'finishing' | 'over';
  /** Formats that have not been refused, the one in use first. */
  readonly formats: readonly number[];
  readonly holdings: Holdings | undefined;
  readonly deletes: readonly string[];
  readonly writes: readonly WrittenInstance[];
}

/** Every client of 1.0 and after can be written in TLV; what its template says, or it prefers itself, comes first. */
const FORMATS = [CONTENT_FORMAT.TLV, CONTENT_FORMAT.SENML_CBOR, CONTENT_FORMAT.SENML_JSON, CONTENT_FORMAT.LWM2M_CBOR] as const;
/** Objects that are made anew: security, server, access, OSCORE. */
const OWN_OBJECTS = [0, 1, 2, 21];
const FINISH = { method: 'POST', path: '/bs' } as const;

/** A session with a device that has sent a Bootstrap-Request and was answered 2.04. */
export function beginBootstrap(
  configuration: BootstrapConfiguration,
  preferredFormat?: number,
): { session: BootstrapSession; turn: BootstrapTurn } {
  const first = configuration.contentFormat ?? preferredFormat;
  const formats = [...FORMATS.filter((format) => format === first), ...FORMATS.filter((format) => format !== first)];
  const session = { configuration, phase: 'discovering', formats, holdings: undefined, deletes: [], writes: [] } as const;
  return { session, turn: { type: 'send', step: { method: 'GET', path: '/', accept: CONTENT_FORMAT.LINK } } };
}

/** What follows from an answer. A session that is over stays over. */
export function nextBootstrap(session: BootstrapSession, answer: BootstrapAnswer): { session: BootstrapSession; turn: BootstrapTurn } {
  if (answer.type === 'no-answer') return failed(session, 'no answer');
  switch (session.phase) {
    case 'discovering':
      return deleteNext(discovered(session, answer));
    case 'deleting':
      return onDeleted(session, answer.code);
    case 'writing':
      return onWritten(session, answer.code);
    case 'finishing':
      return answer.code.startsWith('2.') ? { session: over(session), turn: { type: 'finished' } } : failed(session, refusal(answer.code));
    case 'over':
      return failed(session, 'the session is over');
  }
}

/**
 * Who does not tell what it holds may hold anything: each object is made empty, which leaves the bootstrap account (section
 * 6.1.7.6), and that is taken to be the first instance, as factories have it.
 */
function discovered(session: BootstrapSession, { code, payload }: Extract<BootstrapAnswer, { type: 'answer' }>): BootstrapSession {
  const holdings = code === '2.05' ? holdingsOf(payload) : undefined;
  const objects = OWN_OBJECTS.filter((object) => holdings === undefined || holdings.objects.includes(object));
  const taken = holdings?.bootstrapAccounts ?? [0];
  const more = (session.configuration.deleteFirst ?? []).filter(
    (path) => holdings === undefined || holdings.objects.includes(objectOf(path)),
  );
  const writes = instancesOf(session.configuration, (count) => firstFree(count, taken));
  return { ...session, phase: 'deleting', holdings, deletes: [...objects.map((object) => `/${object}`), ...more], writes };
}

const objectOf = (path: string): number => Number(path.split('/')[1]);

/** An account that stays must not be written over. */
function firstFree(count: number, taken: readonly number[]): number[] {
  const free: number[] = [];
  for (let at = 0; free.length < count; at++) if (!taken.includes(at)) free.push(at);
  return free;
}

function deleteNext(session: BootstrapSession): { session: BootstrapSession; turn: BootstrapTurn } {
  const [path] = session.deletes;
  if (path === undefined) return writeNext({ ...session, phase: 'writing' });
  return { session, turn: { type: 'send', step: { method: 'DELETE', path } } };
}

/** What is not there, or what this device has not got at all, need not be deleted; old accounts must go. */
function onDeleted(session: BootstrapSession, code: string): { session: BootstrapSession; turn: BootstrapTurn } {
  const isGone = code.startsWith('2.') || code === '4.04' || (session.deletes[0] !== '/0' && code.startsWith('4.'));
  if (!isGone) return failed(session, refusal(code));
  return deleteNext({ ...session, deletes: session.deletes.slice(1) });
}

function writeNext(session: BootstrapSession): { session: BootstrapSession; turn: BootstrapTurn } {
  const [next] = session.writes;
  if (next === undefined) return { session: { ...session, phase: 'finishing' }, turn: { type: 'send', step: FINISH } };
  const [contentFormat] = session.formats as [number, ...number[]];
  const payload = encodeContent(contentFormat, next.values, next.path);
  return { session, turn: { type: 'send', step: { method: 'PUT', path: next.path, contentFormat, payload } } };
}

function onWritten(session: BootstrapSession, code: string): { session: BootstrapSession; turn: BootstrapTurn } {
  if (code.startsWith('2.')) return writeNext({ ...session, writes: session.writes.slice(1) });
  const others = session.formats.slice(1);
  // Another format may do; another value would not.
  if (code === '4.15' && others.length > 0) return writeNext({ ...session, formats: others });
  return failed(session, refusal(code));
}

function failed(session: BootstrapSession, why: string): { session: BootstrapSession; turn: BootstrapTurn } {
  return { session: over(session), turn: { type: 'failed', at: placeOf(session), why } };
}

function placeOf({ phase, deletes, writes }: BootstrapSession): string {
  switch (phase) {
    case 'discovering':
      return 'GET /';
    case 'deleting':
      return `DELETE ${deletes[0] ?? ''}`;
    case 'writing':
      return `PUT ${writes[0]?.path ?? ''}`;
    default:
      return 'POST /bs';
  }
}

function refusal(code: string): string {
  return code === '4.06' ? 'the device finds its configuration inconsistent (4.06)' : `answered ${code}`;
}

function over(session: BootstrapSession): BootstrapSession {
  return { ...session, phase: 'over', deletes: [], writes: [] };
}

/** The whole configuration in one answer (`GET /bspack`, from 1.2 on). Throws for a format that holds one value or one instance. */
export function bootstrapPack(configuration: BootstrapConfiguration, format: number): Uint8Array {
  const values = instancesOf(configuration, (count) => firstFree(count, [0])).flatMap((instance) => instance.values);
  return encodeContent(format, values, '/');
}
