import { createSocket, type Socket } from 'node:dgram';
import type { Dice } from '../chance.ts';
import type { TimerOwner, Wheel } from '../wheel.ts';
import { fateOf, type Chaos } from './chaos.ts';

export interface SocketParts {
  readonly wheel: Wheel;
  readonly chaos: Chaos;
  readonly local: string;
  readonly received: (peer: string, bytes: Uint8Array) => void;
}

type LookupCallback = (error: Error | null, address: string, family: number) => void;

/** Addresses only: nothing here has a name that would have to be looked up. */
const NUMERIC = {
  type: 'udp4' as const,
  lookup: (host: string, _options: unknown, answer: LookupCallback): void => answer(null, host, 4),
};
// What cannot be sent is lost, as on any radio; CoAP repeats it.
const ignore = (): void => undefined;

/** A UDP socket on a port that the operating system chooses, with the way to it and from it: datagrams get lost, late and doubled. */
export class DeviceSocket {
  readonly #owner: TimerOwner & { readonly dice: Dice };
  readonly #parts: SocketParts;
  readonly #socket: Socket;
  #isClosed = false;

  constructor(owner: TimerOwner & { readonly dice: Dice }, parts: SocketParts) {
    this.#owner = owner;
    this.#parts = parts;
    this.#socket = createSocket(NUMERIC, (bytes, { address, port }) => this.#arrived(`${address}:${port}`, bytes));
    this.#socket.on('error', ignore);
    this.#socket.bind(0, parts.local);
  }

  send(peer: string, bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const colon = peer.lastIndexOf(':');
    const port = Number(peer.slice(colon + 1));
    const host = peer.slice(0, colon);
    this.#underway(() => this.#socket.send(bytes, port, host, ignore));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  #arrived(peer: string, bytes: Uint8Array): void {
    this.#underway(() => this.#parts.received(peer, bytes));
  }

  #underway(arrive: () => void): void {
    const { chaos, wheel } = this.#parts;
    for (const ms of fateOf(chaos, this.#owner.dice)) {
      if (ms === 0) arrive();
      else wheel.afterWall(this.#owner, ms, () => this.#isClosed || arrive());
    }
  }
}
