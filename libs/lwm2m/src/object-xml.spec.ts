import { describe, expect, it } from '@jest/globals';
import { LIMITS } from './limits.ts';
import { parseObjectXml, type ModelFault } from './object-xml.ts';

const item = (id: string, fields: Readonly<Record<string, string>> = {}): string => {
  const all = {
    Name: 'Level',
    Operations: 'R',
    MultipleInstances: 'Single',
    Mandatory: 'Optional',
    Type: 'Integer',
    RangeEnumeration: '0..100',
    Units: '%',
    Description: 'Fill level.',
    ...fields,
  };
  return `<Item ID="${id}">${Object.entries(all)
    .map(([name, text]) => `<${name}>${text}</${name}>`)
    .join('')}</Item>`;
};
const object = (items: string, fields: Readonly<Record<string, string>> = {}): string => {
  const all = {
    Name: 'Tank',
    ObjectID: '26300',
    ObjectURN: 'urn:oma:lwm2m:x:26300',
    MultipleInstances: 'Multiple',
    Mandatory: 'Optional',
    ...fields,
  };
  const head = Object.entries(all).map(([name, text]) => `<${name}>${text}</${name}>`);
  return `<Object ObjectType="MODefinition">\n${head.join('')}\n<Resources>\n${items}\n</Resources></Object>`;
};
const file = (inner: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n<LWM2M>${inner}</LWM2M>`;

describe('reads a definition', () => {
  it('of schema 1.0, which has no versions', () => {
    expect(parseObjectXml(file(object(item('0'))))).toEqual([
      {
        id: 26_300,
        name: 'Tank',
        version: '1.0',
        lwm2mVersion: '1.0',
        multiple: true,
        mandatory: false,
        resources: [
          {
            id: 0,
            name: 'Level',
            operations: 'R',
            type: 'Integer',
            multiple: false,
            mandatory: false,
            rangeText: '0..100',
            range: { of: 'value', spans: [{ min: 0, max: 100 }] },
            unit: '%',
          },
        ],
      },
    ]);
  });

  it('of schema 1.1, with its versions and types', () => {
    const types = ['Unsigned Integer', 'Corelnk', 'CoreLnk', 'Objlnk', 'String', 'Float', 'Boolean', 'Opaque', 'Time', ''];
    const items = types.map((Type, id) => item(String(id), { Type, MultipleInstances: 'Multiple', Mandatory: 'Mandatory' })).join('\n');
    const [model] = parseObjectXml(file(object(items, { LWM2MVersion: '1.1', ObjectVersion: '1.2', MultipleInstances: 'Single' })));
    expect(model).toMatchObject({ version: '1.2', lwm2mVersion: '1.1', multiple: false });
    expect(model?.resources.map(({ type }) => type)).toEqual([
      'Unsigned',
      'Corelnk',
      'Corelnk',
      'Objlnk',
      'String',
      'Float',
      'Boolean',
      'Opaque',
      'Time',
      'None',
    ]);
    expect(model?.resources.every(({ multiple, mandatory }) => multiple && mandatory)).toBe(true);
  });

  it('with a byte order mark, comments, CDATA, escapes and several objects', () => {
    const text = file(
      `<!-- two --><![CDATA[]]>${object(item('1', { Name: '<![CDATA[ A <b> ]]>', Units: '&lt;&amp;' }))}${object(item('0', { Operations: 'E', Type: 'String' }), { ObjectID: '26301' })}`,
    );
    const [first, second] = parseObjectXml(`\ufeff${text}`);
    expect(first?.resources[0]).toMatchObject({ name: 'A <b>', unit: '<&' });
    expect(second?.resources[0]).toMatchObject({ operations: 'E', type: 'None' });
  });

  it('takes ids up to the last real one', () => {
    expect(parseObjectXml(file(object(item('65534'), { ObjectID: '65534' })))[0]).toMatchObject({
      id: 65_534,
      resources: [{ id: 65_534 }],
    });
  });
});

function faultsOf(text: string): readonly ModelFault[] {
  try {
    parseObjectXml(text);
  } catch (error) {
    return (error as { details: ModelFault[] }).details;
  }
  return [];
}

const bomb = `<!DOCTYPE LWM2M [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>${file(object(item('0', { Name: '&c;' }))).replace(/^.*\n/, '')}`;

describe('refuses, and says where', () => {
  it.each<[string, string, Partial<ModelFault>]>([
    ['nothing', '', { code: 'MODEL_MALFORMED' }],
    ['no XML', 'hello', { code: 'MODEL_MALFORMED', line: 1 }],
    ['an element that is not closed', '<LWM2M>\n<Object>\n</LWM2M>', { code: 'MODEL_MALFORMED', line: 3 }],
    ['what follows the root', `${file(object(item('0')))}<more/>`, { code: 'MODEL_MALFORMED' }],
    [
      'an external entity',
      `<!DOCTYPE x SYSTEM "file:///etc/passwd"><LWM2M/>`,
      { code: 'MODEL_MALFORMED', message: expect.stringContaining('DOCTYPE') as never },
    ],
    ['a bomb of entities', bomb, { code: 'MODEL_MALFORMED', line: 1, message: expect.stringContaining('DOCTYPE') as never }],
    ['an entity nobody defined', file('&boom;'), { code: 'MODEL_MALFORMED', line: 2 }],
    ['a file of another size', file(' '.repeat(LIMITS.modelCharacters)), { code: 'MODEL_TOO_LARGE' }],
    ['depth', file('<a>'.repeat(100_000)), { code: 'MODEL_TOO_LARGE', line: 2 }],
    ['a crowd of elements', file('<a/>'.repeat(LIMITS.modelElements + 1)), { code: 'MODEL_TOO_LARGE', line: 2 }],
    ['another root', '<DDF/>', { code: 'MODEL_INVALID', line: 1 }],
    ['no object', file(''), { code: 'MODEL_INVALID', line: 2 }],
    ['an object id beyond the last', file(object(item('0'), { ObjectID: '65535' })), { code: 'MODEL_INVALID', line: 2 }],
    ['an object id that is none', file(object(item('0'), { ObjectID: '-1' })), { code: 'MODEL_INVALID' }],
    ['a resource id that is none', file(object(item('1e3'))), { code: 'MODEL_INVALID', line: 5 }],
    ['a resource id twice', file(object(`${item('7')}\n${item('8')}\n${item('7')}`)), { code: 'MODEL_DUPLICATE', line: 7 }],
    ['an object twice', file(`${object(item('0'))}\n${object(item('0'))}`), { code: 'MODEL_DUPLICATE', line: 7 }],
    ['an operation of no kind', file(object(item('0', { Operations: 'RWE' }))), { code: 'MODEL_INVALID', line: 5 }],
    ['a type of no kind', file(object(item('0', { Type: 'constructor' }))), { code: 'MODEL_INVALID', line: 5 }],
    ['a resource without a name', file(object(item('0', { Name: ' ' }))), { code: 'MODEL_INVALID', line: 5 }],
    ['a version that is none', file(object(item('0'), { ObjectVersion: 'latest' })), { code: 'MODEL_INVALID', line: 2 }],
  ])('%s', (_what, text, expected) => {
    expect(faultsOf(text)[0]).toMatchObject(expected);
  });

  it('all faults of a file together', () => {
    const faults = faultsOf(file(object(`${item('a')}\n${item('1', { Type: 'Blob', Mandatory: 'Maybe' })}`)));
    expect(faults.map(({ line, code }) => `${line} ${code}`)).toEqual(['5 MODEL_INVALID', '6 MODEL_INVALID', '6 MODEL_INVALID']);
  });

  it('every beginning of a file', () => {
    const whole = file(object(item('0')));
    for (let end = 0; end < whole.length; end += 7) expect(faultsOf(whole.slice(0, end))).not.toEqual([]);
  });
});
