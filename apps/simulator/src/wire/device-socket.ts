import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Dice } from '../chance.ts';
import type { TimerOwner, Wheel } from '../wheel.ts';
import { fateOf, type Chaos } from './chaos.ts';

/** What is the same for many sockets. */
export interface Air {
  readonly wheel: Wheel;
  readonly chaos: Chaos;
}

/** Whose socket it is. */
export interface Receiver {
  readonly owner: TimerOwner & { readonly dice: Dice; readonly localAddress: string; heard(wireBytes: number): void };
  readonly air: Air;
  arrived(peer: string, bytes: Uint8Array): void;
}

/** IPv4 and UDP around each datagram. */
const HEADER_BYTES = 28;

type LookupCallback = (error: Error | null, address: string, family: number) => void;

/** Addresses only: nothing here has a name that would have to be looked up. */
const NUMERIC = {
  type: 'udp4' as const,
  lookup: (host: string, _options: unknown, answer: LookupCallback): void => answer(null, host, 4),
};
// What cannot be sent is lost, as on any radio; CoAP repeats it.
const ignore = (): void => undefined;

/** A function per socket would be a quarter of what an idle device may cost. */
const OWNER = Symbol('owner');
interface OwnedSocket extends Socket {
  [OWNER]?: DeviceSocket;
}

function onMessage(this: OwnedSocket, bytes: Uint8Array, { address, port }: RemoteInfo): void {
  this[OWNER]?.arrived(`${address}:${port}`, bytes);
}

/** A UDP socket on a port that the operating system chooses, with the way to it and from it: datagrams get lost, late and doubled. */
export class DeviceSocket {
  readonly #receiver: Receiver;
  readonly #socket: Socket;
  #isClosed = false;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
    const socket: OwnedSocket = createSocket(NUMERIC);
    socket[OWNER] = this;
    this.#socket = socket.on('message', onMessage).on('error', ignore);
    this.#socket.bind(0, receiver.owner.localAddress);
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

  arrived(peer: string, bytes: Uint8Array): void {
    this.#receiver.owner.heard(bytes.length + HEADER_BYTES);
    this.#underway(() => this.#receiver.arrived(peer, bytes));
  }

  #underway(arrive: () => void): void {
    const { owner, air } = this.#receiver;
    for (const ms of fateOf(air.chaos, owner.dice)) {
      if (ms === 0) arrive();
      else air.wheel.afterWall(owner, ms, () => this.#isClosed || arrive());
    }
  }
}
