import { cborOfValue, decodeCbor, encodeCbor, valueOfCbor } from './cbor.ts';
import { toType } from './coerce.ts';
import { Lwm2mError, malformed } from './errors.ts';
import { LIMITS } from './limits.ts';
import { typeOfPath } from './objects.ts';
import type { TypeOf } from './objects.ts';
import { formatPath, idsOf, isId, isWithin } from './paths.ts';
import type { ResourceValue, Value } from './values.ts';

/** Object, instance, resource, resource instance, each a map; an array as key stands for several of them at once. */
const MAPS = 4;
/** A map, and an array in it as a key, or a tag as a value. */
const DEPTH = MAPS + 1;

/** LwM2M CBOR (11544): one map nested by id. It knows no times, and its paths are never relative. */
export function decodeLwm2mCbor(payload: Uint8Array, base: string, typeOf?: TypeOf): ResourceValue[] {
  return lwm2mCborEntries(payload).map(({ path, raw }) => {
    if (idsOf(path).length < 3) throw malformed(`LwM2M CBOR: ${path} is no resource`);
    if (!isWithin(path, base)) throw malformed(`LwM2M CBOR: ${path} was not asked for`);
    const value = valueOfCbor(raw);
    if (value === undefined) throw malformed(`LwM2M CBOR: ${path} has no value`);
    return { path, value: toType(value, typeOfPath(path, typeOf)) };
  });
}

/** The paths that have something other than a map below them, in the order of the payload, each once. */
export function lwm2mCborEntries(payload: Uint8Array): { path: string; raw: unknown }[] {
  const top = decodeCbor(payload, DEPTH);
  if (!(top instanceof Map)) throw malformed('LwM2M CBOR: not a map');
  const found = new Map<string, unknown>();
  const walk = (map: ReadonlyMap<unknown, unknown>, above: readonly number[]): void => {
    for (const [key, raw] of map) {
      const ids = [...above, ...idsOfKey(key)];
      if (ids.length > MAPS) throw malformed('LwM2M CBOR: a path of more than four ids');
      if (raw instanceof Map) {
        walk(raw, ids);
        continue;
      }
      const path = formatPath(...ids);
      // The decoder compares keys, not paths: [3, 0] and 3 with 0 below it are the same one.
      if (found.has(path)) throw malformed(`LwM2M CBOR: ${path} twice`);
      if (found.size === LIMITS.records) throw new Lwm2mError('CONTENT_TOO_LARGE', `LwM2M CBOR: more than ${LIMITS.records} values`);
      found.set(path, raw);
    }
  };
  walk(top, []);
  return [...found].map(([path, raw]) => ({ path, raw }));
}

function idsOfKey(key: unknown): number[] {
  const ids: unknown[] = Array.isArray(key) ? key : [key];
  if (ids.length === 0 || !ids.every((id) => typeof id === 'number' && isId(id)))
    throw malformed('LwM2M CBOR: a key is an id, or an array of ids');
  return ids as number[];
}

type Tree = Map<number, Tree | { readonly leaf: unknown }>;

export function encodeLwm2mCbor(values: readonly ResourceValue[], base: string): Uint8Array {
  const entries = values.map(({ path, value }) => {
    if (!isWithin(path, base)) throw malformed(`LwM2M CBOR: ${path} is not within ${base}`);
    if (idsOf(path).length < 3) throw malformed(`LwM2M CBOR: ${path} is no resource`);
    return { path, value };
  });
  return encodeLwm2mCborEntries(entries);
}

/** `null` where only the path counts, as in a composite request. */
export function encodeLwm2mCborEntries(entries: readonly { readonly path: string; readonly value: Value | null }[]): Uint8Array {
  const root: Tree = new Map();
  for (const { path, value } of entries) plant(root, path, value === null ? null : cborOfValue(value));
  return encodeCbor(compressed(root));
}

function plant(root: Tree, path: string, leaf: unknown): void {
  const ids = idsOf(path);
  const last = ids.pop();
  let tree = root;
  for (const id of ids) {
    const below: Tree | { readonly leaf: unknown } = tree.get(id) ?? new Map();
    if (!(below instanceof Map)) throw malformed(`LwM2M CBOR: ${path} lies below another one`);
    tree.set(id, below);
    tree = below;
  }
  if (last === undefined || tree.has(last)) throw malformed(`LwM2M CBOR: ${path} cannot be written, or is there already`);
  tree.set(last, { leaf });
}

/** Ids without a fork between them become one array, as the published examples write them. */
function compressed(tree: Tree): Map<unknown, unknown> {
  return new Map([...tree].map(([id, below]) => chain([id], below)));
}

function chain(ids: readonly number[], below: Tree | { readonly leaf: unknown }): [unknown, unknown] {
  const key = ids.length === 1 ? ids[0] : ids;
  if (!(below instanceof Map)) return [key, below.leaf];
  const [only, ...more] = below;
  return only !== undefined && more.length === 0 ? chain([...ids, only[0]], only[1]) : [key, compressed(below)];
}
