// A device wakes up while a thousand transfers run: how long until it is asked something? The server as it ships, engine and
// database included, with the simulator's fleet on one side and sleepers of our own on the other.
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '@drover/cli';
import { CODE, encodeMessage, writeOptions } from '@drover/coap';
import { CONTENT_FORMAT, encodeContent } from '@drover/lwm2m';
import { makeImage } from '@drover/simulator';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const TRANSFERS = 1000;
const SLEEPERS = 400;
/** Campaign seconds per second: sleepers fall asleep in a quarter of the time, and transfers are four times as fast. */
const SCALE = 4;
const AWAKE_MS = 93_000 / SCALE;
const IMAGE_BYTES = 8 * 1024 * 1024;
const ORIGIN = '2026-12-01T20:00:00Z';
const EVERY_MS = 50;
const [FLEET, PROBE] = ['WM-300', 'WM-301'];

const campaign = (name, model) => `apiVersion: drover/v1
kind: Campaign
metadata: {name: ${name}}
spec:
  firmware: {name: wm-modem, version: 2.4.1}
  targets: {where: model == "${model}"}
  delivery: {blockSize: {preferred: 1024}, inactivityTimeout: 30m}
  schedule: {deadline: {at: 2027-01-01T00:00:00Z}}
  bandwidth: {maxInFlight: 5000, perCell: {airtime: "100%"}}
  stages: [{name: all, take: 100%}]
`;

/** A meter in queue mode: it registers, answers what it is read, sleeps, and wakes up once. */
class Sleeper {
  #socket = createSocket('udp4');
  #server;
  #endpoint;
  #number;
  #location = [];
  #messageId = 1;
  /** Resolves with the time of the next request of the server. */
  asked = Promise.resolve(0);
  #onAsked = () => undefined;
  isSilent = false;

  constructor(server, i) {
    this.#server = server;
    this.#number = i;
    this.#endpoint = `urn:bench:sleeper-${String(i).padStart(4, '0')}`;
    this.#socket.on('message', (bytes) => this.#take(bytes));
    this.#socket.bind(0, '127.0.0.1');
  }

  register() {
    const query = [`ep=${this.#endpoint}`, 'lt=86400', 'lwm2m=1.1', 'b=U', 'Q'];
    const options = { uriPath: ['rd'], contentFormat: CONTENT_FORMAT.LINK, uriQuery: query };
    this.#post(options, Buffer.from('</>;rt="oma.lwm2m";ct=112,</1/0>,</3/0>,</4/0>,</5/0>'));
  }

  /** Milliseconds from its Update to the first request it hears; it answers nothing any more. */
  async wake() {
    this.isSilent = true;
    this.asked = new Promise((resolve) => (this.#onAsked = resolve));
    const started = performance.now();
    this.#post({ uriPath: this.#location }, new Uint8Array());
    const heard = await Promise.race([this.asked, sleep(10_000)]);
    return heard === undefined ? Number.POSITIVE_INFINITY : heard - started;
  }

  close() {
    this.#socket.close();
  }

  #valuesAt(path) {
    if (path !== '/4/0') return VALUES[path];
    const radio = { 0: 7, 8: 1_000_000 + this.#number, 9: 1, 10: 262 };
    return Object.entries(radio).map(([id, value]) => ({ path: `/4/0/${id}`, value }));
  }

  #post(options, payload) {
    this.#send({ type: 'CON', code: 2, messageId: this.#messageId++, token: Buffer.of(1), options: writeOptions(options), payload });
  }

  #send(message) {
    this.#socket.send(encodeMessage(message), this.#server.port, this.#server.host);
  }

  #take(bytes) {
    const isRequest = bytes[1] > 0 && bytes[1] < 0x20;
    if (bytes[1] === CODE.CREATED) this.#location = locationIn(bytes);
    if (!isRequest) return;
    this.#onAsked(performance.now());
    if (this.isSilent) return;
    const token = bytes.subarray(4, 4 + (bytes[0] & 15));
    const path = pathIn(bytes);
    const values = this.#valuesAt(path);
    const body = values && { options: writeOptions({ contentFormat: CONTENT_FORMAT.SENML_CBOR }), payload: encodeContent(CONTENT_FORMAT.SENML_CBOR, values, path) };
    const code = values ? CODE.CONTENT : CODE.NOT_FOUND;
    this.#send({ type: 'ACK', code, messageId: bytes.readUInt16BE(2), token, options: [], payload: new Uint8Array(), ...body });
  }
}

/** What all of them answer; each has a cell to itself, so that none waits for another. */
const VALUES = {
  '/3/0': [
    { path: '/3/0/0', value: 'ACME' },
    { path: '/3/0/1', value: PROBE },
    { path: '/3/0/3', value: '2.3.0' },
    { path: '/3/0/9', value: 90 },
  ],
  '/5/0': [
    { path: '/5/0/3', value: 0 },
    { path: '/5/0/5', value: 0 },
    { path: '/5/0/9', value: 2 },
  ],
};

function optionsIn(bytes, wanted) {
  const found = [];
  let number = 0;
  for (let at = 4 + (bytes[0] & 15); at < bytes.length && bytes[at] !== 0xff;) {
    let [delta, length] = [bytes[at] >> 4, bytes[at] & 15];
    at += 1;
    if (delta === 13) delta = 13 + bytes[at++];
    if (length === 13) length = 13 + bytes[at++];
    number += delta;
    if (number === wanted) found.push(bytes.subarray(at, at + length).toString());
    at += length;
  }
  return found;
}
const locationIn = (bytes) => optionsIn(bytes, 8);
const pathIn = (bytes) => `/${optionsIn(bytes, 11).join('/')}`;

async function drover(...args) {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  const status = await run(args);
  process.stdout.write = write;
  process.exitCode = 0;
  if (status !== 0) throw new Error(`drover ${args.join(' ')} ended with ${status}`);
}

async function release(work) {
  for (const role of ['publisher', 'quality']) await drover('firmware', 'keygen', work(role));
  await drover('firmware', 'policy', 'bench', '--role', `publisher=${work('publisher.pub')}`, '--out', work('policy.yaml'));
  await drover('apply', '-f', work('policy.yaml'));
  writeFileSync(work('wm-modem-2.4.1.bin'), makeImage({ version: '2.4.1', size: IMAGE_BYTES, seed: 1 }));
  await drover('firmware', 'sign', work('wm-modem-2.4.1.bin'), '--key', work('publisher'), '--name', 'wm-modem', '--version', '2.4.1', '--sequence', '241', '--models', `${FLEET},${PROBE}`, '--created', ORIGIN, '--expires', '90d');
  await drover('firmware', 'push', work('wm-modem-2.4.1.bin'));
}

async function inFlight(http, token, name) {
  const response = await fetch(`${http}/api/v1/campaigns/${name}`, { headers: { authorization: `Bearer ${token}` } });
  const { stages } = await response.json();
  return { inFlight: stages[0].inFlight, waiting: Object.values(stages[0].waiting).reduce((sum, count) => sum + count, 0) };
}

/** Sorted milliseconds, one per sleeper, and how many transfers ran meanwhile. */
export async function contactTimes(progress) {
  const folder = mkdtempSync(join(ROOT, 'out', 'contact-'));
  const work = (name) => join(folder, name);
  const children = [];
  const start = (script, args) => {
    const child = fork(join(ROOT, script), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    children.push(child);
    return once(child, 'message').then(([message]) => message);
  };
  try {
    const clock = { campaignOrigin: Date.parse(ORIGIN), wallOrigin: Date.now(), scale: SCALE };
    const own = ['--data', folder, '--http-port', '0', '--coap-host', '127.0.0.1', '--coap-port', '0', '--coap-tcp-port', 'off', '--log-level', 'error'];
    const { http, coap, token } = await start('apps/server/dist/main.js', [...own, '--time-scale', String(SCALE), '--time-origin', ORIGIN, '--wall-origin', String(clock.wallOrigin)]);
    Object.assign(process.env, { DROVER_SERVER: http, DROVER_TOKEN: token });
    progress('a release, a fleet and its campaign');
    await release(work);
    const { hostname: host, port } = new URL(coap);
    await start('apps/simulator/dist/main.js', ['--server', coap, '--devices', String(TRANSFERS), '--seed', '1', '--clock', JSON.stringify(clock), '--mix', JSON.stringify({ pull: 1, push: 1 })]);
    await sleep(5000);
    writeFileSync(work('fleet.yaml'), campaign('fleet', FLEET));
    await drover('apply', '-f', work('fleet.yaml'));
    const sleepers = Array.from({ length: SLEEPERS }, (_, i) => new Sleeper({ host, port: Number(port) }, i));
    for (const sleeper of sleepers) {
      sleeper.register();
      await sleep(10);
    }
    progress(`${SLEEPERS} sleepers fall asleep`);
    await sleep(AWAKE_MS + 3000);
    writeFileSync(work('sleepers.yaml'), campaign('sleepers', PROBE));
    await drover('apply', '-f', work('sleepers.yaml'));
    await sleep(2000);
    const before = await inFlight(http, token, 'fleet');
    progress(`${before.inFlight} transfers run; ${(await inFlight(http, token, 'sleepers')).waiting} sleepers wait to be woken`);
    const times = [];
    for (const sleeper of sleepers) {
      void sleeper.wake().then((ms) => times.push(ms));
      await sleep(EVERY_MS);
    }
    while (times.length < SLEEPERS) await sleep(100);
    const after = await inFlight(http, token, 'fleet');
    for (const sleeper of sleepers) sleeper.close();
    return { times: times.sort((a, b) => a - b), transfers: Math.min(before.inFlight, after.inFlight) };
  } finally {
    for (const child of children) child.kill();
    await sleep(500);
    rmSync(folder, { recursive: true, force: true });
  }
}
