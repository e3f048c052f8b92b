import type { Json } from '@drover/kernel';
import { fromText } from './coerce.ts';
import { Lwm2mError } from './errors.ts';
import type { ObjectModels } from './object-models.ts';
import { formatPath, idsOf, isId } from './paths.ts';
import { isOfType } from './value-check.ts';
import type { DataType, ResourceValue, Value } from './values.ts';

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** A value as a person writes it down: text by the resource's type, Time also as RFC 3339, Opaque as base64. */
export function valueOfText(text: string, type: DataType | undefined): Value {
  if (type === 'Time' && RFC_3339.test(text)) return checked(Math.floor(Date.parse(text) / 1000), type, text);
  return checked(fromText(text, type), type, text);
}

/** The same from JSON: numbers and booleans stand for themselves where the type is one, everything else is text. */
export function valueOfJson(json: Json, type: DataType | undefined): Value {
  if (typeof json === 'string') return valueOfText(json, type);
  if (typeof json === 'number' || typeof json === 'boolean') return checked(json, type, String(json));
  throw refused(type, JSON.stringify(json) ?? 'nothing');
}

function checked(value: Value, type: DataType | undefined, text: string): Value {
  if (type === undefined || isOfType(value, type)) return value;
  throw refused(type, text);
}

function refused(type: DataType | undefined, text: string): Lwm2mError {
  return new Lwm2mError('VALUE_INVALID', `not a ${type ?? 'value'}: ${text.slice(0, 40)}`);
}

/**
 * Several values below `base`: a mapping of ids, `{"1": 300, "6": {"0": 1, "1": 5}}` for an instance, of resource instances
 * for a multiple resource (where a list counts from 0), and of whole paths for `/`.
 */
export function valuesOfData(data: Json, base: string, models: ObjectModels): ResourceValue[] {
  const depth = idsOf(base).length;
  if (depth === 0) return entriesOf(data).map(([path, json]) => ({ path: formatPath(...idsOf(path)), value: valueAt(path, json, models) }));
  if (depth === 3) return instancesOf(data, base, models);
  if (depth !== 2) throw new Lwm2mError('PATH_INVALID', `${base} is neither an instance nor a resource`);
  return entriesOf(data).flatMap(([id, json]) => {
    const path = below(base, id);
    return typeof json === 'object' && json !== null ? instancesOf(json, path, models) : [{ path, value: valueAt(path, json, models) }];
  });
}

function instancesOf(data: Json, resource: string, models: ObjectModels): ResourceValue[] {
  const entries = entriesOf(data);
  // Half of the formats cannot say "this resource, and no instance of it": left out, it would be something else.
  if (entries.length === 0) throw new Lwm2mError('VALUE_INVALID', `${resource}: a resource without any instance cannot be written`);
  return entries.map(([id, json]) => {
    const path = below(resource, id);
    return { path, value: valueAt(path, json, models) };
  });
}

function valueAt(path: string, json: Json, models: ObjectModels): Value {
  const type = models.resource(path)?.type;
  try {
    return valueOfJson(json, type === 'None' ? undefined : type);
  } catch (error) {
    if (error instanceof Lwm2mError) throw new Lwm2mError(error.code, `${path}: ${error.message}`);
    throw error;
  }
}

function below(base: string, id: string): string {
  if (!/^\d{1,5}$/.test(id) || !isId(Number(id))) throw new Lwm2mError('PATH_INVALID', `no id below ${base}: ${id.slice(0, 40)}`);
  return formatPath(...idsOf(base), Number(id));
}

function entriesOf(data: Json): [string, Json][] {
  if (typeof data !== 'object' || data === null) throw new Lwm2mError('VALUE_INVALID', 'a mapping of ids to values is needed');
  return Object.entries(data) as [string, Json][];
}
