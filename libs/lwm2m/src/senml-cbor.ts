import { cborOfValue, decodeCbor, encodeCbor, valueOfCbor, timeForCbor } from './cbor.ts';
import { toType } from './coerce.ts';
import { Lwm2mError, malformed } from './errors.ts';
import { linkField, numberField, textField } from './json.ts';
import { LIMITS } from './limits.ts';
import { typeOfPath } from './objects.ts';
import type { TypeOf } from './objects.ts';
import { labelOf, recordsOf, resolveRecords } from './senml.ts';
import type { SenmlRecord } from './senml.ts';
import { requireResource } from './text.ts';
import type { DataType, ResourceValue, Value } from './values.ts';

const KEY = { bn: -2, bt: -3, n: 0, v: 2, vs: 3, vb: 4, t: 6, vd: 8, vlo: 'vlo' } as const;

/** CBOR (60): one resource. */
export function decodeCborValue(payload: Uint8Array, path: string, typeOf?: TypeOf): ResourceValue[] {
  requireResource(path);
  const value = valueOfCbor(decodeCbor(payload, LIMITS.cborDepth));
  if (value === undefined) throw malformed('CBOR: no value of a resource');
  return [{ path, value: toType(value, typeOfPath(path, typeOf)) }];
}

export function encodeCborValue(value: Value, type?: DataType): Uint8Array {
  return encodeCbor(type === 'Time' ? timeForCbor(value) : cborOfValue(value));
}

/** SenML CBOR (112). */
export function decodeSenmlCbor(payload: Uint8Array, base: string, typeOf?: TypeOf): ResourceValue[] {
  return resolveRecords(senmlCborRecords(payload), base, typeOf);
}

export function senmlCborRecords(payload: Uint8Array): SenmlRecord[] {
  const pack = decodeCbor(payload, LIMITS.cborDepth);
  if (!Array.isArray(pack)) throw malformed('SenML: not an array');
  if (pack.length > LIMITS.records) throw new Lwm2mError('CONTENT_TOO_LARGE', `SenML: more than ${LIMITS.records} records`);
  return pack.map(recordOf);
}

function recordOf(record: unknown): SenmlRecord {
  if (!(record instanceof Map)) throw malformed('SenML: a record is a map');
  return {
    bn: textField(record.get(KEY.bn), 'bn'),
    bt: numberField(record.get(KEY.bt), 'bt'),
    n: textField(record.get(KEY.n), 'n'),
    t: numberField(record.get(KEY.t), 't'),
    value: linkField(record.get(KEY.vlo), 'vlo') ?? recordValue(record),
  };
}

function recordValue(record: ReadonlyMap<unknown, unknown>): Value | undefined {
  for (const key of [KEY.v, KEY.vs, KEY.vb, KEY.vd]) {
    if (!record.has(key)) continue;
    const value = valueOfCbor(record.get(key));
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
    record.set(KEY[labelOf(value!)], cborOfValue(value!));
    if (t !== undefined) record.set(KEY.t, t);
    return record;
  });
  return encodeCbor(records);
}
