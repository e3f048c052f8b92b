import { bytesFromBase64 } from './coerce.ts';
import { Lwm2mError, malformed } from './errors.ts';
import { booleanField, bytesOfJson, jsonOf, linkField, numberField, numericField, objectField, textField } from './json.ts';
import type { JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import type { TypeOf } from './objects.ts';
import { labelOf, plainValue, recordsOf, resolveRecords } from './senml.ts';
import type { SenmlRecord } from './senml.ts';
import type { ResourceValue, Value } from './values.ts';

/** SenML JSON (110). */
export function decodeSenmlJson(payload: Uint8Array, base: string, typeOf?: TypeOf): ResourceValue[] {
  return resolveRecords(senmlJsonRecords(payload), base, typeOf);
}

export function senmlJsonRecords(payload: Uint8Array): SenmlRecord[] {
  const pack = jsonOf(payload);
  if (!Array.isArray(pack)) throw malformed('SenML: not an array');
  if (pack.length > LIMITS.records) throw new Lwm2mError('CONTENT_TOO_LARGE', `SenML: more than ${LIMITS.records} records`);
  return pack.map(recordOf);
}

function recordOf(record: unknown): SenmlRecord {
  const { bn, bt, n, t, ...rest } = objectField(record, 'a record');
  return { bn: textField(bn, 'bn'), bt: numberField(bt, 'bt'), n: textField(n, 'n'), t: numberField(t, 't'), value: valueField(rest) };
}

function valueField({ v, vs, vb, vd, vlo }: JsonObject): Value | undefined {
  const data = textField(vd, 'vd');
  return (
    numericField(v, 'v') ??
    textField(vs, 'vs') ??
    booleanField(vb, 'vb') ??
    (data === undefined ? linkField(vlo, 'vlo') : bytesFromBase64(data))
  );
}

export function encodeSenmlJson(values: readonly ResourceValue[], base: string): Uint8Array {
  return bytesOfJson(recordsOf(values, base).map(({ bn, n, t, value }) => ({ bn, n, t, [labelOf(value!)]: jsonValue(value!) })));
}

function jsonValue(value: Value): string | number | bigint | boolean {
  const plain = plainValue(value);
  return plain instanceof Uint8Array ? Buffer.from(plain).toString('base64url') : plain;
}
