import { isInRanges, parseVersionRange } from '@drover/fleet';
import { leaf, Misread, typeName, type Schema } from './schema.ts';

/** A condition on a fact, with the text that it was written as. */
export interface TextPattern {
  readonly text: string;
  readonly matches: (value: string) => boolean;
}

const MAX_TEXT = 255;

function written(value: unknown): string {
  if (typeof value !== 'string') throw new Misread('TYPE_WRONG', `expected text, got ${typeName(value)}; write it in quotes`);
  if (value.length === 0 || value.length > MAX_TEXT) throw new Misread('VALUE_INVALID', `expected 1 to ${MAX_TEXT} characters`);
  return value;
}

/** `*` stands for any characters, also none. One pass and no regular expression: the text comes from a device. */
function wildcard(pattern: string): (value: string) => boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return (value) => value === pattern;
  return (value) => {
    if (!value.startsWith(head)) return false;
    let at = head.length;
    for (const part of rest) {
      const found = value.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return value.length - tail.length >= at && value.endsWith(tail);
  };
}

export const textPattern: Schema<TextPattern> = leaf({ type: 'string', description: '* stands for any characters' }, (value) => {
  const text = written(value);
  return { text, matches: wildcard(text) };
});

/** A range (`>=2.2.0 <2.4.1`), a pattern (`2.3.*`), or one version; a version that does not count like one is compared as text. */
export const versionPattern: Schema<TextPattern> = leaf(
  { type: 'string', description: 'a range such as ">=2.2.0 <2.4.1", or a version with * for any characters' },
  (value) => {
    const text = written(value);
    if (text.includes('*')) return { text, matches: wildcard(text) };
    if (!/^\s*[<>=v\d]/i.test(text)) return { text, matches: (version) => version === text };
    const range = rangeOf(text);
    return { text, matches: (version) => version === text || (range !== undefined && isInRanges(version, [range]) === true) };
  },
);

function rangeOf(text: string): ReturnType<typeof parseVersionRange> | undefined {
  try {
    return parseVersionRange(text);
  } catch (error) {
    if (/[<>=]/.test(text)) throw error;
    return undefined;
  }
}
