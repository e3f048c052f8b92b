// 20,000 devices updated by the server as it ships, the whole path to SQLite: by push, by pull, and all of them in the middle of it.
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CODE } from '@drover/coap';
import { BLOCK, pullPlan } from './coap/datagrams.mjs';
import { pushed, served } from './coap/rates.mjs';
import { takeTurns } from './rounds.mjs';
import { api, drover, OUT, release, startServer, VERSION } from './server.mjs';
import { changesTogether } from './store.mjs';
import { endpointOf, keyOf } from './update/keys.mjs';

export const about = '20,000 devices updated by push and by pull, 64 KiB each, the whole path to SQLite';

const DEVICES = Number(process.env.DROVER_BENCH_DEVICES ?? 20_000);
const IMAGE_BYTES = 64 * 1024;
const BLOCKS = IMAGE_BYTES / BLOCK;
/** Sockets of one process: under the common limit of open files. */
const PER_PROCESS = 10_000;
const ORIGIN = '2026-12-01T20:00:00Z';
/** Campaign seconds per second. Fast enough that no device waits for the pace of its cell, a poll, or the end of an installation. */
const FAST = 600;
/** Slow enough that nobody who stands still in the middle of an image is given up meanwhile. */
const SLOW = 1;
/** Where those stand still, blocks. */
const HOLDS_AT = 8;
const PATIENCE_MS = 900_000;
const ROUNDS = 3;

const campaign = (method) => `apiVersion: drover/v1
kind: Campaign
metadata: {name: bench}
spec:
  firmware: {name: wm-modem, version: ${VERSION}}
  targets: {where: "true"}
  delivery: {method: ${method}, blockSize: {preferred: ${BLOCK}}, inactivityTimeout: 24h}
  bandwidth: {maxInFlight: 100000, perCell: {airtime: "100%"}}
  stages: [{name: all, take: 100%}]
`;

/** The devices, in as many processes as their sockets need. */
class Fleet {
  #children;

  constructor(count) {
    const shares = Array.from({ length: Math.ceil(count / PER_PROCESS) }, (_, index) => [index * PER_PROCESS, Math.min(count, (index + 1) * PER_PROCESS)]);
    this.#children = shares.map(([from, to]) => ({ child: fork(join(import.meta.dirname, 'update', 'devices.mjs'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }), from, to }));
  }

  start(order) {
    return this.#ask(({ from, to }) => ({ type: 'start', from, to, ...order }));
  }

  seen() {
    return this.#ask(() => ({ type: 'look' }));
  }

  end() {
    for (const { child } of this.#children) child.kill('SIGKILL');
  }

  get pids() {
    return this.#children.map(({ child }) => child.pid);
  }

  async #ask(orderFor) {
    const answers = this.#children.map((each) => {
      const answer = new Promise((resolve, reject) => {
        const died = () => reject(new Error('a process of the fleet has ended'));
        each.child.once('exit', died);
        each.child.once('message', (seen) => {
          each.child.off('exit', died);
          resolve(seen);
        });
      });
      each.child.send(orderFor(each));
      return answer;
    });
    const seen = await Promise.all(answers);
    const total = (field) => seen.reduce((sum, each) => sum + each[field], 0);
    const totals = Object.fromEntries(Object.keys(seen[0]).map((field) => [field, total(field)]));
    return { ...totals, mostExchanges: Math.max(...seen.map((each) => each.mostExchanges)) };
  }
}

const residentMb = (pid) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024;

const TICKS_PER_SECOND = 100;
/** Processor time of a process so far, all its threads, user and system, ms. */
function processorMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
  return ((user + system) * 1000) / TICKS_PER_SECOND;
}
const processorsMs = (pids) => pids.reduce((sum, pid) => sum + processorMs(pid), 0);

async function until(isSo, what, everyMs = 250) {
  for (const end = Date.now() + PATIENCE_MS; !(await isSo()); await sleep(everyMs)) if (Date.now() > end) throw new Error(`it did not come to ${what}`);
}

/** A server with a fleet that is registered and read, and a release; `use` begins with the campaign. */
async function withFleet({ method, scale, holdsAt, progress, devices = DEVICES, seed }, use) {
  mkdirSync(OUT, { recursive: true });
  const folder = mkdtempSync(join(OUT, 'bench-update-'));
  const probe = join(folder, 'probe');
  const fleet = new Fleet(devices);
  let server;
  try {
    process.env.DROVER_BENCH_PROBE = probe;
    const clock = ['--time-scale', String(scale), '--time-origin', ORIGIN, '--wall-origin', String(Date.now())];
    server = await startServer(folder, clock, { execArgv: ['--import', join(import.meta.dirname, 'update', 'probe.mjs')] });
    await release(folder, { models: ['WM-300'], size: IMAGE_BYTES, created: ORIGIN });
    if (seed !== undefined) await shareKeys(folder, devices, seed);
    const at = new URL(seed === undefined ? server.coap : server.coaps).host;
    await fleet.start({ server: at, method, version: VERSION, holdsAt, seed });
    await until(async () => {
      const { registered, exchanges } = await fleet.seen();
      progress(`${method}: ${registered} of ${devices} devices have registered`);
      // One Register and three reads each.
      return exchanges >= 4 * devices;
    }, 'a fleet that is known');
    await sleep(2000);
    writeFileSync(join(folder, 'bench.yaml'), campaign(method === 'push' ? 'Push' : 'Pull'));
    return await use({ server, fleet, folder, probe });
  } finally {
    delete process.env.DROVER_BENCH_PROBE;
    fleet.end();
    server?.child.kill('SIGKILL');
    await sleep(500);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A key for each device, handed over as people do it. */
async function shareKeys(folder, devices, seed) {
  const rows = Array.from({ length: devices }, (_, index) => `${endpointOf(index)},${keyOf(seed, index).toString('hex')}`);
  writeFileSync(join(folder, 'keys.csv'), `endpoint,key\n${rows.join('\n')}\n`, { mode: 0o600 });
  await drover('credentials', 'import', join(folder, 'keys.csv'));
}

/** What the gateway's thread saw of its own event loop since the campaign began, ms. */
function loopDelay(folder) {
  const files = readdirSync(folder).filter((name) => /^probe\.\d+\.json$/.test(name));
  const threads = files.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const gateway = threads.find(({ script, begun }) => begun && script.includes('gateway'));
  if (gateway === undefined) throw new Error(`no thread of the gateway has reported; there are ${threads.map(({ script }) => script).join(', ') || 'none'}`);
  return gateway;
}

async function succeeded(server) {
  const { totals, phase } = await api(server, 'campaigns/bench');
  const failed = Object.values(totals.failed ?? {}).reduce((sum, count) => sum + count, 0);
  return { succeeded: totals.succeeded, failed, phase };
}

/** Why the first devices that failed did, for whoever reads the error. */
async function whyFailed(server) {
  const { totals } = await api(server, 'campaigns/bench');
  return JSON.stringify(totals);
}

/** From the campaign to the last device that is proven to run the new version. */
export const updateAll = (method, progress, { devices = DEVICES, seed } = {}) =>
  withFleet({ method, scale: FAST, progress, devices, seed }, async ({ server, fleet, folder, probe }) => {
    writeFileSync(`${probe}.begin`, '');
    await sleep(1000);
    const spent = () => [processorMs(server.child.pid), processorsMs(fleet.pids)];
    const before = spent();
    const started = performance.now();
    await drover('apply', '-f', join(folder, 'bench.yaml'));
    let last = { succeeded: 0, failed: 0 };
    await until(async () => {
      last = await succeeded(server);
      progress(`${method}: ${last.succeeded} of ${devices} devices are updated, ${last.failed} have failed`);
      return last.succeeded + last.failed >= devices;
    }, 'the end of the campaign');
    const seconds = (performance.now() - started) / 1000;
    const [serverMs, fleetMs] = spent().map((ms, index) => (ms - before[index]) / devices);
    if (last.failed > 0) throw new Error(`${last.failed} devices were not updated: ${await whyFailed(server)}`);
    await sleep(1000);
    const { exchanges, mostExchanges, blocks } = await fleet.seen();
    return { perSecond: devices / seconds, seconds, serverMs, fleetMs, exchanges: exchanges / devices, mostExchanges, blocks: blocks / devices, delay: loopDelay(folder) };
  });

/** All of them have the beginning of the image at once, and stand still. */
const memoryOfAll = (progress) =>
  withFleet({ method: 'pull', scale: SLOW, holdsAt: HOLDS_AT, progress }, async ({ server, fleet, folder }) => {
    await drover('apply', '-f', join(folder, 'bench.yaml'));
    let most = 0;
    await until(async () => {
      most = Math.max(most, residentMb(server.child.pid));
      const { held } = await fleet.seen();
      progress(`memory: ${held} of ${DEVICES} devices are in the middle of the image, ${Math.round(most)} MB`);
      return held >= DEVICES;
    }, 'all devices in the middle of the image');
    await sleep(5000);
    return Math.max(most, residentMb(server.child.pid));
  });

const round = (value) => Math.round(value * 10) / 10;
const atMost = (metric, unit, value, most) => ({ metric, unit, value: round(value), goal: `<= ${most}`, met: value <= most });
const rate = (how, ours, blocksPerSecond) => {
  const peer = blocksPerSecond / BLOCKS;
  const ratio = Math.round((ours / peer) * 100) / 100;
  return { metric: `devices updated by ${how}, to what the raw blocks allow`, unit: '1/s', value: round(ours), peer: round(peer), ratio, goal: 'ratio >= 0.5', met: ratio >= 0.5 };
};

export async function run(progress) {
  const raw = await takeTurns({ push: () => pushed('push'), pull: () => served('pull', pullPlan(CODE.CONTENT)) }, { rounds: ROUNDS, progress, title: 'raw blocks' });
  const push = await updateAll('push', progress);
  const pull = await updateAll('pull', progress);
  const changes = await changesTogether(progress);
  const megabytes = await memoryOfAll(progress);
  return [
    rate('push', push.perSecond, raw.push.perSecond),
    rate('pull', pull.perSecond, raw.pull.perSecond),
    { metric: 'device-state changes persisted, audit included', unit: '1/s', value: Math.round(changes), goal: '>= 20000', met: changes >= 20_000 },
    atMost('event-loop delay of the gateway while pushing, p99.9', 'ms', push.delay.p999, 50),
    atMost('event-loop delay of the gateway while pulling, p99.9', 'ms', pull.delay.p999, 50),
    atMost('exchanges beyond the blocks, push, each device', '', push.exchanges, 20),
    atMost('exchanges beyond the blocks, pull, each device', '', pull.exchanges, 20),
    { metric: 'blocks, push and pull, each device', unit: '', value: round((push.blocks + pull.blocks) / 2), peer: BLOCKS },
    atMost(`memory of the whole server, ${DEVICES} devices in the middle of the image`, 'MB', megabytes, 600),
  ];
}

export const notes = [
  `${DEVICES} devices, each on a socket of its own, in ${Math.ceil(DEVICES / PER_PROCESS)} processes on the cores that the server uses too; ${BLOCKS} blocks of ${BLOCK} bytes each`,
  'devices per second: from the command that applies the campaign to the last version read back; registrations of both kinds, offers, Executes, verification, audit and fsync included',
  `the campaign clock runs ${FAST} times as fast, so that the pace of a cell, polls and settling are no part of the figure; every device has a cell to itself`,
  'raw blocks: our own block transfer as `npm run bench -- coap` measures it, in this run, with each side on a core of its own',
];
