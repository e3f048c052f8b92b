// `npm run X` comes here: sets up what is missing, then runs X with Node 24.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SERVER_FLAGS } from './lib/server-flags.mjs';
import { prepare, ROOT, run } from './lib/setup.mjs';

const bin = (name) => join('node_modules', ...name.split('/'));
const TSC = [bin('typescript/bin/tsc'), '--build'];
const JEST = [bin('jest/bin/jest.js')];
const out = (file) => join(ROOT, 'out', file);

/** Some projects of jest.config.mjs, with their outcome in a file of `out`. */
const jest = (file, projects, ...args) => [
  ...JEST,
  '--selectProjects',
  ...projects,
  '--passWithNoTests',
  '--json',
  `--outputFile=${out(`${file}.json`)}`,
  ...args,
];

/** Each step is the arguments of one `node`. The first that fails ends the task, but for tests: whoever mends one wants to know of all. */
const STEPS = {
  build: () => [],
  demo: (args) => [['scripts/demo.mjs', ...args]],
  start: (args) => [[...SERVER_FLAGS, join('apps', 'server', 'dist', 'main.js'), ...args]],
  simulator: (args) => [[join('apps', 'simulator', 'dist', 'main.js'), ...args]],
  fuzz: (args) => [['test/fuzz/main.ts', ...args]],
  sim: (args) => [['test/sim/main.ts', ...args]],
  system: (args) => [['test/system/main.mjs', ...args]],
  examples: (args) => [['test/system/examples.mjs', ...args]],
  bench: (args) => [['scripts/bench.mjs', ...args]],
  // Suites that look at single devices run side by side; those that start whole fleets keep their own time, and run alone, one after
  // the other. The independent CoAP peer keeps timers of its own for minutes, which is what --forceExit is for.
  test: (args) => [
    jest('test', ['unit', 'bad-input', 'interop'], '--forceExit', ...args),
    jest('e2e', ['e2e'], '--maxWorkers=2', ...args),
    jest('fleets', ['e2e-fleets'], '--runInBand', ...args),
  ],
  'test:faults': (args) => [['test/faults/main.ts', ...args]],
  'dtls-table': (args) => [['scripts/dtls-table.mjs', ...args]],
  'test:interop': (args) => [[...JEST, '--selectProjects', 'interop', '--forceExit', ...args]],
  // `--no-tests` where `npm test` has just run them.
  check: (args) => [
    [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'],
    [bin('eslint/bin/eslint.js'), '--max-warnings', '0', '.'],
    [bin('dependency-cruiser/bin/dependency-cruiser.mjs'), '--config', '.dependency-cruiser.cjs', 'libs', 'apps', 'firmware-store'],
    TSC,
    [bin('typescript/bin/tsc'), '-p', 'tsconfig.test.json'],
    ['scripts/lock-platforms.mjs', '--check'],
    ['scripts/gen-schemas.mjs', '--check'],
    ...(args.includes('--no-tests') ? [] : [[...JEST, '--selectProjects', 'unit']]),
  ],
  format: () => [[bin('prettier/bin/prettier.cjs'), '--write', '--log-level', 'warn', '.']],
  lock: () => [['scripts/lock-platforms.mjs']],
  'gen:schemas': () => [['scripts/gen-schemas.mjs']],
};

const [task, ...args] = process.argv.slice(2);
const steps = STEPS[task];
if (!steps) {
  process.stderr.write(`no task "${task}"; there are: ${Object.keys(STEPS).join(', ')}\n`);
  process.exit(2);
}
try {
  mkdirSync(join(ROOT, 'out'), { recursive: true });
  const env = await prepare();
  if (task.startsWith('test') || task === 'check' || task === 'dtls-table') env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim();
  let failed = 0;
  for (const step of steps(args)) {
    const code = await run('node', step, { env });
    if (code !== 0 && task !== 'test') process.exit(code);
    failed ||= code;
  }
  if (failed !== 0) process.exit(failed);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
