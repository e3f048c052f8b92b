import { textOfBytes } from './coerce.ts';
import { Lwm2mError, malformed } from './errors.ts';
import { parseLink } from './values.ts';
import type { ObjectLink } from './values.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(textOfBytes(payload));
  } catch (cause) {
    throw new Lwm2mError('CONTENT_MALFORMED', 'not JSON', cause);
  }
}

export function bytesOfJson(value: unknown): Uint8Array {
  return Uint8Array.from(Buffer.from(JSON.stringify(value), 'utf8'));
}

export function objectField(value: unknown, name: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`${name} is an object`);
  return value as JsonObject;
}

export function textField(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw malformed(`field ${name} is a text`);
}

export function numberField(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(`field ${name} is a number`);
  return value;
}

export function booleanField(value: unknown, name: string): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw malformed(`field ${name} is true or false`);
}

export function linkField(value: unknown, name: string): ObjectLink | undefined {
  const text = textField(value, name);
  if (text === undefined) return undefined;
  const link = parseLink(text);
  if (link === undefined) throw malformed(`field ${name} is a link like 66:0`);
  return link;
}
