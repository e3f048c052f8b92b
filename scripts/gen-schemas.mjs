// Writes what is generated from the code: JSON Schemas of the campaign language for editors, the table of facts and that
// of the simulated devices for people. `--check` changes nothing and fails when one of them is stale.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DOCUMENT_KINDS, jsonSchemaOf } from '@drover/campaign';
import { FACTS } from '@drover/fleet';
import { PROFILES } from '@drover/simulator';

const kebab = (name) => name.replace(/[A-Z]/g, (letter, index) => `${index ? '-' : ''}${letter.toLowerCase()}`);

const factTable = () => {
  const rows = Object.entries(FACTS).map(([name, { type, from, meaning }]) => `| \`${name}\` | ${type} | ${from} | ${meaning} |`);
  return `# Facts\n\nEvery name that \`where\` and a selector know, beside \`labels["key"]\`. Written by \`npm run gen:schemas\`.\n\n| name | type | from | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
};

const OBJECTS = { 5: 'Firmware (5)', 9: 'Software (9)', 33629: 'Advanced (33629)' };

const profileTable = () => {
  const rows = Object.entries(PROFILES).map(([name, { does, source, outcome, parts }]) => `| \`${name}\` | ${OBJECTS[parts[0].object]} | ${does} | ${source} | ${outcome} |`);
  return `# The simulated devices\n\nEach profile of the simulator is named after what it does. \`npm run simulator -- --server coap://HOST:5683 --devices 20 --mix '{"pull": 3, "push-starts-over": 1}'\` plays a fleet of them, each device with a socket of its own; \`--chaos '{"loss": 0.1}'\` adds loss, delay, duplicates, reordering, address changes, power losses and skewed clocks. The last column is how a campaign without limits ends for such a device, which \`npm run test:faults -- --profile NAME\` holds a whole server against. Written by \`npm run gen:schemas\`.\n\n${rows.length} profiles.\n\n| profile | object | what it does | seen in | ends as |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
};

const wanted = new Map([
  ...DOCUMENT_KINDS.map((kind) => [`schemas/${kebab(kind)}.v1.json`, `${JSON.stringify(jsonSchemaOf(kind), undefined, 2)}\n`]),
  ['docs/facts.md', factTable()],
  ['docs/simulator.md', profileTable()],
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
