import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { WAIT_CODES } from '@drover/schedule';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'operating.md'), 'utf8');

it.each(WAIT_CODES)('docs/operating.md says what %s waits for', (code) => {
  expect(PAGE).toMatch(new RegExp(`^\\|[^|]*\`${code}\`[^|]*\\|[^|]*\\w[^|]*\\|$`, 'm'));
});
