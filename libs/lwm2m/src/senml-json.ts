import { bytesFromBase64, textOfBytes } from './coerce.ts';
import { Lwm2mError, malformed } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { TypeOf } from './objects.ts';
import { labelOf, plainValue, recordsOf, resolveRecords } from './senml.ts';
import type { SenmlRecord } from './senml.ts';
import { parseLink } from './values.ts';
import type { ResourceValue, Value } from './values.ts';

/** SenML JSON (110). Integers beyond 2^53 lose digits here, as JSON numbers do. */
export function decodeSenmlJson(payload: Uint8Array, base: string, typeOf?: TypeOf): ResourceValue[] {
  return resolveRecords(packOf(payload).map(recordOf), base, typeOf);
}

function packOf(payload: Uint8Array): readonly unknown[] {
  let pack: unknown;
  try {
    pack = JSON.parse(textOfBytes(payload));
  } catch (cause) {
    throw new Lwm2mError('CONTENT_MALFORMED', 'SenML: not JSON', cause);
  }
  if (!Array.isArray(pack)) throw malformed('SenML: not an array');
  if (pack.length > LIMITS.records) throw new Lwm2mError('CONTENT_TOO_LARGE', `SenML: more than ${LIMITS.records} records`);
  return pack;
}

function recordOf(record: unknown): SenmlRecord {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) throw malformed('SenML: a record is an object');
  const { bn, bt, n, t, ...rest } = record as Record<string, unknown>;
  return { bn: textField(bn, 'bn'), bt: numberField(bt, 'bt'), n: textField(n, 'n'), t: numberField(t, 't'), value: valueField(rest) };
}

export function textField(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw malformed(`SenML: ${name} is a text`);
}

export function numberField(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(`SenML: ${name} is a number`);
  return value;
}

function valueField(record: Record<string, unknown>): Value | undefined {
  const { v, vb } = record;
  if (v !== undefined) return numberField(v, 'v');
  const text = textField(record['vs'], 'vs');
  if (text !== undefined) return text;
  if (typeof vb === 'boolean') return vb;
  if (vb !== undefined) throw malformed('SenML: vb is true or false');
  const data = textField(record['vd'], 'vd');
  if (data !== undefined) return bytesFromBase64(data);
  const link = textField(record['vlo'], 'vlo');
  if (link === undefined) return undefined;
  const parsed = parseLink(link);
  if (parsed === undefined) throw malformed('SenML: vlo is a link like 66:0');
  return parsed;
}

export function encodeSenmlJson(values: readonly ResourceValue[], base: string): Uint8Array {
  const records = recordsOf(values, base).map(({ bn, n, t, value }) => ({ bn, n, t, [labelOf(value!)]: jsonValue(value!) }));
  return Uint8Array.from(Buffer.from(JSON.stringify(records), 'utf8'));
}

function jsonValue(value: Value): string | number | boolean {
  const plain = plainValue(value);
  if (plain instanceof Uint8Array) return Buffer.from(plain).toString('base64url');
  return typeof plain === 'bigint' ? Number(plain) : plain;
}
