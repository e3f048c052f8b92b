// Some registries lack optional packages built for other platforms; npm then leaves them out of the lock file, and every
// later `npm ci` elsewhere fails with "Missing: … from lock file". This adds each missing one by name and version.
// `--check` changes nothing and fails when it would, or when the lock file holds a download address.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const before = JSON.stringify(lock);

const OS = /(?:^|[-_/])(linux|darwin|win32|android|freebsd|openbsd|netbsd|sunos|aix|openharmony)(?:[-_]|$)/;
const CPU = /[-_](x64|arm64|arm|ia32|riscv64|ppc64|s390x|loong64|mips64el|wasm32)(?:[-_]|$)/;

for (const [path, entry] of Object.entries(lock.packages)) {
  // Workspace links point into this repository ("libs/kernel"); everything else is found by name and version.
  if (typeof entry.resolved === 'string' && /^[a-z+]+:\/\//.test(entry.resolved)) delete entry.resolved;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path === '' ? '' : `${path}/`}node_modules/${name}`;
    if (lock.packages[`node_modules/${name}`] || lock.packages[nested]) continue;
    if (!/^\d/.test(version)) continue;
    const os = OS.exec(name)?.[1];
    const cpu = CPU.exec(name)?.[1];
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...(os ? { os: [os] } : {}),
      ...(cpu ? { cpu: [cpu] } : {}),
    };
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));

const changed = JSON.stringify(lock) !== before;
if (process.argv.includes('--check')) {
  if (changed) {
    process.stderr.write('package-lock.json is not portable: run `npm run lock` and commit the result\n');
    process.exit(1);
  }
} else if (changed) {
  writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write('package-lock.json made portable\n');
}
