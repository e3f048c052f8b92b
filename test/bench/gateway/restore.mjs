// A server that stops with a million registrations and starts again: how long until all of them are known.
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { encodeMessage, writeOptions } from '@drover/coap';
import { DEFAULT_NAMESPACE } from '@drover/kernel';
import { inserts, openDatabase, upsertsFor } from '@drover/persistence';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const LINKS = '</>;rt="oma.lwm2m";ct="110 112",</1/0>,</3/0>,</4/0>,</5/0>,</7/0>,</10/0>';
const BATCH = 5000;
/** Locations tried after the start: any of them must be known. */
const SAMPLES = 1000;

const locationOf = (i) => Buffer.from(String(i).padStart(6, '0')).toString('base64url');
const peerOf = (i) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}:5683`;

function deviceOf(i, now) {
  const fact = (value) => ({ value, at: now });
  return {
    namespace: DEFAULT_NAMESPACE,
    endpoint: `urn:imei:${String(i).padStart(15, '0')}`,
    labels: {},
    facts: { manufacturer: fact('ACME'), model: fact('WM-300'), firmwareVersion: fact('1.0.0'), 'battery.level': fact(80), 'radio.bearer': fact('NB-IoT'), queueMode: fact(true) },
    firstSeenAt: now,
    lastContactAt: now,
    registration: {
      location: locationOf(i),
      lifetimeS: 86_400,
      lwm2mVersion: '1.1',
      binding: 'U',
      queueMode: true,
      address: peerOf(i),
      links: LINKS,
      registeredAt: now,
      refreshedAt: now,
    },
    pattern: undefined,
    findings: [],
  };
}

/** The database that such a server leaves behind. */
async function fill(file, count, progress) {
  await (await openDatabase(file)).destroy();
  const database = new Database(file);
  database.pragma('synchronous = OFF');
  const now = Date.now();
  for (let from = 0; from < count; from += BATCH) {
    const devices = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => deviceOf(from + i, now));
    const statements = upsertsFor([{ devices }]).flatMap(({ into, rows }) => inserts(into, rows));
    for (const { sql, parameters } of statements) database.prepare(sql).run(...parameters);
    if (from % 50_000 === 0) progress(`writing ${count} registrations: ${from}`);
  }
  database.close();
}

/** How many of the sampled locations are answered 2.04 to an Update. */
async function known(port, count) {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let answered = 0;
  socket.on('message', (bytes) => (answered += bytes[1] === 0x44 ? 1 : 0));
  for (let i = 0; i < SAMPLES; i++) {
    const options = writeOptions({ uriPath: ['rd', locationOf(Math.floor((i * count) / SAMPLES))] });
    socket.send(encodeMessage({ type: 'CON', code: 2, messageId: i, token: Buffer.of(1), options, payload: new Uint8Array() }), port, '127.0.0.1');
    if (i % 50 === 49) await sleep(20);
  }
  await sleep(2000);
  socket.close();
  return answered;
}

/** Seconds from the start of the process to the first Update that is answered, and what the process then weighs. */
export async function restoreAll(count, progress) {
  const folder = mkdtempSync(join(ROOT, 'out', 'restore-'));
  try {
    await fill(join(folder, 'drover.sqlite'), count, progress);
    progress(`starting with ${count} registrations`);
    const started = performance.now();
    const args = ['--data', folder, '--http-port', '0', '--coap-host', '127.0.0.1', '--coap-port', '0', '--coap-tcp-port', 'off', '--coaps-port', 'off', '--no-sec', 'allowed', '--log-level', 'error'];
    const server = fork(join(ROOT, 'apps', 'server', 'dist', 'main.js'), args, { execArgv: ['--max-old-space-size=6144'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const ended = once(server, 'exit').then(([code]) => Promise.reject(new Error(`the server ended with ${code}`)));
    ended.catch(() => undefined);
    const [{ coap }] = await Promise.race([once(server, 'message'), ended]);
    const port = Number(new URL(coap).port);
    await firstAnswer(port, locationOf(count - 1));
    const seconds = (performance.now() - started) / 1000;
    const answered = await known(port, count);
    server.removeAllListeners('exit').kill();
    return { seconds, answered, samples: SAMPLES };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The gateway is deaf until everything is restored: the last location answers when all do. */
async function firstAnswer(port, location) {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const answer = once(socket, 'message');
  const options = writeOptions({ uriPath: ['rd', location] });
  let messageId = 1000;
  const ask = setInterval(() => socket.send(encodeMessage({ type: 'CON', code: 2, messageId: messageId++, token: Buffer.of(2), options, payload: new Uint8Array() }), port, '127.0.0.1'), 100);
  const [bytes] = await answer;
  clearInterval(ask);
  socket.close();
  if (bytes[1] !== 0x44) throw new Error(`the first Update was answered ${bytes[1].toString(16)}`);
}
