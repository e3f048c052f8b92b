import { Lwm2mError } from './errors.ts';
import type { ObjectModel, ResourceModel, ResourceOperations } from './object-model.ts';
import { isId } from './paths.ts';
import { rangeOf } from './value-range.ts';
import type { DataType } from './values.ts';
import { xmlTree } from './xml-tree.ts';
import type { XmlElement } from './xml-tree.ts';

/** One thing wrong with a file of object definitions; the details of the error that `parseObjectXml` throws. */
export interface ModelFault {
  readonly line: number;
  readonly code: 'MODEL_MALFORMED' | 'MODEL_INVALID' | 'MODEL_DUPLICATE' | 'MODEL_TOO_LARGE';
  readonly message: string;
}

const OPERATIONS: readonly ResourceOperations[] = ['R', 'W', 'RW', 'E', ''];
/** By their names in lower case: published files differ in the letters of `CoreLnk` and `ObjLnk`. */
const TYPES: Readonly<Record<string, DataType | 'None'>> = {
  '': 'None',
  string: 'String',
  integer: 'Integer',
  'unsigned integer': 'Unsigned',
  float: 'Float',
  boolean: 'Boolean',
  opaque: 'Opaque',
  time: 'Time',
  objlnk: 'Objlnk',
  corelnk: 'Corelnk',
};

/**
 * Object definitions in the XML of the registry, of schema 1.0 or 1.1 (`LWM2M.xsd`, `LWM2M-v1_1.xsd`). Throws the first fault
 * as an `Lwm2mError` with all of them as its details. Descriptions are left behind: nobody is shown them.
 */
export function parseObjectXml(text: string): ObjectModel[] {
  const root = xmlTree(text);
  const reading = new Reading();
  if (root.name !== 'LWM2M') reading.fault(root, `the root element is LWM2M, not ${root.name.slice(0, 40)}`);
  const objects = root.children.filter(({ name }) => name === 'Object').map((element) => objectOf(element, reading));
  if (objects.length === 0) reading.fault(root, 'no Object in it');
  reading.end();
  return objects;
}

/** Goes on after a fault, so that a person who edits a file hears of all of them at once. */
class Reading {
  readonly #faults: ModelFault[] = [];
  readonly #objects = new Set<string>();

  fault({ line }: XmlElement, message: string, code: ModelFault['code'] = 'MODEL_INVALID'): void {
    this.#faults.push({ line, code, message });
  }

  text(parent: XmlElement, name: string): string | undefined {
    return parent.children.find((child) => child.name === name)?.text.trim();
  }

  /** One of the words the schema allows; the fault is at the element itself where there is one. */
  oneOf<T extends string>(parent: XmlElement, name: string, words: readonly T[]): T {
    const text = this.text(parent, name);
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    const at = parent.children.find((child) => child.name === name) ?? parent;
    this.fault(at, text === undefined ? `${name} is missing` : `${name} is one of ${words.join(', ')}, not "${text.slice(0, 40)}"`);
    return words[0]!;
  }

  id(at: XmlElement, what: string, text: string | undefined): number {
    const id = /^\d{1,5}$/.test(text ?? '') ? Number(text) : -1;
    if (!isId(id)) this.fault(at, `${what} is a number from 0 to 65534, not "${(text ?? '').slice(0, 40)}"`);
    return id;
  }

  version(parent: XmlElement, name: string): string {
    const text = this.text(parent, name) ?? '';
    if (text !== '' && !/^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/.test(text)) this.fault(parent, `${name} is like 1.1, not "${text.slice(0, 40)}"`);
    return text === '' ? '1.0' : text;
  }

  noteObject(at: XmlElement, { id, version }: Pick<ObjectModel, 'id' | 'version'>): void {
    const key = `${id}/${version}`;
    if (this.#objects.has(key)) this.fault(at, `object ${id} version ${version} comes twice`, 'MODEL_DUPLICATE');
    this.#objects.add(key);
  }

  end(): void {
    const [first, ...more] = this.#faults;
    if (first === undefined) return;
    const rest = more.length === 0 ? '' : `, and ${more.length} more`;
    throw new Lwm2mError(first.code, `line ${first.line}: ${first.message}${rest}`, undefined, this.#faults);
  }
}

function objectOf(element: XmlElement, reading: Reading): ObjectModel {
  const model = {
    id: reading.id(element, 'ObjectID', reading.text(element, 'ObjectID')),
    name: nameOf(element, reading),
    version: reading.version(element, 'ObjectVersion'),
    lwm2mVersion: reading.version(element, 'LWM2MVersion'),
    multiple: reading.oneOf(element, 'MultipleInstances', ['Multiple', 'Single']) === 'Multiple',
    mandatory: reading.oneOf(element, 'Mandatory', ['Mandatory', 'Optional']) === 'Mandatory',
    resources: resourcesOf(element, reading),
  };
  reading.noteObject(element, model);
  return model;
}

function resourcesOf(object: XmlElement, reading: Reading): ResourceModel[] {
  const list = object.children.find(({ name }) => name === 'Resources');
  if (list === undefined) {
    reading.fault(object, 'Resources is missing');
    return [];
  }
  const seen = new Set<number>();
  return list.children
    .filter(({ name }) => name === 'Item')
    .map((item) => {
      const resource = resourceOf(item, reading);
      if (seen.has(resource.id)) reading.fault(item, `resource ${resource.id} comes twice`, 'MODEL_DUPLICATE');
      seen.add(resource.id);
      return resource;
    });
}

function resourceOf(item: XmlElement, reading: Reading): ResourceModel {
  const operations = reading.oneOf(item, 'Operations', OPERATIONS);
  const type = operations === 'E' ? 'None' : typeOf(item, reading);
  const rangeText = reading.text(item, 'RangeEnumeration') ?? '';
  const range = rangeOf(rangeText, type);
  const unit = reading.text(item, 'Units') ?? '';
  return {
    id: reading.id(item, 'the ID of an Item', item.attributes['ID']),
    name: nameOf(item, reading),
    operations,
    type,
    multiple: reading.oneOf(item, 'MultipleInstances', ['Multiple', 'Single']) === 'Multiple',
    mandatory: reading.oneOf(item, 'Mandatory', ['Mandatory', 'Optional']) === 'Mandatory',
    ...(rangeText !== '' && { rangeText }),
    ...(range && { range }),
    ...(unit !== '' && { unit }),
  };
}

function typeOf(item: XmlElement, reading: Reading): DataType | 'None' {
  const text = reading.text(item, 'Type') ?? '';
  const type = Object.hasOwn(TYPES, text.toLowerCase()) ? TYPES[text.toLowerCase()] : undefined;
  if (type === undefined) reading.fault(item, `Type is none that LwM2M knows: "${text.slice(0, 40)}"`);
  return type ?? 'None';
}

function nameOf(element: XmlElement, reading: Reading): string {
  const name = reading.text(element, 'Name') ?? '';
  if (name === '') reading.fault(element, 'Name is missing');
  return name;
}
