import type { ResourceModel } from './object-model.ts';
import { isWithinRange } from './value-range.ts';
import { isObjectLink } from './values.ts';
import type { DataType, Value } from './values.ts';

export interface ValueFault {
  readonly code: 'VALUE_TYPE' | 'VALUE_RANGE';
  readonly why: string;
}

/** What a device would rightly refuse of a value that is to be written; undefined for a resource nobody knows. */
export function valueFault(path: string, value: Value, model: ResourceModel | undefined): ValueFault | undefined {
  if (model === undefined) return undefined;
  if (model.type === 'None') return { code: 'VALUE_TYPE', why: `${path} (${model.name}) holds no value` };
  if (!isOfType(value, model.type)) return { code: 'VALUE_TYPE', why: `${path} (${model.name}) is of type ${model.type}` };
  if (model.range !== undefined && !isWithinRange(value, model.range))
    return { code: 'VALUE_RANGE', why: `${path} (${model.name}) takes ${model.rangeText ?? 'less'}` };
  return undefined;
}

export function isOfType(value: Value, type: DataType): boolean {
  switch (type) {
    case 'String':
    case 'Corelnk':
      return typeof value === 'string';
    case 'Integer':
    case 'Time':
      return isWhole(value);
    case 'Unsigned':
      return isWhole(value) && value >= 0;
    case 'Float':
      return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value));
    case 'Boolean':
      return typeof value === 'boolean';
    case 'Opaque':
      return value instanceof Uint8Array;
    case 'Objlnk':
      return isObjectLink(value);
  }
}

function isWhole(value: Value): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
}
