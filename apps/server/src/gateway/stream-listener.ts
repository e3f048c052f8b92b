import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { CoapStreams, StreamRole } from '@drover/coap';
import type { Logger } from '@drover/platform';
import { TLS_PREFIX } from '../link/security.ts';

export interface StreamLimits {
  readonly maxSockets: number;
  /** Of one remote address: a single host must not take all of them. Behind a carrier's NAT thousands of devices share one. */
  readonly maxPerAddress: number;
  /** What a peer that does not read may leave waiting in one socket before it is cut off, bytes. */
  readonly maxUnsentBytes: number;
  /** After our last word a peer may still read it and hang up by itself for this long. */
  readonly lingerMs: number;
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = { maxSockets: 20_000, maxPerAddress: 5000, maxUnsentBytes: 256 * 1024, lingerMs: 2000 };

const NO_BYTES = new Uint8Array(0);

export interface StreamListenerParts {
  readonly streams: Pick<CoapStreams, 'opened' | 'receive' | 'closed'>;
  /** The protocol's clock, the same that `CoapStreams` is advanced by. */
  readonly now: () => number;
  /** Called after everything that may have moved a timer of the streams. */
  readonly wake: () => void;
  readonly log: Pick<Logger, 'debug' | 'error'>;
  readonly limits?: Partial<StreamLimits>;
}

/** TCP sockets on one side, `CoapStreams` on the other; peers are named `tcp:address:port`, or `tls:address:port`. No error of a socket leaves this class. */
export class StreamListener {
  readonly #parts: StreamListenerParts;
  readonly #limits: StreamLimits;
  readonly #server = createServer((socket) => this.adopt(socket, 'server'));
  readonly #sockets = new Map<string, Socket>();
  /** All of them, those included that only linger. */
  readonly #open = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();

  constructor(parts: StreamListenerParts) {
    this.#parts = parts;
    this.#limits = { ...DEFAULT_STREAM_LIMITS, ...parts.limits };
  }

  /** Rejects when the port cannot be had; a later failure of the listening socket is logged. */
  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#parts.log.error({ err: error }, 'the TCP listener failed'));
        resolve(this.#server.address() as AddressInfo);
      });
    });
  }

  /**
   * Takes over a connected socket: one that came in, one that we opened (`client`), or one that came out of TLS, which is let in
   * once its name is known.
   */
  adopt(socket: Socket, role: StreamRole, tls?: { readonly admits: (peer: string) => boolean }): string | undefined {
    const { remoteAddress, remotePort } = socket;
    // Gone before we looked, or one too many: an error of it must not end the process either.
    if (remoteAddress === undefined || !this.#hasRoom(remoteAddress)) {
      this.#parts.log.debug({ address: remoteAddress }, 'a connection was refused: gone already, or one too many');
      socket.on('error', () => undefined).destroy();
      return undefined;
    }
    const peer = `${tls ? TLS_PREFIX : 'tcp:'}${remoteAddress}:${remotePort}`;
    if (tls?.admits(peer) === false) {
      socket.destroy();
      return undefined;
    }
    this.#open.add(socket);
    this.#count(remoteAddress, 1);
    this.#sockets.set(peer, socket);
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#isOf(peer, socket) && this.#receive(peer, bytes));
    socket.on('error', (error) => this.#parts.log.debug({ peer, code: (error as NodeJS.ErrnoException).code }, 'a connection failed'));
    socket.on('close', () => {
      this.#count(remoteAddress, -1);
      this.#onClose(peer, socket);
    });
    this.#guarded(peer, () => this.#parts.streams.opened(peer, this.#parts.now(), role));
    this.#parts.wake();
    return peer;
  }

  /** For `datagram` outputs. A peer that lets too much wait is cut off: its requests can only have timed out. */
  write(peer: string, bytes: Uint8Array): void {
    const socket = this.#sockets.get(peer);
    if (socket === undefined || socket.destroyed) return;
    socket.write(bytes);
    if (socket.writableLength <= this.#limits.maxUnsentBytes) return;
    this.#parts.log.debug({ peer, unsent: socket.writableLength }, 'a peer does not read and was cut off');
    socket.destroy();
  }

  /** For `close` outputs: what is written goes out first, so that a peer can read why. */
  close(peer: string): void {
    const socket = this.#sockets.get(peer);
    if (socket === undefined) return;
    this.#sockets.delete(peer);
    socket.end();
    // What it still sends is read and thrown away: unread bytes would make the kernel take our last word back.
    const linger = setTimeout(() => socket.destroy(), this.#limits.lingerMs);
    socket.on('close', () => clearTimeout(linger));
  }

  /** Connections that are served. */
  get size(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => (this.#server.listening ? this.#server.close(() => resolve()) : resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #onClose(peer: string, socket: Socket): void {
    this.#open.delete(socket);
    if (!this.#isOf(peer, socket)) return;
    this.#sockets.delete(peer);
    this.#guarded(peer, () => this.#parts.streams.closed(peer));
    this.#parts.wake();
  }

  #hasRoom(address: string): boolean {
    return this.#open.size < this.#limits.maxSockets && (this.#perAddress.get(address) ?? 0) < this.#limits.maxPerAddress;
  }

  #count(address: string, change: 1 | -1): void {
    const count = (this.#perAddress.get(address) ?? 0) + change;
    if (count === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, count);
  }

  #isOf(peer: string, socket: Socket): boolean {
    return this.#sockets.get(peer) === socket;
  }

  /** A message that meets a fault of ours is passed over: the others of the same piece are not to blame. */
  #receive(peer: string, bytes: Uint8Array): void {
    let isDone = this.#guarded(peer, () => this.#parts.streams.receive(peer, bytes, this.#parts.now()));
    for (let left = bytes.length; !isDone && left > 0; left -= 1) {
      isDone = this.#guarded(peer, () => this.#parts.streams.receive(peer, NO_BYTES, this.#parts.now()));
    }
    this.#parts.wake();
  }

  /** One peer's bytes must not end the service of all the others. */
  #guarded(peer: string, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      this.#parts.log.error({ err: error, peer }, 'a connection met an unexpected error');
      return false;
    }
  }
}
