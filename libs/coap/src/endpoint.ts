import type { Entropy } from '@drover/kernel';
import { Amplification } from './amplification.ts';
import { Chance } from './chance.ts';
import { classOf, CODE } from './codes.ts';
import { Deduplication, fingerprintOf } from './deduplication.ts';
import type { CoapRequest, CoapResponse, CoapSink, CoapTransport, IncomingHandle, Renewed, RequestHandle } from './endpoint-types.ts';
import { ECHO_KEY_BYTES, EchoValues } from './echo.ts';
import { CoapError } from './errors.ts';
import { Exchanges } from './exchanges.ts';
import { decodeMessage, emptyMessage, peekHeader } from './message.ts';
import type { CoapMessage } from './message.ts';
import { isMulticast } from './multicast.ts';
import { readOptions } from './options.ts';
import type { Peer } from './peer.ts';
import { Peers } from './peers.ts';
import { Serving } from './serving.ts';
import { DEFAULT_ENDPOINT_SETTINGS } from './settings.ts';
import type { Coverage, EndpointSettings, PeerTiming } from './settings.ts';

/**
 * CoAP's messages and requests for one socket and its many peers, with no socket and no timer of its own: bytes and
 * time come in, datagrams and events go to the sink. A peer is its address, `address:port`; nothing that another
 * address sends ever matches. `now` is real monotonic milliseconds.
 */
export class CoapEndpoint implements CoapTransport {
  readonly #settings: EndpointSettings;
  readonly #sink: CoapSink;
  readonly #amplification: Amplification;
  readonly #echoes: EchoValues;
  readonly #peers: Peers;
  readonly #duplicates: Deduplication;
  readonly #exchanges: Exchanges;
  readonly #serving: Serving;
  /** Of the last call: what the sink needs to know when it counts. */
  #now = 0;

  constructor(sink: CoapSink, entropy: Entropy, settings: Partial<EndpointSettings> = {}) {
    this.#settings = { ...DEFAULT_ENDPOINT_SETTINGS, ...settings };
    this.#amplification = new Amplification(this.#settings);
    this.#sink = (output) => {
      if (output.type !== 'datagram' || this.#amplification.spend(output.peer, output.bytes.length, this.#now)) sink(output);
    };
    const chance = new Chance(entropy);
    this.#echoes = new EchoValues(chance.bytes(ECHO_KEY_BYTES));
    this.#peers = new Peers(this.#settings);
    this.#duplicates = new Deduplication(this.#settings, chance.uint16() * 0x10000 + chance.uint16());
    const parts = {
      settings: this.#settings,
      peers: this.#peers,
      chance,
      sink: this.#sink,
      duplicates: this.#duplicates,
      amplification: this.#amplification,
      echoes: this.#echoes,
    };
    this.#exchanges = new Exchanges(parts);
    this.#serving = new Serving(parts);
  }

  /** Never throws for what a peer sent: a malformed CON is answered RST, anything else malformed is dropped. */
  receive(peer: string, bytes: Uint8Array, now: number): void {
    if (isMulticast(peer)) return;
    this.#now = now;
    this.#amplification.received(peer, bytes.length, now);
    const message = this.#decode(peer, bytes);
    if (message === undefined) return;
    const known = this.#peers.find(peer);
    if (known !== undefined) known.lastSeenAt = now;
    if (message.type === 'ACK' || message.type === 'RST') this.#receiveReply(known, message, now);
    else if (message.code === 0) this.#receiveEmpty(peer, message);
    else if (classOf(message.code) === 0) this.#serving.receive(peer, message, { bytes, now });
    else this.#receiveResponse(peer, message, { bytes, now });
  }

  /** The outcome comes through the sink; a limit that is reached is reported (`overflow`) before this returns. */
  request(peer: string, request: CoapRequest, now: number): RequestHandle {
    this.#now = now;
    return this.#exchanges.request(peer, request, now);
  }

  cancelRequest(handle: RequestHandle, now: number): void {
    this.#now = now;
    this.#exchanges.cancelRequest(handle, now);
  }

  cancelObservation(handle: RequestHandle, now: number, anew?: Renewed): RequestHandle | undefined {
    this.#now = now;
    return this.#exchanges.cancelObservation(handle, now, anew);
  }

  /** An observation anew with its own token, for one whose Max-Age has passed. */
  refreshObservation(handle: RequestHandle, now: number, anew?: Renewed): RequestHandle | undefined {
    this.#now = now;
    return this.#exchanges.refreshObservation(handle, now, anew);
  }

  /** Piggybacked on the ACK, or separately after `acknowledge`. `false` if the request was answered already. */
  respond(handle: IncomingHandle, response: CoapResponse, now: number): boolean {
    this.#now = now;
    return this.#serving.respond(handle, response, now);
  }

  /** An empty ACK, for an answer that takes longer than about a second. */
  acknowledge(handle: IncomingHandle): void {
    this.#serving.acknowledge(handle);
  }

  /**
   * Asks the sender to show that it receives where it sends from: 4.01 with an Echo value (RFC 9175 section 2.3). Only for
   * clients known to understand it; the others would take the 4.01 for a refusal.
   */
  challenge(handle: IncomingHandle, now: number): boolean {
    return this.respond(handle, { code: CODE.UNAUTHORIZED, options: { echo: this.#echoes.valueFor(handle.peer, now) } }, now);
  }

  /** What only the caller can know to be a proof of the address: a security context, or an unguessable token in the path. */
  prove(address: string, now: number): void {
    this.#amplification.prove(address, now);
  }

  isProven(address: string, now: number): boolean {
    return this.#amplification.isProven(address, now);
  }

  /** Gives up requests (`forgotten`) and observations. Its message ids and measured RTO stay until it has been idle. */
  forgetPeer(address: string): void {
    const peer = this.#peers.find(address);
    if (peer === undefined) return;
    for (const messageId of peer.separate.keys()) this.#serving.settled(peer, messageId);
    this.#exchanges.forget(peer);
  }

  /** The peer has lost them: it registered anew. Requests under way go on. */
  forgetObservations(address: string): void {
    this.#peers.find(address)?.forgetObservations();
  }

  /**
   * Where a peer is: its first timeout, until it is measured there, and how often we repeat. Lasts as long as the peer is
   * known, so say it again with every registration; the same class twice changes nothing.
   */
  setCoverage(address: string, coverage: Coverage, now: number): void {
    if (!isMulticast(address)) this.#peers.findOrAdd(address, now)?.setCoverage(coverage, this.#settings);
  }

  /** What is set for this kind of peer; say it before each request. The same object again changes nothing, `undefined` takes it back. */
  setTiming(address: string, timing: PeerTiming | undefined, now: number): void {
    if (isMulticast(address)) return;
    const peer = timing === undefined ? this.#peers.find(address) : this.#peers.findOrAdd(address, now);
    peer?.setTiming(timing, this.#settings);
  }

  nextTimerAt(): number | undefined {
    return this.#peers.timers.nextAt();
  }

  /** Fires what is due. */
  advance(now: number): void {
    this.#now = now;
    for (let due = this.#peers.timers.popDue(now); due !== undefined; due = this.#peers.timers.popDue(now)) {
      if (due.kind === 'exchange') this.#exchanges.due(due, now);
      else if (due.kind === 'separate') this.#serving.due(due, now);
      else this.#peers.forgetIfIdle(due, now);
    }
    this.#duplicates.expire(now);
  }

  /** Sizes of what is kept, for metrics and for tests of the bounds. */
  get load(): { readonly peers: number; readonly remembered: number; readonly strangers: number; readonly withheld: number } {
    const { strangers, withheld } = this.#amplification;
    return { peers: this.#peers.size, remembered: this.#duplicates.size, strangers, withheld };
  }

  /** The measured retransmission timeout towards a peer. */
  timeoutOf(peer: string): number {
    return this.#peers.find(peer)?.rto.timeoutMs ?? this.#settings.ackTimeoutMs;
  }

  #decode(peer: string, bytes: Uint8Array): CoapMessage | undefined {
    try {
      if (bytes.length > this.#settings.maxDatagramBytes) throw new CoapError('COAP_TOO_LONG', `${bytes.length} bytes`);
      return decodeMessage(bytes);
    } catch (error) {
      if (!(error instanceof CoapError)) throw error;
      const header = peekHeader(bytes);
      if (header?.type === 'CON') this.#reset(peer, header.messageId);
      return undefined;
    }
  }

  #reset(peer: string, messageId: number): void {
    this.#sink({ type: 'datagram', peer, bytes: emptyMessage('RST', messageId) });
  }

  #receiveReply(peer: Peer | undefined, message: CoapMessage, now: number): void {
    if (peer === undefined || (message.code !== 0 && (message.type === 'RST' || classOf(message.code) === 0))) return;
    this.#serving.settled(peer, message.messageId);
    if (message.type === 'RST') this.#exchanges.reset(peer, message.messageId, now);
    else this.#exchanges.acknowledged(peer, message, now);
  }

  /** CoAP ping: an empty CON is answered RST. */
  #receiveEmpty(peer: string, message: CoapMessage): void {
    if (message.type === 'CON') this.#reset(peer, message.messageId);
  }

  #receiveResponse(address: string, message: CoapMessage, { bytes, now }: { bytes: Uint8Array; now: number }): void {
    const from = { peer: address, messageId: message.messageId, fingerprint: fingerprintOf(bytes) };
    const earlier = this.#duplicates.find(from);
    if (earlier !== undefined) {
      if (message.type === 'CON' && earlier.answer !== undefined) this.#sink({ type: 'datagram', peer: address, bytes: earlier.answer });
      return;
    }
    const peer = this.#peers.find(address);
    const reply = peer && this.#exchanges.respond(peer, message, now);
    if (reply !== undefined) {
      this.#duplicates.answered(this.#duplicates.remember(from, now), emptyMessage(reply, message.messageId));
      // A confirmable response nobody waits for, or a notification nobody asked for: RST makes its sender stop.
    } else if (message.type === 'CON' || readOptions(message).options.observe !== undefined) {
      this.#reset(address, message.messageId);
    }
  }
}
