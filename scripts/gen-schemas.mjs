// Writes the JSON Schemas of the campaign language for editors. `--check` changes nothing and fails when they are stale.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DOCUMENT_KINDS, jsonSchemaOf } from '@drover/campaign';

mkdirSync('schemas', { recursive: true });
let stale = false;
for (const kind of DOCUMENT_KINDS) {
  const file = `schemas/${kind.replace(/[A-Z]/g, (letter, index) => `${index ? '-' : ''}${letter.toLowerCase()}`)}.v1.json`;
  const wanted = `${JSON.stringify(jsonSchemaOf(kind), undefined, 2)}\n`;
  let present = '';
  try {
    present = readFileSync(file, 'utf8');
  } catch {
    // Not there yet.
  }
  if (present === wanted) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${file} is stale: run \`npm run gen:schemas\` and commit the result\n`);
    stale = true;
  } else {
    writeFileSync(file, wanted);
    process.stdout.write(`${file}\n`);
  }
}
process.exitCode = stale ? 1 : 0;
