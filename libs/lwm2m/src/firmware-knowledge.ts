import { protocolList } from './firmware-method.ts';
import type { Known, Operation } from './firmware-types.ts';
import { DEVICE, UPDATE_RESULT, UPDATE_STATE } from './objects.ts';
import { isWithin, parsePath } from './paths.ts';
import { standingOf } from './update-object.ts';
import type { UpdateObjectName, UpdatePaths } from './update-object.ts';
import { isObjectLink } from './values.ts';
import type { ResourceValue, Value } from './values.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Told = Mutable<NonNullable<Known['told']>>;

const numberOf = (value: Value): number | undefined => (typeof value === 'number' ? value : undefined);
const textOf = (value: Value): string | undefined => (typeof value === 'string' ? value : undefined);

/** A resource of nobody's model comes as bytes in some formats. */
export function versionOf(value: Value): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : textOf(value);
}

/** What each resource of an update object teaches, by its name among the paths. */
const LEARN: Readonly<Partial<Record<keyof UpdatePaths, (known: Mutable<Known>, value: Value) => void>>> = {
  packageUri: (known, value) => (known.uri = textOf(value)),
  packageName: (known, value) => (known.packageName = textOf(value)),
  packageVersion: (known, value) => (known.packageVersion = textOf(value)),
  delivery: (known, value) => (known.deliveryMethod = numberOf(value)),
  automaticUpgrade: (known, value) => (known.automaticUpgrade = value === true),
  severity: (known, value) => (known.severity = numberOf(value)),
  maximumDefer: (known, value) => (known.maximumDefer = numberOf(value)),
  activation: (known, value) => (known.active = value === true),
};

/** What a read of the resource replaces: whatever the device does not repeat is not known any more. */
const FORGET: Readonly<Partial<Record<keyof UpdatePaths, keyof Known>>> = {
  packageUri: 'uri',
  packageName: 'packageName',
  packageVersion: 'packageVersion',
  protocols: 'protocols',
  delivery: 'deliveryMethod',
  automaticUpgrade: 'automaticUpgrade',
  severity: 'severity',
  maximumDefer: 'maximumDefer',
  linked: 'linked',
  activation: 'active',
};

export interface Lesson {
  readonly object: UpdateObjectName;
  readonly paths: UpdatePaths;
  readonly versionPaths: readonly string[];
  readonly expectedVersion: string;
  readonly now: number;
}

/** Takes in the answer to a read; one that failed has no values. Values that were not asked for are not believed. */
export function learn(before: Known, op: Operation, values: readonly ResourceValue[], lesson: Lesson): Known {
  const { paths, versionPaths, now } = lesson;
  const known: Mutable<Known> = { ...before };
  const asked = values.filter(({ path }) => isWithin(path, op.path));
  for (const [name, path] of namedPaths(paths)) {
    if (!isWithin(path, op.path)) continue;
    const key = FORGET[name];
    if (key !== undefined) delete known[key];
    const found = asked.find((each) => each.path === path);
    if (found) LEARN[name]?.(known, found.value);
  }
  learnLists(known, asked, paths);
  if (isWithin(paths.state, op.path) || isWithin(paths.result, op.path)) learnStanding(known, op, asked, lesson);
  if (versionPaths.some((path) => isWithin(path, op.path))) learnVersion(known, op, asked, lesson);
  if (isWithin(paths.result, op.path)) known.readAt = now;
  return known;
}

const namedPaths = (paths: UpdatePaths): [keyof UpdatePaths, string][] => Object.entries(paths) as [keyof UpdatePaths, string][];

function learnLists(known: Mutable<Known>, values: readonly ResourceValue[], { protocols, linked }: UpdatePaths): void {
  const listed = protocolList(values, protocols);
  if (listed.length > 0) known.protocols = listed;
  if (linked === undefined) return;
  const links = values.flatMap(({ path, value }) => (isWithin(path, linked) && isObjectLink(value) ? [value.instance] : []));
  const own = parsePath(linked).instance;
  if (links.length > 0) known.linked = links.filter((instance) => instance !== own);
}

/** Our version is installed and does not run: what it still needs is an Execute, as an image that waits in State 2 does. */
function isInactive({ installed, active }: Known, version: string | undefined, { object, expectedVersion }: Lesson): boolean {
  return object === 'Software' && installed === true && active !== true && version === expectedVersion;
}

function learnStanding(known: Mutable<Known>, op: Operation, values: readonly ResourceValue[], lesson: Lesson): void {
  const { object, paths } = lesson;
  const told: Told = { ...known.told };
  for (const [key, path] of [
    ['state', paths.state],
    ['result', paths.result],
  ] as const) {
    if (!isWithin(path, op.path)) continue;
    const found = values.find((each) => each.path === path);
    told[key] = found && numberOf(found.value);
  }
  known.told = told;
  const standing = told.state === undefined ? undefined : standingOf(object, told.state, told.result ?? 0);
  known.state = standing?.state;
  known.result = told.result === undefined && standing?.installed !== true ? undefined : standing?.result;
  if (object === 'Software') known.installed = standing?.installed;
  if (!isInactive(known, known.packageVersion, lesson)) return;
  known.state = UPDATE_STATE.DOWNLOADED;
  known.result = UPDATE_RESULT.INITIAL;
}

/** In the order in which they were named. What an instance of Object 9 calls its version runs only once it is installed. */
function learnVersion(known: Mutable<Known>, op: Operation, values: readonly ResourceValue[], lesson: Lesson): void {
  const { object, paths, versionPaths } = lesson;
  if (known.versionAt === undefined || isWithin(known.versionAt, op.path)) {
    delete known.version;
    delete known.versionAt;
  }
  if (known.version !== undefined) return;
  for (const path of versionPaths) {
    const found = values.find((each) => each.path === path);
    const version = found && versionOf(found.value);
    const isOfPackage = object === 'Software' && path === paths.packageVersion;
    if (version === undefined || (isOfPackage && (known.installed !== true || isInactive(known, version, lesson)))) continue;
    known.version = version;
    known.versionAt = path;
    return;
  }
}

export function mentionsState(values: readonly ResourceValue[], { state, result }: UpdatePaths): boolean {
  return values.some(({ path }) => path === state || path === result);
}

/** Charge of the internal battery, percent, where it is among the values. */
export function batteryIn(values: readonly ResourceValue[]): number | undefined {
  const found = values.find(({ path }) => path === DEVICE.BATTERY_LEVEL);
  return found && numberOf(found.value);
}
