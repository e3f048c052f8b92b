import { FleetError } from './errors.ts';

/** Numeric parts a version may have; `2.4` means `2.4.0.0.0.0`. */
const PARTS = 6;
const DIGITS = 10;

const VERSION = /^[vV]?(\d{1,10}(?:\.\d{1,10}){0,5})(?:[-~]([0-9A-Za-z][0-9A-Za-z.-]{0,60}))?(?:\+[0-9A-Za-z.-]{1,60})?$/;

/**
 * A text whose byte order is the order of versions, or undefined where the text is no version.
 * Stored beside each version fact, so that SQL and memory compare alike.
 *
 * `2.4.1 < 2.10.0`, `2.4.1-rc.1 < 2.4.1`, `2.4 = 2.4.0`; build metadata after `+` does not count.
 */
export function versionKey(text: string): string | undefined {
  const known = KEYS.get(text);
  if (known !== undefined) return known;
  const key = keyOf(text);
  if (key === undefined || text.length > LONGEST_KEPT) return key;
  if (KEYS.size >= MOST_KEPT) KEYS.clear();
  KEYS.set(text, key);
  return key;
}

/** A fleet has a few versions, and each decision compares them: keys that were worked out lately. */
const KEYS = new Map<string, string>();
const MOST_KEPT = 1000;
const LONGEST_KEPT = 100;

function keyOf(text: string): string | undefined {
  const match = VERSION.exec(text.trim());
  if (!match?.[1]) return undefined;
  const parts = match[1].split('.');
  while (parts.length < PARTS) parts.push('0');
  const release = parts.map((part) => part.padStart(DIGITS, '0')).join('.');
  // "~" sorts after every identifier below: a release follows its own pre-releases.
  return match[2] === undefined ? `${release}~` : `${release}-${match[2].split('.').map(identifierKey).join('.')}`;
}

/** As in semantic versioning: numeric identifiers come before alphanumeric ones and compare as numbers. */
function identifierKey(identifier: string): string {
  return /^\d{1,10}$/.test(identifier) ? `0${identifier.padStart(DIGITS, '0')}` : `1${identifier}`;
}

/** Negative, zero or positive; undefined where either text is no version. */
export function compareVersions(a: string, b: string): number | undefined {
  const [keyA, keyB] = [versionKey(a), versionKey(b)];
  if (keyA === undefined || keyB === undefined) return undefined;
  return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
}

type Comparator = { readonly operator: '<' | '<=' | '>' | '>=' | '='; readonly key: string };

/** Alternatives of comparators that must all hold, e.g. `>=2.2.0 <2.4.1`. */
export type VersionRange = readonly Comparator[];

export function parseVersionRange(text: string): VersionRange {
  const words = text.trim().split(/\s+/);
  return words.map((word) => {
    const [, operator = '', version = ''] = /^(<=|>=|<|>|=)?(.*)$/.exec(word) ?? [];
    const key = versionKey(version);
    if (key === undefined) {
      throw new FleetError('VERSION_RANGE_INVALID', `not a version range such as ">=2.2.0 <2.4.1": "${text.slice(0, 60)}"`);
    }
    return { operator: (operator || '=') as Comparator['operator'], key };
  });
}

/** Whether a version lies in one of the ranges; undefined where the text is no version. */
export function isInRanges(version: string, ranges: readonly VersionRange[]): boolean | undefined {
  const key = versionKey(version);
  if (key === undefined) return undefined;
  return ranges.some((range) => range.every((comparator) => holds(key, comparator)));
}

function holds(key: string, { operator, key: limit }: Comparator): boolean {
  switch (operator) {
    case '<':
      return key < limit;
    case '<=':
      return key <= limit;
    case '>':
      return key > limit;
    case '>=':
      return key >= limit;
    case '=':
      return key === limit;
  }
}
