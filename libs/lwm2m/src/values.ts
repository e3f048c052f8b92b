import { isId } from './paths.ts';

export type DataType = 'String' | 'Integer' | 'Unsigned' | 'Float' | 'Boolean' | 'Opaque' | 'Time' | 'Objlnk' | 'Corelnk';

export interface ObjectLink {
  readonly object: number;
  readonly instance: number;
}

/** Integers beyond 2^53 are `bigint`; Time is seconds since 1970; bytes are Opaque, or a TLV value of unknown type. */
export type Value = string | number | bigint | boolean | Uint8Array | ObjectLink;

export interface ResourceValue {
  /** `/o/i/r` or `/o/i/r/ri`. */
  readonly path: string;
  readonly value: Value;
  /** Seconds since 1970, or, if `timeIsRelative`, seconds from now. */
  readonly time?: number;
  readonly timeIsRelative?: true;
}

export function isObjectLink(value: Value): value is ObjectLink {
  return typeof value === 'object' && !(value instanceof Uint8Array);
}

export function linkText({ object, instance }: ObjectLink): string {
  return `${object}:${instance}`;
}

/** `66:0`; the null link is `65535:65535`, and one published example prints it in hex. */
export function parseLink(text: string): ObjectLink | undefined {
  if (text === 'FFFF:FFFF') return { object: 65_535, instance: 65_535 };
  const parts = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  if (parts === null) return undefined;
  const [object, instance] = [Number(parts[1]), Number(parts[2])];
  const isNull = object === 65_535 && instance === 65_535;
  return isNull || (isId(object) && isId(instance)) ? { object, instance } : undefined;
}

/** A `number` where it is exact. */
export function integerOf(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
