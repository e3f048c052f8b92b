import type { Block } from './block.ts';
import type { Method } from './codes.ts';
import type { CoapOptions } from './options.ts';
import type { Coverage, PeerTiming } from './settings.ts';

/** A request of ours. */
export interface CoapRequest {
  readonly method: Method;
  readonly path: readonly string[];
  readonly query?: readonly string[];
  readonly contentFormat?: number;
  readonly accept?: number;
  readonly payload?: Uint8Array;
  /** 0 starts an observation (RFC 7641). End one with `cancelObservation`. */
  readonly observe?: 0;
  readonly block1?: Block;
  readonly block2?: Block;
  readonly size1?: number;
  readonly etag?: Uint8Array;
  readonly ifMatch?: readonly Uint8Array[];
  readonly ifNoneMatch?: true;
  /** What the peer asked us to repeat with its last answer. */
  readonly echo?: Uint8Array;
  /** Of a protected request, whose payload is sealed: `OscoreTransport` gives it. */
  readonly oscore?: Uint8Array;
  /** Tells the blocks of one body from those of another. */
  readonly requestTag?: readonly Uint8Array[];
  /** Default true. */
  readonly confirmable?: boolean;
  /** First timeout instead of the measured one, e.g. while a device erases flash. Such an answer is not measured. */
  readonly ackTimeoutMs?: number;
  readonly responseTimeoutMs?: number;
  /** Whatever the caller needs to recognise the outcome by; comes back in the handle. */
  readonly correlation?: unknown;
}

/** What is protected once more for a request that is made once more. */
export type Renewed = Pick<CoapRequest, 'oscore' | 'payload'>;

/** Names a request of ours in outputs and in `cancelRequest`. Compare by identity. */
export interface RequestHandle {
  readonly peer: string;
  readonly correlation: unknown;
}

/** Names a request of a peer until it is answered. Compare by identity. */
export interface IncomingHandle {
  readonly peer: string;
  /** On a stream a number of our own: it has no message ids. */
  readonly messageId: number;
  /** What a notification has to carry when the request observes; kept as long as the handle. */
  readonly token: Uint8Array;
}

/** A peer's request, decoded. Bytes are views of the datagram. */
export interface IncomingRequest {
  readonly method: Method;
  readonly confirmable: boolean;
  readonly options: CoapOptions;
  readonly payload: Uint8Array;
  /** Payload that this peer takes in one answer, where that is more than a block: streams with BERT (RFC 8323 section 6). */
  readonly room?: number;
}

export interface CoapResponse {
  readonly code: number;
  readonly options?: Partial<CoapOptions>;
  readonly payload?: Uint8Array;
}

export interface IncomingResponse {
  readonly code: number;
  readonly options: CoapOptions;
  readonly payload: Uint8Array;
}

/**
 * `forgotten`: the peer was given up by `forgetPeer`. `overflow`: a limit of the settings or of the peer, nothing was sent.
 * `multicast`: never sent. `unprotected`: a protected request was answered by something that is not, or was not sealed for it. `closed`: the connection to the peer ended, or there was none.
 */
export type FailureReason = 'timeout' | 'reset' | 'rejected' | 'overflow' | 'forgotten' | 'multicast' | 'unprotected' | 'closed';

/** What an endpoint says. Handed to the sink at once, also from within `request` and `respond`. */
export type CoapOutput =
  | { readonly type: 'datagram'; readonly peer: string; readonly bytes: Uint8Array }
  | {
      readonly type: 'request';
      readonly peer: string;
      readonly handle: IncomingHandle;
      readonly request: IncomingRequest;
      /** Name of the security context that it was protected with; absent: by none. */
      readonly context?: string;
    }
  | {
      readonly type: 'response';
      readonly handle: RequestHandle;
      readonly response: IncomingResponse;
      readonly retransmissions: number;
      /** From the first transmission to the first sign of receipt. */
      readonly rttMs: number;
    }
  | {
      readonly type: 'notification';
      readonly handle: RequestHandle;
      readonly response: IncomingResponse;
      /** The device has ended the observation with this message. */
      readonly ended: boolean;
    }
  | { readonly type: 'failed'; readonly handle: RequestHandle; readonly reason: FailureReason };

export type CoapSink = (output: CoapOutput) => void;

/** On streams: `datagram` carries bytes to write, and `close` wants them flushed and the connection ended. */
export type StreamOutput = CoapOutput | { readonly type: 'close'; readonly peer: string };

export type StreamSink = (output: StreamOutput) => void;

/** What UDP and streams have in common: requests both ways, and time. `CoapEndpoint` and `CoapStreams` are both one. */
export interface CoapTransport {
  /** Bytes from a peer; never throws for what they are. */
  receive(peer: string, bytes: Uint8Array, now: number): void;
  request(peer: string, request: CoapRequest, now: number): RequestHandle;
  cancelRequest(handle: RequestHandle, now: number): void;
  /** `anew`: instead of what the request had, where it must not be sent twice. */
  cancelObservation(handle: RequestHandle, now: number, anew?: Renewed): RequestHandle | undefined;
  refreshObservation(handle: RequestHandle, now: number, anew?: Renewed): RequestHandle | undefined;
  respond(handle: IncomingHandle, response: CoapResponse, now: number): boolean;
  acknowledge(handle: IncomingHandle): void;
  forgetPeer(peer: string): void;
  forgetObservations(peer: string): void;
  /** The caller knows that this address is no forgery; a stream has shown it by itself. */
  prove(peer: string, now: number): void;
  isProven(peer: string, now: number): boolean;
  setCoverage(peer: string, coverage: Coverage, now: number): void;
  /** On a stream only the wait for an answer: TCP repeats by itself. */
  setTiming(peer: string, timing: PeerTiming | undefined, now: number): void;
  timeoutOf(peer: string): number;
  nextTimerAt(): number | undefined;
  advance(now: number): void;
}
