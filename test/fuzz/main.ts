import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isSlow } from './fuzzer.ts';
import { judge, messageOf } from './oracle.ts';
import { describe, fuzzInThread } from './supervise.ts';
import type { Outcome } from './supervise.ts';
import { fromHex, hexOf } from './target.ts';
import type { Target } from './target.ts';
import { instrument } from './instrument.ts';

const HELP = `npm run fuzz -- [options]
  --seconds N      time for each target (10)
  --runs N         inputs for each target instead of a time
  --target NAME    only this target, or all whose name begins with it; may come more than once
  --kind KIND      decoder or conversation
  --seed S         another sequence of inputs (1)
  --json FILE      the table as JSON
  --keep           write what reached something new into test/golden/fuzz
  --input HEX      run one input through --target, and nothing else
  --list           names of all targets
`;
const OUT = join(import.meta.dirname, '..', '..', 'out', 'fuzz');

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    runs: { type: 'string' },
    target: { type: 'string', multiple: true, default: [] },
    kind: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    keep: { type: 'boolean', default: false },
    input: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Row extends Outcome {
  readonly name: string;
}

instrument([]);
const { TARGETS } = (await import('./targets/index.ts')) as { TARGETS: readonly Target[] };
const chosen = TARGETS.filter(
  ({ name, kind }) => (values.kind ?? kind) === kind && (values.target.length === 0 || values.target.some((one) => name.startsWith(one))),
);
if (values.help) process.stdout.write(HELP);
else if (values.list) process.stdout.write(`${chosen.map(({ name, kind }) => `${name} (${kind})`).join('\n')}\n`);
else if (chosen.length === 0) fail(`no such target; --list names them\n${HELP}`);
else if (values.input !== undefined) await once(chosen[0]!, fromHex(values.input));
else await all();

function fail(text: string): never {
  process.stderr.write(text);
  process.exit(2);
}

function count(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  return number > 0 ? number : fail(HELP);
}

async function once(target: Target, input: Uint8Array): Promise<void> {
  const verdict = await judge(target, input, true);
  const why = verdict.type === 'broken' ? `\n${verdict.error instanceof Error ? verdict.error.stack : messageOf(verdict.error)}` : '';
  process.stdout.write(`${target.name}: ${verdict.type} after ${verdict.ms.toFixed(1)} ms${why}\n`);
  process.exitCode = verdict.type === 'broken' ? 1 : 0;
}

async function all(): Promise<void> {
  const runs = count(values.runs, Number.POSITIVE_INFINITY);
  const ms = values.runs !== undefined && values.seconds === undefined ? Number.POSITIVE_INFINITY : 1000 * count(values.seconds, 10);
  const seed = count(values.seed, 1);
  const rows: Row[] = [];
  for (const { name, guide } of chosen) {
    const outcome = await fuzzInThread({ name, guide, runs, ms, seed, keep: values.keep }, (progress) => show(name, progress));
    rows.push({ name, ...outcome });
    show(name, outcome.progress, true);
    if (outcome.finding) report(name, outcome.finding);
  }
  process.stdout.write(`\n${tableOf(rows)}\n`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(jsonOf(rows, seed), undefined, 2)}\n`);
  process.exitCode = rows.some(({ finding }) => finding) ? 1 : 0;
}

function show(name: string, { inputs, ms, blocks, corpus }: Outcome['progress'], isLast = false): void {
  const line = `${name.padEnd(20)} ${inputs} inputs, ${rate(inputs, ms)}/s, ${blocks} branches, corpus ${corpus}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}${isLast ? '\n' : ''}`);
  else if (isLast || Math.floor(ms / 1000) % 10 === 0) process.stderr.write(`${line}\n`);
}

function rate(inputs: number, ms: number): number {
  return Math.round((1000 * inputs) / Math.max(1, ms));
}

function report(name: string, finding: NonNullable<Outcome['finding']>): void {
  mkdirSync(OUT, { recursive: true });
  const file = join(OUT, `${name}.txt`);
  writeFileSync(file, `${describe(name, finding)}\n\n${finding.stack}\n`);
  process.stderr.write(`${describe(name, finding)}\n  written to ${file}\n`);
}

function tableOf(rows: readonly Row[]): string {
  const head = ['target', 'inputs', 'inputs/s', 'accepted', 'branches', 'corpus', 'slowest, ms', 'finding'];
  const body = rows.map(({ name, progress, finding }) => [
    name,
    String(progress.inputs),
    String(rate(progress.inputs, progress.ms)),
    `${Math.round((100 * progress.accepted) / Math.max(1, progress.inputs))} %`,
    String(progress.blocks),
    String(progress.corpus),
    `${progress.slowestMs.toFixed(1)}${isSlow(progress) ? ' (slow)' : ''}`,
    finding ? finding.error.slice(0, 60) : '-',
  ]);
  const lines = [head, head.map(() => '---'), ...body];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function jsonOf(rows: readonly Row[], seed: number): object {
  return {
    node: process.version,
    seed,
    targets: rows.map(({ name, progress, finding }) => ({
      name,
      ...progress,
      ms: Math.round(progress.ms),
      inputsPerSecond: rate(progress.inputs, progress.ms),
      ...(finding && { finding: { error: finding.error, input: hexOf(finding.input) } }),
    })),
  };
}
