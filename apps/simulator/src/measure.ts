import { execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { CODE, decodeMessage, encodeMessage, writeOptions } from '@drover/coap';
import { Instant } from '@drover/kernel';
import { CampaignClock } from '@drover/platform';
import { Fleet } from './fleet.ts';
import { NO_LIMITS } from './watch/limits.ts';

/** Longer than the first timeout of a Register that was answered: until then it could be repeated. */
const SETTLE_MS = 4000;
const SEED = 1;
const URI_PATH = 11;

/**
 * What one idle, registered device costs this process: the same number of bare sockets is opened first, and what they cost
 * is told apart. Needs `node --expose-gc`, which the command gives itself.
 */
export async function measure(devices: number): Promise<string> {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) return measureInChild(devices);
  const perSocket = await socketBytes(devices, collect);
  const server = await registrar();
  await settled();
  const empty = used(collect);
  const clock = new CampaignClock({ campaignOrigin: Instant(0), wallOrigin: Date.now(), scale: 1 });
  const { port } = server.address();
  const fleet = new Fleet({ server: `127.0.0.1:${port}`, devices, seed: SEED, clock, limits: NO_LIMITS, mix: { pull: 1, push: 1 } });
  fleet.start();
  await fleet.ready;
  await settled();
  const perDevice = (used(collect) - empty) / devices - perSocket;
  fleet.stop();
  server.close();
  const round = (bytes: number): string => `${Math.round(bytes)} bytes`;
  return `${devices} devices, idle and registered: ${round(perDevice)} each, beside ${round(perSocket)} for its socket\n`;
}

/** Heap and what hangs outside of it, after a full collection. */
function used(collect: () => void): number {
  for (let round = 0; round < 3; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Node lets go of closed sockets a little later. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** In a function of its own, so that nothing of the sockets is left when it ends. */
async function socketBytes(count: number, collect: () => void): Promise<number> {
  const before = used(collect);
  const sockets = await openSockets(count);
  const after = used(collect);
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
  return (after - before) / count;
}

async function openSockets(count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => createSocket('udp4', () => undefined).bind(0, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'listening')));
  return sockets;
}

/** Answers every Register 2.01 and every Update 2.04, and asks nothing. */
async function registrar(): Promise<Socket> {
  const server = createSocket('udp4');
  let locations = 0;
  server.on('message', (bytes, { address, port }) => {
    const { messageId, token, options } = decodeMessage(bytes);
    const isRegister = options.filter(({ number }) => number === URI_PATH).length === 1;
    const locationPath = ['rd', (locations++).toString(36).padStart(6, '0')];
    const answer = isRegister ? { code: CODE.CREATED, options: writeOptions({ locationPath }) } : { code: CODE.CHANGED, options: [] };
    server.send(encodeMessage({ type: 'ACK', messageId, token, payload: new Uint8Array(0), ...answer }), port, address);
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function measureInChild(devices: number): Promise<string> {
  const script = process.argv[1] ?? '';
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--expose-gc', script, '--measure', String(devices)], (error, printed) =>
      error ? reject(error) : resolve(printed),
    );
  });
}
