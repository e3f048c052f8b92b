import type { Entropy } from '@drover/kernel';
import { Chance } from './chance.ts';
import { classOf } from './codes.ts';
import { Deduplication, fingerprintOf } from './deduplication.ts';
import type { CoapRequest, CoapResponse, CoapSink, IncomingHandle, RequestHandle } from './endpoint-types.ts';
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
import type { Coverage, EndpointSettings } from './settings.ts';

/**
 * CoAP's messages and requests for one socket and its many peers, with no socket and no timer of its own: bytes and
 * time come in, datagrams and events go to the sink. A peer is its address, `address:port`; nothing that another
 * address sends ever matches. `now` is real monotonic milliseconds.
 */
export class CoapEndpoint {
  readonly #settings: EndpointSettings;
  readonly #sink: CoapSink;
  readonly #peers: Peers;
  readonly #duplicates: Deduplication;
  readonly #exchanges: Exchanges;
  readonly #serving: Serving;

  constructor(sink: CoapSink, entropy: Entropy, settings: Partial<EndpointSettings> = {}) {
    this.#settings = { ...DEFAULT_ENDPOINT_SETTINGS, ...settings };
    this.#sink = sink;
    const chance = new Chance(entropy);
    this.#peers = new Peers(this.#settings, chance);
    this.#duplicates = new Deduplication(this.#settings);
    const parts = { settings: this.#settings, peers: this.#peers, chance, sink, duplicates: this.#duplicates };
    this.#exchanges = new Exchanges(parts);
    this.#serving = new Serving(parts);
  }

  /** Never throws for what a peer sent: a malformed CON is answered RST, anything else malformed is dropped. */
  receive(peer: string, bytes: Uint8Array, now: number): void {
    if (isMulticast(peer)) return;
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
    return this.#exchanges.request(peer, request, now);
  }

  cancelRequest(handle: RequestHandle, now: number): void {
    this.#exchanges.cancelRequest(handle, now);
  }

  cancelObservation(handle: RequestHandle, now: number): RequestHandle | undefined {
    return this.#exchanges.cancelObservation(handle, now);
  }

  /** Piggybacked on the ACK, or separately after `acknowledge`. `false` if the request was answered already. */
  respond(handle: IncomingHandle, response: CoapResponse, now: number): boolean {
    return this.#serving.respond(handle, response, now);
  }

  /** An empty ACK, for an answer that takes longer than about a second. */
  acknowledge(handle: IncomingHandle): void {
    this.#serving.acknowledge(handle);
  }

  /** Gives up requests (`forgotten`) and observations. Its message ids and measured RTO stay until it has been idle. */
  forgetPeer(address: string): void {
    const peer = this.#peers.find(address);
    if (peer === undefined) return;
    for (const messageId of peer.separate.keys()) this.#serving.settled(peer, messageId);
    this.#exchanges.forget(peer);
  }

  /**
   * Where a peer is: its first timeout, until it is measured there, and how often we repeat. Lasts as long as the peer is
   * known, so say it again with every registration; the same class twice changes nothing.
   */
  setCoverage(address: string, coverage: Coverage, now: number): void {
    if (!isMulticast(address)) this.#peers.findOrAdd(address, now)?.setCoverage(coverage, this.#settings);
  }

  nextTimerAt(): number | undefined {
    return this.#peers.timers.nextAt();
  }

  /** Fires what is due. */
  advance(now: number): void {
    for (let due = this.#peers.timers.popDue(now); due !== undefined; due = this.#peers.timers.popDue(now)) {
      if (due.kind === 'exchange') this.#exchanges.due(due, now);
      else if (due.kind === 'separate') this.#serving.due(due, now);
      else this.#peers.forgetIfIdle(due, now);
    }
    this.#duplicates.expire(now);
  }

  /** Sizes of what is kept, for metrics and for tests of the bounds. */
  get load(): { readonly peers: number; readonly remembered: number } {
    return { peers: this.#peers.size, remembered: this.#duplicates.size };
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
    const earlier = this.#duplicates.find(address, message.messageId, from.fingerprint);
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
