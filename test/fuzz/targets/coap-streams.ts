import { CoapStreams, FrameDecoder, SIGNAL } from '@drover/coap';
import type { IncomingHandle, RequestHandle, StreamMessage, StreamOutput } from '@drover/coap';
import { Endings } from '../endings.ts';
import { Script } from '../script.ts';
import { demand, fromHex } from '../target.ts';
import type { Target } from '../target.ts';
import { FixedEntropy, frameFrom, PAUSES, requestFrom, responseFrom } from './coap-talk.ts';

const LIMITS = {
  maxConnections: 2,
  maxMessageBytes: 1400,
  maxBufferedBytes: 2000,
  maxQueuedPerPeer: 2,
  maxObservationsPerPeer: 2,
  maxOpenPerPeer: 2,
  maxBertBytes: 2048,
};
const ADDRESSES = ['tcp:192.0.2.1:1', 'tcp:192.0.2.2:2', 'tcp:192.0.2.3:3'];
const MAX_STEPS = 120;

/** What one connection has been sent so far. */
interface Wire {
  readonly decoder: FrameDecoder;
  frames: number;
  isClosed: boolean;
  last: StreamMessage | undefined;
}

/** Connections that come and go, whose far ends say anything; we are server on some and client on others. */
class Play {
  readonly #script: Script;
  readonly #manners: number;
  readonly #endings = new Endings();
  readonly #wires = new Map<string, Wire>();
  readonly #incoming: IncomingHandle[] = [];
  readonly #handles: RequestHandle[] = [];
  readonly #streams: CoapStreams;
  #again = 8;
  #now = 1000;

  constructor(script: Script) {
    this.#script = script;
    this.#manners = script.byte();
    this.#streams = new CoapStreams((output) => this.#take(output), new FixedEntropy(), LIMITS);
  }

  run(): void {
    for (const peer of ADDRESSES) this.#open(peer, (this.#manners & 4) === 0 ? 'server' : 'client');
    for (let step = 0; step < MAX_STEPS && !this.#script.isOver; step++) {
      this.#step();
      const { connections, bufferedBytes } = this.#streams.load;
      demand(
        connections <= LIMITS.maxConnections && bufferedBytes >= 0 && bufferedBytes <= LIMITS.maxBufferedBytes,
        () => `tables beyond their bounds: ${JSON.stringify(this.#streams.load)}`,
      );
      for (const peer of ADDRESSES)
        demand(this.#endings.openAt(peer) <= 3 * LIMITS.maxQueuedPerPeer + 1, `${this.#endings.openAt(peer)} requests to one peer`);
    }
    this.#again = 0;
    for (let hour = 0; hour < 4; hour++) this.#pass(3_700_000, true);
    for (const peer of ADDRESSES) this.#streams.closed(peer);
    demand(this.#endings.open === 0, `${this.#endings.open} requests never end`);
    demand(this.#streams.load.connections === 0 && this.#streams.load.bufferedBytes === 0, 'something stays when all connections are gone');
  }

  #open(peer: string, role: 'server' | 'client'): void {
    this.#wires.set(peer, { decoder: new FrameDecoder(1 << 20), frames: 0, isClosed: false, last: undefined });
    this.#streams.opened(peer, this.#now, role);
  }

  #take(output: StreamOutput): void {
    if (output.type === 'datagram') return this.#leaves(output.peer, output.bytes);
    if (output.type === 'close') {
      const wire = this.#wires.get(output.peer);
      if (wire) wire.isClosed = true;
    } else if (output.type === 'request') {
      this.#incoming.push(output.handle);
      if ((this.#manners & 1) !== 0) this.#streams.respond(output.handle, responseFrom(this.#script));
    } else if (output.type !== 'notification') {
      this.#endings.ended(output.handle);
      if ((this.#manners & 2) !== 0 && this.#again-- > 0) this.#ask(output.handle.peer);
    }
  }

  /** Whole frames, a CSM before all others, and nothing behind the end. */
  #leaves(peer: string, bytes: Uint8Array): void {
    const wire = this.#wires.get(peer);
    demand(wire !== undefined && !wire.isClosed, 'bytes for a connection that was closed');
    wire.decoder.push(bytes);
    for (let frame = wire.decoder.next(); frame !== undefined; frame = wire.decoder.next()) {
      demand(wire.frames > 0 || frame.code === SIGNAL.CSM, 'the first message is no CSM');
      wire.frames += 1;
      wire.last = { ...frame, token: frame.token.slice() };
    }
    demand(wire.decoder.kept === 0, 'half a message');
  }

  #ask(peer: string): void {
    const handle = this.#streams.request(peer, requestFrom(this.#script, {}), this.#now);
    this.#endings.begun(handle);
    this.#handles.push(handle);
  }

  #step(): void {
    const script = this.#script;
    const kind = script.below(16);
    const peer = script.pick(ADDRESSES);
    if (kind < 2) return this.#streams.receive(peer, script.bytes(script.byte()), this.#now);
    if (kind < 7) return this.#speak(peer);
    if (kind < 9) return this.#pass(script.pick(PAUSES), script.flag());
    if (kind < 11) return this.#ask(peer);
    if (kind === 11) return this.#withdraw();
    if (kind < 14) {
      const incoming = this.#incoming[this.#incoming.length - 1 - script.below(4)];
      return incoming && void this.#streams.respond(incoming, responseFrom(script));
    }
    if (kind === 14) return this.#open(peer, script.flag() ? 'client' : 'server');
    if (script.below(3) === 0) return this.#streams.forgetPeer(peer);
    return script.flag() ? this.#streams.closed(peer) : this.#streams.forgetObservations(peer);
  }

  /** A frame, in one piece or in two with something else between them. */
  #speak(peer: string): void {
    const bytes = frameFrom(this.#script, this.#wires.get(peer)?.last?.token);
    const cut = this.#script.flag() ? this.#script.below(bytes.length) : bytes.length;
    this.#streams.receive(peer, bytes.subarray(0, cut), this.#now);
    if (cut < bytes.length) this.#streams.receive(peer, bytes.subarray(cut), this.#now);
  }

  #withdraw(): void {
    const handle = this.#handles[this.#handles.length - 1 - this.#script.below(4)];
    if (handle === undefined) return;
    const how = this.#script.below(3);
    if (how === 0) {
      this.#streams.cancelRequest(handle, this.#now);
      this.#endings.cancelled(handle);
    } else
      this.#endings.begun(
        how === 1 ? this.#streams.cancelObservation(handle, this.#now) : this.#streams.refreshObservation(handle, this.#now),
      );
  }

  #pass(ms: number, isPunctual: boolean): void {
    const end = this.#now + ms;
    for (let rounds = 0; isPunctual && rounds < 1000; rounds++) {
      const next = this.#streams.nextTimerAt();
      if (next === undefined || next > end) break;
      this.#now = Math.max(this.#now, next);
      this.#streams.advance(this.#now);
    }
    this.#now = end;
    this.#streams.advance(end);
  }
}

export const COAP_STREAMS: Target = {
  name: 'coap-streams',
  kind: 'conversation',
  quick: 2000,
  maxBytes: 600,
  guide: ['/libs/coap/dist/'],
  generate: (random) => random.bytes(random.below(500)),
  seeds: () =>
    ['', '00020008030000000900010000', '040200080300000902000300', '030200080300000c00000d0000', '0202000803020000070005000e00010f'].map(
      fromHex,
    ),
  run(input) {
    new Play(new Script(input)).run();
  },
};
