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

/** About so many characters to a piece. */
const PIECE = 1 << 16;

/** The same text in pieces: for values so large that nobody wants to wait for all of it at once. */
export function* canonicalPieces(value: Json | undefined): Generator<string> {
  if (typeof value !== 'object' || value === null) return yield canonicalJson(value);
  const isList = Array.isArray(value);
  const members = isList ? listMembers(value as readonly Json[]) : objectMembers(value as Record<string, Json | undefined>);
  let text = isList ? '[' : '{';
  let isFirst = true;
  for (const [lead, member] of members) {
    text += (isFirst ? '' : ',') + lead;
    isFirst = false;
    if (typeof member !== 'object' || member === null) text += canonicalJson(member);
    else {
      yield text;
      yield* canonicalPieces(member);
      text = '';
    }
    if (text.length > PIECE) {
      yield text;
      text = '';
    }
  }
  yield text + (isList ? ']' : '}');
}

function* listMembers(list: readonly Json[]): Generator<readonly [string, Json]> {
  for (const item of list) yield ['', item];
}

function* objectMembers(value: Record<string, Json | undefined>): Generator<readonly [string, Json]> {
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) yield [`${JSON.stringify(key)}:`, member];
  }
}
