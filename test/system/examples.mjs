// `npm run examples`: the campaigns of `examples/scheduling` on a simulated fleet, and what the command line says of them, as Markdown.
// First as plans, before anything has begun: those answers do not depend on the machine. Then each by itself, applied in the
// middle of its window, a quarter of a minute later: which device waits for what then depends on who was heard first.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '@drover/cli';
import { api, drover, OUT } from '../bench/server.mjs';
import { startAll, startFleet } from './programs.mjs';

const FOLDER = join(import.meta.dirname, '..', '..', 'examples', 'scheduling');
const EXAMPLES = ['basement-meters', 'security-fix', 'one-night'];
const SETTING = { devices: 600, cells: 12, scale: 1, seed: 1, image: 65_536, processes: 0 };
/** Every window is open then, in each of the three time zones of the fleet. */
const AT_NIGHT = Date.parse('2026-12-01T20:30:00Z');
const POOLS = ['north', 'south'];
const KNOWN_WITHIN_MS = 120_000;
const RUNS_FOR_MS = 15_000;

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

/** What only the owner of the meters knows: whose SIM card is in them, every other one in the order of their names. */
async function importPools(server, folder) {
  const endpoints = (await everybody(server)).map(({ endpoint }) => endpoint).sort();
  const rows = endpoints.map((endpoint, index) => `${endpoint},${POOLS[index % POOLS.length]}`);
  writeFileSync(join(folder, 'pools.csv'), `endpoint,simPool\n${rows.join('\n')}\n`);
  await drover('device', 'import', join(folder, 'pools.csv'));
}

async function everybody(server) {
  const devices = [];
  for (let page; page === undefined || page.length > 0; devices.push(...page)) page = await api(server, `devices?limit=500&offset=${devices.length}`);
  return devices;
}

/** Server and fleet, everything known; answers what ends them. */
async function begin(setting) {
  const folder = mkdtempSync(join(OUT, 'examples-'));
  const { server, clock } = await startAll(folder, setting);
  const { child } = await startFleet({ server, clock, setting, limits: NO_LIMITS });
  const end = async () => {
    for (const each of [child, server.child]) each.kill('SIGKILL');
    await sleep(300);
    rmSync(folder, { recursive: true, force: true });
  };
  await everyDeviceKnown(server);
  await importPools(server, folder);
  return { server, end };
}

function print(command, text) {
  process.stdout.write(`\n\`drover ${command}\`\n\n\`\`\`text\n${text}\n\`\`\`\n`);
}

/** `drover why` of one device for each thing that somebody waits for: the first by name. */
async function printReasons(server, name) {
  const found = new Map();
  for (const { endpoint } of (await everybody(server)).sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1))) {
    const [reason] = (await api(server, `devices/${encodeURIComponent(endpoint)}/why`)).filter(({ campaign }) => campaign === name);
    if (reason && !found.has(reason.code)) found.set(reason.code, endpoint);
  }
  for (const code of [...found.keys()].sort()) print(`why ${found.get(code)}`, await saidBy('why', found.get(code)));
}

mkdirSync(OUT, { recursive: true });
const file = (name) => join(FOLDER, `${name}.yaml`);
const planned = await begin(SETTING);
try {
  for (const name of EXAMPLES) {
    process.stdout.write(`\n### ${name}\n`);
    print(`plan --forecast -f examples/scheduling/${name}.yaml`, await saidBy('plan', '--forecast', '-f', file(name)));
  }
} finally {
  await planned.end();
}
for (const name of EXAMPLES) {
  const { server, end } = await begin({ ...SETTING, at: AT_NIGHT });
  try {
    await drover('apply', '-f', file(name));
    await sleep(RUNS_FOR_MS);
    process.stdout.write(`\n### ${name}, running\n`);
    print(`status ${name}`, await saidBy('status', name));
    await printReasons(server, name);
  } finally {
    await end();
  }
}
process.exit(0);
