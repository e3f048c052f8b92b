// The engine with a whole fleet in one campaign: what a start, a plan and a decision cost.
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import Database from 'better-sqlite3';
import { SERVER_FLAGS } from '../../scripts/lib/server-flags.mjs';
import { fillFleet } from './schedule/fleet.mjs';
import { changesBeside } from './store.mjs';

export const about = 'A million devices in one campaign: start, plan, decide';

/** For a look at it in between; the goals are for a million. */
const DEVICES = Number(process.env.DROVER_BENCH_DEVICES ?? 1_000_000);
const ROOT = join(import.meta.dirname, '..', '..', 'out');
const MB = 1 << 20;

/** One life of the engine in a process of its own; what it has said, put together. */
function engineLife(file, task, { now, progress }) {
  const child = fork(join(import.meta.dirname, 'schedule', 'engine.mjs'), [file, task, String(DEVICES), String(now)], { execArgv: [...SERVER_FLAGS, '--disable-warning=ExperimentalWarning'] });
  return new Promise((resolve, reject) => {
    const told = {};
    child.on('message', (message) => {
      if (message.progress) return progress(message.progress);
      progress(Object.keys(message).join(', '));
      return Object.assign(told, message);
    });
    child.once('exit', (code) => (code === 0 ? resolve(told) : reject(new Error(`the engine ended with ${code}`))));
  });
}

/** As many rows as the campaign has devices, copied within the same file by SQLite itself. */
function copyRows(file, now) {
  const database = new Database(file);
  database.pragma('synchronous = FULL');
  const body = JSON.stringify({ campaign: 'copy', endpoint: 'urn:imei:000000000000000', stage: 1, state: 'pending', since: now, attempt: 0, offset: 0, failures: {}, blocks: 0, bytes: 0, retransmissions: 0, sessions: 0, energyMah: 0, namespace: 'default', object: 5, instance: 0 });
  const since = performance.now();
  database.exec(`INSERT INTO device_update (namespace, campaign, endpoint, object, instance, state, attempt, body) SELECT namespace, 'copy', endpoint, 5, 0, 'pending', 0, '${body}' FROM device`);
  const seconds = (performance.now() - since) / 1000;
  database.close();
  return seconds;
}

const line = (metric, value, unit, goal, met) => ({ metric, value: Math.round(value * 100) / 100, unit, goal, met });
const atMost = (metric, value, unit, most) => line(metric, value, unit, `<= ${most}`, value <= most);

export async function run(progress) {
  mkdirSync(ROOT, { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'bench-schedule-'));
  const file = join(folder, 'drover.sqlite');
  const now = Date.UTC(2026, 11, 1, 1);
  try {
    await fillFleet(file, { devices: DEVICES, now, progress });
    const first = await engineLife(file, 'plan', { now, progress });
    progress(JSON.stringify(first.outcome));
    const second = await engineLife(file, 'start', { now: now + 3_600_000, progress });
    const copied = copyRows(file, now);
    const persisted = first.persisting;
    const perSecond = await changesBeside(progress);
    return [
      atMost(`decision on contact with ${DEVICES} devices, p50`, first.decision.p50, 'us', 10),
      atMost(`decision on contact with ${DEVICES} devices, p99`, first.decision.p99, 'us', 50),
      line('a whole contact: what it teaches, decision, rows and messages, p50', first.contact.p50, 'us'),
      line('a whole contact: what it teaches, decision, rows and messages, p99', first.contact.p99, 'us'),
      atMost(`plan ${DEVICES} devices, with what it will cost`, first.planning, 's', 10),
      { ...atMost('persist the planned campaign', persisted, 's', 0), peer: Math.round(copied * 100) / 100, ratio: Math.round((persisted / copied) * 100) / 100, goal: 'ratio <= 3', met: persisted <= 3 * copied },
      line('look at every device once after its stage has opened', first.looking, 's'),
      atMost('start with the running campaign, until everything is rebuilt', second.rebuild, 's', 30),
      line('devices in the campaign after that start', second.updates, 'devices', String(DEVICES), second.updates === DEVICES),
      atMost('resident memory of the engine, after all this', first.rss / MB, 'MB', 2048),
      atMost('event-loop delay while it plans, p99.9', first.planDelay, 'ms', 50),
      atMost('event-loop delay while the campaign is created, p99.9', first.applyDelay, 'ms', 50),
      atMost('event-loop delay while stages open, p99.9', first.openDelay, 'ms', 50),
      { ...line('changes on the disk, each with its audit record', perSecond.ours, 'changes/s', '>= 50000', perSecond.ours >= 50_000), peer: Math.round(perSecond.raw), ratio: Math.round((perSecond.ours / perSecond.raw) * 100) / 100 },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const notes = [
  'one process with the flags of the server and no gateway; three stages, a download window in the time zone of each site, 20,000 cells',
  'a decision is all that decideDevice looks at and says; the device is one of 100,000 that wake up here and there in the fleet',
  'persisting: from the first write to the campaign on the disk, its plan and the log of it included; a device gets a row when something happens to it. Peer: one INSERT … SELECT of as many rows of the same table and indexes',
  'a change is three rows: an update, a line of its timeline, an audit record; WAL, synchronous=FULL. Peer: the same rows through better-sqlite3 alone',
];
