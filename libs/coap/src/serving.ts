import { CODE, methodOf } from './codes.ts';
import type { Chance } from './chance.ts';
import { fingerprintOf } from './deduplication.ts';
import type { Deduplication, Seen } from './deduplication.ts';
import type { CoapResponse, CoapSink, IncomingHandle } from './endpoint-types.ts';
import { emptyMessage, encodeMessage, NO_BYTES } from './message.ts';
import type { CoapMessage, MessageType } from './message.ts';
import { readOptions, writeOptions } from './options.ts';
import type { CoapOptions } from './options.ts';
import { isSpent } from './peer.ts';
import type { Peer, SeparateResponse } from './peer.ts';
import type { Peers } from './peers.ts';
import { paceOf } from './rto.ts';
import type { EndpointSettings } from './settings.ts';

class Incoming implements IncomingHandle {
  readonly peer: string;
  readonly messageId: number;
  readonly token: Uint8Array;
  readonly confirmable: boolean;
  readonly seen: Seen;
  state: 'open' | 'acknowledged' | 'answered' = 'open';

  constructor(peer: string, message: CoapMessage, seen: Seen) {
    this.peer = peer;
    this.messageId = message.messageId;
    this.token = message.token.slice();
    this.confirmable = message.type === 'CON';
    this.seen = seen;
  }
}

/** Requests of peers: each is handed out once, and its duplicates get the answer that was given. */
export class Serving {
  readonly #settings: EndpointSettings;
  readonly #peers: Peers;
  readonly #chance: Chance;
  readonly #sink: CoapSink;
  readonly #duplicates: Deduplication;

  constructor(parts: { settings: EndpointSettings; peers: Peers; chance: Chance; sink: CoapSink; duplicates: Deduplication }) {
    this.#settings = parts.settings;
    this.#peers = parts.peers;
    this.#chance = parts.chance;
    this.#sink = parts.sink;
    this.#duplicates = parts.duplicates;
  }

  receive(peer: string, message: CoapMessage, { bytes, now }: { bytes: Uint8Array; now: number }): void {
    const fingerprint = fingerprintOf(bytes);
    const earlier = this.#duplicates.find(peer, message.messageId, fingerprint);
    if (earlier !== undefined) {
      // Still being worked on, or a NON: silence. The peer will ask again, or does not want to know.
      if (message.type === 'CON' && earlier.answer !== undefined) this.#sink({ type: 'datagram', peer, bytes: earlier.answer });
      return;
    }
    const seen = this.#duplicates.remember({ peer, messageId: message.messageId, fingerprint }, now);
    this.#handOut(new Incoming(peer, message, seen), message, now);
  }

  #handOut(incoming: Incoming, message: CoapMessage, now: number): void {
    const { options, badCritical } = readOptions(message);
    if (badCritical !== undefined || isConditional(options)) {
      if (incoming.confirmable) this.respond(incoming, { code: CODE.BAD_OPTION }, now);
      return;
    }
    const method = methodOf(message.code);
    if (method === undefined) {
      this.respond(incoming, { code: CODE.METHOD_NOT_ALLOWED }, now);
      return;
    }
    if (options.proxyUri !== undefined || options.proxyScheme !== undefined) {
      this.respond(incoming, { code: CODE.PROXYING_NOT_SUPPORTED }, now);
      return;
    }
    const { peer, confirmable } = incoming;
    this.#sink({ type: 'request', peer, handle: incoming, request: { method, confirmable, options, payload: message.payload } });
  }

  /** Only the first answer counts; `false` says this one came too late. */
  respond(handle: IncomingHandle, response: CoapResponse, now: number): boolean {
    const incoming = handle as Incoming;
    if (incoming.state === 'answered') return false;
    const separate = incoming.state === 'acknowledged';
    incoming.state = 'answered';
    if (separate) {
      this.#respondSeparately(incoming, response, now);
    } else if (incoming.confirmable) {
      const bytes = encodeResponse(incoming, response, { type: 'ACK', messageId: incoming.messageId });
      this.#duplicates.answered(incoming.seen, bytes);
      this.#sink({ type: 'datagram', peer: incoming.peer, bytes });
    } else {
      this.#respondNonConfirmably(incoming, response, now);
    }
    return true;
  }

  acknowledge(handle: IncomingHandle): void {
    const incoming = handle as Incoming;
    if (incoming.state !== 'open' || !incoming.confirmable) return;
    incoming.state = 'acknowledged';
    const bytes = emptyMessage('ACK', incoming.messageId);
    this.#duplicates.answered(incoming.seen, bytes);
    this.#sink({ type: 'datagram', peer: incoming.peer, bytes });
  }

  #respondSeparately(incoming: Incoming, response: CoapResponse, now: number): void {
    const peer = this.#peers.findOrAdd(incoming.peer, now);
    const messageId = peer?.messageIds.draw(now, this.#settings.exchangeLifetimeMs);
    if (peer === undefined || messageId === undefined || peer.separate.size >= this.#settings.maxSeparatePerPeer) {
      this.#respondNonConfirmably(incoming, response, now);
      return;
    }
    const bytes = encodeResponse(incoming, response, { type: 'CON', messageId });
    const limits = { ...this.#settings, maxRetransmit: peer.maxRetransmit(this.#settings) };
    const { firstTimeoutMs: timeoutMs, maxRetransmissions } = paceOf(peer.rto.timeoutMs, this.#chance.fraction(), limits);
    const transmission = { bytes, messageId, sentAt: now, timeoutMs, retransmissions: 0, maxRetransmissions };
    const separate: SeparateResponse = { kind: 'separate', peer, transmission, at: 0, place: -1 };
    peer.separate.set(messageId, separate);
    this.#peers.timers.arm(separate, now + timeoutMs);
    this.#sink({ type: 'datagram', peer: peer.address, bytes });
  }

  /** A stranger's NON does not make us keep a peer: any message id will do for a single message. */
  #respondNonConfirmably(incoming: Incoming, response: CoapResponse, now: number): void {
    const known = this.#peers.find(incoming.peer);
    const messageId = known === undefined ? this.#chance.uint16() : known.messageIds.draw(now, this.#settings.exchangeLifetimeMs);
    if (messageId === undefined) return;
    this.#sink({ type: 'datagram', peer: incoming.peer, bytes: encodeResponse(incoming, response, { type: 'NON', messageId }) });
  }

  /** ACK or RST for a separate response of ours. */
  settled(peer: Peer, messageId: number): void {
    const separate = peer.separate.get(messageId);
    if (separate === undefined) return;
    this.#peers.timers.clear(separate);
    peer.separate.delete(messageId);
  }

  due(separate: SeparateResponse, now: number): void {
    const { transmission, peer } = separate;
    if (isSpent(transmission, now, this.#settings.maxTransmitSpanMs)) return this.settled(peer, transmission.messageId);
    transmission.retransmissions += 1;
    transmission.timeoutMs *= 2;
    this.#peers.timers.arm(separate, now + transmission.timeoutMs);
    this.#sink({ type: 'datagram', peer: peer.address, bytes: transmission.bytes });
  }
}

/** No resource of ours has versions to compare: a condition is a critical option that we cannot heed. */
function isConditional({ ifMatch, ifNoneMatch }: CoapOptions): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined;
}

function encodeResponse(incoming: Incoming, response: CoapResponse, header: { type: MessageType; messageId: number }): Uint8Array {
  return encodeMessage({
    ...header,
    code: response.code,
    token: incoming.token,
    options: writeOptions(response.options ?? {}),
    payload: response.payload ?? NO_BYTES,
  });
}
