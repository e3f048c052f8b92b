import { textOfBytes } from './coerce.ts';
import { Lwm2mError, malformed } from './errors.ts';
import { LIMITS } from './limits.ts';
import { typeOfResource } from './objects.ts';
import type { TypeOf } from './objects.ts';
import { formatPath, idsOf, isId } from './paths.ts';
import { integerOf, isObjectLink } from './values.ts';
import type { DataType, ResourceValue, Value } from './values.ts';

type Kind = 'instance' | 'resource-instance' | 'multiple' | 'resource';
const KINDS: readonly Kind[] = ['instance', 'resource-instance', 'multiple', 'resource'];

interface Entry {
  readonly kind: Kind;
  readonly id: number;
  readonly value: Uint8Array;
}

/** Level by level; there are at most three, so recursion needs no other limit. */
function entriesOf(bytes: Uint8Array): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length;) {
    const type = bytes[at]!;
    const idBytes = (type & 0x20) === 0 ? 1 : 2;
    const lengthBytes = (type >> 3) & 3;
    const start = at + 1 + idBytes + lengthBytes;
    if (start > bytes.length) throw malformed('TLV: a header is cut off');
    const length = lengthBytes === 0 ? type & 7 : uintAt(bytes, at + 1 + idBytes, lengthBytes);
    if (start + length > bytes.length) throw malformed('TLV: a value is cut off');
    const id = uintAt(bytes, at + 1, idBytes);
    if (!isId(id)) throw malformed(`TLV: identifier ${id}`);
    if (entries.length === LIMITS.records) throw new Lwm2mError('CONTENT_TOO_LARGE', `TLV: more than ${LIMITS.records} entries`);
    entries.push({ kind: KINDS[type >> 6]!, id, value: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return entries;
}

function uintAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value = value * 256 + bytes[at + i]!;
  return value;
}

/**
 * TLV (11542) read from `base`, an object, instance, resource or resource instance. An instance may come wrapped or
 * bare, whatever was asked for; what it says it is must lie within `base`.
 */
export function decodeTlv(payload: Uint8Array, base: string, typeOf: TypeOf = typeOfResource): ResourceValue[] {
  const asked = idsOf(base);
  if (asked.length === 0) throw malformed('TLV: needs an object');
  const values: ResourceValue[] = [];
  for (const entry of entriesOf(payload)) addEntry(entry, { asked, typeOf, values });
  return values;
}

interface Reading {
  readonly asked: readonly number[];
  readonly typeOf: TypeOf;
  readonly values: ResourceValue[];
}

function addEntry(entry: Entry, reading: Reading): void {
  const { asked } = reading;
  const [object, instance, resource] = asked;
  if (entry.kind === 'instance') {
    if (instance !== undefined && instance !== entry.id) throw malformed(`TLV: instance ${entry.id} was not asked for`);
    for (const inner of entriesOf(entry.value)) {
      if (inner.kind === 'instance') throw malformed('TLV: an instance in an instance');
      addEntry(inner, { ...reading, asked: [object!, entry.id, ...asked.slice(2)] });
    }
    return;
  }
  if (instance === undefined) throw malformed('TLV: a resource without its instance');
  if (entry.kind === 'resource-instance') {
    if (resource === undefined) throw malformed('TLV: a resource instance without its resource');
    addValue(reading, [object!, instance, resource, entry.id], entry.value);
    return;
  }
  if (resource !== undefined && resource !== entry.id) throw malformed(`TLV: resource ${entry.id} was not asked for`);
  if (entry.kind === 'resource') return addValue(reading, [object!, instance, entry.id, ...asked.slice(3)], entry.value);
  for (const inner of entriesOf(entry.value)) {
    if (inner.kind !== 'resource-instance') throw malformed('TLV: only resource instances in a multiple resource');
    addValue(reading, [object!, instance, entry.id, inner.id], inner.value);
  }
}

function addValue(reading: Reading, ids: readonly number[], bytes: Uint8Array): void {
  if (reading.asked[3] !== undefined && reading.asked[3] !== ids[3]) throw malformed(`TLV: resource instance ${ids[3]} was not asked for`);
  reading.values.push({ path: formatPath(...ids), value: valueOf(bytes, reading.typeOf(ids[0]!, ids[2]!)) });
}

function valueOf(bytes: Uint8Array, type: DataType | undefined): Value {
  switch (type) {
    case 'String':
    case 'Corelnk':
      return textOfBytes(bytes);
    case 'Integer':
    case 'Time':
      return integerFrom(bytes, true);
    case 'Unsigned':
      return integerFrom(bytes, false);
    case 'Float':
      return floatFrom(bytes);
    case 'Boolean':
      if (bytes.length !== 1) throw malformed('TLV: a Boolean is one byte');
      return bytes[0] !== 0 && bytes[0] !== 0x30; // Some send the character.
    case 'Objlnk':
      if (bytes.length !== 4) throw malformed('TLV: an object link is four bytes');
      return { object: uintAt(bytes, 0, 2), instance: uintAt(bytes, 2, 2) };
    default:
      return bytes.slice();
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function integerFrom(bytes: Uint8Array, signed: boolean): number | bigint {
  const view = viewOf(bytes);
  switch (bytes.length) {
    case 1:
      return signed ? view.getInt8(0) : view.getUint8(0);
    case 2:
      return signed ? view.getInt16(0) : view.getUint16(0);
    case 4:
      return signed ? view.getInt32(0) : view.getUint32(0);
    case 8:
      return integerOf(signed ? view.getBigInt64(0) : view.getBigUint64(0));
    default:
      throw malformed(`TLV: an integer of ${bytes.length} bytes`);
  }
}

/** A Float of one or two bytes is an integer in disguise. */
function floatFrom(bytes: Uint8Array): number {
  if (bytes.length === 4) return viewOf(bytes).getFloat32(0);
  return bytes.length === 8 ? viewOf(bytes).getFloat64(0) : Number(integerFrom(bytes, true));
}

/** Writes the values below `base`; an object wraps its instances, an instance has its resources bare. */
export function encodeTlv(values: readonly ResourceValue[], base: string, typeOf: TypeOf = typeOfResource): Uint8Array {
  const depth = idsOf(base).length;
  const rows = values.map(({ path, value }) => ({ ids: idsOf(path), value }));
  if (depth === 1) {
    const instances = groupBy(rows, 1).map(([id, inner]) => entryBytes('instance', id, resourcesOf(inner, typeOf)));
    return Uint8Array.from(Buffer.concat(instances));
  }
  // One resource instance is the bare entry: what other stacks send and take for such a path.
  if (depth === 4) return Uint8Array.from(Buffer.concat(rows.map((row) => instanceEntry(row, typeOf))));
  return resourcesOf(rows, typeOf);
}

function instanceEntry({ ids, value }: IdRow, typeOf: TypeOf): Uint8Array {
  return entryBytes('resource-instance', ids[3]!, bytesOf(value, typeOf(ids[0]!, ids[2]!)));
}

type IdRow = { readonly ids: readonly number[]; readonly value: Value };

function groupBy(rows: readonly IdRow[], position: number): [number, IdRow[]][] {
  const groups = new Map<number, IdRow[]>();
  for (const row of rows) groups.set(row.ids[position]!, [...(groups.get(row.ids[position]!) ?? []), row]);
  return [...groups];
}

function resourcesOf(rows: readonly IdRow[], typeOf: TypeOf): Uint8Array {
  const entries = groupBy(rows, 2).map(([id, own]) => {
    const type = typeOf(own[0]!.ids[0]!, id);
    if (own.length > 1 && own.some(({ ids }) => ids.length === 3))
      throw malformed(`TLV: resource ${id} twice, or with instances and without`);
    if (own[0]!.ids.length === 3) return entryBytes('resource', id, bytesOf(own[0]!.value, type));
    const inner = own.map(({ ids, value }) => entryBytes('resource-instance', ids[3]!, bytesOf(value, type)));
    return entryBytes('multiple', id, Buffer.concat(inner));
  });
  return Uint8Array.from(Buffer.concat(entries));
}

function entryBytes(kind: Kind, id: number, value: Uint8Array): Uint8Array {
  const lengthBytes = value.length < 8 ? 0 : Math.ceil((32 - Math.clz32(value.length)) / 8);
  if (lengthBytes > 3) throw new Lwm2mError('CONTENT_TOO_LARGE', 'TLV: a value has at most 2^24 - 1 bytes');
  const type = (KINDS.indexOf(kind) << 6) | (id > 255 ? 0x20 : 0) | (lengthBytes << 3) | (lengthBytes === 0 ? value.length : 0);
  const length = [value.length >> 16, (value.length >> 8) & 255, value.length & 255].slice(3 - lengthBytes);
  return Buffer.concat([Uint8Array.from([type, ...(id > 255 ? [id >> 8] : []), id & 255, ...length]), value]);
}

function bytesOf(value: Value, type: DataType | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
  if (isObjectLink(value)) return Uint8Array.of(value.object >> 8, value.object & 255, value.instance >> 8, value.instance & 255);
  if (typeof value === 'number' && (type === 'Float' || !Number.isInteger(value))) {
    const bytes = new Uint8Array(8);
    viewOf(bytes).setFloat64(0, value);
    return bytes;
  }
  return shortestInteger(BigInt(value), type === 'Unsigned');
}

function shortestInteger(value: bigint, unsigned: boolean): Uint8Array {
  for (const size of [1, 2, 4, 8]) {
    const bits = size * 8;
    const fits = unsigned ? BigInt.asUintN(bits, value) === value : BigInt.asIntN(bits, value) === value;
    if (!fits) continue;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
    return bytes.subarray(8 - size);
  }
  throw new Lwm2mError('VALUE_INVALID', `an integer has at most 64 bits: ${value}`);
}
