import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..');
const ROWS = readFileSync(join(ROOT, 'docs', 'conformance.md'), 'utf8')
  .split('\n')
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
  .filter((cells) => cells.length === 3 && ['proven', 'later', 'not ours'].includes(cells[1] ?? ''));
const files = new Map<string, string>();

function textOf(path: string): string | undefined {
  if (!files.has(path) && existsSync(join(ROOT, path))) files.set(path, readFileSync(join(ROOT, path), 'utf8'));
  return files.get(path);
}

const proofs = ROWS.filter(([, status]) => status === 'proven').flatMap(([capability = '', , cell = '']) =>
  [...cell.matchAll(/`([^`]+\.(?:e2e-)?spec\.ts)` · (.+?)(?=; `|$)/g)].map(([, path = '', title = '']) => ({ capability, path, title })),
);

it('has a row for every line of the checklist, and at least 150 of them are proven', () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(295);
  expect(ROWS.filter(([, status]) => status === 'proven').length).toBeGreaterThanOrEqual(150);
  expect(new Set(proofs.map(({ capability }) => capability)).size).toBe(
    new Set(ROWS.filter(([, status]) => status === 'proven').map(([name]) => name)).size,
  );
});

it('every proof is a test that is there, by its words', () => {
  // A note in brackets behind the words belongs to the page.
  const gone = proofs.filter(({ path, title }) => {
    const text = textOf(path);
    return text === undefined || !(text.includes(title) || text.includes(title.replace(/ \([^()]*\)$/, '')));
  });
  expect(gone).toEqual([]);
});
