import { fromText, textOfBytes } from './coerce.ts';
import { malformed } from './errors.ts';
import { typeOfPath } from './objects.ts';
import type { TypeOf } from './objects.ts';
import { idsOf } from './paths.ts';
import { isObjectLink, linkText } from './values.ts';
import type { ResourceValue, Value } from './values.ts';

/** Plain text (0): one resource, no structure. */
export function decodeText(payload: Uint8Array, path: string, typeOf?: TypeOf): ResourceValue[] {
  requireResource(path);
  return [{ path, value: fromText(textOfBytes(payload), typeOfPath(path, typeOf)) }];
}

export function encodeText(value: Value): Uint8Array {
  return Uint8Array.from(Buffer.from(textOf(value), 'utf8'));
}

function textOf(value: Value): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'number') return plainDecimal(value);
  return isObjectLink(value) ? linkText(value) : String(value);
}

/** The text form of a Float has no exponent. */
function plainDecimal(value: number): string {
  if (!Number.isFinite(value)) throw malformed(`no text for ${value}`);
  const text = String(value);
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (parts === null) return text;
  // By hand: locale formatting ends after a hundred decimals, and would write 1e-200 as 0.
  const [, sign, first, rest = '', exponent] = parts;
  const digits = `${first}${rest}`;
  const point = 1 + Number(exponent);
  return point > 0 ? `${sign}${digits.padEnd(point, '0')}` : `${sign}0.${'0'.repeat(-point)}${digits}`;
}

/** Opaque (42): the bytes themselves. */
export function decodeOpaque(payload: Uint8Array, path: string): ResourceValue[] {
  requireResource(path);
  return [{ path, value: payload.slice() }];
}

export function requireResource(path: string): void {
  if (idsOf(path).length < 3) throw malformed(`this format holds one resource, ${path} is more`);
}
