import type { Known, Operation } from './firmware-types.ts';
import { FIRMWARE } from './objects.ts';
import { isWithin } from './paths.ts';
import type { ResourceValue, Value } from './values.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const numberOf = (value: Value): number | undefined => (typeof value === 'number' ? value : undefined);
const textOf = (value: Value): string | undefined => (typeof value === 'string' ? value : undefined);

/** A resource of nobody's model comes as bytes in some formats. */
export function versionOf(value: Value): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : textOf(value);
}

const LEARN: Readonly<Record<string, (known: Mutable<Known>, value: Value) => void>> = {
  [FIRMWARE.STATE]: (known, value) => (known.state = numberOf(value)),
  [FIRMWARE.UPDATE_RESULT]: (known, value) => (known.result = numberOf(value)),
  [FIRMWARE.PACKAGE_URI]: (known, value) => (known.uri = textOf(value)),
  [FIRMWARE.PKG_VERSION]: (known, value) => (known.packageVersion = textOf(value)),
  [FIRMWARE.DELIVERY_METHOD]: (known, value) => (known.deliveryMethod = numberOf(value)),
  [FIRMWARE.AUTOMATIC_UPGRADE]: (known, value) => (known.automaticUpgrade = value === true),
};

/** What a read of `path` replaces: whatever the device does not repeat is not known any more. */
const FORGET: Readonly<Record<string, readonly (keyof Known)[]>> = {
  [FIRMWARE.INSTANCE]: ['state', 'result', 'uri', 'packageVersion', 'protocols', 'deliveryMethod', 'automaticUpgrade'],
  [FIRMWARE.STATE]: ['state'],
  [FIRMWARE.UPDATE_RESULT]: ['result'],
  [FIRMWARE.PACKAGE_URI]: ['uri'],
  [FIRMWARE.PKG_VERSION]: ['packageVersion'],
  [FIRMWARE.PROTOCOL_SUPPORT]: ['protocols'],
  [FIRMWARE.DELIVERY_METHOD]: ['deliveryMethod'],
  [FIRMWARE.AUTOMATIC_UPGRADE]: ['automaticUpgrade'],
};

const STATE_PATHS: readonly string[] = [FIRMWARE.INSTANCE, FIRMWARE.UPDATE_RESULT];

/** Takes in the answer to a read; one that failed has no values. Values that were not asked for are not believed. */
export function learn(
  before: Known,
  op: Operation,
  { values, now, versionFrom }: { values: readonly ResourceValue[]; now: number; versionFrom: string },
): Known {
  const known: Mutable<Known> = { ...before };
  for (const key of FORGET[op.path] ?? []) delete known[key];
  if (op.path === versionFrom) delete known.version;
  for (const { path, value } of values) {
    if (!isWithin(path, op.path)) continue;
    LEARN[path]?.(known, value);
    if (path === versionFrom) known.version = versionOf(value);
  }
  const protocols = values.filter(({ path }) => isWithin(path, FIRMWARE.PROTOCOL_SUPPORT)).map(({ value }) => numberOf(value));
  if (protocols.length > 0) known.protocols = protocols.filter((protocol) => protocol !== undefined);
  if (STATE_PATHS.includes(op.path)) known.readAt = now;
  return known;
}

export function mentionsState(values: readonly ResourceValue[]): boolean {
  return values.some(({ path }) => path === FIRMWARE.STATE || path === FIRMWARE.UPDATE_RESULT);
}
