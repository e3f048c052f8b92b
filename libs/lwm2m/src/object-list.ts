import { textOfBytes } from './coerce.ts';
import { Lwm2mError } from './errors.ts';
import { parseLinks } from './link-format.ts';
import type { Link } from './link-format.ts';
import { isId } from './paths.ts';

export type Lwm2mVersion = '1.0' | '1.1' | '1.2';

export interface RegisteredObject {
  readonly object: number;
  readonly instances: readonly number[];
  readonly version: string;
}

/** The payload of a Register or Update, taken apart (Core section 6.2.1). */
export interface ObjectList {
  readonly objects: readonly RegisteredObject[];
  /** `/` unless the device states an alternate path; every request to it is prefixed with this. */
  readonly rootPath: string;
  /** What the root link lists; empty when it lists nothing. */
  readonly contentFormats: readonly number[];
  /** The link list as the device sent it: all of the above follows from it and the enabler's version. */
  readonly links: string;
}

/** The version of a core object when the device states none: it follows from the enabler's. All others are 1.0. */
const IMPLIED: Readonly<Record<Lwm2mVersion, Readonly<Record<number, string>>>> = {
  '1.0': {},
  '1.1': { 0: '1.1', 1: '1.1', 3: '1.1', 4: '1.2' },
  '1.2': { 0: '1.2', 1: '1.2', 2: '1.1', 3: '1.2', 4: '1.3', 5: '1.1', 21: '2.0' },
};

/** Throws `Lwm2mError` when it is no link list; links that are no objects are left out. */
export function parseObjectList(payload: Uint8Array, lwm2m: Lwm2mVersion): ObjectList {
  const text = textOfBytes(payload);
  const links = parseLinks(text);
  const root = links.find(({ attributes }) => attributes.get('rt')?.split(/\s+/).includes('oma.lwm2m'));
  const rootPath = rootPathOf(root);
  const found = new Map<number, { instances: Set<number>; version?: string }>();
  for (const { path, attributes } of links) {
    const ids = objectIds(path, rootPath);
    if (ids === undefined) continue;
    const entry = found.get(ids.object) ?? { instances: new Set<number>() };
    if (ids.instance !== undefined) entry.instances.add(ids.instance);
    entry.version = versionText(attributes.get('ver')) ?? entry.version;
    found.set(ids.object, entry);
  }
  const objects = [...found].map(([object, { instances, version }]) => ({
    object,
    instances: [...instances].sort((a, b) => a - b),
    version: version ?? IMPLIED[lwm2m][object] ?? '1.0',
  }));
  return { objects, rootPath, contentFormats: formatsOf(root ?? links.find(({ path }) => path === '/')), links: text };
}

/** No segment may be a number: it could not be told from an object. */
function rootPathOf(root: Link | undefined): string {
  const path = root?.path.endsWith('/') ? root.path.slice(0, -1) : (root?.path ?? '');
  if (path === '') return '/';
  const segments = path.split('/').slice(1);
  if (!path.startsWith('/') || segments.some((segment) => segment === '' || /^\d+$/.test(segment)))
    throw new Lwm2mError('LINKS_MALFORMED', `not an alternate path: ${path.slice(0, 40)}`);
  return path;
}

function objectIds(path: string, rootPath: string): { object: number; instance?: number } | undefined {
  const inner = rootPath !== '/' && path.startsWith(`${rootPath}/`) ? path.slice(rootPath.length) : path;
  const parts = /^\/?(\d{1,5})(?:\/(\d{1,5}))?\/?$/.exec(inner);
  if (parts === null) return undefined;
  const object = Number(parts[1]);
  const instance = parts[2] === undefined ? undefined : Number(parts[2]);
  return isId(object) && (instance === undefined || isId(instance)) ? { object, instance } : undefined;
}

function versionText(version: string | undefined): string | undefined {
  return version !== undefined && /^\d{1,3}\.\d{1,3}$/.test(version) ? version : undefined;
}

function formatsOf(root: Link | undefined): number[] {
  const numbers = (root?.attributes.get('ct') ?? '').split(/[\s,]+/).filter((text) => /^\d{1,5}$/.test(text));
  return [...new Set(numbers.map(Number))];
}
