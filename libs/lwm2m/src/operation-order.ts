import type { Json } from '@drover/kernel';
import type { NotificationAttributes } from './attributes.ts';
import { Lwm2mError } from './errors.ts';
import { parseArguments } from './execute-arguments.ts';
import type { ObjectModels } from './object-models.ts';
import type { DeviceOperation, DeviceOperationType } from './operation.ts';
import { formatPath, idsOf, isId } from './paths.ts';
import { valueOfJson, valuesOfData } from './value-input.ts';

/** An operation as a person states it: plain JSON, values not yet of any type. */
export interface OperationOrder {
  readonly operation: DeviceOperationType;
  readonly path?: string;
  /** Of a composite read or observation. */
  readonly paths?: readonly string[];
  readonly depth?: number;
  /** One value. */
  readonly value?: Json;
  /** Several values, see `valuesOfData`. */
  readonly data?: Json;
  /** `0='x',1`. */
  readonly arguments?: string;
  readonly attributes?: NotificationAttributes;
  readonly unset?: readonly (keyof NotificationAttributes)[];
  readonly instance?: number;
}

/** The operation with typed values and paths in their one form; throws `Lwm2mError` where the order cannot be meant. */
export function operationFrom(order: OperationOrder, models: ObjectModels): DeviceOperation {
  const { operation: type } = order;
  switch (type) {
    case 'read':
    case 'delete':
    case 'observe':
      return { type, path: pathOf(order) };
    case 'discover':
      return { type, path: pathOf(order), ...(order.depth !== undefined && { depth: depthOf(order.depth) }) };
    case 'write':
      return writeFrom(order, models);
    case 'replace':
    case 'update':
      return { type, path: pathOf(order), values: valuesOfData(given(order.data, 'data'), pathOf(order), models) };
    case 'write-attributes':
      return { type, path: pathOf(order), attributes: order.attributes ?? {}, unset: order.unset ?? [] };
    case 'execute':
      return { type, path: pathOf(order), arguments: parseArguments(order.arguments ?? '') };
    case 'create':
      return createFrom(order, models);
    case 'read-composite':
    case 'observe-composite':
      return { type, paths: given(order.paths, 'paths').map((path) => formatPath(...idsOf(path))) };
    case 'write-composite':
      return { type, values: valuesOfData(given(order.data, 'data'), '/', models) };
  }
}

function pathOf({ path }: OperationOrder): string {
  const ids = idsOf(given(path, 'path'));
  return ids.length === 0 ? '/' : formatPath(...ids);
}

function writeFrom(order: OperationOrder, models: ObjectModels): DeviceOperation {
  const path = pathOf(order);
  const type = idsOf(path).length < 3 ? undefined : models.resource(path)?.type;
  return { type: 'write', path, value: valueOfJson(given(order.value, 'value'), type === 'None' ? undefined : type) };
}

function createFrom(order: OperationOrder, models: ObjectModels): DeviceOperation {
  const path = pathOf(order);
  const { instance, data = {} } = order;
  if (idsOf(path).length !== 1) throw new Lwm2mError('PATH_INVALID', `an instance is created in an object, ${path} is none`);
  if (instance !== undefined && !isId(instance)) throw new Lwm2mError('PATH_INVALID', `no instance has the id ${instance}`);
  const values = valuesOfData(data, formatPath(...idsOf(path), instance ?? 0), models);
  return { type: 'create', path, ...(instance !== undefined && { instance }), values };
}

function depthOf(depth: number): number {
  if (!Number.isInteger(depth) || depth < 0 || depth > 3) throw new Lwm2mError('VALUE_INVALID', `a depth is 0 to 3, not ${depth}`);
  return depth;
}

function given<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Lwm2mError('VALUE_INVALID', `${name} is missing`);
  return value;
}
