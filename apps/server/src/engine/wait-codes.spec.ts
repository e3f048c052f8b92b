import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { WAIT_CODES } from '@drover/schedule';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'scheduling.md'), 'utf8');

it.each(WAIT_CODES)('docs/scheduling.md shows what %s says, and what ends it', (code) => {
  expect(PAGE).toMatch(new RegExp(`^\\| \`${code}\` \\|[^|]*\\w[^|]*\\|[^|]*\\w[^|]*\\|$`, 'm'));
});
