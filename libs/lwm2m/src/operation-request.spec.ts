import { describe, expect, it } from '@jest/globals';
import { CONTENT_FORMAT, decodeContent } from './content.ts';
import type { FormatHints } from './format-choice.ts';
import type { Lwm2mVersion } from './object-list.ts';
import { ObjectModels } from './object-models.ts';
import type { DeviceOperation } from './operation.ts';
import type { OperationRefused, OperationRequest, OperationTarget } from './operation-parts.ts';
import { operationRequest } from './operation-request.ts';

const { TEXT, LINK, OPAQUE, CBOR, SENML_JSON, SENML_CBOR, TLV, LWM2M_JSON, LWM2M_CBOR } = CONTENT_FORMAT;
const models = ObjectModels.with();
const device = (change: Partial<OperationTarget> = {}): OperationTarget => ({
  lwm2mVersion: '1.1',
  contentFormats: [],
  rootPath: '/',
  models,
  ...change,
});

const hex = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : Buffer.from(bytes).toString('hex'));

/** `GET /3/0 accept=112 observe=0`, then the payload in hex. */
function text(request: OperationRequest | OperationRefused): string {
  if (request.type === 'refused') return request.code;
  const { method, path, query, contentFormat, accept, observe, payload } = request;
  const options = { query: query?.join('&'), ct: contentFormat, accept, observe };
  const shown = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return [method, `/${path.join('/')}`, ...shown, ...(payload === undefined ? [] : [hex(payload)])].join(' ');
}
const requestOf = (operation: DeviceOperation, change: Partial<OperationTarget> = {}, hints: FormatHints = {}): string =>
  text(operationRequest(operation, device(change), hints));

const ascii = (words: string): string => Buffer.from(words).toString('hex');
const lifetime = [{ path: '/1/0/1', value: 300 }];

describe('each operation is the request of Transport 6.4.4', () => {
  it.each<[string, DeviceOperation, Lwm2mVersion, string]>([
    ['Read of an object', { type: 'read', path: '/3' }, '1.1', 'GET /3'],
    ['Read of an instance', { type: 'read', path: '/3/0' }, '1.1', 'GET /3/0'],
    ['Read of an instance, 1.0', { type: 'read', path: '/3/0' }, '1.0', `GET /3/0 accept=${TLV}`],
    ['Read of a resource', { type: 'read', path: '/3/0/9' }, '1.0', 'GET /3/0/9'],
    ['Read of a multiple resource, 1.0', { type: 'read', path: '/3/0/7' }, '1.0', `GET /3/0/7 accept=${TLV}`],
    ['Read of a resource instance', { type: 'read', path: '/3/0/7/1' }, '1.1', 'GET /3/0/7/1'],
    ['Read of a resource instance, 1.0', { type: 'read', path: '/3/0/7/1' }, '1.0', 'PATH_NOT_PERMITTED'],
    ['Read of the root', { type: 'read', path: '/' }, '1.2', 'PATH_NOT_PERMITTED'],
    ['a path that is none', { type: 'read', path: '/3/x' }, '1.1', 'PATH_INVALID'],
    ['numbers in odd dress', { type: 'read', path: '/003/0' }, '1.1', 'GET /3/0'],
    ['Discover', { type: 'discover', path: '/5/0' }, '1.0', `GET /5/0 accept=${LINK}`],
    ['Discover with depth', { type: 'discover', path: '/5', depth: 3 }, '1.2', `GET /5 query=depth=3 accept=${LINK}`],
    ['Discover with depth, 1.1', { type: 'discover', path: '/5', depth: 3 }, '1.1', 'OPERATION_UNAVAILABLE'],
    ['Discover of a resource instance', { type: 'discover', path: '/5/0/8/0' }, '1.2', 'PATH_NOT_PERMITTED'],
    ['Write', { type: 'write', path: '/1/0/1', value: 300 }, '1.1', `PUT /1/0/1 ct=${TEXT} ${ascii('300')}`],
    ['Write of a negative', { type: 'write', path: '/13/0/3', value: -120 }, '1.1', `PUT /13/0/3 ct=${TEXT} ${ascii('-120')}`],
    ['Write of a Boolean', { type: 'write', path: '/1/0/6', value: true }, '1.1', `PUT /1/0/6 ct=${TEXT} ${ascii('1')}`],
    ['Write of a text', { type: 'write', path: '/3/0/14', value: '+02:00' }, '1.1', `PUT /3/0/14 ct=${TEXT} ${ascii('+02:00')}`],
    ['Write of nothing', { type: 'write', path: '/3/0/14', value: '' }, '1.1', `PUT /3/0/14 ct=${TEXT} `],
    ['Write of bytes', { type: 'write', path: '/10/0/9', value: Uint8Array.of(5) }, '1.1', `PUT /10/0/9 ct=${OPAQUE} 05`],
    [
      'Write of a link',
      { type: 'write', path: '/1/0/10', value: { object: 11, instance: 0 } },
      '1.1',
      `PUT /1/0/10 ct=${TEXT} ${ascii('11:0')}`,
    ],
    ['Write of a resource instance', { type: 'write', path: '/2/0/2/7', value: 31 }, '1.1', `PUT /2/0/2/7 ct=${TEXT} ${ascii('31')}`],
    ['Write of one value to a multiple resource', { type: 'write', path: '/2/0/2', value: 31 }, '1.1', 'PATH_NOT_PERMITTED'],
    ['Write of an instance', { type: 'write', path: '/1/0', value: 1 }, '1.1', 'PATH_NOT_PERMITTED'],
    ['Write in CBOR', { type: 'write', path: '/1/0/1', value: 300, format: CBOR }, '1.1', `PUT /1/0/1 ct=${CBOR} 19012c`],
    ['Write in CBOR, 1.0', { type: 'write', path: '/1/0/1', value: 300, format: CBOR }, '1.0', 'FORMAT_UNAVAILABLE'],
    ['Replace of an instance', { type: 'replace', path: '/1/0', values: lifetime }, '1.0', `PUT /1/0 ct=${TLV} c201012c`],
    [
      'Replace of a resource',
      { type: 'replace', path: '/2/0/2', values: [{ path: '/2/0/2/127', value: 7 }] },
      '1.0',
      `PUT /2/0/2 ct=${TLV} 8302417f07`,
    ],
    ['Update of an instance', { type: 'update', path: '/1/0', values: lifetime }, '1.0', `POST /1/0 ct=${TLV} c201012c`],
    [
      'Update of a multiple resource',
      { type: 'update', path: '/2/0/2', values: [{ path: '/2/0/2/1', value: 7 }] },
      '1.1',
      `POST /2/0/2 ct=${SENML_CBOR} 81a32166${ascii('/2/0/2')}0062${ascii('/1')}0207`,
    ],
    [
      'Update of a multiple resource, 1.0',
      { type: 'update', path: '/2/0/2', values: [{ path: '/2/0/2/1', value: 7 }] },
      '1.0',
      'PATH_NOT_PERMITTED',
    ],
    ['Update that would execute', { type: 'update', path: '/3/0/4', values: [] }, '1.1', 'PATH_NOT_PERMITTED'],
    ['Update of an object', { type: 'update', path: '/1', values: lifetime }, '1.1', 'PATH_NOT_PERMITTED'],
    [
      'Write-Attributes',
      { type: 'write-attributes', path: '/3/0/9', attributes: { pmin: 60, gt: 5.5 }, unset: ['pmax'] },
      '1.1',
      'PUT /3/0/9 query=pmin=60&pmax&gt=5.5',
    ],
    [
      'Write-Attributes that contradict each other',
      { type: 'write-attributes', path: '/3/0/9', attributes: { lt: 5, gt: 4 } },
      '1.1',
      'ATTRIBUTE_INVALID',
    ],
    ['Write-Attributes of the root', { type: 'write-attributes', path: '/', attributes: { pmin: 1 } }, '1.1', 'PATH_NOT_PERMITTED'],
    ['Execute', { type: 'execute', path: '/3/0/4' }, '1.1', 'POST /3/0/4'],
    [
      'Execute with arguments',
      { type: 'execute', path: '/9/0/6', arguments: [{ id: 0, value: 'x' }] },
      '1.1',
      `POST /9/0/6 ct=${TEXT} ${ascii("0='x'")}`,
    ],
    [
      'Execute with arguments that cannot be sent',
      { type: 'execute', path: '/9/0/6', arguments: [{ id: 10 }] },
      '1.1',
      'ARGUMENTS_INVALID',
    ],
    ['Execute that would write', { type: 'execute', path: '/2/0/2' }, '1.1', 'PATH_NOT_PERMITTED'],
    ['Execute of an instance', { type: 'execute', path: '/3/0' }, '1.1', 'PATH_NOT_PERMITTED'],
    [
      'Create, the device chooses',
      { type: 'create', path: '/1', values: [{ path: '/1/0/1', value: 300 }] },
      '1.1',
      `POST /1 ct=${TLV} c201012c`,
    ],
    ['Create of an instance with nothing in it', { type: 'create', path: '/1', values: [] }, '1.1', `POST /1 ct=${TLV} `],
    [
      'Create with an id',
      { type: 'create', path: '/1', instance: 7, values: [{ path: '/1/7/1', value: 300 }] },
      '1.0',
      `POST /1 ct=${TLV} 0407c201012c`,
    ],
    [
      'Create with an id, 1.1',
      { type: 'create', path: '/1', instance: 7, values: [{ path: '/1/7/1', value: 300 }] },
      '1.1',
      `POST /1 ct=${SENML_CBOR} 81a32163${ascii('/1/')}0063${ascii('7/1')}0219012c`,
    ],
    ['Create with an id and nothing else', { type: 'create', path: '/1', instance: 7, values: [] }, '1.1', 'VALUE_INVALID'],
    ['Create of an instance', { type: 'create', path: '/1/0', values: [] }, '1.1', 'PATH_NOT_PERMITTED'],
    ['Delete', { type: 'delete', path: '/1/7' }, '1.0', 'DELETE /1/7'],
    ['Delete of a resource instance', { type: 'delete', path: '/2/0/2/1' }, '1.2', 'DELETE /2/0/2/1'],
    ['Delete of a resource instance, 1.1', { type: 'delete', path: '/2/0/2/1' }, '1.1', 'PATH_NOT_PERMITTED'],
    ['Delete of an object', { type: 'delete', path: '/1' }, '1.2', 'PATH_NOT_PERMITTED'],
    ['Observe', { type: 'observe', path: '/5/0/3' }, '1.1', 'GET /5/0/3 observe=0'],
    ['Cancel', { type: 'observe', path: '/5/0/3', cancel: true }, '1.1', 'GET /5/0/3 observe=1'],
    // The published list of three, `lwm2m-facts` 3.4.
    [
      'Read-Composite',
      { type: 'read-composite', paths: ['/3/0/3', '/5/0/3', '/5/0/5'] },
      '1.1',
      `FETCH / ct=${SENML_CBOR} accept=${SENML_CBOR} 83a100662f332f302f33a100662f352f302f33a100662f352f302f35`,
    ],
    ['Read-Composite, 1.0', { type: 'read-composite', paths: ['/3/0/3'] }, '1.0', 'OPERATION_UNAVAILABLE'],
    ['Read-Composite of nothing', { type: 'read-composite', paths: [] }, '1.1', 'VALUE_INVALID'],
    [
      'Observe-Composite',
      { type: 'observe-composite', paths: ['/3/0/3'] },
      '1.1',
      `FETCH / ct=${SENML_CBOR} accept=${SENML_CBOR} observe=0 81a100662f332f302f33`,
    ],
    [
      'Cancel of a composite',
      { type: 'observe-composite', paths: ['/3/0/3'], cancel: true },
      '1.1',
      `FETCH / ct=${SENML_CBOR} accept=${SENML_CBOR} observe=1 81a100662f332f302f33`,
    ],
    [
      'Write-Composite',
      { type: 'write-composite', values: lifetime },
      '1.1',
      `iPATCH / ct=${SENML_CBOR} 81a321612f0065${ascii('1/0/1')}0219012c`,
    ],
    ['Write-Composite of nothing', { type: 'write-composite', values: [] }, '1.1', 'VALUE_INVALID'],
    ['Write-Composite, 1.0', { type: 'write-composite', values: lifetime }, '1.0', 'OPERATION_UNAVAILABLE'],
  ])('%s', (_name, operation, lwm2mVersion, expected) => {
    expect(requestOf(operation, { lwm2mVersion })).toBe(expected);
  });

  it('below the alternate path', () => {
    expect(requestOf({ type: 'execute', path: '/3/0/4' }, { rootPath: '/lwm2m' })).toBe('POST /lwm2m/3/0/4');
    expect(requestOf({ type: 'read-composite', paths: ['/3/0/3'] }, { rootPath: '/a/b' })).toMatch(/^FETCH \/a\/b ct=112/);
  });
});

describe('a value is refused before it is sent', () => {
  it.each<[string, DeviceOperation, string]>([
    ['of another type', { type: 'write', path: '/1/0/1', value: 'long' }, 'VALUE_TYPE'],
    ['a fraction for an Integer', { type: 'write', path: '/1/0/1', value: 1.5 }, 'VALUE_TYPE'],
    ['a negative for an Unsigned', { type: 'write', path: '/5/0/13', value: -1 }, 'VALUE_TYPE'],
    ['a number for a Boolean', { type: 'write', path: '/1/0/6', value: 1 }, 'VALUE_TYPE'],
    ['anything for what is executed', { type: 'write', path: '/3/0/4', value: 1 }, 'VALUE_TYPE'],
    ['beyond its range', { type: 'write', path: '/5/0/11', value: 3 }, 'VALUE_RANGE'],
    ['longer than its range', { type: 'write', path: '/0/0/0', value: 'x'.repeat(256) }, 'VALUE_RANGE'],
    ['in an instance', { type: 'replace', path: '/1/0', values: [{ path: '/1/0/1', value: true }] }, 'VALUE_TYPE'],
    ['twice', { type: 'update', path: '/1/0', values: [...lifetime, ...lifetime] }, 'VALUE_INVALID'],
    ['outside of the instance', { type: 'update', path: '/1/1', values: lifetime }, 'PATH_NOT_PERMITTED'],
    ['of a new instance', { type: 'create', path: '/2', values: [{ path: '/2/0/0', value: 65_535 }] }, 'VALUE_RANGE'],
    ['of a composite', { type: 'write-composite', values: [{ path: '/1/0/1', value: 'x' }] }, 'VALUE_TYPE'],
    [
      'too large for any integer',
      { type: 'replace', path: '/26241/0', values: [{ path: '/26241/0/0', value: 2n ** 70n }] },
      'VALUE_INVALID',
    ],
  ])('%s', (_name, operation, code) => {
    expect(requestOf(operation, { contentFormats: [TLV] })).toBe(code);
  });

  it('names path, resource and range', () => {
    expect(operationRequest({ type: 'write', path: '/5/0/11', value: 3 }, device())).toEqual({
      type: 'refused',
      code: 'VALUE_RANGE',
      why: '/5/0/11 (Severity) takes 0..2',
    });
  });

  it('unless nobody knows the resource', () => {
    expect(requestOf({ type: 'write', path: '/26241/0/0', value: 3 })).toMatch(/^PUT/);
  });
});

const instance: DeviceOperation = { type: 'read', path: '/3/0' };
const many: DeviceOperation = { type: 'replace', path: '/1/0', values: lifetime };
const list: DeviceOperation = { type: 'read-composite', paths: ['/3/0/3'] };
const bytes: DeviceOperation = { type: 'write', path: '/10/0/9', value: Uint8Array.of(1) };

describe('the format follows from version, announcement, class and memory', () => {
  it.each<[string, DeviceOperation, Lwm2mVersion, readonly number[], FormatHints, readonly (number | undefined)[]]>([
    ['read, 1.0', instance, '1.0', [], {}, [TLV, LWM2M_JSON, undefined]],
    ['read, 1.0 with JSON', instance, '1.0', [LWM2M_JSON], {}, [LWM2M_JSON, TLV, undefined]],
    ['read, 1.1', instance, '1.1', [], {}, [undefined, SENML_CBOR, SENML_JSON, TLV]],
    ['read, 1.1 that still says JSON', instance, '1.1', [LWM2M_JSON], {}, [undefined, SENML_CBOR, SENML_JSON, TLV]],
    ['read, 1.1 with TLV', instance, '1.1', [TLV], {}, [TLV, undefined, SENML_CBOR, SENML_JSON]],
    [
      'read, 1.1 with a list',
      instance,
      '1.1',
      [TEXT, LINK, CBOR, SENML_JSON, SENML_CBOR, TLV],
      {},
      [SENML_CBOR, TLV, SENML_JSON, undefined],
    ],
    ['read, 1.2 with LwM2M CBOR', instance, '1.2', [LWM2M_CBOR], {}, [LWM2M_CBOR, undefined, SENML_CBOR, SENML_JSON, TLV]],
    ['read, 1.1 with LwM2M CBOR', instance, '1.1', [LWM2M_CBOR], {}, [LWM2M_CBOR, undefined, SENML_CBOR, SENML_JSON, TLV]],
    ['read, class', instance, '1.1', [SENML_CBOR], { preferred: [TLV] }, [TLV, SENML_CBOR, undefined, SENML_JSON]],
    ['read, memory', instance, '1.1', [SENML_CBOR], { worked: SENML_JSON, preferred: [TLV] }, [TLV, SENML_JSON, SENML_CBOR, undefined]],
    ['read, memory of no Accept', instance, '1.1', [SENML_CBOR], { worked: 'any' }, [undefined, SENML_CBOR, SENML_JSON, TLV]],
    [
      'read of one, memory of a format for one',
      { type: 'read', path: '/3/0/9' },
      '1.1',
      [],
      { worked: TEXT },
      [TEXT, undefined, SENML_CBOR],
    ],
    ['read of an instance, memory of a format for one', instance, '1.1', [], { worked: TEXT }, [undefined, SENML_CBOR]],
    ['write of many, 1.0', many, '1.0', [], {}, [TLV, LWM2M_JSON]],
    ['write of many, 1.1', many, '1.1', [], {}, [SENML_CBOR, SENML_JSON, TLV]],
    ['write of many, 1.2', many, '1.2', [], {}, [SENML_CBOR, SENML_JSON, TLV, LWM2M_CBOR]],
    ['write of many, announced', many, '1.1', [TLV], {}, [TLV, SENML_CBOR, SENML_JSON]],
    ['write of one', { type: 'write', path: '/1/0/1', value: 1 }, '1.1', [SENML_JSON], {}, [TEXT, SENML_JSON, SENML_CBOR, TLV, CBOR]],
    ['write of one, 1.0', { type: 'write', path: '/1/0/1', value: 1 }, '1.0', [], {}, [TEXT, TLV, LWM2M_JSON]],
    ['write of bytes', bytes, '1.1', [TLV], {}, [OPAQUE, TLV, SENML_CBOR, SENML_JSON, CBOR]],
    ['write of bytes, memory of text', bytes, '1.1', [], { worked: TEXT }, [OPAQUE, SENML_CBOR]],
    ['a list, 1.1', list, '1.1', [], {}, [SENML_CBOR, SENML_JSON]],
    ['a list, announced', list, '1.1', [SENML_JSON], {}, [SENML_JSON, SENML_CBOR]],
    ['a list, 1.2', list, '1.2', [LWM2M_CBOR], {}, [LWM2M_CBOR, SENML_CBOR, SENML_JSON]],
    ['a create without an id', { type: 'create', path: '/1', values: lifetime }, '1.1', [SENML_CBOR], {}, [TLV]],
  ])('%s', (_name, operation, lwm2mVersion, contentFormats, hints, expected) => {
    const refused: FormatHints['refused'] & unknown[] = [];
    const tried = expected.map(() => {
      const request = operationRequest(operation, device({ lwm2mVersion, contentFormats }), { ...hints, refused });
      if (request.type === 'refused' || request.format === undefined) throw new TypeError(JSON.stringify(request));
      refused.push(request.format);
      return request.accept ?? request.contentFormat;
    });
    expect(tried).toEqual(expected);
  });

  it.each<[DeviceOperation, FormatHints['refused']]>([
    [list, [SENML_CBOR, SENML_JSON]],
    [many, [SENML_CBOR, SENML_JSON, TLV]],
    [instance, ['any', SENML_CBOR, SENML_JSON, TLV]],
    [{ type: 'write', path: '/1/0/1', value: 1, format: TEXT }, [TEXT]],
  ])('ends when everything was refused: %j', (operation, refused) => {
    expect(requestOf(operation, {}, { refused })).toBe('FORMAT_UNAVAILABLE');
  });
});

describe('what goes out is what was meant, in every format', () => {
  const values = [
    { path: '/1/0/1', value: 86_400 },
    { path: '/1/0/6', value: false },
    { path: '/1/0/7', value: 'UQ' },
    { path: '/1/0/10', value: { object: 11, instance: 2 } },
    { path: '/1/0/14', value: 4_000_000_000 },
    { path: '/1/0/24/0', value: { object: 11, instance: 0 } },
    { path: '/1/0/24/300', value: { object: 11, instance: 1 } },
  ];
  const instanceOf = (operation: DeviceOperation, contentFormats: readonly number[], version: Lwm2mVersion) => {
    const request = operationRequest(operation, device({ lwm2mVersion: version, contentFormats }), { worked: contentFormats[0] });
    if (request.type === 'refused') throw new TypeError(request.why);
    return request;
  };

  it.each<[number, Lwm2mVersion]>([
    [TLV, '1.0'],
    [LWM2M_JSON, '1.0'],
    [SENML_CBOR, '1.1'],
    [SENML_JSON, '1.1'],
    [LWM2M_CBOR, '1.2'],
  ])('%d', (format, version) => {
    const replace = instanceOf({ type: 'replace', path: '/1/0', values }, [format], version);
    expect(replace.contentFormat).toBe(format);
    expect(decodeContent(format, replace.payload!, '/1/0', models.typeOf)).toEqual(values);
    const create = instanceOf({ type: 'create', path: '/1', instance: 0, values }, [format], version);
    expect(decodeContent(format, create.payload!, '/1', models.typeOf)).toEqual(values);
  });

  it.each([TEXT, CBOR, SENML_CBOR, SENML_JSON, TLV])('one value at a time: %d', (format) => {
    for (const { path, value } of values) {
      const { payload } = instanceOf({ type: 'write', path, value, format }, [format], '1.1');
      expect(decodeContent(format, payload!, path, models.typeOf)).toEqual([{ path, value }]);
    }
  });
});
