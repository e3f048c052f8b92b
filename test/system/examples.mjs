// `npm run examples`: the campaigns of `examples/scheduling` on a simulated fleet, and what the command line says of them, as Markdown.
// Nothing begins: campaign time stands at the afternoon before the window, so that the answers do not depend on the machine.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '@drover/cli';
import { api, OUT } from '../bench/server.mjs';
import { startAll, startFleet } from './programs.mjs';

const FOLDER = join(import.meta.dirname, '..', '..', 'examples', 'scheduling');
const EXAMPLES = ['basement-meters', 'security-fix', 'one-night'];
const SETTING = { devices: 600, cells: 12, scale: 1, seed: 1, image: 65_536, processes: 0 };
const KNOWN_WITHIN_MS = 120_000;

/** Nobody is judged here. */
const NO_LIMITS = { minBatteryLevel: 0, airtime: 1 };

async function saidBy(...args) {
  const write = process.stdout.write.bind(process.stdout);
  let text = '';
  process.stdout.write = (chunk) => ((text += chunk), true);
  try {
    await run(args);
  } finally {
    process.stdout.write = write;
    process.exitCode = 0;
  }
  return text.trimEnd();
}

async function everyDeviceKnown(server) {
  const unread = encodeURIComponent('!has(hardware.revision) || !has(power.mains) || !has(firmwareVersion)');
  for (const end = Date.now() + KNOWN_WITHIN_MS; Date.now() < end; await sleep(500)) {
    const all = await api(server, `devices?limit=1&offset=${SETTING.devices - 1}`);
    if (all.length === 1 && (await api(server, `devices?limit=1&where=${unread}`)).length === 0) return;
  }
  throw new Error('not every device has been read');
}

mkdirSync(OUT, { recursive: true });
const folder = mkdtempSync(join(OUT, 'examples-'));
const children = [];
try {
  const { server, clock } = await startAll(folder, SETTING);
  children.push(server.child);
  const { child } = await startFleet({ server, clock, setting: SETTING, limits: NO_LIMITS });
  children.push(child);
  await everyDeviceKnown(server);
  for (const name of EXAMPLES) {
    const file = join(FOLDER, `${name}.yaml`);
    process.stdout.write(`\n### ${name}\n\n\`drover plan --forecast -f examples/scheduling/${name}.yaml\`\n\n\`\`\`text\n${await saidBy('plan', '--forecast', '-f', file)}\n\`\`\`\n`);
  }
} finally {
  for (const each of children) each.kill('SIGKILL');
  await sleep(300);
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
