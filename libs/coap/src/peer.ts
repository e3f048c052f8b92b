import type { Timer } from '@drover/kernel';
import type { CoapRequest, RequestHandle } from './endpoint-types.ts';
import { messageIdOf, nextPosition } from './message-ids.ts';
import type { Observation } from './observations.ts';
import { initialRto } from './rto.ts';
import type { Rto } from './rto.ts';
import { COVERAGE } from './settings.ts';
import type { Coverage, EndpointSettings, PeerTiming } from './settings.ts';

/** A request of ours on its way: waiting in the queue, sent, or acknowledged and waiting for the separate response. */
export interface Exchange extends Timer {
  readonly kind: 'exchange';
  readonly handle: RequestHandle;
  readonly request: CoapRequest;
  readonly token: Uint8Array;
  /** Observe value to send: 1 ends an observation and is not offered to callers. */
  readonly observe?: 0 | 1;
  readonly peer: Peer;
  transmission?: Transmission;
  /** Known once the first ACK or response is here. */
  rttMs?: number;
}

/** A confirmable message and its repetitions. */
export interface Transmission {
  readonly bytes: Uint8Array;
  readonly messageId: number;
  readonly sentAt: number;
  timeoutMs: number;
  retransmissions: number;
  readonly maxRetransmissions: number;
}

/** No copy leaves after the span, even when its timer fires late: by then the peer may have forgotten the message id. */
export function isSpent({ retransmissions, maxRetransmissions, sentAt }: Transmission, now: number, spanMs: number): boolean {
  return retransmissions >= maxRetransmissions || now - sentAt > spanMs;
}

/** A separate response of ours that waits for its ACK. */
export interface SeparateResponse extends Timer {
  readonly kind: 'separate';
  readonly peer: Peer;
  readonly transmission: Transmission;
}

/** Most peers never have one: what is only asked for must not be made for each. */
const NO_SEPARATE: ReadonlyMap<number, SeparateResponse> = new Map();

/** What we keep about an address we talk to; an idle one is a few numbers. A peer that only asks us things has none of this. */
export class Peer implements Timer {
  readonly kind = 'peer';
  at = 0;
  place = -1;
  rto: Rto;
  coverage?: Coverage;
  #timing?: PeerTiming;
  lastSeenAt: number;
  /** NSTART is 1: one interaction at a time, the wait for a separate response included. */
  active?: Exchange;
  #position = Number.NEGATIVE_INFINITY;
  #queue?: Exchange[];
  #observations?: Map<string, Observation>;
  #separate?: Map<number, SeparateResponse>;

  constructor(
    readonly address: string,
    start: { rto: Rto; now: number },
  ) {
    this.rto = start.rto;
    this.lastSeenAt = start.now;
  }

  /** `undefined` when the peer has used ids faster than they become free. */
  drawMessageId(now: number, { wallOffsetMs, exchangeLifetimeMs }: EndpointSettings): number | undefined {
    const position = nextPosition(this.#position, now + wallOffsetMs, exchangeLifetimeMs);
    if (position === undefined) return undefined;
    this.#position = position;
    return messageIdOf(position, this.address);
  }

  get queue(): Exchange[] {
    return (this.#queue ??= []);
  }

  get queued(): number {
    return this.#queue?.length ?? 0;
  }

  get observations(): Map<string, Observation> {
    return (this.#observations ??= new Map());
  }

  get separate(): ReadonlyMap<number, SeparateResponse> {
    return this.#separate ?? NO_SEPARATE;
  }

  addSeparate(separate: SeparateResponse): void {
    (this.#separate ??= new Map()).set(separate.transmission.messageId, separate);
  }

  dropSeparate(messageId: number): void {
    this.#separate?.delete(messageId);
  }

  observationWith(token: Uint8Array): Observation | undefined {
    return this.#observations?.get(tokenKey(token));
  }

  nextQueued(): Exchange | undefined {
    return this.#queue?.shift();
  }

  /** What was measured in another coverage says nothing about this one. */
  setCoverage(coverage: Coverage, settings: EndpointSettings): void {
    if (this.coverage === coverage) return;
    this.coverage = coverage;
    this.rto = this.#unmeasured(settings);
  }

  /** What was measured stays: it is worth more than what anybody can set. */
  setTiming(timing: PeerTiming | undefined, settings: EndpointSettings): void {
    if (this.#timing === timing) return;
    this.#timing = timing;
    if (this.rto.srttMs === undefined) this.rto = this.#unmeasured(settings);
  }

  #unmeasured(settings: EndpointSettings): Rto {
    const { ackTimeoutMs = settings.ackTimeoutMs } = { ...this.#covered, ...this.#timing };
    return initialRto({ ...settings, ackTimeoutMs });
  }

  get #covered(): (typeof COVERAGE)[Coverage] | undefined {
    return this.coverage === undefined ? undefined : COVERAGE[this.coverage];
  }

  maxRetransmit(settings: EndpointSettings): number {
    return this.#timing?.maxRetransmit ?? this.#covered?.maxRetransmit ?? settings.maxRetransmit;
  }

  responseTimeoutMs(settings: EndpointSettings): number {
    return this.#timing?.responseTimeoutMs ?? settings.responseTimeoutMs;
  }

  get isIdle(): boolean {
    return this.active === undefined && this.queued === 0 && (this.#observations?.size ?? 0) === 0 && this.separate.size === 0;
  }

  forgetObservations(): void {
    this.#observations = undefined;
  }

  /** Nothing is kept for it any more: what was made for work goes. */
  rest(): void {
    this.#queue = undefined;
    this.#observations = undefined;
    this.#separate = undefined;
  }
}

/** A token as a map key; every byte is one character. */
export function tokenKey(token: Uint8Array): string {
  return String.fromCharCode(...token);
}

export function sameToken(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
