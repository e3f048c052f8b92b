import { bytesFromBase64, toType } from './coerce.ts';
import { Lwm2mError, malformed } from './errors.ts';
import { booleanField, bytesOfJson, jsonOf, linkField, numberField, numericField, objectField, textField } from './json.ts';
import type { JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import { typeOfPath } from './objects.ts';
import type { TypeOf } from './objects.ts';
import { idsOf, isWithin, normalPath } from './paths.ts';
import { labelOf, plainValue, recordsOf } from './senml.ts';
import type { DataType, ResourceValue, Value } from './values.ts';

/** SenML's labels and those of the draft that LwM2M 1.0 took its JSON from. Opaque is base64 in `sv`. */
const LABEL = { v: 'v', vs: 'sv', vb: 'bv', vd: 'sv', vlo: 'ov' } as const;

/** LwM2M JSON (11543), of 1.0 alone: `{"bn", "e": [{"n", "v" | "sv" | "bv" | "ov", "t"}], "bt"}`. */
export function decodeLwm2mJson(payload: Uint8Array, base: string, typeOf?: TypeOf): ResourceValue[] {
  const { bn, bt, e: entries } = objectField(jsonOf(payload), 'LwM2M JSON');
  if (!Array.isArray(entries)) throw malformed('LwM2M JSON: e is an array');
  if (entries.length > LIMITS.records) throw new Lwm2mError('CONTENT_TOO_LARGE', `LwM2M JSON: more than ${LIMITS.records} entries`);
  const baseName = textField(bn, 'bn');
  const baseTime = numberField(bt, 'bt');
  return entries.map((raw) => {
    const entry = objectField(raw, 'an entry');
    const path = normalPath(pathOf(baseName, textField(entry['n'], 'n') ?? '', base));
    if (idsOf(path).length < 3) throw malformed(`LwM2M JSON: ${path} is no resource`);
    if (!isWithin(path, base)) throw malformed(`LwM2M JSON: ${path} was not asked for`);
    const value = valueOf(entry, typeOfPath(path, typeOf));
    if (value === undefined) throw malformed(`LwM2M JSON: ${path} has no value`);
    return { path, value, ...timeOf(baseTime, numberField(entry['t'], 't')) };
  });
}

/** Without a base name, names are relative to the path that was asked for. */
function pathOf(baseName: string | undefined, name: string, base: string): string {
  if (baseName !== undefined) return baseName + name;
  if (name === '') return base;
  return base === '/' ? `/${name}` : `${base}/${name}`;
}

function valueOf({ v, sv, bv, ov }: JsonObject, type: DataType | undefined): Value | undefined {
  const text = textField(sv, 'sv');
  if (text !== undefined && type === 'Opaque') return bytesFromBase64(text);
  const value = numericField(v, 'v') ?? text ?? booleanField(bv, 'bv') ?? linkField(ov, 'ov');
  return value === undefined ? undefined : toType(value, type);
}

/** In this draft every positive time counts from 1970, and zero or less from now. */
function timeOf(base: number | undefined, time: number | undefined): Pick<ResourceValue, 'time' | 'timeIsRelative'> {
  if (base === undefined && time === undefined) return {};
  const sum = (base ?? 0) + (time ?? 0);
  return sum > 0 ? { time: sum } : { time: sum, timeIsRelative: true };
}

export function encodeLwm2mJson(values: readonly ResourceValue[], base: string): Uint8Array {
  const records = recordsOf(values, base);
  const e = records.map(({ n, t, value }) => ({ n: n ?? '', [LABEL[labelOf(value!)]]: jsonValue(value!), t }));
  return bytesOfJson({ bn: records[0]?.bn, e });
}

function jsonValue(value: Value): string | number | bigint | boolean {
  const plain = plainValue(value);
  return plain instanceof Uint8Array ? Buffer.from(plain).toString('base64') : plain;
}
