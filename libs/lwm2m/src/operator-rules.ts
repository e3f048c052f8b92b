import { changesDevice, pathsIn } from './operation.ts';
import type { DeviceOperation } from './operation.ts';
import { idsOf } from './paths.ts';

export interface RuleBroken {
  readonly code: 'OBJECT_SECRET' | 'CAMPAIGN_ONLY';
  readonly why: string;
}

/** Keys: the standard lets no server read or write them over this interface, and no value of theirs may reach a log. */
const SECRET_OBJECTS: readonly number[] = [0, 21, 23];

/**
 * Resources by which an image gets onto a device and is installed: a campaign's signed, admitted and audited way alone.
 * Automatic Upgrade (/5/x/14) is one of them: it installs without an Execute, outside of any window.
 */
const IMAGE_DOORS: ReadonlyMap<number, readonly number[]> = new Map([
  [5, [0, 1, 2, 14]],
  [9, [2, 3, 4]],
  [33_629, [0, 1, 2]],
]);

export function isSecret(path: string): boolean {
  return SECRET_OBJECTS.includes(idsOf(path)[0] ?? -1);
}

/** What no person may ask of a device, whatever their role; undefined where nothing stands against it. */
export function ruleAgainst(operation: DeviceOperation): RuleBroken | undefined {
  const paths = pathsIn(operation);
  const secret = paths.find(isSecret);
  if (secret !== undefined) return { code: 'OBJECT_SECRET', why: `${secret} holds keys: no server reads or writes them` };
  if (!changesDevice(operation) || operation.type === 'write-attributes') return undefined;
  const door = paths.find((path) => isDoor(path, operation));
  if (door === undefined) return undefined;
  return { code: 'CAMPAIGN_ONLY', why: `${door} is how an image reaches a device: campaigns do that, people do not` };
}

/** An instance as a whole takes its doors with it: replacing it without a URI resets the URI, deleting it the image. */
function isDoor(path: string, { type }: DeviceOperation): boolean {
  const [object = -1, instance, resource] = idsOf(path);
  const doors = IMAGE_DOORS.get(object);
  if (doors === undefined || instance === undefined) return false;
  if (resource !== undefined) return doors.includes(resource);
  return type === 'replace' || type === 'delete';
}
