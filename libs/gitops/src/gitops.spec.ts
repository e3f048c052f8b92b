import { describe, expect, it } from '@jest/globals';
import { diffDocuments, parseDocuments, refuseTwins } from './index.ts';

const SMALLEST = `apiVersion: drover/v1
kind: Campaign
metadata:
  name: wm-modem-2-4-1
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets:
    where: model == "WM-300" && firmwareVersion < "2.4.1"
  stages:
    - {name: canary, take: 20, soak: 1d}
    - {name: fleet, take: 100%}
`;

const CLASS = `apiVersion: drover/v1
kind: DeviceClass
metadata: {name: old-modem}
spec:
  match:
    model: ["WM-300*"]
  coap:
    ackTimeout: 8s
    maxRetransmit: 2
  lwm2m: {formats: [TLV]}
`;

const first = (text: string) => {
  const [fault] = parseDocuments(text, 'a.yaml').faults;
  return fault && `${fault.line}:${fault.column} ${fault.code}`;
};

it('reads a device class', () => {
  const { documents, faults } = parseDocuments(CLASS, 'a.yaml');
  expect(faults).toEqual([]);
  expect(documents[0]).toMatchObject({ kind: 'DeviceClass', spec: { coap: { ackTimeout: 8000, maxRetransmit: 2 } } });
});

it('reads the smallest campaign of the language', () => {
  const { documents, faults } = parseDocuments(SMALLEST, 'a.yaml');
  expect(faults).toEqual([]);
  expect(documents[0]?.metadata.name).toBe('wm-modem-2-4-1');
});

describe('faults have a place', () => {
  it.each([
    ['an unknown field, at its name', SMALLEST.replace('firmware:', 'firmwear:'), '6:3 FIELD_UNKNOWN'],
    ['a bad value, at the value', SMALLEST.replace('soak: 1d', 'soak: soon'), '10:38 VALUE_INVALID'],
    ['a missing field, at its parent', SMALLEST.replace('{name: fleet, take: 100%}', '{name: fleet}'), '11:7 FIELD_MISSING'],
    ['a field for later, at its name', SMALLEST.replace('spec:\n', 'spec:\n  holdout: 5%\n'), '6:3 FIELD_NOT_SUPPORTED_YET'],
    ['a duplicate key', SMALLEST.replace('kind: Campaign', 'kind: Campaign\nkind: Campaign'), '3:1 YAML_SYNTAX'],
    ['broken YAML', SMALLEST.replace('take: 20,', 'take: [20,'), '10:41 YAML_SYNTAX'],
    ['a bad expression', SMALLEST.replace('model ==', 'modle =='), '8:12 WHERE_INVALID'],
    ['an alias', 'a: &x 1\nb: *x\n', '1:7 YAML_ALIAS'],
    ['YAML of another version', `%YAML 1.1\n---\n${SMALLEST}`, '1:1 YAML_SYNTAX'],
    ['a class, an unknown field', CLASS.replace('maxRetransmit', 'retransmits'), '9:5 FIELD_UNKNOWN'],
    ['a class, an unknown format', CLASS.replace('[TLV]', '[TLV, XML]'), '10:26 VALUE_INVALID'],
    ['a class whose copies leave too late', CLASS.replace('maxRetransmit: 2', 'maxRetransmit: 4'), '8:17 VALUE_INVALID'],
    ['a class without a condition', CLASS.replace('\n    model: ["WM-300*"]', ' {}'), '5:10 FIELD_MISSING'],
    ['nothing', '# only a comment\n', '1:1 YAML_EMPTY'],
    ['too large', `a: ${'x'.repeat(1_100_000)}`, '1:1 YAML_TOO_LARGE'],
  ])('%s', (_name, text, expected) => {
    expect(first(text)).toBe(expected);
  });

  it('the second document of a file is placed in the file', () => {
    expect(first(`${SMALLEST}---\n${SMALLEST.replace('kind: Campaign', 'kind: Campain')}`)).toBe('14:7 KIND_UNKNOWN');
  });
});

it('refuses twins over all files', () => {
  const { documents } = parseDocuments(SMALLEST, 'a.yaml');
  expect(
    refuseTwins([
      { file: 'a.yaml', documents },
      { file: 'b.yaml', documents },
    ]),
  ).toMatchObject([{ code: 'DOCUMENT_TWICE', file: 'b.yaml' }]);
});

it('shows differences leaf by leaf', () => {
  expect(diffDocuments({ a: 1, b: { c: [1, 2] }, d: 1 }, { a: 1, b: { c: [1, 3, 4] } })).toEqual([
    { path: 'b.c[1]', before: 2, after: 3 },
    { path: 'b.c[2]', before: undefined, after: 4 },
    { path: 'd', before: 1, after: undefined },
  ]);
  expect(diffDocuments({ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } })).toEqual([]);
});
