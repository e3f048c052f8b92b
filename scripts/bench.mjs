// `npm run bench -- NAME [--json FILE]`: measures what the machine at hand does, beside a peer in the same run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const BENCHES = { coap: '../test/bench/coap.mjs', dtls: '../test/bench/dtls.mjs', forecast: '../test/bench/forecast.mjs', gateway: '../test/bench/gateway.mjs', schedule: '../test/bench/schedule.mjs', store: '../test/bench/store.mjs', update: '../test/bench/update.mjs', 'update-dtls': '../test/bench/update-dtls.mjs' };

function usage(why) {
  process.stderr.write(`${why}\nusage: npm run bench -- NAME [--json FILE]; there are: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(2);
}

function parse() {
  try {
    return parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });
  } catch (error) {
    return usage(error.message);
  }
}

const { values, positionals } = parse();
const [name, ...rest] = positionals;
if (name === undefined) usage('which bench?');
if (rest.length > 0) usage(`one bench at a time, not also ${rest.join(', ')}`);
if (!Object.hasOwn(BENCHES, name)) usage(`no bench is called "${name}"`);

const { about, notes = [], run } = await import(BENCHES[name]);
const isTerminal = process.stderr.isTTY;
const progress = (text) => process.stderr.write(isTerminal ? `\r\u001b[K  ${text}` : `  ${text}\n`);
const started = Date.now();
progress(about);
const results = await run(progress);
if (isTerminal) process.stderr.write('\r\u001b[K');

const shown = (value) => (value === undefined ? '' : typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 2 }) : String(value));
const goalOf = ({ goal, met }) => (goal === undefined ? '' : `${goal}${met ? ' (met)' : ' (missed)'}`);
const head = ['metric', 'value', 'unit', 'peer', 'ratio', 'goal'];
const rows = [head, ...results.map((each) => [each.metric, shown(each.value), each.unit, shown(each.peer), shown(each.ratio), goalOf(each)])];
const used = head.map((_title, column) => rows.slice(1).some((row) => row[column] !== ''));
const widths = head.map((_title, column) => Math.max(...rows.map((row) => row[column].length)));
const isNumber = (column) => column === 1 || column === 3 || column === 4;
const line = (row) => row.map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).filter((_cell, column) => used[column]);

process.stdout.write(`${about}\n\n${rows.map((row) => line(row).join('  ').trimEnd()).join('\n')}\n\n`);
for (const note of notes) process.stdout.write(`${note}\n`);
const [{ model } = { model: 'unknown' }] = cpus();
process.stdout.write(`Node ${process.version}, ${cpus().length} x ${model.trim()}, ${Math.round((Date.now() - started) / 1000)} s\n`);

if (values.json !== undefined) {
  const file = resolve(values.json);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ results, node: process.version, cpus: cpus().length }, undefined, 2)}\n`);
}
process.exit(0);
