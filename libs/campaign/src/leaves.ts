import { Digest, DroverError, durationOf, instantOf, Name, nearest, type Duration, type Instant } from '@drover/kernel';
import { FleetError, parseVersionRange, parseWhere, type Predicate } from '@drover/fleet';
import { leaf, Misread, typeName, type Schema } from './schema.ts';

function demand<T extends 'string' | 'number' | 'boolean'>(
  value: unknown,
  type: T,
  what: string,
): T extends 'string' ? string : T extends 'number' ? number : boolean {
  if (typeof value !== type) throw new Misread('TYPE_WRONG', `expected ${what}, got ${typeName(value)}`);
  return value as never;
}

export function text({ max = 1000 } = {}): Schema<string> {
  return leaf({ type: 'string', maxLength: max }, (value) => {
    const read = demand(value, 'string', 'text');
    if (read.length === 0 || read.length > max) throw new Misread('VALUE_INVALID', `expected 1 to ${max} characters, got ${read.length}`);
    return read;
  });
}

export const name: Schema<Name> = leaf({ type: 'string', pattern: '^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$' }, (value) =>
  Name(demand(value, 'string', 'a name')),
);

export const flag: Schema<boolean> = leaf({ type: 'boolean' }, (value) => demand(value, 'boolean', 'true or false'));

export function integer({ min = 0, max = 1_000_000_000 } = {}): Schema<number> {
  return leaf({ type: 'integer', minimum: min, maximum: max }, (value) => {
    const read = demand(value, 'number', 'a whole number');
    if (!Number.isInteger(read) || read < min || read > max)
      throw new Misread('VALUE_INVALID', `expected a whole number from ${min} to ${max}, got ${read}`);
    return read;
  });
}

export function decimal({ min, max }: { min: number; max: number }): Schema<number> {
  return leaf({ type: 'number', minimum: min, maximum: max }, (value) => {
    const read = demand(value, 'number', 'a number');
    if (!Number.isFinite(read) || read < min || read > max)
      throw new Misread('VALUE_INVALID', `expected a number from ${min} to ${max}, got ${read}`);
    return read;
  });
}

/** One of fixed words. `later` holds words of the language that are not built yet. */
export function oneOf<const T extends string>(words: readonly T[], later: readonly string[] = []): Schema<T> {
  return leaf({ enum: words }, (value) => {
    const list = words.join(', ');
    // Bare on/off/yes/no are booleans to many YAML readers: say so instead of guessing.
    if (typeof value === 'boolean') throw new Misread('TYPE_WRONG', `expected one of ${list}; write it in quotes`);
    const read = demand(value, 'string', `one of ${list}`);
    if ((words as readonly string[]).includes(read)) return read as T;
    if (later.includes(read)) throw new Misread('VALUE_NOT_SUPPORTED_YET', `"${read}" is not supported yet`);
    const guess = nearest(read, words);
    throw new Misread('VALUE_INVALID', `expected one of ${list}, got "${read.slice(0, 80)}"${guess ? `; did you mean "${guess}"?` : ''}`);
  });
}

export const duration: Schema<Duration> = leaf({ type: 'string', pattern: '^([0-9.]+(ms|s|m|h|d|w))+$' }, (value) =>
  durationOf(demand(value, 'string', 'a duration such as 15s, 45m or 7d')),
);

export const instant: Schema<Instant> = leaf({ type: 'string', format: 'date-time' }, (value) =>
  instantOf(demand(value, 'string', 'an RFC 3339 time')),
);

/** Written `"35%"`, read as 0.35. */
export const percent: Schema<number> = leaf({ type: 'string', pattern: '^[0-9]+([.][0-9]+)?%$' }, (value) =>
  percentOf(demand(value, 'string', 'a percentage such as "35%"')),
);

function percentOf(read: string): number {
  const match = /^(\d{1,3}(?:\.\d+)?)%$/.exec(read);
  const number = Number(match?.[1]);
  if (!match || number > 100) throw new Misread('VALUE_INVALID', `expected a percentage from 0% to 100%, got "${read.slice(0, 40)}"`);
  return number / 100;
}

/** A bare number is a count, a percentage carries `%`. */
export type Limit = { readonly kind: 'count'; readonly count: number } | { readonly kind: 'percent'; readonly fraction: number };

export const limit: Schema<Limit> = leaf(
  {
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^[0-9]+([.][0-9]+)?%$' },
    ],
  },
  (value) => {
    if (typeof value === 'number') {
      if (!Number.isInteger(value) || value < 0) throw new Misread('VALUE_INVALID', `a count is a whole number, got ${value}`);
      return { kind: 'count', count: value };
    }
    return { kind: 'percent', fraction: percentOf(demand(value, 'string', 'a count or a percentage')) };
  },
);

/** Written with its unit (`-118dBm`, `3.25V`), read as the bare number. */
export function quantity(unit: string, { min, max }: { min: number; max: number }): Schema<number> {
  return leaf({ type: 'string', pattern: `^-?[0-9]+([.][0-9]+)?${unit}$` }, (value) => {
    const read = demand(value, 'string', `a quantity in ${unit}, such as ${min}${unit}`);
    const match = new RegExp(`^(-?\\d+(?:\\.\\d+)?)\\s?${unit}$`).exec(read);
    const number = Number(match?.[1]);
    if (!match || number < min || number > max)
      throw new Misread('VALUE_INVALID', `expected ${min}${unit} to ${max}${unit}, got "${read.slice(0, 40)}"`);
    return number;
  });
}

const BYTE_UNIT: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 };

/** `20Mi`, `900Ki`, or a bare number of bytes. */
export const bytes: Schema<number> = leaf(
  { anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^[0-9]+([.][0-9]+)?(k|M|G|Ki|Mi|Gi)?$' }] },
  (value) => {
    const match = /^(\d+(?:\.\d+)?)(k|M|G|Ki|Mi|Gi)?$/.exec(String(value));
    if (!match || (typeof value !== 'string' && typeof value !== 'number'))
      throw new Misread('VALUE_INVALID', `expected bytes such as 512Ki or 20Mi, got ${typeName(value)}`);
    return Math.round(Number(match[1]) * (BYTE_UNIT[match[2] ?? ''] ?? 1));
  },
);

export interface Where {
  readonly text: string;
  readonly predicate: Predicate;
}

export const where: Schema<Where> = leaf({ type: 'string', description: 'CEL expression over facts and labels' }, (value) => {
  const read = demand(value, 'string', 'an expression');
  try {
    return { text: read, predicate: parseWhere(read) };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    const place = error.position === undefined ? '' : ` (at character ${error.position + 1})`;
    throw new Misread('WHERE_INVALID', `${error.code}: ${error.message}${place}`);
  }
});

export const versionRange: Schema<string> = leaf({ type: 'string' }, (value) => {
  const read = demand(value, 'string', 'a version range');
  parseVersionRange(read);
  return read;
});

export const timeZone: Schema<string> = leaf({ type: 'string', description: 'Device, Site, or an IANA time zone' }, (value) => {
  const read = demand(value, 'string', 'Device, Site, or an IANA time zone');
  if (read === 'Device' || read === 'Site') return read;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: read }).resolvedOptions().timeZone;
  } catch {
    throw new DroverError(
      'TIME_ZONE_UNKNOWN',
      'input',
      `no time zone is called "${read.slice(0, 60)}"; expected Device, Site, or an IANA name such as Europe/Berlin`,
    );
  }
});

export const leafDigest: Schema<Digest> = leaf({ type: 'string', pattern: '^sha256:[0-9a-f]{64}$' }, (value) =>
  Digest(demand(value, 'string', 'a digest')),
);

const BLOCK_SIZES = [16, 32, 64, 128, 256, 512, 1024];

/** Bytes of one CoAP block. */
export const blockSize: Schema<number> = leaf({ enum: BLOCK_SIZES }, (value) => {
  if (!BLOCK_SIZES.includes(value as number)) throw new Misread('VALUE_INVALID', `a CoAP block has one of ${BLOCK_SIZES.join(', ')} bytes`);
  return value as number;
});

/** A duration between two others, written as they are. */
export function durationWithin(min: string, max: string): Schema<Duration> {
  const [least, most] = [durationOf(min), durationOf(max)];
  return leaf({ ...duration.json, description: `${min} to ${max}` }, (value) => {
    const read = durationOf(demand(value, 'string', `a duration from ${min} to ${max}`));
    if (read < least || read > most) throw new Misread('VALUE_INVALID', `expected a duration from ${min} to ${max}, got ${String(value)}`);
    return read;
  });
}
