// The engine over the database of a whole fleet, without a gateway: what it costs to start, to plan, and to decide. A process of
// its own, with the flags of the server, because its memory is one of the figures. Says what it has measured as messages.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { Clock, Endpoint, Instant } from '@drover/kernel';
import { readDocument } from '@drover/campaign';
import { loadSnapshot, openDatabase, Reader, startCheckpoints, takeLease, Writer } from '@drover/persistence';
import { createLogger } from '@drover/platform';
import { decideDevice } from '@drover/rollout';
import { aCampaign, aRelease } from '@drover/testkit';
import { Link } from '../../../apps/server/dist/link/link.js';
import { openAuditLog } from '../../../apps/server/dist/engine/audit-log.js';
import { Campaigns } from '../../../apps/server/dist/engine/campaigns.js';
import { ContactHandler } from '../../../apps/server/dist/engine/contact-handler.js';
import { DeviceStepper } from '../../../apps/server/dist/engine/device-stepper.js';
import { Engine } from '../../../apps/server/dist/engine/engine.js';
import { NOTHING_SEALED, recover, stateFrom } from '../../../apps/server/dist/engine/recovery.js';
import { RolloutTicker } from '../../../apps/server/dist/engine/rollout-ticker.js';
import { TrustDesk } from '../../../apps/server/dist/engine/trust-desk.js';
import { deviceOf } from './fleet.mjs';

/** As the server sets it. */
setFlagsFromString('--heap-growing-percent=30');

const [file, task, count, at] = process.argv.slice(2);
const DEVICES = Number(count);
const CONTACTS = 100_000;
const KEY = 'default/c';

const say = (message) => process.send(message);
const seconds = (since) => (performance.now() - since) / 1000;
const percentile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

class BenchClock extends Clock {
  at = Number(at);
  now() {
    return Instant(this.at);
  }
}

/** A gateway that is told everything and says nothing. */
class Silent extends Link {
  send() {}
  onMessage() {}
}

class Images {
  #image;
  constructor(image) {
    this.#image = image;
  }
  measure() {
    return Promise.resolve(this.#image);
  }
}

const started = performance.now();
const database = await openDatabase(file);
const onFatal = (error) => {
  throw error;
};
await startCheckpoints(database, file, onFatal);
const { auditLog, trust: logged } = await openAuditLog(new Reader(database));
const writer = new Writer(database, { log: auditLog, epoch: await takeLease(database), onFatal });
const clock = new BenchClock();
const state = await stateFrom(await loadSnapshot(database), logged, clock.now());
const engine = new Engine({ state, clock, log: createLogger('silent', 'bench'), epoch: 1, secrets: { pull: Buffer.alloc(32) }, writer, link: new Silent() });
const release = aRelease(Buffer.alloc(256 * 1024, 7));
const trust = new TrustDesk(state);
const stepper = new DeviceStepper(engine, trust);
const ticker = new RolloutTicker(engine, stepper);
const contacts = new ContactHandler(engine, stepper);
await recover(engine, stepper, NOTHING_SEALED);
say({ rebuild: seconds(started), devices: state.devices.size, updates: state.campaigns.get(KEY)?.updates.size ?? 0 });

/** What came between two turns of the event loop while this ran, p99.9 in ms. */
async function delayDuring(work) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return delay.percentile(99.9) / 1e6;
}

async function withFirmware() {
  const source = { apiVersion: 'drover/v1', kind: 'ReleasePolicy', metadata: { name: 'release' }, spec: { roles: release.policy.roles } };
  const now = clock.now();
  state.putFirmware({ namespace: 'default', name: 'fw', version: '2.0.0', digest: release.digest, size: release.image.length, envelope: Buffer.from(release.envelope).toString('base64'), pushedAt: now, pushedBy: 'bob', withdrawnAt: undefined, withdrawnReason: undefined });
  const campaigns = new Campaigns(engine, trust, new Images({ digest: release.digest, size: release.image.length }));
  await campaigns.apply([readDocument(source).document], { type: 'person', id: 'bob' }, undefined);
  return campaigns;
}

const SPEC = {
  // The carriers are what devices wait for, not the campaign's own cap.
  bandwidth: { maxInFlight: 1_000_000 },
  targets: { where: 'model == "WM-300" && firmwareVersion < "2.0.0"' },
  stages: [
    { name: 'canary', take: 100, gate: { promote: 'Manual' } },
    { name: 'early', take: '20%' },
    { name: 'all', take: '100%' },
  ],
  schedule: { timeZone: 'Site', windows: { download: [{ start: '00:00', duration: '22h' }] } },
};

async function plan() {
  const campaigns = await withFirmware();
  const document = readDocument(aCampaign(SPEC).source).document;
  let planning;
  const planDelay = await delayDuring(async () => {
    const since = performance.now();
    await campaigns.plan([document]);
    planning = seconds(since);
  });
  say({ planning, planDelay });
  let [applying, persisting, firstCommitAt] = [0, 0, undefined];
  const commit = writer.commit.bind(writer);
  writer.commit = (...args) => {
    firstCommitAt ??= performance.now();
    return commit(...args);
  };
  const applyDelay = await delayDuring(async () => {
    const since = performance.now();
    await campaigns.apply([document], { type: 'person', id: 'ann' }, undefined);
    applying = seconds(since);
    persisting = seconds(firstCommitAt);
  });
  say({ applying, applyDelay, persisting });
  writer.commit = commit;
  return state.campaigns.get(KEY);
}

/** All stages open, and everybody has been looked at. */
async function open(campaign) {
  let looking;
  const openDelay = await delayDuring(async () => {
    const since = performance.now();
    for (let round = 0; round < 8; round++) {
      await ticker.tick();
      const index = campaign.record.stages.findIndex(({ state: at }) => at !== 'passed' && at !== 'closed');
      if (index >= 0 && index < 2) await engine.change((unit) => ticker.passStage(campaign, index, 'bench', { unit, actor: { type: 'person', id: 'ann' } }));
      await nextTurn();
    }
    looking = seconds(since);
  });
  say({ looking, openDelay, open: campaign.record.stages.filter(({ state: at }) => at !== 'closed').length });
}

/** Devices wake up, here and there in the fleet: how long the decision takes, and all that a contact brings with it. */
async function decide(campaign) {
  const [decisions, handled] = [[], []];
  const outcome = {};
  for (let n = 0; n < CONTACTS; n++) {
    const endpoint = Endpoint(deviceOf((n * 7_919) % DEVICES, clock.at).endpoint);
    clock.at += 10;
    const before = state.devices.get(endpoint);
    const contact = { type: 'contact', endpoint, kind: 'update', at: clock.now(), registration: { ...before.registration, endpoint, refreshedAt: clock.now() } };
    // It is awake, and nothing has been decided yet.
    contacts.stayAwake(endpoint, clock.now());
    const again = performance.now();
    decideDevice(stepper.viewOf({ key: KEY, campaign, update: campaign.updates.get(endpoint) }, before, clock.now()), clock.now());
    decisions.push(performance.now() - again);
    const since = performance.now();
    const done = contacts.onContact(contact);
    handled.push(performance.now() - since);
    const update = campaign.updates.get(endpoint);
    outcome[update.reason?.code ?? update.state] = (outcome[update.reason?.code ?? update.state] ?? 0) + 1;
    if (n % 200 === 199) await done;
    if (n % 10_000 === 0) say({ progress: `${n} of ${CONTACTS} contacts` });
  }
  decisions.sort((a, b) => a - b);
  handled.sort((a, b) => a - b);
  say({ decision: { p50: percentile(decisions, 0.5) * 1000, p99: percentile(decisions, 0.99) * 1000 }, contact: { p50: percentile(handled, 0.5) * 1000, p99: percentile(handled, 0.99) * 1000 }, outcome });
}

if (task === 'plan') {
  const campaign = await plan();
  await open(campaign);
  await decide(campaign);
}
await writer.drain();
say({ rss: process.memoryUsage.rss() });
await database.destroy();
process.exit(0);
