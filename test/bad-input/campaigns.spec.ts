import { afterEach, describe, expect, it } from '@jest/globals';
import { parseDocuments } from '@drover/gitops';

/** Bad campaigns: each is refused with a code at the place where an editor should jump, and costs no more than a moment. */

const GOOD = `apiVersion: drover/v1
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
const MOMENT_MS = 5000;

/** The good campaign with one thing changed; a row whose edit changes nothing is itself a fault. */
function edit(from: string, to: string): string {
  if (!GOOD.includes(from)) throw new TypeError(`the campaign has no "${from}"`);
  return GOOD.replace(from, () => to);
}

const inSpec = (lines: string): string => edit('spec:\n', `spec:\n  ${lines}\n`);
const inCanary = (more: string): string => edit('soak: 1d}', `soak: 1d, ${more}}`);
const where = (expression: string): string => edit('model == "WM-300" && firmwareVersion < "2.4.1"', JSON.stringify(expression));

function firstFault(text: string): { place: string; message: string } {
  const started = performance.now();
  const { documents, faults } = parseDocuments(text, 'bad.yaml');
  expect(performance.now() - started).toBeLessThan(MOMENT_MS);
  expect(documents).toEqual([]);
  const [fault] = faults;
  if (!fault) throw new TypeError('accepted');
  expect(fault.file).toBe('bad.yaml');
  return { place: `${fault.line}:${fault.column} ${fault.code}`, message: fault.message };
}

afterEach(() => {
  expect(parseDocuments(GOOD, 'good.yaml')).toMatchObject({ faults: [], documents: [{ kind: 'Campaign' }] });
});

type Row = [name: string, text: string, place: string, says: RegExp];

const SYNTAX: Row[] = [
  ['a tab for indentation', edit('  firmware', '\tfirmware'), '6:1 YAML_SYNTAX', /Tabs/],
  ['a duplicate key', edit('kind: Campaign', 'kind: Campaign\nkind: Campaign'), '3:1 YAML_SYNTAX', /unique/],
  ['a quote that never closes', edit('name: canary', 'name: "canary'), '12:1 YAML_SYNTAX', /quote/],
  ['a list that never closes', edit('take: 20,', 'take: [20,'), '10:41 YAML_SYNTAX', /./],
  ['a key of two thousand characters', inSpec(`${'k'.repeat(2000)}: 1`), '6:3 YAML_SYNTAX', /1024/],
  ['a bomb of anchors', 'a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n', '1:7 YAML_ALIAS', /not accepted/],
  ['an anchor that nobody uses', edit('canary,', '&x canary,'), '10:17 YAML_ALIAS', /not accepted/],
  ['an alias without its anchor', edit('20,', '*nowhere,'), '10:28 YAML_ALIAS', /not accepted/],
  ['a merge key', inSpec('<<: {delivery: {method: Push}}'), '6:3 FIELD_UNKNOWN', /"<<"/],
  ['nothing at all', '', '1:1 YAML_EMPTY', /no document/],
  ['only a comment', '# later\n', '1:1 YAML_EMPTY', /no document/],
  ['ten megabytes', `a: ${'x'.repeat(10_000_000)}`, '1:1 YAML_TOO_LARGE', /1048576/],
  ['two hundred and one documents', 'a: 1\n---\n'.repeat(201), '1:1 YAML_TOO_LARGE', /at most 200/],
  ['UTF-16', Buffer.from(GOOD, 'utf16le').toString('utf8'), '1:1 KIND_UNKNOWN', /Campaign/],
  ['bytes of no encoding', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)).toString('utf8'), '1:1 KIND_UNKNOWN', /./],
  ['a binary byte in a name', edit('canary', 'can\u0000ary'), '10:14 VALUE_INVALID', /\\u0000/],
  ['a broken UTF-8 sequence in a name', edit('canary', Buffer.of(0x63, 0xff).toString('utf8')), '10:14 VALUE_INVALID', /a name is/],
];

const SHAPE: Row[] = [
  ['a list where a document is expected', '- a\n- b\n', '1:1 KIND_UNKNOWN', /expected one of/],
  ['one word', 'hello\n', '1:1 KIND_UNKNOWN', /expected one of/],
  ['an unknown kind', edit('kind: Campaign', 'kind: Campain'), '2:7 KIND_UNKNOWN', /did you mean "Campaign"/],
  ['a kind for later', edit('kind: Campaign', 'kind: Calendar'), '2:7 KIND_NOT_SUPPORTED_YET', /"Calendar"/],
  ['another language version', edit('drover/v1', 'drover/v9'), '1:13 API_VERSION_UNKNOWN', /drover\/v1/],
  ['no spec', GOOD.slice(0, GOOD.indexOf('spec:')), '1:1 FIELD_MISSING', /"spec"/],
  ['an unknown field', edit('firmware:', 'firmwear:'), '6:3 FIELD_UNKNOWN', /did you mean "firmware"/],
  ['a field for later', inSpec('holdout: 5%'), '6:3 FIELD_NOT_SUPPORTED_YET', /"holdout"/],
  ['a field for later, deep', inCanary('gate: {stragglers: 5}'), '10:49 FIELD_NOT_SUPPORTED_YET', /"stragglers"/],
  ['a word for later', inCanary('gate: {failure: [{max: 1, action: SlowDown}]}'), '10:76 VALUE_NOT_SUPPORTED_YET', /"SlowDown"/],
  ['an attack on the prototype', inSpec('__proto__: {isAdmin: true}'), '6:3 FIELD_UNKNOWN', /__proto__/],
  ['the name of a method', inSpec('constructor: 1'), '6:3 FIELD_UNKNOWN', /constructor/],
  ['a list as a key', inSpec('? [a, b]\n  : 1'), '6:5 YAML_SYNTAX', /a key is a word/],
  ['a mapping as a key', inSpec('{a: b}: 1'), '6:3 YAML_SYNTAX', /a key is a word/],
  [
    'a list where a stage is expected',
    edit('{name: canary, take: 20, soak: 1d}', '[canary, 20]'),
    '10:7 TYPE_WRONG',
    /expected a mapping, got a list/,
  ],
  ['text where a mapping is expected', edit('{name: wm-modem, version: 2.4.1}', 'wm-modem'), '6:13 TYPE_WRONG', /expected a mapping/],
  ['a number for a name', edit('name: canary', 'name: 7'), '10:14 TYPE_WRONG', /expected a name/],
  ['a number for a version', edit('version: 2.4.1', 'version: 2.4'), '6:39 TYPE_WRONG', /expected text/],
  ['a path for a name', edit('name: wm-modem-2-4-1', 'name: ../../etc/passwd'), '4:9 VALUE_INVALID', /a name is/],
];

const VALUES: Row[] = [
  ['a bare true where a word is expected', inCanary('gate: {promote: true}'), '10:58 TYPE_WRONG', /in quotes/],
  ['a bare yes where a word is expected', inCanary('gate: {promote: yes}'), '10:58 VALUE_INVALID', /Automatic, Manual/],
  ['a bare no where a word is expected', inSpec('delivery: {method: no}'), '6:22 VALUE_INVALID', /Auto, Pull, Push/],
  ['NaN', edit('take: 20', 'take: .nan'), '10:28 VALUE_INVALID', /NaN/],
  ['infinity', edit('take: 20', 'take: .inf'), '10:28 VALUE_INVALID', /Infinity/],
  ['a number beyond infinity', edit('take: 20', 'take: .5e999'), '10:28 VALUE_INVALID', /Infinity/],
  ['half a device', edit('take: 20', 'take: 0.5'), '10:28 VALUE_INVALID', /whole number/],
  ['fewer than no devices', edit('take: 20', 'take: -1'), '10:28 VALUE_INVALID', /whole number/],
  ['more than all devices', edit('take: 100%', 'take: 101%'), '11:27 VALUE_INVALID', /0% to 100%/],
  ['a count and a share at once', edit('take: 20', 'take: {count: 1, percent: 5%}'), '10:28 VALUE_INVALID', /not both/],
  ['a duration without a unit', edit('soak: 1d', 'soak: 86400'), '10:38 TYPE_WRONG', /duration/],
  ['a duration in years', edit('soak: 1d', 'soak: 1y'), '10:38 VALUE_INVALID', /1y/],
  ['a block of 500 bytes', inSpec('delivery: {blockSize: {preferred: 500}}'), '6:37 VALUE_INVALID', /1024/],
  ['a time zone of Middle-earth', inSpec('schedule: {timeZone: Shire/Hobbiton}'), '6:24 VALUE_INVALID', /Shire/],
  ['a digest that is none', edit('version: 2.4.1}', 'version: 2.4.1, digest: "md5:0"}'), '6:54 VALUE_INVALID', /digest/],
  ['a signal in volts', inSpec('radio: {minRSRP: 3V}'), '6:20 VALUE_INVALID', /dBm/],
  ['a failure class that nobody has', inCanary('gate: {failure: [{max: 1, classes: [Sadness]}]}'), '10:78 VALUE_INVALID', /Integrity/],
];

const CONTRADICTIONS: Row[] = [
  ['a stage twice', edit('name: fleet', 'name: canary'), '11:14 VALUE_INVALID', /two stages/],
  [
    'no stage',
    edit('    - {name: canary, take: 20, soak: 1d}\n    - {name: fleet, take: 100%}', '    []'),
    '10:5 VALUE_INVALID',
    /1 to 100/,
  ],
  ['too many stages', GOOD + '    - {name: s, take: 1}\n'.repeat(200), '10:5 VALUE_INVALID', /202/],
  [
    'a deadline before the start',
    inSpec('schedule: {notBefore: 2026-12-02T00:00:00Z, deadline: {at: 2026-12-01T00:00:00Z}}'),
    '6:62 VALUE_INVALID',
    /not after notBefore/,
  ],
  ['a date that does not exist', inSpec('schedule: {notBefore: 2026-13-45T00:00:00Z}'), '6:25 VALUE_INVALID', /RFC 3339/],
  [
    'nobody to reach',
    edit('    where: model == "WM-300" && firmwareVersion < "2.4.1"', '    exclude: []'),
    '8:5 FIELD_MISSING',
    /where: "true"/,
  ],
];

const EXPRESSIONS: [expression: string, code: string][] = [
  ['', 'PREDICATE_SYNTAX'],
  ['model =', 'PREDICATE_SYNTAX'],
  ['model == "a" &&', 'PREDICATE_SYNTAX'],
  ["model == 'x'; DROP TABLE device", 'PREDICATE_SYNTAX'],
  ['model == "\\uD800"', 'PREDICATE_SYNTAX'],
  [`${'('.repeat(100)}true${')'.repeat(100)}`, 'PREDICATE_SYNTAX'],
  [`${'!'.repeat(3000)}true`, 'PREDICATE_SYNTAX'],
  [Array(900).fill('true').join(' || '), 'PREDICATE_TOO_LARGE'],
  ['modle == "WM-300"', 'FACT_NAME_UNKNOWN'],
  ['__proto__ == "a"', 'PREDICATE_SYNTAX'],
  ['toString == "a"', 'FACT_NAME_UNKNOWN'],
  ['model == 3', 'PREDICATE_TYPE'],
  ['model == null', 'PREDICATE_TYPE'],
  ['model == firmwareVersion', 'PREDICATE_TYPE'],
  ['model in [1]', 'PREDICATE_TYPE'],
  ['radio.ce < "high"', 'PREDICATE_TYPE'],
  ['firmwareVersion < "latest"', 'PREDICATE_TYPE'],
  ['power.mains < true', 'PREDICATE_TYPE'],
  ['labels["site"] == 1', 'PREDICATE_TYPE'],
  ['model', 'PREDICATE_TYPE'],
  ['1 + 1 == 2', 'PREDICATE_UNSUPPORTED'],
  ['true ? true : false', 'PREDICATE_UNSUPPORTED'],
  ['[1, 2].exists(x, x > 1)', 'PREDICATE_UNSUPPORTED'],
  ['model.matches("(a+)+$")', 'PREDICATE_UNSUPPORTED'],
  ['has(3)', 'PREDICATE_UNSUPPORTED'],
];

describe.each([
  ['syntax', SYNTAX],
  ['shape', SHAPE],
  ['values', VALUES],
  ['contradictions', CONTRADICTIONS],
])('%s', (_group, rows) => {
  it.each(rows)(
    'refuses %s',
    (_name, text, place, says) => {
      const fault = firstFault(text);
      expect(fault.place).toBe(place);
      expect(fault.message).toMatch(says);
    },
    MOMENT_MS,
  );
});

it.each(EXPRESSIONS.map(([expression, code]) => [expression.slice(0, 40), code, expression]))(
  'where: %s is %s',
  (_start, code, expression) => {
    expect(firstFault(where(expression))).toEqual({
      place: '8:12 WHERE_INVALID',
      message: expect.stringMatching(new RegExp(`^${code}: `)),
    });
  },
);

/** Where the stack ends is no part of the promise; that it ends in a fault is. */
it.each([
  ['open lists', 'a: ' + '['.repeat(100_000)],
  ['lists', 'a: ' + '['.repeat(100_000) + ']'.repeat(100_000)],
  ['mappings', '{a: '.repeat(100_000)],
  ['list entries', '- '.repeat(100_000) + 'x'],
  ['indented mappings', Array.from({ length: 1400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ['complex keys', '? '.repeat(100_000)],
])(
  'refuses %s nested a hundred thousand deep',
  (_name, text) => {
    // With a large stack it is read to its end, and is no document all the same.
    expect(firstFault(text).place).toMatch(/^\d+:\d+ (YAML_SYNTAX|KIND_UNKNOWN)$/);
  },
  MOMENT_MS,
);

it('survives every depth around the one where the stack ends', () => {
  for (let depth = 100; depth < 1100; depth += 50) {
    expect(firstFault(`kind: ${'['.repeat(depth)}${']'.repeat(depth)}`).place).toMatch(/^1:\d+ (KIND_UNKNOWN|YAML_SYNTAX)$/);
  }
});

it('uses nothing of a file in which one document of several is bad, and places the fault in the file', () => {
  const text = [GOOD, edit('take: 20', 'take: many'), GOOD].join('---\n');
  expect(firstFault(text)).toEqual({ place: '22:28 VALUE_INVALID', message: expect.stringContaining('many') });
});

it('reports every fault of a document, not only the first', () => {
  const { faults } = parseDocuments(edit('canary, take: 20', 'CANARY, take: many'), 'bad.yaml');
  expect(faults.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual(['10:14 VALUE_INVALID', '10:28 VALUE_INVALID']);
});

it.each([
  ['a tag that asks for code', edit('take: 20', 'take: !!python/object/apply:os.system 20'), '10:28 YAML_SYNTAX'],
  ['a private tag', edit('name: canary', 'name: !secret canary'), '10:14 YAML_SYNTAX'],
  ['a tag that does not fit its value', edit('name: canary', 'name: !!int canary'), '10:14 YAML_SYNTAX'],
  ['a set where a mapping is expected', edit('take: 20', 'take: !!set {a}'), '10:28 YAML_SYNTAX'],
])('refuses %s', (_name, text, place) => {
  expect(firstFault(text).place).toBe(place);
});
