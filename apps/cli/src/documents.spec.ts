import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { loadDocuments } from './documents.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'drover-cli-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('reads every example as it stands', () => {
  const documents = loadDocuments([join(import.meta.dirname, '../../../examples')]);
  expect(documents.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
    'ApprovalPolicy four-eyes',
    'ApprovalPolicy second-person',
    'BootstrapTemplate meters',
    'Campaign basement-meters',
    'Campaign my-first-campaign',
    'Campaign one-night',
    'Campaign security-fix',
    'Campaign wm-modem-2-4-1',
    'CredentialRotation keys-2027',
    'DeviceClass wm-300-old-modem',
    'EnergyModel water-meters',
    'RadioModel operator-a',
  ]);
});

it('reports the faults of all files together', () => {
  writeFileSync(join(folder, 'a.yaml'), 'kind: Campain\n');
  writeFileSync(join(folder, 'b.yml'), 'a: [\n');
  writeFileSync(join(folder, 'ignored.txt'), 'a: [\n');
  expect(() => loadDocuments([folder])).toThrow(
    expect.objectContaining({ code: 'SPEC_INVALID', message: expect.stringContaining('in 2 of 2 files') }),
  );
});

it.each([
  ['no such file', 'none.yaml', 'FILE_NOT_FOUND'],
  ['a folder without documents', '.', 'NO_DOCUMENTS'],
])('%s', (_name, path, code) => {
  expect(() => loadDocuments([join(folder, path)])).toThrow(expect.objectContaining({ code }));
});

it('does not read a file beyond the limit', () => {
  writeFileSync(join(folder, 'big.yaml'), `a: ${'x'.repeat(10 * 1024 * 1024)}`);
  expect(() => loadDocuments([folder])).toThrow(
    expect.objectContaining({ details: [expect.objectContaining({ code: 'YAML_TOO_LARGE' })] }),
  );
});
