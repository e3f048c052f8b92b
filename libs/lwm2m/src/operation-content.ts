import { encodePathList } from './composite.ts';
import { encodeContent, mayBeSent } from './content.ts';
import { formatsToWrite } from './format-choice.ts';
import type { Content, FormatHints } from './format-choice.ts';
import { refused, speakerOf } from './operation-parts.ts';
import type { OperationRefused, OperationTarget, Parts } from './operation-parts.ts';
import type { DeviceOperation } from './operation.ts';
import { formatPath, idsOf, isWithin } from './paths.ts';
import { valueFault } from './value-check.ts';
import type { ResourceValue } from './values.ts';

export function create(
  { path, instance, values }: Extract<DeviceOperation, { type: 'create' }>,
  device: OperationTarget,
  hints: FormatHints,
): Parts | OperationRefused {
  const below = formatPath(...idsOf(path), instance ?? 0);
  const fault = valuesFault(values, below, device);
  if (fault !== undefined) return fault;
  // No format can say "instance 7, and nothing in it".
  if (instance !== undefined && values.length === 0)
    return refused('VALUE_INVALID', 'an instance that is given its id needs a value in it');
  const content = instance === undefined ? 'unnamed' : 'many';
  return bodied('POST', { values, base: instance === undefined ? below : path }, { content, device, hints });
}

export function writeComposite(values: readonly ResourceValue[], device: OperationTarget, hints: FormatHints): Parts | OperationRefused {
  const fault = compositeFault(device) ?? valuesFault(values, '/', device);
  if (fault !== undefined) return fault;
  if (values.length === 0) return refused('VALUE_INVALID', 'nothing to write');
  return bodied('iPATCH', { values, base: '/' }, { content: 'paths', device, hints });
}

export function composite(
  { paths, observe }: { paths: readonly string[]; observe?: 0 | 1 },
  { device, hints }: { device: OperationTarget; hints: FormatHints },
): Parts | OperationRefused {
  const fault = compositeFault(device);
  if (fault !== undefined) return fault;
  const [format] = formatsToWrite('paths', speakerOf(device), hints);
  if (format === undefined) return refused('FORMAT_UNAVAILABLE', 'the device has refused every format that can hold a list of paths');
  const payload = encodePathList(
    format,
    paths.map((path) => formatPath(...idsOf(path))),
  );
  return { method: 'FETCH', contentFormat: format, accept: format, format, payload, ...(observe !== undefined && { observe }) };
}

function compositeFault({ lwm2mVersion }: OperationTarget): OperationRefused | undefined {
  if (lwm2mVersion >= '1.1') return undefined;
  return refused('OPERATION_UNAVAILABLE', `composite operations came with LwM2M 1.1, the device speaks ${lwm2mVersion}`);
}

export function valuesFault(values: readonly ResourceValue[], base: string, { models }: OperationTarget): OperationRefused | undefined {
  const seen = new Set<string>();
  for (const { path, value } of values) {
    if (idsOf(path).length < 3 || !isWithin(path, base)) return refused('PATH_NOT_PERMITTED', `${path} is no resource within ${base}`);
    if (seen.has(path)) return refused('VALUE_INVALID', `${path} comes twice`);
    seen.add(path);
    const fault = valueFault(path, value, models.resource(path));
    if (fault !== undefined) return refused(fault.code, fault.why);
  }
  return undefined;
}

export function bodied(
  method: 'PUT' | 'POST' | 'iPATCH',
  { values, base }: { values: readonly ResourceValue[]; base: string },
  choice: { content: Content; wanted?: number; device: OperationTarget; hints: FormatHints },
): Parts | OperationRefused {
  const { content, wanted, device, hints } = choice;
  const speaker = speakerOf(device);
  if (wanted !== undefined && (!mayBeSent(wanted, speaker) || hints.refused?.includes(wanted)))
    return refused('FORMAT_UNAVAILABLE', `content format ${wanted} is not for this device`);
  const format = wanted ?? formatsToWrite(content, speaker, hints)[0];
  if (format === undefined) return refused('FORMAT_UNAVAILABLE', 'the device has refused every format that can hold this');
  return { method, contentFormat: format, format, payload: encodeContent(format, values, base, device.models.typeOf) };
}
