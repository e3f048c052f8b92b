import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { parseDocuments } from './index.ts';

const FOLDER = join(import.meta.dirname, '../../../examples');
const files = globSync('**/*.yaml', { cwd: FOLDER }).sort();

it('there are examples', () => {
  expect(files.length).toBeGreaterThan(5);
});

it.each(files)('%s is read without a fault', (file) => {
  const { documents, faults } = parseDocuments(readFileSync(join(FOLDER, file), 'utf8'), file);
  expect(faults).toEqual([]);
  expect(documents.length).toBeGreaterThan(0);
});
