#!/usr/bin/env node
// Starts the CLI with Node 24: this one if it is new enough, else the private copy that the set-up script fetched.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, '..', 'dist', 'main.js');
if (!existsSync(main)) {
  process.stderr.write('drover is not built yet: run `npm run build` (or `npm run demo`) once\n');
  process.exit(70);
}
if (Number(process.versions.node.split('.')[0]) >= 24) await import(pathToFileURL(main).href);
else {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const folder = join(here, '..', '..', '..', '.tools', 'node', 'node_modules', `node-${platform}-${process.arch}`, 'bin');
  const node = join(folder, process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(node)) {
    process.stderr.write('drover needs Node 24 or newer: run `npm run build` once, it fetches a private copy\n');
    process.exit(70);
  }
  const { status, signal } = spawnSync(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(signal ? 130 : (status ?? 70));
}
