import { DroverError } from './errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * One text for one value (RFC 8785 for the values we use): keys sorted by UTF-16 code units, no white space,
 * `undefined` members left out. What is hashed or signed goes through here, so equal values have equal digests.
 */
export function canonicalJson(value: Json | undefined): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new DroverError('UNREACHABLE', 'invariant', 'a number that JSON cannot hold');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(',')}]`;
  if (typeof value === 'object') return canonicalObject(value as Record<string, Json | undefined>);
  throw new DroverError('UNREACHABLE', 'invariant', `cannot be written as JSON: ${typeof value}`);
}

function canonicalObject(value: Record<string, Json | undefined>): string {
  let members = '';
  for (const key of Object.keys(value).sort()) {
    if (value[key] === undefined) continue;
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(value[key])}`;
  }
  return `{${members}}`;
}
