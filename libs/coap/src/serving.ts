import type { Amplification } from './amplification.ts';
import { classOf, CODE } from './codes.ts';
import type { Chance } from './chance.ts';
import { fingerprintOf } from './deduplication.ts';
import type { Deduplication, Seen } from './deduplication.ts';
import type { EchoValues } from './echo.ts';
import type { CoapResponse, CoapSink, IncomingHandle } from './endpoint-types.ts';
import { readRequest } from './incoming-request.ts';
import { emptyMessage, encodeMessage, NO_BYTES } from './message.ts';
import type { CoapMessage, MessageType } from './message.ts';
import { writeOptions } from './options.ts';
import { isSpent } from './peer.ts';
import type { Peer, SeparateResponse } from './peer.ts';
import type { Peers } from './peers.ts';
import { paceOf } from './rto.ts';
import type { EndpointSettings } from './settings.ts';

interface Header {
  readonly type: MessageType;
  readonly messageId: number;
}

class Incoming implements IncomingHandle {
  readonly peer: string;
  readonly messageId: number;
  readonly token: Uint8Array;
  readonly confirmable: boolean;
  readonly seen: Seen;
  noResponse = 0;
  state: 'open' | 'acknowledged' | 'answered' = 'open';

  constructor(peer: string, message: CoapMessage, seen: Seen) {
    this.peer = peer;
    this.messageId = message.messageId;
    this.token = message.token.slice();
    this.confirmable = message.type === 'CON';
    this.seen = seen;
  }
}

export interface ServingParts {
  readonly settings: EndpointSettings;
  readonly peers: Peers;
  readonly chance: Chance;
  readonly sink: CoapSink;
  readonly duplicates: Deduplication;
  readonly amplification: Amplification;
  readonly echoes: EchoValues;
}

/** Requests of peers: each is handed out once, and its duplicates get the answer that was given. */
export class Serving {
  readonly #settings: EndpointSettings;
  readonly #peers: Peers;
  readonly #chance: Chance;
  readonly #sink: CoapSink;
  readonly #duplicates: Deduplication;
  readonly #amplification: Amplification;
  readonly #echoes: EchoValues;

  constructor(parts: ServingParts) {
    this.#settings = parts.settings;
    this.#peers = parts.peers;
    this.#chance = parts.chance;
    this.#sink = parts.sink;
    this.#duplicates = parts.duplicates;
    this.#amplification = parts.amplification;
    this.#echoes = parts.echoes;
  }

  receive(peer: string, message: CoapMessage, { bytes, now }: { bytes: Uint8Array; now: number }): void {
    const met = this.#duplicates.meet({ peer, messageId: message.messageId, fingerprint: fingerprintOf(bytes) }, now);
    if ('fresh' in met) return this.#handOut(new Incoming(peer, message, met.fresh), message, now);
    // Still being worked on, or a NON: silence. The peer will ask again, or does not want to know.
    const { answer } = met.earlier;
    if (message.type === 'CON' && answer !== undefined) this.#sink({ type: 'datagram', peer, bytes: answer });
  }

  #handOut(incoming: Incoming, message: CoapMessage, now: number): void {
    const read = readRequest(message, this.#settings);
    const { options } = read;
    incoming.noResponse = options.noResponse ?? 0;
    if (options.echo !== undefined && this.#echoes.isFresh(incoming.peer, options.echo, now)) this.#amplification.prove(incoming.peer, now);
    if (read.type === 'refused') {
      // A NON with a critical option that we do not know is dropped (section 5.4.1).
      if (incoming.confirmable || read.code !== CODE.BAD_OPTION) this.respond(incoming, { code: read.code }, now);
      return;
    }
    const { peer, confirmable } = incoming;
    const { method } = read;
    this.#sink({ type: 'request', peer, handle: incoming, request: { method, confirmable, options, payload: message.payload } });
  }

  /** Only the first answer counts; `false` says this one came too late. */
  respond(handle: IncomingHandle, response: CoapResponse, now: number): boolean {
    const incoming = handle as Incoming;
    if (incoming.state === 'answered') return false;
    const separate = incoming.state === 'acknowledged';
    if (isUnwanted(incoming, response.code)) {
      this.acknowledge(incoming);
      incoming.state = 'answered';
      return true;
    }
    incoming.state = 'answered';
    if (separate) {
      this.#respondSeparately(incoming, response, now);
    } else if (incoming.confirmable) {
      const bytes = this.#encode(incoming, response, { type: 'ACK', messageId: incoming.messageId }, now);
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

  /** An explanation that would be more than its sender's address has earned stays behind; the code goes. */
  #encode(incoming: Incoming, response: CoapResponse, header: Header, now: number): Uint8Array {
    const bytes = encodeResponse(incoming, response, header);
    const isTooMuch = classOf(response.code) > 2 && !this.#amplification.allows(incoming.peer, bytes.length, now);
    return isTooMuch ? encodeResponse(incoming, { ...response, payload: NO_BYTES }, header) : bytes;
  }

  #respondSeparately(incoming: Incoming, response: CoapResponse, now: number): void {
    const peer = this.#peers.findOrAdd(incoming.peer, now);
    const messageId = peer?.drawMessageId(now, this.#settings);
    if (peer === undefined || messageId === undefined || peer.separate.size >= this.#settings.maxSeparatePerPeer) {
      this.#respondNonConfirmably(incoming, response, now);
      return;
    }
    const bytes = encodeResponse(incoming, response, { type: 'CON', messageId });
    const limits = { ...this.#settings, maxRetransmit: peer.maxRetransmit(this.#settings) };
    const { firstTimeoutMs: timeoutMs, maxRetransmissions } = paceOf(peer.rto.timeoutMs, this.#chance.fraction(), limits);
    const transmission = { bytes, messageId, sentAt: now, timeoutMs, retransmissions: 0, maxRetransmissions };
    const separate: SeparateResponse = { kind: 'separate', peer, transmission, at: 0, place: -1 };
    peer.addSeparate(separate);
    this.#peers.timers.arm(separate, now + timeoutMs);
    this.#sink({ type: 'datagram', peer: peer.address, bytes });
  }

  /** A stranger's NON does not make us keep a peer: any message id will do for a single message. */
  #respondNonConfirmably(incoming: Incoming, response: CoapResponse, now: number): void {
    const known = this.#peers.find(incoming.peer);
    const messageId = known === undefined ? this.#chance.uint16() : known.drawMessageId(now, this.#settings);
    if (messageId === undefined) return;
    this.#sink({ type: 'datagram', peer: incoming.peer, bytes: this.#encode(incoming, response, { type: 'NON', messageId }, now) });
  }

  /** ACK or RST for a separate response of ours. */
  settled(peer: Peer, messageId: number): void {
    const separate = peer.separate.get(messageId);
    if (separate === undefined) return;
    this.#peers.timers.clear(separate);
    peer.dropSeparate(messageId);
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

/** No-Response (RFC 7967): bit n-1 of the option says that answers of class n are not wanted. A CON still gets its empty ACK. */
function isUnwanted({ noResponse }: Incoming, answerCode: number): boolean {
  return (noResponse & (1 << (classOf(answerCode) - 1))) !== 0;
}

function encodeResponse(incoming: Incoming, response: CoapResponse, header: Header): Uint8Array {
  return encodeMessage({
    ...header,
    code: response.code,
    token: incoming.token,
    options: writeOptions(response.options ?? {}),
    payload: response.payload ?? NO_BYTES,
  });
}
