import { encodeAttributes } from './attributes.ts';
import { CONTENT_FORMAT } from './content.ts';
import { Lwm2mError } from './errors.ts';
import { encodeArguments } from './execute-arguments.ts';
import { formatsToRead } from './format-choice.ts';
import type { FormatHints } from './format-choice.ts';
import { bodied, composite, create, valuesFault, writeComposite } from './operation-content.ts';
import { REFUSALS, refused, speakerOf } from './operation-parts.ts';
import type { OperationRefused, OperationRequest, OperationTarget, Parts } from './operation-parts.ts';
import { pathOf, shapeFault } from './operation.ts';
import type { DeviceOperation } from './operation.ts';
import { idsOf } from './paths.ts';

/** The request for an operation (Transport section 6.4.4), or why there is none. */
export function operationRequest(
  operation: DeviceOperation,
  device: OperationTarget,
  hints: FormatHints = {},
): OperationRequest | OperationRefused {
  try {
    const fault = shapeFault(operation, device.lwm2mVersion);
    if (fault !== undefined) return refused('PATH_NOT_PERMITTED', fault);
    const parts = partsOf(operation, device, hints);
    if ('code' in parts) return parts;
    const segments = idsOf(pathOf(operation)).map(String);
    return { type: 'request', ...parts, path: [...segmentsOf(device.rootPath), ...segments] };
  } catch (error) {
    if (error instanceof Lwm2mError) return refused(REFUSALS.find((code) => code === error.code) ?? 'VALUE_INVALID', error.message);
    throw error;
  }
}

/** The path is written from its numbers: `/005/0` and `/5/0` are the same to us and not to every device. */
const segmentsOf = (path: string): string[] => path.split('/').filter((segment) => segment !== '');

function partsOf(operation: DeviceOperation, device: OperationTarget, hints: FormatHints): Parts | OperationRefused {
  switch (operation.type) {
    case 'read':
      return asking(operation.path, {}, { device, hints });
    case 'observe':
      return asking(operation.path, { observe: operation.cancel ? 1 : 0 }, { device, hints });
    case 'discover':
      return discover(operation.depth, device);
    case 'write':
    case 'replace':
      return writing('PUT', operation, { device, hints });
    case 'update':
      return updateFault(operation.path, device) ?? writing('POST', operation, { device, hints });
    case 'write-attributes':
      return { method: 'PUT', query: encodeAttributes(operation.path, operation.attributes, operation.unset) };
    case 'execute':
      return execute(operation, device);
    case 'create':
      return create(operation, device, hints);
    case 'delete':
      return { method: 'DELETE' };
    case 'read-composite':
      return composite({ paths: operation.paths }, { device, hints });
    case 'observe-composite':
      return composite({ paths: operation.paths, observe: operation.cancel ? 1 : 0 }, { device, hints });
    case 'write-composite':
      return writeComposite(operation.values, device, hints);
  }
}

function asking(
  path: string,
  more: Pick<Parts, 'observe'>,
  { device, hints }: { device: OperationTarget; hints: FormatHints },
): Parts | OperationRefused {
  const depth = idsOf(path).length;
  const model = device.models.resource(path);
  const isOne = depth === 4 || (depth === 3 && model?.multiple !== true);
  const [format] = formatsToRead(isOne ? (model?.type === 'Opaque' ? 'opaque' : 'one') : 'many', speakerOf(device), hints);
  if (format === undefined) return refused('FORMAT_UNAVAILABLE', `the device has refused every format in which ${path} can be asked for`);
  return { method: 'GET', ...more, format, ...(format !== 'any' && { accept: format }) };
}

function discover(depth: number | undefined, { lwm2mVersion }: OperationTarget): Parts | OperationRefused {
  if (depth !== undefined && lwm2mVersion < '1.2')
    return refused('OPERATION_UNAVAILABLE', `a depth came with LwM2M 1.2, the device speaks ${lwm2mVersion}`);
  return { method: 'GET', accept: CONTENT_FORMAT.LINK, ...(depth !== undefined && { query: [`depth=${depth}`] }) };
}

/** POST on a resource is an Execute to any device that does not hold several instances of it. */
function updateFault(path: string, { models }: OperationTarget): OperationRefused | undefined {
  if (idsOf(path).length < 3 || models.resource(path)?.multiple === true) return undefined;
  return refused('PATH_NOT_PERMITTED', `${path} is not known to be a multiple resource: an update of it might execute it`);
}

type Writing = Extract<DeviceOperation, { type: 'write' | 'replace' | 'update' }>;

function writing(
  method: 'PUT' | 'POST',
  operation: Writing,
  { device, hints }: { device: OperationTarget; hints: FormatHints },
): Parts | OperationRefused {
  const { path } = operation;
  const values = operation.type === 'write' ? [{ path, value: operation.value }] : operation.values;
  const wanted = operation.type === 'write' ? operation.format : undefined;
  const fault = valuesFault(values, path, device) ?? manyFault(operation, device);
  if (fault !== undefined) return fault;
  const content = operation.type !== 'write' ? 'many' : operation.value instanceof Uint8Array ? 'bytes' : 'one';
  return bodied(method, { values, base: path }, { content, wanted, device, hints });
}

function manyFault({ type, path }: Writing, { models }: OperationTarget): OperationRefused | undefined {
  const isMultiple = idsOf(path).length === 3 && models.resource(path)?.multiple === true;
  if (type === 'write' && isMultiple)
    return refused('PATH_NOT_PERMITTED', `${path} has several instances: write one of them, or replace them all`);
  return undefined;
}

function execute(
  { path, arguments: args = [] }: Extract<DeviceOperation, { type: 'execute' }>,
  { models }: OperationTarget,
): Parts | OperationRefused {
  const model = models.resource(path);
  // To a device this POST would be a write of the arguments.
  if (model !== undefined && model.multiple && model.operations.includes('W'))
    return refused('PATH_NOT_PERMITTED', `${path} (${model.name}) holds values and cannot be executed`);
  const text = encodeArguments(args);
  return { method: 'POST', ...(text !== '' && { contentFormat: CONTENT_FORMAT.TEXT, payload: Buffer.from(text, 'utf8') }) };
}
