import type { Json } from '@drover/kernel';
import type { ObjectModels } from './object-models.ts';
import type { TypedValue } from './operation-outcome.ts';
import { isSecret } from './operator-rules.ts';
import { idsOf } from './paths.ts';
import { plainValue } from './senml.ts';
import type { ResourceValue, Value } from './values.ts';

/** A typed value in plain JSON: bytes as base64, links as `66:0`, integers beyond 2^53 as text. */
export type PlainValue = Omit<TypedValue, 'value' | 'time' | 'timeIsRelative'> & {
  readonly value: string | number | boolean;
  /** Seconds since 1970. */
  readonly time?: number;
};

export function plainOf({ value, time, timeIsRelative, ...rest }: TypedValue, nowS: number): PlainValue {
  return { ...rest, value: jsonOfValue(value), ...(time !== undefined && { time: timeIsRelative ? nowS + time : time }) };
}

function jsonOfValue(value: Value): string | number | boolean {
  const plain = plainValue(value);
  if (plain instanceof Uint8Array) return Buffer.from(plain).toString('base64');
  return typeof plain === 'bigint' ? plain.toString() : plain;
}

/** Resources that hold a person's secret under a harmless type: APN secret, software password and user name. */
const CONFIDENTIAL: ReadonlyMap<number, readonly number[]> = new Map([
  [9, [14, 15]],
  [11, [5, 6]],
]);
const MAX_LOGGED = 255;

/**
 * A value as it may stand in the audit log. Bytes, whatever belongs to keys, and what no model knows are named by their
 * kind alone: a log is read by more people than a device is.
 */
export function loggedValue({ path, value }: ResourceValue, models: ObjectModels): Json {
  const [object = -1, , resource = -1] = idsOf(path);
  const type = models.resource(path)?.type;
  if (isSecret(path) || CONFIDENTIAL.get(object)?.includes(resource)) return { path, hidden: 'confidential' };
  if (value instanceof Uint8Array || type === 'Opaque') return { path, hidden: 'bytes' };
  if (type === undefined) return { path, hidden: 'unknown resource' };
  const plain = jsonOfValue(value);
  return { path, value: typeof plain === 'string' ? plain.slice(0, MAX_LOGGED) : plain };
}
