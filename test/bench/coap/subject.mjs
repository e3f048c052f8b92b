// The server side of the coap bench, in a process of its own on one core: what is measured, and its peers.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CODE, CoapEndpoint, nextBlock, onAnswer, planBlock, startUpload, szxOfSize } from '@drover/coap';
import { Entropy } from '@drover/kernel';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { BLOCK, IMAGE_BYTES } from './datagrams.mjs';

const IMAGE = randomBytes(IMAGE_BYTES);
const ETAG = IMAGE.subarray(0, 8);
const HOST = '127.0.0.1';
const SZX = szxOfSize(BLOCK);

class SystemEntropy extends Entropy {
  bytes(count) {
    return randomBytes(count);
  }
}

async function openSocket() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
  socket.bind(0, HOST);
  await once(socket, 'listening');
  return socket;
}

/** Where there is taskset: the thread whose id is that of the process. Its other threads stay where they are. */
function moveThisThread(core) {
  try {
    execFileSync('taskset', ['-p', '-c', String(core), String(process.pid)], { stdio: 'ignore' });
  } catch {
    // Not pinned at all, then; the bench says so.
  }
}

/** Answers whatever comes with `size` bytes. */
async function echo({ size }) {
  const socket = await openSocket();
  const bytes = Buffer.alloc(size, 0x60);
  socket.on('message', (_bytes, { address, port }) => socket.send(bytes, port, address));
  return { port: socket.address().port, stop: () => socket.close() };
}

/** The gateway's own thread, as the server starts it, and an engine that only counts what it is told. */
async function gateway() {
  const folder = mkdtempSync(join(tmpdir(), 'drover-bench-'));
  process.env.BENCH_KEY = randomBytes(32).toString('base64');
  const workerData = {
    host: HOST,
    port: 0,
    tcpPort: 'off',
    dtlsPort: 'off',
    tlsPort: 'off',
    publicUri: undefined,
    keySource: 'env:BENCH_KEY',
    certificates: { key: '', certificate: '', clientCa: '', revocationLists: '' },
    blobs: join(folder, 'blobs'),
    cache: join(folder, 'cache'),
    clock: { campaignOrigin: 0, wallOrigin: 0, scale: 1 },
    logLevel: 'silent',
    awakeMs: 93_000,
    takeover: 'accept',
    objectModels: [],
  };
  const worker = new Worker(new URL('../../../apps/server/dist/gateway/main.js', import.meta.url), { workerData, resourceLimits: { maxOldGenerationSizeMb: 4096, maxYoungGenerationSizeMb: 64 } });
  let contacts = 0;
  const port = await new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('message', (batch) => {
      // The engine's own work with a contact is not the gateway's: here it is only counted.
      contacts += batch.split('{"type":"contact"').length - 1;
      if (contacts === 0) for (const { type, port: bound } of JSON.parse(batch)) if (type === 'ready') resolve(bound);
    });
  });
  // The gateway's thread keeps the core that it was born on, as the echo has it; what stands for the engine goes to the other.
  moveThisThread(1);
  worker.postMessage(JSON.stringify([{ type: 'open' }]));
  const stop = async () => {
    await worker.terminate();
    rmSync(folder, { recursive: true });
  };
  return { port, told: () => contacts, stop };
}

/** An endpoint on a socket, as the gateway has it. */
function endpointOn(socket, onOutput) {
  const endpoint = new CoapEndpoint((output) => {
    if (output.type === 'datagram') {
      const colon = output.peer.lastIndexOf(':');
      socket.send(output.bytes, Number(output.peer.slice(colon + 1)), output.peer.slice(0, colon));
    } else onOutput(endpoint, output);
  }, new SystemEntropy());
  socket.on('message', (bytes, { address, port }) => endpoint.receive(`${address}:${port}`, bytes, performance.now()));
  const timer = setInterval(() => endpoint.advance(performance.now()), 20);
  return { endpoint, stop: () => clearInterval(timer) };
}

async function pull() {
  const socket = await openSocket();
  const { endpoint, stop } = endpointOn(socket, (_endpoint, { type, handle, request }) => {
    if (type !== 'request') return;
    // The token in the path is the proof of the address, as in the gateway.
    endpoint.prove(handle.peer, performance.now());
    const { offset, length, block2, etag } = planBlock({ size: IMAGE_BYTES, etag: ETAG, preferredSzx: SZX }, request.options.block2);
    const options = { etag, contentFormat: CONTENT_FORMAT.OPAQUE, block2 };
    endpoint.respond(handle, { code: CODE.CONTENT, options, payload: IMAGE.subarray(offset, offset + length) }, performance.now());
  });
  const close = () => {
    stop();
    socket.close();
  };
  return { port: socket.address().port, stop: close };
}

/** Blocks to many devices at once, one in flight to each; a device that has it all gets it again. */
async function push({ ports }) {
  const socket = await openSocket();
  let isStopped = false;
  const { endpoint, stop } = endpointOn(socket, (_endpoint, output) => {
    if (output.type === 'response') output.handle.correlation(output.response, output.retransmissions);
    else if (output.type === 'failed' && !isStopped) throw new Error(`a push failed: ${output.reason}`);
  });
  for (const port of ports) {
    let upload = startUpload({ size: IMAGE_BYTES, szx: SZX });
    const send = () => {
      if (isStopped) return;
      const { offset, length, block1, size1 } = nextBlock(upload);
      const payload = IMAGE.subarray(offset, offset + length);
      const request = { method: 'PUT', path: ['5', '0', '0'], contentFormat: CONTENT_FORMAT.OPAQUE, payload, block1, size1, correlation: answered };
      endpoint.request(`${HOST}:${port}`, request, performance.now());
    };
    const answered = (response, retransmissions) => {
      const outcome = onAnswer(upload, { code: response.code, block1: response.options.block1, retransmissions });
      upload = outcome.type === 'continue' ? outcome.upload : startUpload({ size: IMAGE_BYTES, szx: SZX });
      send();
    };
    send();
  }
  const close = () => {
    isStopped = true;
    stop();
    socket.close();
  };
  return { port: 0, stop: close };
}

/** To each device once, through whatever loss: what was given up goes on with the same block. */
async function pushOnce({ ports }) {
  const socket = await openSocket();
  let done = 0;
  const { endpoint, stop } = endpointOn(socket, (_endpoint, { type, handle, response, retransmissions }) => {
    if (type === 'response') handle.correlation.answered(response, retransmissions);
    else if (type === 'failed') handle.correlation.send();
  });
  for (const port of ports) {
    let upload = startUpload({ size: IMAGE_BYTES, szx: SZX });
    const send = () => {
      const { offset, length, block1, size1 } = nextBlock(upload);
      const payload = IMAGE.subarray(offset, offset + length);
      const request = { method: 'PUT', path: ['5', '0', '0'], contentFormat: CONTENT_FORMAT.OPAQUE, payload, block1, size1 };
      endpoint.request(`${HOST}:${port}`, { ...request, correlation: { send, answered } }, performance.now());
    };
    const answered = (response, retransmissions) => {
      const outcome = onAnswer(upload, { code: response.code, block1: response.options.block1, retransmissions });
      if (outcome.type === 'done') return void done++;
      if (outcome.type !== 'continue') throw new Error(`a push ended with ${outcome.type}`);
      upload = outcome.upload;
      send();
    };
    send();
  }
  const close = () => {
    stop();
    socket.close();
  };
  return { port: 0, done: () => done, stop: close };
}

/** The same traffic with nothing parsed. */
async function rawPush({ ports, size }) {
  const socket = await openSocket();
  const bytes = Buffer.alloc(size, 0x40);
  socket.on('message', (_bytes, { port, address }) => {
    socket.send(bytes, port, address);
  });
  for (const port of ports) socket.send(bytes, port, HOST);
  return { port: 0, stop: () => socket.close() };
}

/** The independent peer pushes with npm `coap`, and starts again when a transfer is done. */
async function npmPush({ ports }) {
  const { default: coap } = await import('coap');
  let isStopped = false;
  const send = (port) => {
    if (isStopped) return;
    const request = coap.request({ hostname: HOST, port, method: 'PUT', pathname: '/5/0/0', confirmable: true });
    request.setOption('Block1', Buffer.of(SZX));
    request.on('response', () => send(port));
    request.on('error', () => send(port));
    request.end(IMAGE);
  };
  for (const port of ports) send(port);
  return { port: 0, stop: () => (isStopped = true) };
}

async function npmPull() {
  const { default: coap } = await import('coap');
  const server = coap.createServer((request, response) => response.end(IMAGE));
  await new Promise((resolve) => server.listen(0, HOST, resolve));
  return { port: server._sock.address().port, stop: () => server.close() };
}

const SUBJECTS = { echo, gateway, pull, push, pushOnce, rawPush, npmPush, npmPull };
let running;

process.on('message', async (order) => {
  if (order.type === 'start') running = await SUBJECTS[order.subject](order);
  if (order.type === 'stop') await running.stop();
  const { user, system } = process.cpuUsage();
  process.send({ port: running.port, told: running.told?.(), done: running.done?.(), cpuUs: user + system });
});
