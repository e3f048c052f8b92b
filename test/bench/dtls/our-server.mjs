// A process of its own: our server on a socket, for the bench of handshakes. Says its port.
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { serverFor } from './sessions.mjs';

const [CERTIFICATE, PRIVATE_KEY] = process.argv.slice(2);
const own = { privateKey: createPrivateKey(readFileSync(PRIVATE_KEY)), chain: [new X509Certificate(readFileSync(CERTIFICATE)).raw] };
const socket = createSocket('udp4');
const server = serverFor(
  (output) => {
    if (output.type !== 'datagram') return;
    const colon = output.address.lastIndexOf(':');
    socket.send(output.bytes, Number(output.address.slice(colon + 1)), output.address.slice(0, colon));
  },
  { own, server: { clientAuthentication: 'none', reserve: 0, maxSessions: 1000 } },
);
socket.on('message', (bytes, { address, port }) => server.receive(`${address}:${port}`, bytes, performance.now()));
setInterval(() => server.advance(performance.now()), 100);
socket.bind(0, '127.0.0.1', () => process.send({ port: socket.address().port }));
