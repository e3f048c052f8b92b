import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { must } from '@drover/kernel';
import { DirectoryBlobStore } from '@drover/firmware-store/stores';
import { ObjectModels } from '@drover/lwm2m';
import { CampaignClock, createLogger, monotonicMs, SystemEntropy, type LogLevel } from '@drover/platform';
import { openKeyService } from '../keys/key-source.ts';
import { KeyShelf } from '../keys/key-shelf.ts';
import { MessagePortLink } from '../link/link.ts';
import type { FromGateway, GatewayStart, ToGateway } from '../link/messages.ts';
import { DatagramSocket } from './datagram-socket.ts';
import { OpenedRole } from '../bootstrap/role/open-role.ts';
import { DueTimer } from './due-timer.ts';
import { readAuthority, readCertificates, withRoot } from './dtls/own-certificate.ts';
import { Gateway } from './gateway.ts';
import { keyLogTo } from './key-log.ts';
import { ImageCache } from './image-cache.ts';
import { Intake } from './intake.ts';
import { PublicUris } from './public-uris.ts';
import { ServeDoor } from './serve-door.ts';
import { StreamListener } from './stream-listener.ts';
import { TlsListener } from './tls/tls-listener.ts';

/** The gateway's thread: its sockets, one timer, the link to the engine. */
const start = workerData as GatewayStart;
const link = new MessagePortLink<FromGateway, ToGateway>(must(parentPort, 'the gateway runs in a thread of its own'));
const clock = new CampaignClock(start.clock);
const log = createLogger(start.logLevel as LogLevel, 'gateway');
const uris = new PublicUris(start);
const enrolment = readAuthority(start.enrolment);
const certificates = withRoot(readCertificates(start.certificates), enrolment?.authority.certificate);
const keyLog = start.keyLog === undefined ? {} : { keyLog: keyLogTo(start.keyLog) };
const keys = new KeyShelf(await openKeyService(start.keySource), new SystemEntropy());
let received = 0;

const plain = new DatagramSocket({
  host: start.host,
  log,
  received: (peer, bytes) => {
    received += 1;
    gateway.wire.receive(peer, bytes);
  },
});

/** DTLS, on a port of its own. */
const secured = new DatagramSocket({
  host: start.host,
  log,
  received: (address, bytes) => {
    received += 1;
    gateway.wire.receiveSecured(address, bytes);
  },
});

const gateway = new Gateway({
  clock,
  log,
  door: new ServeDoor(new ImageCache(start.cache, DirectoryBlobStore.reading(start.blobs)), () => clock.now()),
  awakeMs: start.awakeMs,
  models: ObjectModels.with(start.objectModels),
  takeover: start.takeover,
  sendDatagram: (peer, bytes) => plain.send(peer, bytes),
  writeStream: (peer, bytes) => listener.write(peer, bytes),
  closeStream: (peer) => listener.close(peer),
  tell: (message) => link.send(message),
  publicUri: (scheme) => uris.of(scheme),
  ...(start.fileHost === undefined ? {} : { fileHost: start.fileHost }),
  security: {
    keys,
    oscoreOnly: start.oscoreOnly,
    sendDatagram: (address, bytes) => secured.send(address, bytes),
    ...certificates,
    ...keyLog,
  },
  wake: () => timer.arm(),
});

const timer = new DueTimer(gateway.wire);

/** Who devices are, for whatever door. */
const security = must(gateway.wire.secured, 'the gateway speaks with security');

/** Apart from management: it shares the store of credentials with it, and nothing else. */
const bootstrap = new OpenedRole({
  start,
  ...certificates,
  ...keyLog,
  enrolment,
  book: security.book,
  ring: keys.ring,
  log,
  clock,
  isOpen: () => gateway.wire.isOpen,
  tell: (message) => link.send(message),
});

/** CoAP over TCP (RFC 8323), on the port of UDP unless it is told otherwise. */
const listener = new StreamListener({
  streams: {
    opened: (peer, now, role) => gateway.wire.streamOpened(peer, now, role),
    receive: (peer, bytes) => gateway.wire.receive(peer, bytes),
    closed: (peer) => gateway.wire.streamClosed(peer),
  },
  now: monotonicMs,
  wake: () => timer.arm(),
  log,
});

/** The same over TLS: what comes out of it is a stream like any other, of somebody who is known. */
const tlsListener = new TlsListener({
  trust: security.trust,
  ...(certificates.own && { own: certificates.own }),
  ...keyLog,
  opened: (socket, identity) => void listener.adopt(socket, 'server', { admits: (peer) => gateway.wire.connected(peer, identity) }),
  log,
});

function fatal(error: unknown): void {
  const { code = 'SOCKET', message } = error as NodeJS.ErrnoException;
  link.send({ type: 'fatal', code, message });
}

async function ready(): Promise<void> {
  const udp = start.port === 'off' ? undefined : await plain.listen(start.port);
  const dtls = start.dtlsPort === 'off' ? undefined : await secured.listen(start.dtlsPort);
  const tcp = await listenTcp(udp);
  const tls = await listenTls(dtls);
  const { plain: bs, secured: bss } = await bootstrap.listen();
  uris.listening({ udp, dtls, tcp, tls });
  const address = hostAddress(udp ?? dtls ?? tcp ?? tls);
  const ports = { port: udp?.port, dtlsPort: dtls?.port, tcpPort: tcp?.port, tlsPort: tls?.port };
  link.send({ type: 'ready', address, ...ports, bootstrapPort: bs?.port, bootstrapsPort: bss?.port });
}

/** A port that the system chose for UDP says nothing about TCP. */
function listenTcp(udp: AddressInfo | undefined): Promise<AddressInfo> | undefined {
  if (start.tcpPort === 'off' || (start.tcpPort === 'same' && udp === undefined)) return undefined;
  return listener.listen(start.tcpPort !== 'same' ? start.tcpPort : start.port === 0 ? 0 : udp!.port, start.host);
}

function listenTls(dtls: AddressInfo | undefined): Promise<AddressInfo> | undefined {
  if (start.tlsPort === 'off' || (start.tlsPort === 'same' && dtls === undefined)) return undefined;
  return tlsListener.listen(start.tlsPort !== 'same' ? start.tlsPort : start.dtlsPort === 0 ? 0 : dtls!.port, start.host);
}

const hostAddress = (bound: AddressInfo | undefined): string => (bound === undefined ? start.host : bound.address);

void ready().catch(fatal);
const intake = new Intake({
  handle: (command) => {
    gateway.command(command);
    bootstrap.command(command);
  },
  received: () => received,
});
link.onMessage((message) => {
  if (message.type === 'close') {
    intake.stop();
    gateway.close();
    void tlsListener.stop();
    void listener.stop();
    bootstrap.close(() => secured.close(() => plain.close(() => process.exit(0))));
    return;
  }
  intake.push(message);
});
