// `npm run system`: the server as it ships, a fleet on sockets of its own, two campaigns at the same time on one budget of airtime, and an
// observer that is not the scheduler. Exits 1 if anything is violated, or a device is unaccounted for.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { planFleet } from '@drover/simulator';
import { api, drover, OUT } from '../bench/server.mjs';
import { appointmentsOf } from './appointments.mjs';
import { ask, memoryOf, startAll, startFleet } from './programs.mjs';
import { CAMPAIGNS, limitsOf, MIX, yamlOf } from './scene.mjs';
import { faultsOf, outcomeOf, surprises, tableOf } from './verdict.mjs';

const OPTIONS = {
  devices: { type: 'string', default: '20000' },
  cells: { type: 'string', default: '400' },
  scale: { type: 'string', default: '60' },
  seed: { type: 'string', default: '1' },
  /** Bytes. */
  image: { type: 'string', default: '8192' },
  /** Of a carrier, for both campaigns together. */
  airtime: { type: 'string', default: '0.2' },
  /** What part of that the observer is told: with less than 1 it has to find something. */
  told: { type: 'string', default: '1' },
  /** How long it may take, wall time. */
  minutes: { type: 'string', default: '30' },
  /** Of the fleet; 0 is as many as its sockets need. */
  processes: { type: 'string', default: '0' },
  json: { type: 'string' },
};
const MAY_BE_0 = ['seed', 'processes'];
const LOOK_EVERY_MS = 5000;
const KNOWN_WITHIN_MS = 600_000;

function settingOf({ json: _, ...texts }) {
  const setting = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)]));
  const odd = Object.entries(setting).find(([name, value]) => !(value > 0) && !(MAY_BE_0.includes(name) && value === 0));
  if (odd) throw new Error(`--${odd[0]} takes a number above 0`);
  return { ...setting, canary: Math.max(8, Math.round(setting.devices / 200)) };
}

const say = (text) => process.stderr.write(`${text}\n`);

/** Both campaigns, until both are over. */
async function follow({ server, fleet, clock, end }) {
  for (;;) {
    const views = await Promise.all(CAMPAIGNS.map(({ name }) => api(server, `campaigns/${name}`)));
    const { air, violations } = await ask(fleet, 'sighting');
    const at = new Date(clock.campaignOrigin + (Date.now() - clock.wallOrigin) * clock.scale).toISOString();
    const states = views.map(({ name, totals, phase }) => `${name} ${phase} ${totals.succeeded}/${totals.devices}, ${totals.inFlight} in flight`);
    const broken = Object.values(violations).reduce((sum, count) => sum + count, 0);
    say(`${at.slice(5, 16)}  ${states.join('; ')}; fullest minute ${(100 * (air.worst?.ofBudget ?? 0)).toFixed(1)} % of its budget; ${broken} violations`);
    if (views.every(({ phase }) => phase === 'finished' || phase === 'aborted')) return views;
    if (Date.now() > end) return views;
    await sleep(LOOK_EVERY_MS);
  }
}

/** The first reads of a fleet take a moment: a plan is worth as much as the facts behind it. */
async function everyDeviceKnown(server, devices) {
  const unread = encodeURIComponent('!has(hardware.revision) || !has(power.mains) || !has(firmwareVersion) || !has(battery.level)');
  for (const end = Date.now() + KNOWN_WITHIN_MS; Date.now() < end; await sleep(500)) {
    const all = await api(server, `devices?limit=1&offset=${devices - 1}`);
    const left = await api(server, `devices?limit=1&where=${unread}`);
    if (all.length === 1 && left.length === 0) return;
  }
  throw new Error('not every device has been read');
}

function fleetsOf(report, { devices, cells, seed }) {
  const revisions = new Map(planFleet({ devices, cells, seed, mix: MIX }).map(({ endpoint, hardware }) => [endpoint, hardware]));
  return Map.groupBy(report.devices, ({ endpoint }) => revisions.get(endpoint));
}

async function run(setting) {
  mkdirSync(OUT, { recursive: true });
  const folder = mkdtempSync(join(OUT, 'system-'));
  const children = [];
  process.once('SIGINT', () => {
    for (const child of children) child.kill('SIGKILL');
    process.exit(130);
  });
  const started = Date.now();
  try {
    const { server, clock, digests } = await startAll(folder, setting);
    children.push(server.child);
    say(`${setting.devices} devices on ${setting.cells} cells register`);
    const { child: fleet } = await startFleet({ server, clock, setting, limits: limitsOf(setting, digests) });
    children.push(fleet);
    await everyDeviceKnown(server, setting.devices);
    for (const campaign of CAMPAIGNS) writeFileSync(join(folder, `${campaign.name}.yaml`), yamlOf(campaign, setting));
    await drover('apply', '-f', ...CAMPAIGNS.map(({ name }) => join(folder, `${name}.yaml`)));
    const appliedAt = Date.now();
    const views = await follow({ server, fleet, clock, end: started + 60_000 * setting.minutes });
    const hours = ((Date.now() - appliedAt) * clock.scale) / 3_600_000;
    const report = await ask(fleet, 'report');
    const fleets = fleetsOf(report, setting);
    const outcomes = CAMPAIGNS.map((campaign, index) => outcomeOf(campaign, views[index], fleets.get(campaign.revision) ?? []));
    const odd = CAMPAIGNS.flatMap(({ revision, version }) => surprises(fleets.get(revision) ?? [], version));
    const appointments = await appointmentsOf(server, CAMPAIGNS);
    const { violations, samples, air } = report;
    const result = { setting, outcomes, sighting: { violations, samples, air }, appointments, late: odd.length, hours, seconds: (Date.now() - started) / 1000, megabytes: memoryOf(server.child.pid) };
    return { ...result, faults: faultsOf(result), odd: tally(odd.map(({ profile }) => profile)) };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await sleep(500);
    if (!process.env.DROVER_KEEP) rmSync(folder, { recursive: true, force: true });
  }
}

function tally(words) {
  return Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, { length }]) => [word, length]));
}

const { values } = parseArgs({ options: OPTIONS });
const result = await run(settingOf(values));
process.stdout.write(`${tableOf(result)}\n`);
for (const sample of result.sighting.samples) say(JSON.stringify(sample));
if (result.late > 0) say(`not as they deserve: ${JSON.stringify(result.odd)}`);
for (const fault of result.faults) say(`FAULT ${fault}`);
if (values.json) writeFileSync(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
process.exit(result.faults.length === 0 ? 0 : 1);
