// Writes what is generated from the code: JSON Schemas of the campaign language for editors, and the table of facts for
// people. `--check` changes nothing and fails when one of them is stale.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DOCUMENT_KINDS, jsonSchemaOf } from '@drover/campaign';
import { FACTS } from '@drover/fleet';

const kebab = (name) => name.replace(/[A-Z]/g, (letter, index) => `${index ? '-' : ''}${letter.toLowerCase()}`);

const factTable = () => {
  const rows = Object.entries(FACTS).map(([name, { type, from, meaning }]) => `| \`${name}\` | ${type} | ${from} | ${meaning} |`);
  return `# Facts\n\nEvery name that \`where\` and a selector know, beside \`labels["key"]\`. Written by \`npm run gen:schemas\`.\n\n| name | type | from | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
};

const wanted = new Map([
  ...DOCUMENT_KINDS.map((kind) => [`schemas/${kebab(kind)}.v1.json`, `${JSON.stringify(jsonSchemaOf(kind), undefined, 2)}\n`]),
  ['docs/facts.md', factTable()],
]);

mkdirSync('schemas', { recursive: true });
let stale = false;
for (const [file, text] of wanted) {
  let present = '';
  try {
    present = readFileSync(file, 'utf8');
  } catch {
    // Not there yet.
  }
  if (present === text) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${file} is stale: run \`npm run gen:schemas\` and commit the result\n`);
    stale = true;
  } else {
    writeFileSync(file, text);
    process.stdout.write(`${file}\n`);
  }
}
process.exitCode = stale ? 1 : 0;
