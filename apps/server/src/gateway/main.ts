import { createSocket, type Socket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { must } from '@drover/kernel';
import { DirectoryBlobStore } from '@drover/firmware-store/stores';
import { ObjectModels } from '@drover/lwm2m';
import { CampaignClock, createLogger, monotonicMs, type LogLevel } from '@drover/platform';
import { MessagePortLink } from '../link/link.ts';
import type { FromGateway, GatewayStart, ToGateway } from '../link/messages.ts';
import { Gateway } from './gateway.ts';
import { ImageCache } from './image-cache.ts';
import { Intake } from './intake.ts';
import { ServeDoor } from './serve-door.ts';
import { StreamListener } from './stream-listener.ts';

/** Kernel buffers for a burst of contacts, bytes: a fleet wakes on the hour. */
const SOCKET_BUFFER = 4 * 1024 * 1024;

/** The gateway's thread: one UDP socket, one timer, the link to the engine. */
const start = workerData as GatewayStart;
const link = new MessagePortLink<FromGateway, ToGateway>(must(parentPort, 'the gateway runs in a thread of its own'));
const clock = new CampaignClock(start.clock);
const log = createLogger(start.logLevel as LogLevel, 'gateway');
const isIPv6Host = start.host.includes(':');
const socket = createSocket({
  type: isIPv6Host ? 'udp6' : 'udp4',
  recvBufferSize: SOCKET_BUFFER,
  sendBufferSize: SOCKET_BUFFER,
  // Peers are numbers already: the usual way of a name would cost each datagram a turn of the queue.
  lookup: (address, _options, found) => found(null, address, isIPv6Host ? 6 : 4),
});
const peerOf = (address: string, port: number): string => `${address}:${port}`;
let timer: NodeJS.Timeout | undefined;
/** Where coap+tcp is listened for, once it is. */
let tcpPort: number | undefined;
let armedAt = Number.POSITIVE_INFINITY;

const gateway = new Gateway({
  clock,
  log,
  door: new ServeDoor(new ImageCache(start.cache, DirectoryBlobStore.reading(start.blobs)), () => clock.now()),
  awakeMs: start.awakeMs,
  models: ObjectModels.with(start.objectModels),
  takeover: start.takeover,
  sendDatagram: (peer, bytes) => {
    const colon = peer.lastIndexOf(':');
    // No callback: it would cost a turn of the queue for each datagram, and a datagram that is lost here is repeated as any other.
    socket.send(bytes, Number(peer.slice(colon + 1)), peer.slice(0, colon));
  },
  writeStream: (peer, bytes) => listener.write(peer, bytes),
  closeStream: (peer) => listener.close(peer),
  tell: (message) => link.send(message),
  publicUri: (scheme) => {
    if (scheme === 'coap') return start.publicUri ?? addressOf(socket);
    return scheme === 'coap+tcp' && tcpPort !== undefined ? (start.publicTcpUri ?? tcpAddress(tcpPort)) : undefined;
  },
  ...(start.fileHost === undefined ? {} : { fileHost: start.fileHost }),
  wake: armTimer,
});

/** CoAP over TCP (RFC 8323), on the port of UDP unless it is told otherwise. */
const listener = new StreamListener({
  streams: {
    opened: (peer, now, role) => gateway.streamOpened(peer, now, role),
    receive: (peer, bytes) => gateway.receive(peer, bytes),
    closed: (peer) => gateway.streamClosed(peer),
  },
  now: monotonicMs,
  wake: armTimer,
  log,
});

function addressOf(bound: Socket): string {
  const { address, port, family } = bound.address();
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '[::1]' : family === 'IPv6' ? `[${address}]` : address;
  return `coap://${host}:${port}`;
}

/** The host that devices reach UDP at is the host they reach TCP at. */
function tcpAddress(port: number): string {
  const { hostname } = new URL(start.publicUri ?? addressOf(socket));
  return `coap+tcp://${hostname}:${port}`;
}

/**
 * One timer for the whole endpoint. It is moved only when something is due earlier: most exchanges are over long before
 * they are due, and a look for nothing costs less than a new timer for each.
 */
function armTimer(): void {
  const at = gateway.nextTimerAt();
  if (at === undefined || at >= armedAt) return;
  clearTimeout(timer);
  armedAt = at;
  timer = setTimeout(
    () => {
      armedAt = Number.POSITIVE_INFINITY;
      gateway.advance();
      armTimer();
    },
    Math.max(1, at - monotonicMs()),
  );
}

let received = 0;
socket.on('message', (bytes, { address, port }) => {
  received += 1;
  try {
    gateway.receive(peerOf(address, port), bytes);
  } catch (error) {
    // One sender's datagram must not end the service of all the others.
    log.error({ err: error, peer: peerOf(address, port) }, 'a datagram met an unexpected error');
  }
});
socket.once('error', fatal);
socket.on('listening', () => {
  socket.off('error', fatal);
  // An address that cannot be reached concerns one device, not the service of all the others.
  socket.on('error', (error) => log.debug({ err: error }, 'the socket reports an error'));
});
function fatal(error: unknown): void {
  const { code = 'SOCKET', message } = error as NodeJS.ErrnoException;
  link.send({ type: 'fatal', code, message });
}

async function ready(): Promise<void> {
  const { address, port } = socket.address();
  const tcp =
    start.tcpPort === 'off' ? undefined : await listener.listen(start.tcpPort === 'same' ? sameAs(port) : start.tcpPort, start.host);
  tcpPort = tcp?.port;
  link.send({ type: 'ready', address, port, tcpPort });
}

/** A port that the system chose for UDP says nothing about TCP. */
function sameAs(udpPort: number): number {
  return start.port === 0 ? 0 : udpPort;
}

socket.bind(start.port, start.host, () => void ready().catch(fatal));
const intake = new Intake({ handle: (command) => gateway.command(command), received: () => received });
link.onMessage((message) => {
  if (message.type === 'close') {
    intake.stop();
    gateway.close();
    void listener.stop();
    socket.close(() => process.exit(0));
    return;
  }
  intake.push(message);
});
