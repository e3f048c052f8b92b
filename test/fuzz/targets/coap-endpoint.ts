import { CoapEndpoint, decodeMessage } from '@drover/coap';
import type { CoapOutput, IncomingHandle, RequestHandle } from '@drover/coap';
import { Endings } from '../endings.ts';
import { Script } from '../script.ts';
import { demand, fromHex } from '../target.ts';
import type { Target } from '../target.ts';
import { datagramFrom, FixedEntropy, PAUSES, requestFrom, responseFrom } from './coap-talk.ts';

const LIMITS = {
  maxPeers: 3,
  maxQueuedPerPeer: 2,
  maxObservationsPerPeer: 2,
  maxSeparatePerPeer: 2,
  maxCachedMessages: 8,
  maxCachedBytes: 4000,
  maxDatagramBytes: 1152,
};
const ADDRESSES = ['192.0.2.1:1', '192.0.2.2:2', '192.0.2.3:3', '192.0.2.4:4', '[2001:db8::1]:5', '224.0.1.187:5683'];
const MAX_STEPS = 120;
/** What may go to an address on our own initiative (amplification.ts). */
const OWN_INITIATIVE = 8192;
/** Most that one of ours can be: a payload of 1020 bytes with every option that the play uses. */
const LARGEST = 1152;

/** One endpoint with four peers, all of them hostile, and a caller without manners. */
class Play {
  readonly #script: Script;
  readonly #endings = new Endings();
  readonly #incoming: IncomingHandle[] = [];
  readonly #handles: RequestHandle[] = [];
  readonly #received = new Map<string, number>();
  readonly #sent = new Map<string, number>();
  readonly #asked = new Set<string>();
  readonly #trusted = new Set<string>();
  readonly #endpoint: CoapEndpoint;
  readonly #manners: number;
  #last: { peer: string; bytes: Uint8Array } | undefined;
  #before: Uint8Array[] = [];
  #again = 8;
  #now = 1000;

  constructor(script: Script) {
    this.#script = script;
    this.#manners = script.byte();
    this.#endpoint = new CoapEndpoint((output) => this.#take(output), new FixedEntropy(), LIMITS);
  }

  run(): void {
    for (let step = 0; step < MAX_STEPS && !this.#script.isOver; step++) {
      this.#step();
      this.#checkTables();
    }
    this.#end();
  }

  #take(output: CoapOutput): void {
    if (output.type === 'datagram') return this.#leaves(output.peer, output.bytes);
    if (output.type === 'request') {
      this.#incoming.push(output.handle);
      if ((this.#manners & 1) !== 0) this.#endpoint.respond(output.handle, responseFrom(this.#script), this.#now);
      return;
    }
    if (output.type === 'notification') return;
    this.#endings.ended(output.handle);
    if ((this.#manners & 2) !== 0 && this.#again-- > 0) this.#ask(output.handle.peer);
  }

  #leaves(peer: string, bytes: Uint8Array): void {
    decodeMessage(bytes);
    demand(bytes.length <= LARGEST, `a datagram of ${bytes.length} bytes`);
    demand(!peer.startsWith('224.'), 'a datagram to a group');
    this.#before = [bytes, ...this.#before.slice(0, 3)];
    this.#sent.set(peer, (this.#sent.get(peer) ?? 0) + bytes.length);
    if (this.#endpoint.isProven(peer, this.#now)) this.#trusted.add(peer);
    if (this.#trusted.has(peer)) return;
    const allowed = 3 * (this.#received.get(peer) ?? 0) + (this.#asked.has(peer) ? OWN_INITIATIVE : 0);
    demand(
      this.#sent.get(peer)! <= allowed,
      () => `${this.#sent.get(peer)} bytes to an unproven address that sent ${this.#received.get(peer) ?? 0}`,
    );
  }

  #arrives(peer: string, bytes: Uint8Array): void {
    this.#last = { peer, bytes };
    this.#received.set(peer, (this.#received.get(peer) ?? 0) + bytes.length);
    this.#endpoint.receive(peer, bytes, this.#now);
  }

  #ask(peer: string): void {
    this.#asked.add(peer);
    const handle = this.#endpoint.request(peer, requestFrom(this.#script, {}), this.#now);
    this.#endings.begun(handle);
    this.#handles.push(handle);
  }

  #step(): void {
    const script = this.#script;
    const [endpoint, now] = [this.#endpoint, this.#now];
    const kind = script.below(16);
    if (kind < 2) return this.#arrives(script.pick(ADDRESSES), script.bytes(script.byte()));
    if (kind < 6) {
      const before = this.#before[script.below(4)];
      return this.#arrives(script.pick(ADDRESSES), datagramFrom(script, before && decodeMessage(before)));
    }
    if (kind === 6) return this.#last && this.#arrives(script.flag() ? this.#last.peer : script.pick(ADDRESSES), this.#last.bytes);
    if (kind < 9) return this.#pass(script.pick(PAUSES), script.flag());
    if (kind < 11) return this.#ask(script.pick(ADDRESSES));
    if (kind === 11) return this.#withdraw();
    const incoming = this.#incoming[this.#incoming.length - 1 - script.below(4)];
    if (kind === 12 && incoming) endpoint.acknowledge(incoming);
    else if (kind < 15 && incoming) endpoint.respond(incoming, responseFrom(script), now);
    else if (kind === 15) this.#administer();
    return undefined;
  }

  #withdraw(): void {
    const handle = this.#handles[this.#handles.length - 1 - this.#script.below(4)];
    if (handle === undefined) return;
    const how = this.#script.below(3);
    if (how === 0) {
      this.#endpoint.cancelRequest(handle, this.#now);
      this.#endings.cancelled(handle);
      return;
    }
    const again = how === 1 ? this.#endpoint.cancelObservation(handle, this.#now) : this.#endpoint.refreshObservation(handle, this.#now);
    this.#endings.begun(again);
  }

  #administer(): void {
    const peer = this.#script.pick(ADDRESSES);
    const incoming = this.#incoming.at(-1);
    switch (this.#script.below(5)) {
      case 0:
        return this.#endpoint.forgetPeer(peer);
      case 1:
        return this.#endpoint.forgetObservations(peer);
      case 2:
        return this.#endpoint.setCoverage(peer, this.#script.below(3) as 0 | 1 | 2, this.#now);
      case 3:
        this.#trusted.add(peer);
        return this.#endpoint.prove(peer, this.#now);
      default:
        if (incoming) this.#endpoint.challenge(incoming, this.#now);
    }
  }

  /** Either with each timer in its time, or late, as a busy machine does. */
  #pass(ms: number, isPunctual: boolean): void {
    const end = this.#now + ms;
    for (let rounds = 0; isPunctual && rounds < 1000; rounds++) {
      const next = this.#endpoint.nextTimerAt();
      if (next === undefined || next > end) break;
      this.#now = Math.max(this.#now, next);
      this.#endpoint.advance(this.#now);
    }
    this.#now = end;
    this.#endpoint.advance(end);
  }

  #checkTables(): void {
    const { peers, remembered, strangers } = this.#endpoint.load;
    demand(
      peers <= LIMITS.maxPeers && remembered <= LIMITS.maxCachedMessages && strangers <= ADDRESSES.length,
      () => `tables beyond their bounds: ${JSON.stringify(this.#endpoint.load)}`,
    );
    // The queue, the same again for observations that are renewed, an end for each of them, and the one under way.
    const most = 2 * LIMITS.maxQueuedPerPeer + LIMITS.maxObservationsPerPeer + LIMITS.maxQueuedPerPeer + 2;
    for (const peer of ADDRESSES) demand(this.#endings.openAt(peer) <= most, `${this.#endings.openAt(peer)} requests to one peer`);
  }

  #end(): void {
    this.#again = 0;
    for (let hour = 0; hour < 4; hour++) this.#pass(3_700_000, true);
    demand(this.#endings.open === 0, `${this.#endings.open} requests never end`);
    demand(this.#endpoint.load.remembered === 0, 'messages are remembered for ever');
  }
}

export const COAP_ENDPOINT: Target = {
  name: 'coap-endpoint',
  kind: 'conversation',
  quick: 2000,
  maxBytes: 600,
  guide: ['/libs/coap/dist/'],
  generate: (random) => random.bytes(random.below(500)),
  seeds: () =>
    [
      '',
      '0002000001000003000100040500',
      '0102030405060708090a0b0c0d0e0f',
      '020900010203010a00000000',
      '030a0001010300050603000000000b00',
    ].map(fromHex),
  run(input) {
    new Play(new Script(input)).run();
  },
};
