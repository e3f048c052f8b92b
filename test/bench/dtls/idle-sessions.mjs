// A process of its own, because its memory is the figure: sessions that came by a handshake, or from disk, and are silent since.
import { setTimeout as sleep } from 'node:timers/promises';
import { DtlsClient } from '@drover/dtls';
import { addressOf, identityOf, KEY, OneKey, serverFor, stateOf, SystemEntropy } from './sessions.mjs';

const [COUNT, HOW] = [Number(process.argv[2]), process.argv[3]];

/** What the server says to the client of the moment. */
let toClient = [];
const server = serverFor((output) => {
  if (output.type === 'datagram') toClient.push(output.bytes);
  if (output.type === 'save') server.saved(output.session, output.save.number);
});

function handshake(i) {
  const now = i / 10;
  const toServer = [];
  const sink = (output) => output.type === 'datagram' && toServer.push(output.bytes);
  const ports = { sink, entropy: new SystemEntropy(), trust: new OneKey(), psk: { identity: identityOf(i), key: KEY }, server: 'server:5684' };
  const client = new DtlsClient(ports, { suites: ['TLS_PSK_WITH_AES_128_CCM_8'] });
  client.connect(now);
  const carry = () => {
    while (toServer.length + toClient.length > 0) {
      for (const bytes of toServer.splice(0)) server.receive(addressOf(i), bytes, now);
      for (const bytes of toClient.splice(0)) client.receive(bytes, now);
    }
  };
  carry();
  // The first record: the server may forget its last flight.
  client.send(Buffer.alloc(60));
  carry();
  server.advance(now);
}

const add = HOW === 'handshake' ? handshake : (i) => server.restore(stateOf(i), 'crashed', 0);

function memory() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapUsed, external, rss };
}

const WARM = Math.min(20_000, COUNT / 10);
for (let i = 0; i < WARM; i++) add(i);
await sleep(100);
const before = memory();
for (let i = WARM; i < COUNT; i++) {
  add(i);
  if (i % 50_000 === 0) {
    process.send?.({ progress: i });
    await sleep(0);
  }
}
await sleep(100);
const after = memory();
const each = (field) => (after[field] - before[field]) / (COUNT - WARM);
const figures = { sessions: server.load.sessions, rssEach: each('rss'), heapEach: each('heapUsed'), externalEach: each('external') };
if (process.send) process.send(figures);
else console.log(figures);
