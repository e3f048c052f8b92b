import { parseAttributes } from './attributes.ts';
import type { NotificationAttributes } from './attributes.ts';
import { CONTENT_FORMAT, decodeContent } from './content.ts';
import { textOfBytes } from './coerce.ts';
import { Lwm2mError } from './errors.ts';
import { parseLinks } from './link-format.ts';
import type { ObjectModels } from './object-models.ts';
import { meaningOf } from './operation-failures.ts';
import type { FailureMeaning } from './operation-failures.ts';
import { pathOf } from './operation.ts';
import type { DeviceOperation } from './operation.ts';
import { formatPath, idsOf, isWithin } from './paths.ts';
import { isWithinRange } from './value-range.ts';
import type { DataType, ResourceValue } from './values.ts';

/** An answer or a notification, whole: blocks are put together before. */
export interface OperationAnswer {
  /** As text, `2.05`. */
  readonly code: string;
  readonly contentFormat?: number;
  readonly payload: Uint8Array;
  readonly locationPath?: readonly string[];
}

/** A value with what the models know of it. A value out of range is the device's own, and shown as it is. */
export interface TypedValue extends ResourceValue {
  readonly name?: string;
  readonly type?: DataType;
  readonly unit?: string;
  readonly outOfRange?: true;
}

export interface DiscoveredLink {
  /** Without the alternate root. */
  readonly path: string;
  readonly name?: string;
  readonly attributes: NotificationAttributes;
  /** Instances of a multiple resource. */
  readonly dim?: number;
  /** Version of an object. */
  readonly version?: string;
  /** Attributes whose values make no sense. */
  readonly ignored: readonly string[];
}

export type OperationOutcome =
  | {
      readonly type: 'done';
      readonly code: string;
      readonly values: readonly TypedValue[];
      readonly links?: readonly DiscoveredLink[];
      /** Path of a new instance, as the device names it, or as it was asked for. */
      readonly created?: string;
    }
  | ({ readonly type: 'failed'; readonly code: string } & FailureMeaning);

interface About {
  readonly models: ObjectModels;
  readonly rootPath: string;
}

/** What an answer comes to. A device that says something unreadable is awake all the same: that is a failure, not silence. */
export function operationOutcome(operation: DeviceOperation, answer: OperationAnswer, about: About): OperationOutcome {
  const { code } = answer;
  if (!isSuccess(operation, code)) return { type: 'failed', code, ...meaningOf(code) };
  try {
    return { type: 'done', code, ...contentOf(operation, answer, about) };
  } catch (error) {
    if (!(error instanceof Lwm2mError)) throw error;
    const meaning = `the device's answer cannot be read: ${error.message}`;
    return { type: 'failed', code, failure: 'ANSWER_UNREADABLE', kind: 'transport', meaning };
  }
}

/** Whether the same in another format may succeed (Transport section 6.7); 4.00 is what some stacks say to a composite list. */
export function anotherFormatMayHelp({ type }: DeviceOperation, code: string): boolean {
  return code === '4.06' || code === '4.15' || (code === '4.00' && type.endsWith('-composite'));
}

/** Only content answers a question; whatever begins with 2 confirms a change. */
function isSuccess({ type }: DeviceOperation, code: string): boolean {
  const asks = type === 'read' || type === 'discover' || type === 'observe' || type === 'read-composite' || type === 'observe-composite';
  return asks ? code === '2.05' : code.startsWith('2.') && code !== '2.31';
}

type Content = Pick<Extract<OperationOutcome, { type: 'done' }>, 'values' | 'links' | 'created'>;

function contentOf(operation: DeviceOperation, answer: OperationAnswer, about: About): Content {
  switch (operation.type) {
    case 'read':
    case 'observe':
      return { values: typed(valuesOf(answer, operation.path, about), about.models) };
    case 'read-composite':
    case 'observe-composite':
      return { values: typed(compositeValues(answer, operation.paths, about), about.models) };
    case 'discover':
      return { values: [], links: linksOf(answer, operation.path, about) };
    case 'create':
      return { values: [], created: createdPath(operation, answer, about) };
    default:
      return { values: [] };
  }
}

function valuesOf({ contentFormat = CONTENT_FORMAT.TEXT, payload }: OperationAnswer, path: string, { models }: About): ResourceValue[] {
  if (payload.length > 0) return decodeContent(contentFormat, payload, path, models.typeOf);
  // Nothing is a value where the resource is a text or bytes, and no value anywhere else.
  const type = models.resource(path)?.type;
  if (contentFormat === CONTENT_FORMAT.OPAQUE && idsOf(path).length >= 3) return [{ path, value: payload.slice() }];
  return contentFormat === CONTENT_FORMAT.TEXT && type === 'String' ? [{ path, value: '' }] : [];
}

/** What was not asked for is not believed: it might be the answer to somebody else. */
function compositeValues(answer: OperationAnswer, paths: readonly string[], about: About): ResourceValue[] {
  const values = valuesOf(answer, '/', about);
  const asked = paths.map((path) => formatPath(...idsOf(path)));
  const stray = values.find(({ path }) => !asked.some((base) => isWithin(path, base)));
  if (stray !== undefined) throw new Lwm2mError('CONTENT_MALFORMED', `${stray.path} was not asked for`);
  return values;
}

/** Names, types, units and the range check; used for notifications and Send as for answers. */
export function typed(values: readonly ResourceValue[], models: ObjectModels): TypedValue[] {
  return values.map((value): TypedValue => {
    const model = models.resource(value.path);
    if (model === undefined) return value;
    const outOfRange = model.range !== undefined && !isWithinRange(value.value, model.range);
    return {
      ...value,
      name: model.name,
      ...(model.type !== 'None' && { type: model.type }),
      ...(model.unit !== undefined && { unit: model.unit }),
      ...(outOfRange && { outOfRange }),
    };
  });
}

function linksOf({ payload }: OperationAnswer, path: string, { models, rootPath }: About): DiscoveredLink[] {
  return parseLinks(textOfBytes(payload)).flatMap((link): DiscoveredLink[] => {
    const inner = withoutRoot(link.path, rootPath);
    // A device's own link to something that is no LwM2M path is nothing to lose an answer over.
    if (inner === undefined || !isWithin(inner, path)) return [];
    const { attributes, ignored } = parseAttributes(link);
    const dim = Number(link.attributes.get('dim') ?? Number.NaN);
    const name = models.resource(inner)?.name ?? models.object(idsOf(inner)[0] ?? -1)?.name;
    const version = link.attributes.get('ver');
    return [
      {
        path: inner,
        ...(name !== undefined && { name }),
        attributes,
        ...(Number.isInteger(dim) && dim >= 0 && { dim }),
        ...(version !== undefined && { version }),
        ignored,
      },
    ];
  });
}

function withoutRoot(path: string, rootPath: string): string | undefined {
  const inner = rootPath !== '/' && path.startsWith(`${rootPath}/`) ? path.slice(rootPath.length) : path;
  try {
    return formatPath(...idsOf(inner));
  } catch {
    return undefined;
  }
}

function createdPath(
  operation: Extract<DeviceOperation, { type: 'create' }>,
  { locationPath = [] }: OperationAnswer,
  { rootPath }: About,
): string | undefined {
  const named = withoutRoot(`/${locationPath.join('/')}`, rootPath);
  if (named !== undefined && idsOf(named).length === 2 && isWithin(named, pathOf(operation))) return named;
  return operation.instance === undefined ? undefined : formatPath(...idsOf(operation.path), operation.instance);
}
