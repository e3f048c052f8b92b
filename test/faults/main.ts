import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { KINDS, type Kind } from './checker.ts';
import { wait } from './place.ts';
import { Stalls } from './stalls.ts';
import { play, type Verdict } from './story.ts';

const USAGE = `npm run test:faults -- [options]
  --from N         first seed (1)
  --count N        seeds to run (10)
  --seed N         this one alone, with everything that happens in it
  --profile NAME   devices of this one kind, and nothing befalls them
  --jobs N         at a time (4)
  --results FILE   a line of JSON for each seed is appended; seeds that are in it already are not run again
  --json FILE      the sum as JSON`;

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '10' },
    seed: { type: 'string' },
    profile: { type: 'string' },
    jobs: { type: 'string', default: '4' },
    results: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});

function whole(text: string, name: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`--${name} takes a whole number from 1 on\n${USAGE}\n`);
  process.exit(2);
}

/** One line of the results file. */
interface Line {
  readonly seed: number;
  readonly violations: Verdict['violations'];
  /** 0: it could not be played to its end. */
  readonly seconds: number;
  /** Longest wait of the run's own process for the machine, ms. */
  readonly stalledMs?: number;
  /** When it took more than one. */
  readonly plays?: number;
  /** Of a run with violations alone: what the server saw of the devices they are about. */
  readonly timelines?: Verdict['timelines'];
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** A machine that stood still for longer proves nothing by a violation, ms. */
const STALL_MS = 300;
/** Plays of one seed, before what came of the last one counts whatever the machine did. */
const PLAYS = 3;

async function runOne(seed: number, isAlone: boolean): Promise<Line> {
  for (let plays = 1; ; plays++) {
    const stalls = new Stalls();
    const line = await playOnce(seed, isAlone);
    const stalledMs = stalls.end();
    const isTold = line.violations.length === 0 || plays === PLAYS;
    // A run that could not be played to its end, or on a machine that stood still, proves nothing: it is said, and played again.
    if (isTold || (line.seconds > 0 && stalledMs < STALL_MS)) return { ...line, ...(plays > 1 && { plays }), stalledMs };
    const why = line.seconds > 0 ? `the machine stood still for ${stalledMs} ms` : line.violations[0]?.what;
    say(`seed ${seed} is played again: ${why}`);
  }
}

async function playOnce(seed: number, isAlone: boolean): Promise<Line> {
  try {
    const { violations, seconds, scenario, outcomes, timelines } = await play(seed, (text) => isAlone && say(`  ${text}`), values.profile);
    if (isAlone) say(JSON.stringify({ scenario, outcomes, timelines }, undefined, 2));
    return { seed, violations, seconds, ...(violations.length > 0 && { timelines }) };
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed, seconds: 0, violations: [{ kind: 'crash', what }] };
  }
}

function doneBefore(file: string | undefined): Map<number, Line> {
  if (file === undefined || !existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(lines.filter((line) => line !== '').map((line) => [(JSON.parse(line) as Line).seed, JSON.parse(line) as Line]));
}

/** Between the first runs of two that go on side by side, ms. */
const APART_MS = 2000;

async function run(seeds: readonly number[]): Promise<Line[]> {
  const results = values.results === undefined ? undefined : resolve(values.results);
  if (results !== undefined) mkdirSync(dirname(results), { recursive: true });
  const before = doneBefore(results);
  const lines = seeds.flatMap((seed) => before.get(seed) ?? []);
  const open = seeds.filter((seed) => !before.has(seed));
  const isAlone = seeds.length === 1;
  const worker = async (place: number): Promise<void> => {
    // Not all servers at once: their start is what costs most.
    await wait(place * APART_MS);
    for (let seed = open.shift(); seed !== undefined; seed = open.shift()) {
      const line = await runOne(seed, isAlone);
      lines.push(line);
      if (results !== undefined) appendFileSync(results, `${JSON.stringify(line)}\n`);
      const what = line.violations.map(({ kind, what: text }) => `\n    ${kind}: ${text}`).join('');
      say(
        `seed ${seed}: ${line.violations.length === 0 ? 'as promised' : `${line.violations.length} violations`}, ${line.seconds} s, ${open.length} to go${what}`,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(whole(values.jobs, 'jobs'), open.length) }, (_, place) => worker(place)));
  return lines;
}

function sumOf(lines: readonly Line[]): Record<Kind, number> {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Kind, number>;
  for (const { violations } of lines) for (const { kind } of violations) counts[kind] += 1;
  return counts;
}

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const first = values.seed === undefined ? whole(values.from, 'from') : whole(values.seed, 'seed');
const count = values.seed === undefined && values.profile === undefined ? whole(values.count, 'count') : 1;
const lines = await run(Array.from({ length: count }, (_, index) => first + index));
const violations = sumOf(lines);
const failing = lines.filter((line) => line.violations.length > 0).map(({ seed }) => seed);
const total = Object.values(violations).reduce((sum, each) => sum + each, 0);
const byKind = Object.entries(violations).filter(([, each]) => each > 0);
const again = lines.filter(({ plays = 1 }) => plays > 1).length;
process.stdout.write(
  `${lines.length} runs, ${total} violations${byKind.length > 0 ? `: ${byKind.map(([kind, each]) => `${kind} ${each}`).join(', ')}` : ''}${again > 0 ? `; ${again} were played more than once` : ''}\n`,
);
if (failing.length > 0)
  process.stdout.write(
    `replay with: npm run test:faults -- --seed ${failing[0]}${failing.length > 1 ? ` (also ${failing.slice(1, 20).join(', ')})` : ''}\n`,
  );
if (values.json !== undefined) {
  mkdirSync(dirname(resolve(values.json)), { recursive: true });
  writeFileSync(resolve(values.json), `${JSON.stringify({ runs: lines.length, violations, failing }, undefined, 2)}\n`);
}
// What was said may still be on its way through a pipe.
process.exitCode = total === 0 ? 0 : 1;
