// A device wakes up while a thousand transfers run: how long until it is asked something? The server as it ships, engine and
// database included, with the simulator's fleet on one side and sleepers of our own on the other.
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CODE, encodeMessage, writeOptions } from '@drover/coap';
import { CONTENT_FORMAT, encodeContent } from '@drover/lwm2m';
import { api, drover, OUT, release, startProcess, startServer } from '../server.mjs';
import { isRequest, OPTION, pathIn, textsIn } from '../wire.mjs';

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
    if (bytes[1] === CODE.CREATED) this.#location = textsIn(bytes, OPTION.LOCATION_PATH);
    if (!isRequest(bytes)) return;
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

async function inFlight(server, name) {
  const { stages } = await api(server, `campaigns/${name}`);
  return { inFlight: stages[0].inFlight, waiting: Object.values(stages[0].waiting).reduce((sum, count) => sum + count, 0) };
}

/** Sorted milliseconds, one per sleeper, and how many transfers ran meanwhile. */
export async function contactTimes(progress) {
  const folder = mkdtempSync(join(OUT, 'contact-'));
  const work = (name) => join(folder, name);
  const children = [];
  try {
    const clock = { campaignOrigin: Date.parse(ORIGIN), wallOrigin: Date.now(), scale: SCALE };
    const server = await startServer(folder, ['--time-scale', String(SCALE), '--time-origin', ORIGIN, '--wall-origin', String(clock.wallOrigin)]);
    children.push(server.child);
    progress('a release, a fleet and its campaign');
    await release(folder, { models: [FLEET, PROBE], size: IMAGE_BYTES, created: ORIGIN });
    const { hostname: host, port } = new URL(server.coap);
    const fleet = await startProcess('apps/simulator/dist/main.js', ['--server', server.coap, '--devices', String(TRANSFERS), '--seed', '1', '--clock', JSON.stringify(clock), '--mix', JSON.stringify({ pull: 1, push: 1 })]);
    children.push(fleet.child);
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
    const before = await inFlight(server, 'fleet');
    progress(`${before.inFlight} transfers run; ${(await inFlight(server, 'sleepers')).waiting} sleepers wait to be woken`);
    const times = [];
    for (const sleeper of sleepers) {
      void sleeper.wake().then((ms) => times.push(ms));
      await sleep(EVERY_MS);
    }
    while (times.length < SLEEPERS) await sleep(100);
    const after = await inFlight(server, 'fleet');
    for (const sleeper of sleepers) sleeper.close();
    return { times: times.sort((a, b) => a - b), transfers: Math.min(before.inFlight, after.inFlight) };
  } finally {
    for (const child of children) child.kill();
    await sleep(500);
    rmSync(folder, { recursive: true, force: true });
  }
}
