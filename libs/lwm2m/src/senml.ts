import { toType } from './coerce.ts';
import { malformed } from './errors.ts';
import { typeOfPath } from './objects.ts';
import type { TypeOf } from './objects.ts';
import { idsOf, isWithin, normalPath } from './paths.ts';
import { isObjectLink, linkText } from './values.ts';
import type { ResourceValue, Value } from './values.ts';

/** One SenML record after its encoding (JSON or CBOR) is taken off. Fields LwM2M does not use are dropped before. */
export interface SenmlRecord {
  readonly bn?: string;
  readonly bt?: number;
  readonly n?: string;
  readonly t?: number;
  readonly value?: Value;
}

/** Below this a time is relative to now (RFC 8428 section 4.5.3). */
const ABSOLUTE_FROM = 2 ** 28;

/** Resolves names and times (RFC 8428 section 4.6). Records without a value, as in a composite request, are refused here. */
export function resolveRecords(records: readonly SenmlRecord[], base: string, typeOf?: TypeOf): ResourceValue[] {
  let baseName = '';
  let baseTime = 0;
  return records.map((record) => {
    baseName = record.bn ?? baseName;
    baseTime = record.bt ?? baseTime;
    const path = normalPath(baseName + (record.n ?? ''));
    if (idsOf(path).length < 3) throw malformed(`SenML: ${path} is no resource`);
    if (!isWithin(path, base)) throw malformed(`SenML: ${path} was not asked for`);
    if (record.value === undefined) throw malformed(`SenML: ${path} has no value`);
    const value = toType(record.value, typeOfPath(path, typeOf));
    return { path, value, ...timeOf(baseTime + (record.t ?? 0), record.t !== undefined || baseTime !== 0) };
  });
}

function timeOf(time: number, stated: boolean): Pick<ResourceValue, 'time' | 'timeIsRelative'> {
  if (!stated) return {};
  return time >= ABSOLUTE_FROM ? { time } : { time, timeIsRelative: true };
}

/** One base name for all, which is what the published examples do; times are written absolute. */
export function recordsOf(values: readonly ResourceValue[], base: string): SenmlRecord[] {
  const prefix = idsOf(base).length >= 3 ? base : base === '/' ? '/' : `${base}/`;
  return values.map(({ path, value, time }, index) => {
    if (!isWithin(path, base)) throw malformed(`SenML: ${path} is not within ${base}`);
    const name = path.slice(prefix.length);
    return { ...(index === 0 && { bn: prefix }), ...(name !== '' && { n: name }), ...(time !== undefined && { t: time }), value };
  });
}

/** Which of SenML's value fields holds this value. */
export function labelOf(value: Value): 'v' | 'vs' | 'vb' | 'vd' | 'vlo' {
  if (typeof value === 'string') return 'vs';
  if (typeof value === 'boolean') return 'vb';
  if (value instanceof Uint8Array) return 'vd';
  return isObjectLink(value) ? 'vlo' : 'v';
}

export function plainValue(value: Value): string | number | bigint | boolean | Uint8Array {
  return isObjectLink(value) ? linkText(value) : value;
}
