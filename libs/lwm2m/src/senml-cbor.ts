import { decode, encode, Tag } from 'cbor2';
import { toType } from './coerce.ts';
import { Lwm2mError, malformed } from './errors.ts';
import { LIMITS } from './limits.ts';
import { typeOfPath } from './objects.ts';
import type { TypeOf } from './objects.ts';
import { numberField, textField } from './senml-json.ts';
import { labelOf, plainValue, recordsOf, resolveRecords } from './senml.ts';
import type { SenmlRecord } from './senml.ts';
import { requireResource } from './text.ts';
import { parseLink } from './values.ts';
import type { ResourceValue, Value } from './values.ts';

const KEY = { bn: -2, bt: -3, n: 0, v: 2, vs: 3, vb: 4, t: 6, vd: 8, vlo: 'vlo' } as const;

/**
 * No tag is acted upon (cbor2's own would build big numbers, dates and regular expressions from a device's bytes), no
 * key may come twice, nesting is shallow. A length beyond the payload fails before anything of that size is allocated.
 */
function decodeCbor(payload: Uint8Array): unknown {
  try {
    return decode(payload, {
      maxDepth: LIMITS.cborDepth,
      tags: new Map(),
      ignoreGlobalTags: true,
      rejectDuplicateKeys: true,
      preferMap: true,
    });
  } catch (cause) {
    throw new Lwm2mError('CONTENT_MALFORMED', 'not well-formed CBOR, or nested too deeply', cause);
  }
}

/** Tag 1, seconds since 1970, is the one tag LwM2M uses. */
function valueOf(raw: unknown): Value | undefined {
  const value: unknown = raw instanceof Tag && Number(raw.tag) === 1 ? raw.contents : raw;
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return isPlain ? value : undefined;
}

/** CBOR (60): one resource. */
export function decodeCborValue(payload: Uint8Array, path: string, typeOf?: TypeOf): ResourceValue[] {
  requireResource(path);
  const value = valueOf(decodeCbor(payload));
  if (value === undefined) throw malformed('CBOR: no value of a resource');
  return [{ path, value: toType(value, typeOfPath(path, typeOf)) }];
}

/** SenML CBOR (112). */
export function decodeSenmlCbor(payload: Uint8Array, base: string, typeOf?: TypeOf): ResourceValue[] {
  const pack = decodeCbor(payload);
  if (!Array.isArray(pack)) throw malformed('SenML: not an array');
  if (pack.length > LIMITS.records) throw new Lwm2mError('CONTENT_TOO_LARGE', `SenML: more than ${LIMITS.records} records`);
  return resolveRecords(pack.map(recordOf), base, typeOf);
}

function recordOf(record: unknown): SenmlRecord {
  if (!(record instanceof Map)) throw malformed('SenML: a record is a map');
  return {
    bn: textField(record.get(KEY.bn), 'bn'),
    bt: numberField(record.get(KEY.bt), 'bt'),
    n: textField(record.get(KEY.n), 'n'),
    t: numberField(record.get(KEY.t), 't'),
    value: recordValue(record),
  };
}

function recordValue(record: ReadonlyMap<unknown, unknown>): Value | undefined {
  const link = textField(record.get(KEY.vlo), 'vlo');
  if (link !== undefined) {
    const parsed = parseLink(link);
    if (parsed === undefined) throw malformed('SenML: vlo is a link like 66:0');
    return parsed;
  }
  for (const key of [KEY.v, KEY.vs, KEY.vb, KEY.vd]) {
    if (!record.has(key)) continue;
    const value = valueOf(record.get(key));
    if (value === undefined) throw malformed(`SenML: field ${key} has no value of a resource`);
    return value;
  }
  return undefined;
}

export function encodeSenmlCbor(values: readonly ResourceValue[], base: string): Uint8Array {
  const records = recordsOf(values, base).map(({ bn, n, t, value }) => {
    const record = new Map<unknown, unknown>();
    if (bn !== undefined) record.set(KEY.bn, bn);
    if (n !== undefined) record.set(KEY.n, n);
    record.set(KEY[labelOf(value!)], cborValue(value!));
    if (t !== undefined) record.set(KEY.t, t);
    return record;
  });
  return encode(records);
}

/** A Node Buffer would be written as an object. */
function cborValue(value: Value): unknown {
  const plain = plainValue(value);
  return plain instanceof Uint8Array ? Uint8Array.from(plain) : plain;
}
