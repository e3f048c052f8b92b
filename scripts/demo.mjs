// `npm run demo`: the main job, end to end. A server and a simulated fleet in processes of their own, a campaign from YAML,
// its stages as they go, and the evidence verified offline. Uses the command line that people use.
import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { verifyBundle } from '@drover/audit';
import { run } from '@drover/cli';
import { makeImage } from '@drover/simulator';
import { drawTerminal } from './lib/picture.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const TIME_SCALE = 900;
const TIME_ORIGIN = '2026-12-01T20:00:00Z';
const CAMPAIGN = 'wm-modem-2-4-1';
const IMAGE_BYTES = 64 * 1024;
/** A sleeper listens for a tenth of a second of yours: not all of them shake hands in the same one. */
const SWITCH_ON_S = '4';

const { values: options } = parseArgs({
  options: { devices: { type: 'string', default: '200' }, seed: { type: 'string', default: '42' }, exit: { type: 'boolean' }, json: { type: 'string' }, picture: { type: 'string' }, data: { type: 'string', default: join(ROOT, 'data', 'demo') } },
});
const devices = Number(options.devices);
if (!Number.isInteger(devices) || devices < 20 || devices > 1000) {
  process.stderr.write('--devices takes a whole number from 20 to 1000\n');
  process.exit(2);
}

/** Everything shown, for `--picture`. */
let shown = '';
if (options.picture) {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (chunk, ...rest) => {
    shown += chunk;
    return write(chunk, ...rest);
  };
}

const say = (text = '') => process.stdout.write(`${text}\n`);
const heading = (text) => say(`\n== ${text}`);
const started = Date.now();
const children = [];
const data = options.data;
rmSync(data, { recursive: true, force: true });
mkdirSync(join(data, 'work'), { recursive: true });
const work = (name) => join(data, 'work', name);

function start(script, args, { ends = false } = {}) {
  const child = fork(join(ROOT, script), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  children.push(child);
  child.once('exit', (code) => {
    if (!stopping && !(ends && code === 0)) fail(`${script} ended with status ${code}`);
  });
  return child;
}

const ended = (child) => new Promise((resolve) => child.once('exit', resolve));
const message = (child, type) => new Promise((resolve) => child.on('message', (each) => each?.type === type && resolve(each)));

let stopping = false;
function stop() {
  stopping = true;
  for (const child of children) child.kill('SIGTERM');
}
function fail(why) {
  process.stderr.write(`demo failed: ${why}\n`);
  stop();
  process.exit(1);
}
process.on('SIGINT', () => {
  stop();
  process.exit(130);
});

/** Runs `drover …` in this process, shown as a person would type it. */
async function drover(...args) {
  say(`$ drover ${args.map((arg) => (/\s/.test(arg) ? `'${arg}'` : arg.replace(`${ROOT}/`, ''))).join(' ')}`);
  const status = await run(args);
  process.exitCode = 0;
  if (status !== 0) fail(`drover ${args[0]} exited with ${status}`);
}

heading(`a server, with campaign time ${TIME_SCALE} times faster than yours`);
const wallOrigin = Date.now();
const clock = { campaignOrigin: Date.parse(TIME_ORIGIN), wallOrigin, scale: TIME_SCALE };
const serverChild = start('apps/server/dist/main.js', ['--data', data, '--http-port', '0', '--coap-host', '127.0.0.1', '--coaps-port', '0', '--log-level', 'error', '--time-scale', String(TIME_SCALE), '--time-origin', TIME_ORIGIN, '--wall-origin', String(wallOrigin)]);
const server = await message(serverChild, 'ready');
process.env.DROVER_SERVER = server.http;
process.env.DROVER_TOKEN = server.token;
say(`API ${server.http}, LwM2M ${server.coaps} and no port without security, data in ${data.replace(`${ROOT}/`, '')}`);

heading('firmware that two roles have signed');
await drover('firmware', 'keygen', work('publisher'));
await drover('firmware', 'keygen', work('quality'), '--algorithm', 'ES256');
await drover('firmware', 'policy', 'utility-release', '--role', `publisher=${work('publisher.pub')}`, '--role', `quality=${work('quality.pub')}`, '--out', work('release-policy.yaml'));
await drover('apply', '-f', work('release-policy.yaml'), join(ROOT, 'examples/demo/approval-policy.yaml'));
writeFileSync(work('wm-modem-2.4.1.bin'), makeImage({ version: '2.4.1', size: IMAGE_BYTES, seed: Number(options.seed) }));
await drover('firmware', 'sign', work('wm-modem-2.4.1.bin'), '--key', work('publisher'), work('quality'), '--name', 'wm-modem', '--version', '2.4.1', '--sequence', '241', '--models', 'WM-300', '--created', TIME_ORIGIN, '--expires', '90d');
await drover('firmware', 'push', work('wm-modem-2.4.1.bin'));

heading('a key of its own for each device');
const keys = work('device-keys.csv');
await ended(start('apps/simulator/dist/main.js', ['--server', server.coaps, '--make-keys', keys, '--devices', String(devices), '--seed', options.seed], { ends: true }));
await drover('credentials', 'import', keys);
await drover('credentials', 'check');

heading(`${devices} devices of ${devices >= 40 ? 'sixteen' : 'several'} behaviours register`);
const limits = { downloadWindow: { startMinute: 21 * 60 + 30, durationMs: 10 * 3_600_000 }, installWindow: { startMinute: 23 * 60, durationMs: 9 * 3_600_000 }, minBatteryLevel: 0.35, maxCoverage: 1, airtime: 0.2 };
const fleet = start('apps/simulator/dist/main.js', ['--server', server.coaps, '--keys', keys, '--devices', String(devices), '--seed', options.seed, '--switch-on-s', SWITCH_ON_S, '--clock', JSON.stringify(clock), '--limits', JSON.stringify(limits)]);
await message(fleet, 'ready');
await everyDeviceKnown();

heading('a campaign from YAML');
const campaignFile = join(ROOT, 'examples/demo/campaign.yaml');
await drover('plan', '-f', campaignFile);
await drover('apply', '-f', campaignFile);
const approver = await api('POST', 'tokens', { name: 'shift-lead', role: 'approver' });
process.env.DROVER_TOKEN = approver.secret;
await drover('approve', CAMPAIGN, '--remark', 'checked against the change ticket');
process.env.DROVER_TOKEN = server.token;

heading('the night, twelve hours in less than a minute');
const campaign = await follow();

heading('what became of it');
const { totals } = campaign;
say(`${totals.succeeded} of ${totals.devices} succeeded, ${totals.skipped + totals.cancelled} never offered before the deadline`);
for (const [failure, count] of Object.entries(totals.failed)) say(`  ${failure}: ${count}`);
const odd = await oneThatDidNotSucceed();
if (odd) await drover('why', odd);

heading('evidence that an auditor verifies alone');
const evidenceFile = join(data, `${CAMPAIGN}.evidence.jsonl`);
await drover('evidence', 'export', '--campaign', CAMPAIGN, '-o', evidenceFile);
await drover('evidence', 'verify', evidenceFile, '--key', join(data, 'keys', 'audit-ed25519.pub.pem'));

fleet.send({ type: 'report' });
const { report } = await message(fleet, 'report');
const violations = Object.values(report.violations).reduce((sum, count) => sum + count, 0);
const surprises = report.devices.filter((device) => device.expected === 'succeeded' && device.version !== '2.4.1');
heading('what the devices themselves counted');
say(`${violations} violations of windows, battery floor, coverage or airtime (${Object.entries(report.violations).map(([kind, count]) => `${kind} ${count}`).join(', ')})`);
for (const sample of (report.samples ?? []).slice(0, 5)) say(`  ${JSON.stringify(sample)}`);
if (surprises.length > 0) say(`  not updated although its profile should be: ${surprises.map(({ endpoint, profile }) => `${endpoint} (${profile})`).join(', ')}`);

const durationMs = Date.now() - started;
const failed = totals.failed;
const skipped = totals.skipped + totals.cancelled;
const evidence = await verifiedEvidence();
const result = { devices: totals.devices, succeeded: totals.succeeded, failed, skipped, durationMs, violations, evidence };
if (options.json) writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
say(`\n${Math.round(durationMs / 1000)} s in all. ${violations === 0 && evidence.verified ? 'Done.' : 'Something is wrong, see above.'}`);

if (options.picture) drawTerminal(options.picture, shown.replaceAll(`${ROOT}/`, ''));
if (options.exit) {
  stop();
  process.exitCode = violations === 0 && evidence.verified ? 0 : 1;
} else {
  heading('it stays up: try these in another terminal (Ctrl-C ends it)');
  const env = `DROVER_SERVER=${server.http} DROVER_TOKEN=${server.token}`;
  for (const line of [`status ${CAMPAIGN}`, `device list --where 'firmwareVersion < "2.4.1"'`, `device timeline ${odd ?? 'DEVICE'}`, 'audit tail', 'hold place --fleet --reason "storm"']) say(`${env} npx drover ${line}`);
  say(`OpenAPI: ${server.http}/api/openapi.json`);
}

async function verifiedEvidence() {
  const key = readFileSync(join(data, 'keys', 'audit-ed25519.pub.pem'), 'utf8');
  const { verified, records } = await verifyBundle(readFileSync(evidenceFile, 'utf8').trimEnd().split('\n'), key);
  return { file: evidenceFile, records, verified };
}

async function api(method, path, body) {
  const response = await fetch(`${server.http}/api/v1/${path}`, { method, headers: { authorization: `Bearer ${server.token}`, ...(body ? { 'content-type': 'application/json' } : {}) }, body: body && JSON.stringify(body) });
  if (!response.ok) fail(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** The first reads of a fleet take a moment: a plan is worth as much as the facts behind it. */
async function everyDeviceKnown() {
  for (let round = 0; round < 100; round++) {
    const known = await api('GET', `devices?limit=1000&where=${encodeURIComponent('has(model) && has(firmwareVersion)')}`);
    if (known.length >= Math.min(devices, 1000)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  say(`${devices} devices are registered and read`);
}

async function follow() {
  let last = '';
  for (;;) {
    const [campaign, health] = await Promise.all([api('GET', `campaigns/${CAMPAIGN}`), api('GET', 'health')]);
    const line = campaign.stages.map((stage) => stageText(stage)).join('   ');
    if (line !== last) say(`${health.campaignTime.slice(11, 16)}  ${line}`);
    last = line;
    if (campaign.phase === 'finished' || campaign.phase === 'aborted') return campaign;
    if (Date.now() - started > 180_000 + 200 * devices) fail(`the campaign is still ${campaign.phase}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

function stageText({ name, state, size, succeeded, failed, skipped, inFlight, waiting }) {
  const failures = Object.values(failed).reduce((sum, count) => sum + count, 0);
  const reasons = Object.entries(waiting).map(([code, count]) => `${code} ${count}`).join(' ');
  return `${name} [${state}] ${succeeded}/${size} done, ${inFlight} in flight${failures ? `, ${failures} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}${reasons ? ` (${reasons})` : ''}`;
}

async function oneThatDidNotSucceed() {
  const old = await api('GET', `devices?limit=1&where=${encodeURIComponent('firmwareVersion < "2.4.1"')}`);
  return old[0]?.endpoint;
}
