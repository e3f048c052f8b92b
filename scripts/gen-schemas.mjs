// Writes what is generated from the code: JSON Schemas of the campaign language for editors, and the tables of facts and of
// simulated devices for people. `--check` changes nothing and fails when one of them is stale.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DOCUMENT_KINDS, jsonSchemaOf } from '@drover/campaign';
import { FACTS } from '@drover/fleet';
import { BATTERY_FIGURES, DEFAULT_ENERGY_MODEL, DEFAULT_RADIO_MODEL, ENERGY_FIGURES, ENERGY_WIDE, RADIO_FIGURES, RADIO_WIDE } from '@drover/schedule';
import { CALM, PROFILES } from '@drover/simulator';

const kebab = (name) => name.replace(/[A-Z]/g, (letter, index) => `${index ? '-' : ''}${letter.toLowerCase()}`);

const factTable = () => {
  const rows = Object.entries(FACTS).map(([name, { type, from, meaning }]) => `| \`${name}\` | ${type} | ${from} | ${meaning} |`);
  return `# Facts\n\nEvery name that \`where\` and a selector know, beside \`labels["key"]\`. Written by \`npm run gen:schemas\`.\n\n| name | type | from | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
};

const OBJECTS = { 5: 'Firmware (5)', 9: 'Software (9)', 33629: 'Advanced (33629)' };

const profileTable = () => {
  const rows = Object.entries(PROFILES).map(([name, { does, source, outcome, parts }]) => `| \`${name}\` | ${OBJECTS[parts[0].object]} | ${does} | ${source} | ${outcome} |`);
  return `# Simulated devices

Each is named after what it does, and ends in a campaign as it deserves: \`deserved.spec.ts\` drives all of them,
and \`npm run test:faults -- --profile NAME\` holds a whole server against one. \`skipped\` holds where the
campaign's limits exclude the device. Sources: Q1 to Q30 and plain numbers are lines of the facts about LwM2M, the rest names its page.
Written by \`npm run gen:schemas\`.

\`npm run simulator -- --server coap://127.0.0.1:5683 --devices 200 --mix '{"pull": 3, "stub": 1}'\` starts a fleet of them without security. With keys of their own, over DTLS: \`--make-keys FILE\` draws them, \`drover credentials import FILE\` hands them to the server, and \`--server coaps://127.0.0.1:5684 --keys FILE\` takes them; \`--mix\` takes
any names below, as counts or shares. \`--chaos\` adds trouble to all of them: ${Object.keys(CALM).map((key) => `\`${key}\``).join(', ')}
(shares of datagrams, contacts or blocks from 0 to 1; \`delayMs\` wall milliseconds; \`powerLossPerDay\` per day of campaign time; \`skew\` in ‰).
\`--memory full\` has each device remember every offer, Execute and installation with its time, for a checker. \`--measure 18000\` tells what
an idle device costs.

${rows.length} profiles.

| name | object | what it does | seen | deserves |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
};

const figureRow = (model, name, { unit, meaning, evidence, source }, values) =>
  `| ${model} | \`${name}\` | ${unit} | ${meaning} | ${values.join(' / ')} | ${evidence} | ${source} |`;

const levelRows = (model, notes, { bearers }) =>
  Object.entries(bearers).flatMap(([bearer, levels]) =>
    Object.entries(notes).map(([name, note]) => figureRow(`${model}, ${bearer}`, name, note, levels.map((level) => level[name]))),
  );

const wideRows = (model, notes, values) => Object.entries(notes).map(([name, note]) => figureRow(model, name, note, [values[name]]));

/** The built-in figures, between two marks of a page that people write. */
const withFigureTable = (file) => {
  const [begin, end] = ['<!-- figures: npm run gen:schemas -->', '<!-- end of figures -->'];
  const [head, rest = ''] = readFileSync(file, 'utf8').split(begin);
  const rows = [
    ...levelRows('radio', RADIO_FIGURES, DEFAULT_RADIO_MODEL),
    ...wideRows('radio', RADIO_WIDE, DEFAULT_RADIO_MODEL),
    ...levelRows('energy', ENERGY_FIGURES, DEFAULT_ENERGY_MODEL),
    ...wideRows('energy', ENERGY_WIDE, DEFAULT_ENERGY_MODEL),
    ...wideRows('energy, `battery`', BATTERY_FIGURES, DEFAULT_ENERGY_MODEL.battery),
  ];
  const header = '| model | figure | unit | meaning | CE0 / CE1 / CE2 | evidence | source |\n| --- | --- | --- | --- | --- | --- | --- |';
  return `${head}${begin}\n\n${header}\n${rows.join('\n')}\n\n${end}${rest.split(end)[1] ?? ''}`;
};

const wanted = new Map([
  ...DOCUMENT_KINDS.map((kind) => [`schemas/${kebab(kind)}.v1.json`, `${JSON.stringify(jsonSchemaOf(kind), undefined, 2)}\n`]),
  ['docs/facts.md', factTable()],
  ['docs/simulator.md', profileTable()],
  ['docs/scheduling-inside.md', withFigureTable('docs/scheduling-inside.md')],
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
