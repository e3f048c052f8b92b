import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readDocument } from '@drover/campaign';
import { evaluate, isInRanges, parseVersionRange, parseWhere, unknownSubjects, versionKey } from '@drover/fleet';
import { parseDocuments } from '@drover/gitops';
import { aDevice } from '@drover/testkit';
import { demand, textOf, utf8 } from '../target.ts';
import type { Target } from '../target.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const example = (...path: string[]): Uint8Array => Uint8Array.from(readFileSync(join(ROOT, 'examples', ...path)));

const CAMPAIGN = `apiVersion: drover/v1
kind: Campaign
metadata: {name: c, labels: {a: b}}
spec:
  firmware: {name: fw, version: 2.4.1}
  targets: {where: 'model == "WM-300" && firmwareVersion < "2.4.1"'}
  stages: [{name: canary, take: 20, soak: 1d}, {name: fleet, take: 100%}]
`;
const POLICY = 'apiVersion: drover/v1\nkind: ApprovalPolicy\nmetadata: {name: p}\nspec: {minApprovals: 2, forbid: [author]}\n';

/** Never throws: documents without a fault, or faults with a place inside the file. */
const yaml: Target = {
  name: 'yaml-documents',
  kind: 'decoder',
  quick: 500,
  maxBytes: 800,
  guide: ['/libs/gitops/dist/', '/libs/campaign/dist/', '/libs/kernel/dist/', '/node_modules/yaml/dist/'],
  refusals: [],
  seeds: () => [
    utf8(CAMPAIGN),
    utf8(POLICY),
    utf8(`${CAMPAIGN}---\n${POLICY}`),
    example('first-campaign', 'campaign.yaml'),
    example('demo', 'campaign.yaml'),
  ],
  tokens: [
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '!!binary ',
    '!!set ',
    '&a ',
    '*a',
    '<<: ',
    '? ',
    '|\n',
    '>-\n',
    '\t',
    '"\\x',
    '[',
    '{',
    '- ',
    ': ',
    '# ',
    '.nan',
    '.inf',
    '0x1',
    '0o7',
    'null',
    '~',
    '__proto__: ',
    'status: ',
    '\uFEFF',
    '\u2028',
  ],
  run(input, thorough) {
    const text = textOf(input);
    const { documents, faults } = parseDocuments(text, 'fuzz.yaml');
    demand(documents.length > 0 ? faults.length === 0 : faults.length > 0, 'neither a document nor a fault, or both');
    const lines = text.split(/\r\n|[\r\n]/).length + 1;
    for (const { line, column, message } of faults)
      demand(line >= 1 && line <= lines && column >= 1 && message !== '', `a fault at ${line}:${column} of ${lines} lines`);
    for (const document of documents) {
      const again = readDocument(JSON.parse(JSON.stringify(document.source)));
      demand(again.document !== undefined && isDeepStrictEqual(again.document.spec, document.spec), 'as JSON it is another document');
    }
    if (thorough) demand(isDeepStrictEqual(parseDocuments(text, 'fuzz.yaml'), { documents, faults }), 'read twice it is something else');
    return documents.length;
  },
};

const DEVICES = [aDevice(), { ...aDevice('bare', { model: undefined, 'battery.level': undefined }), labels: { site: 'north', 'a.b': '' } }];

const where: Target = {
  name: 'where',
  kind: 'decoder',
  maxBytes: 600,
  guide: ['/libs/fleet/dist/', '/libs/kernel/dist/', '/node_modules/@marcbachmann/cel-js/lib/'],
  seeds: () =>
    [
      'true',
      'model == "WM-300" && firmwareVersion < "2.4.1"',
      'labels["site"] in ["a", "b"] || !has(battery.level)',
      'model.startsWith("WM") && !(radio.ce >= 2)',
      '-1 < battery.level',
      "labels.site.contains('x')",
    ].map(utf8),
  tokens: [
    ' && ',
    ' || ',
    '!',
    '(',
    ')',
    ' == ',
    ' in [',
    '].',
    'has(',
    'labels["',
    '.startsWith("',
    '? 1 : 2',
    'r"',
    '"""',
    '\\u0041',
    '0x',
    'u',
    '1e9',
    'null',
    '// ',
    '{}',
    '[0]',
    'dyn(',
    'type(',
    '.map(x, x)',
    '__proto__',
  ],
  run(input, thorough) {
    const text = textOf(input);
    const predicate = parseWhere(text);
    for (const device of DEVICES) {
      const truth = evaluate(predicate, device);
      demand(truth === true || truth === false || truth === undefined, `neither true nor false nor unknown: ${String(truth)}`);
      demand(truth !== undefined || unknownSubjects(predicate, device).length > 0, 'unknown for no reason');
    }
    if (thorough) demand(isDeepStrictEqual(parseWhere(text), predicate), 'read twice it is another predicate');
    return predicate;
  },
};

/** Order must hang on nothing but the text. */
const versions: Target = {
  name: 'versions',
  kind: 'decoder',
  maxBytes: 120,
  guide: ['/libs/fleet/dist/'],
  seeds: () => ['>=2.2.0 <2.4.1', '2.4.1-rc.1+build', 'v1.2.3.4.5.6', '=1', '<=1.0~beta'].map(utf8),
  tokens: ['>=', '<', '=', ' ', '.', '-', '+', '~', '9999999999'],
  run(input) {
    const text = textOf(input);
    const range = parseVersionRange(text);
    for (const version of ['2.4.1', '0', '9999999999.0.1-a'])
      demand(typeof isInRanges(version, [range]) === 'boolean', 'a version is neither in the range nor outside');
    const key = versionKey(text);
    if (key !== undefined) demand(isInRanges(text, [parseVersionRange(text.trim())]) === true, 'a version is not in the range of itself');
    return range;
  },
};

export const DOCUMENTS: readonly Target[] = [yaml, where, versions];
