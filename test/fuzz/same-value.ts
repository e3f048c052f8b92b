import { isDeepStrictEqual } from 'node:util';
import type { ResourceValue, Value } from '@drover/lwm2m';

/**
 * Whether two readings mean the same, to the last digit of an integer. Not stricter than the formats are: JSON's numbers have
 * no -0, and the order of values is none of their meaning.
 */
export function sameValues(a: readonly ResourceValue[], b: readonly ResourceValue[]): boolean {
  if (a.length !== b.length) return false;
  const [left, right] = [sorted(a), sorted(b)];
  return left.every((one, at) => {
    const other = right[at]!;
    return (
      one.path === other.path && one.time === other.time && one.timeIsRelative === other.timeIsRelative && sameValue(one.value, other.value)
    );
  });
}

function sorted(values: readonly ResourceValue[]): ResourceValue[] {
  return [...values].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function sameValue(a: Value, b: Value): boolean {
  const isNumber = (value: Value): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';
  if (!isNumber(a) || !isNumber(b)) return isDeepStrictEqual(a, b);
  // A whole number may come back as `bigint`; its digits must be the same.
  if (isWhole(a) && isWhole(b)) return BigInt(a) === BigInt(b);
  const [x, y] = [Number(a), Number(b)];
  return x === y || (Number.isNaN(x) && Number.isNaN(y));
}

function isWhole(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isInteger(value);
}
