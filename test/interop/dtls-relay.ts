import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const HOST = '127.0.0.1';
const EXITS = 3;

/**
 * A NAT that forgets: what a client sends to its port leaves from one of three ports of its own, and what comes back to any of
 * them goes to the client.
 */
export class Relay {
  readonly #target: number;
  readonly #inside: Socket = createSocket('udp4');
  readonly #exits: Socket[] = Array.from({ length: EXITS }, () => createSocket('udp4'));
  #client: number | undefined;
  /** Through which of its ports the next datagram leaves. */
  exit = 0;
  /** Keeps what the client sends; `deliver` lets it go. */
  isHolding = false;
  readonly held: Buffer[] = [];
  readonly sent: Buffer[] = [];
  /** Datagrams that came back, by the port that they came to. */
  readonly returned: number[] = Array<number>(EXITS).fill(0);

  constructor(target: number) {
    this.#target = target;
  }

  async open(): Promise<number> {
    for (const socket of [this.#inside, ...this.#exits]) {
      socket.bind(0, HOST);
      await once(socket, 'listening');
    }
    this.#inside.on('message', (bytes, { port }) => {
      this.#client = port;
      if (this.isHolding) this.held.push(bytes);
      else this.deliver(bytes, this.exit);
    });
    this.#exits.forEach((socket, exit) =>
      socket.on('message', (bytes) => {
        this.returned[exit]! += 1;
        this.#inside.send(bytes, this.#client!, HOST);
      }),
    );
    return this.#inside.address().port;
  }

  deliver(bytes: Buffer, exit: number): void {
    this.sent.push(bytes);
    this.#exits[exit]!.send(bytes, this.#target, HOST);
  }

  addressOf(exit: number): string {
    return `${HOST}:${this.#exits[exit]!.address().port}`;
  }

  close(): void {
    for (const socket of [this.#inside, ...this.#exits]) socket.close();
  }
}
