import type { NotificationAttributes } from './attributes.ts';
import type { ExecuteArgument } from './execute-arguments.ts';
import type { Lwm2mVersion } from './object-list.ts';
import { idsOf } from './paths.ts';
import type { ResourceValue, Value } from './values.ts';

/**
 * What a server may ask of a device (Core sections 6.3 and 6.4). `write` is one value; `replace` and `update` are the two
 * kinds of Write of several. `cancel` ends the observation of that path or list.
 */
export type DeviceOperation =
  | { readonly type: 'read'; readonly path: string }
  | { readonly type: 'discover'; readonly path: string; readonly depth?: number }
  /** A format that is named is used or refused, never replaced by another. */
  | { readonly type: 'write'; readonly path: string; readonly value: Value; readonly format?: number }
  | { readonly type: 'replace' | 'update'; readonly path: string; readonly values: readonly ResourceValue[] }
  | {
      readonly type: 'write-attributes';
      readonly path: string;
      readonly attributes: NotificationAttributes;
      readonly unset?: readonly (keyof NotificationAttributes)[];
    }
  | { readonly type: 'execute'; readonly path: string; readonly arguments?: readonly ExecuteArgument[] }
  /** The paths of the values begin with the instance, or with instance 0 where the device is to choose the id. */
  | { readonly type: 'create'; readonly path: string; readonly instance?: number; readonly values: readonly ResourceValue[] }
  | { readonly type: 'delete'; readonly path: string }
  | { readonly type: 'observe'; readonly path: string; readonly cancel?: true }
  | { readonly type: 'read-composite'; readonly paths: readonly string[] }
  | { readonly type: 'observe-composite'; readonly paths: readonly string[]; readonly cancel?: true }
  | { readonly type: 'write-composite'; readonly values: readonly ResourceValue[] };

export type DeviceOperationType = DeviceOperation['type'];

/** Where the operation goes; a composite one goes to the root. */
export function pathOf(operation: DeviceOperation): string {
  return 'path' in operation ? operation.path : '/';
}

/** Every path the operation names: what it reads, or what it changes. */
export function pathsIn(operation: DeviceOperation): readonly string[] {
  if ('paths' in operation) return operation.paths;
  if (operation.type === 'create') return [operation.path, ...operation.values.map(({ path }) => path)];
  if ('values' in operation) return [...('path' in operation ? [operation.path] : []), ...operation.values.map(({ path }) => path)];
  return [operation.path];
}

/** Whether the device is another one afterwards. Attributes change no value, but what the device sends from then on. */
export function changesDevice({ type }: DeviceOperation): boolean {
  switch (type) {
    case 'read':
    case 'discover':
    case 'observe':
    case 'read-composite':
    case 'observe-composite':
      return false;
    default:
      return true;
  }
}

/** Whether it may be sent again when nobody knows whether it arrived (`lwm2m-facts` 1.8). */
export function isRepeatable({ type }: DeviceOperation): boolean {
  return type !== 'execute' && type !== 'create' && type !== 'delete';
}

type Depths = { readonly depths: readonly number[]; readonly later?: readonly [depth: number, since: Lwm2mVersion] };

/** Numbers of ids a path may have, by operation: Core section 6.3, with what later versions added. */
const SHAPES: Readonly<Partial<Record<DeviceOperationType, Depths>>> = {
  read: { depths: [1, 2, 3], later: [4, '1.1'] },
  observe: { depths: [1, 2, 3], later: [4, '1.1'] },
  discover: { depths: [1, 2, 3] },
  write: { depths: [3], later: [4, '1.1'] },
  replace: { depths: [2, 3] },
  update: { depths: [2], later: [3, '1.1'] },
  'write-attributes': { depths: [1, 2, 3], later: [4, '1.1'] },
  execute: { depths: [3] },
  create: { depths: [1] },
  delete: { depths: [2], later: [4, '1.2'] },
};

const NAMES = ['the root', 'an object', 'an instance', 'a resource', 'a resource instance'];

/** Why a path of this shape is not for this operation, or undefined. */
export function shapeFault(operation: DeviceOperation, version: Lwm2mVersion): string | undefined {
  const shape = SHAPES[operation.type];
  if (shape === undefined) return undefined;
  const path = pathOf(operation);
  const depth = idsOf(path).length;
  if (shape.depths.includes(depth)) return undefined;
  const [later, since] = shape.later ?? [];
  if (depth === later && since !== undefined)
    return version >= since ? undefined : `${operation.type} of ${NAMES[depth]} came with LwM2M ${since}, the device speaks ${version}`;
  return `${operation.type} is not for ${NAMES[depth]}, ${path} is one`;
}
