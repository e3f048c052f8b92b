import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import type { Logger } from '@drover/platform';

/** Kernel buffers for a burst of contacts, bytes: a fleet wakes on the hour. */
const SOCKET_BUFFER = 4 * 1024 * 1024;

export interface DatagramSocketParts {
  readonly host: string;
  readonly received: (peer: string, bytes: Uint8Array) => void;
  readonly log: Pick<Logger, 'debug' | 'error'>;
}

/** One UDP socket; peers are named `address:port`. No error of it leaves this class once it listens. */
export class DatagramSocket {
  readonly #socket: Socket;
  readonly #host: string;

  constructor({ host, received, log }: DatagramSocketParts) {
    this.#host = host;
    const isIPv6Host = host.includes(':');
    this.#socket = createSocket({
      type: isIPv6Host ? 'udp6' : 'udp4',
      recvBufferSize: SOCKET_BUFFER,
      sendBufferSize: SOCKET_BUFFER,
      // Peers are numbers already: the usual way of a name would cost each datagram a turn of the queue.
      lookup: (address, _options, found) => found(null, address, isIPv6Host ? 6 : 4),
    });
    this.#socket.on('message', (bytes, { address, port }) => {
      try {
        received(`${address}:${port}`, bytes);
      } catch (error) {
        // One sender's datagram must not end the service of all the others.
        log.error({ err: error, peer: `${address}:${port}` }, 'a datagram met an unexpected error');
      }
    });
    // An address that cannot be reached concerns one device, not the service of all the others.
    this.#socket.on('listening', () => this.#socket.on('error', (error) => log.debug({ err: error }, 'the socket reports an error')));
  }

  /** Rejects when the port cannot be had. */
  listen(port: number): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(port, this.#host, () => {
        this.#socket.off('error', reject);
        resolve(this.#socket.address());
      });
    });
  }

  send(peer: string, bytes: Uint8Array): void {
    const colon = peer.lastIndexOf(':');
    // No callback: it would cost a turn of the queue for each datagram, and a datagram that is lost here is repeated as any other.
    this.#socket.send(bytes, Number(peer.slice(colon + 1)), peer.slice(0, colon));
  }

  close(done: () => void): void {
    this.#socket.close(done);
  }
}

/** What to call it from this machine, when it listens everywhere. */
export function hostOf({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return family === 'IPv6' ? `[${address}]` : address;
}
