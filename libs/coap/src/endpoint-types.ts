import type { Block } from './block.ts';
import type { Method } from './codes.ts';
import type { CoapOptions } from './options.ts';

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

/** Names a request of ours in outputs and in `cancelRequest`. Compare by identity. */
export interface RequestHandle {
  readonly peer: string;
  readonly correlation: unknown;
}

/** Names a request of a peer until it is answered. */
export interface IncomingHandle {
  readonly peer: string;
  readonly messageId: number;
}

/** A peer's request, decoded. Bytes are views of the datagram. */
export interface IncomingRequest {
  readonly method: Method;
  readonly confirmable: boolean;
  readonly options: CoapOptions;
  readonly payload: Uint8Array;
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

/** `forgotten`: the peer was given up by `forgetPeer`. `overflow`: a limit of the settings, nothing was sent. `multicast`: never sent. */
export type FailureReason = 'timeout' | 'reset' | 'rejected' | 'overflow' | 'forgotten' | 'multicast';

/** What an endpoint says. Handed to the sink at once, also from within `request` and `respond`. */
export type CoapOutput =
  | { readonly type: 'datagram'; readonly peer: string; readonly bytes: Uint8Array }
  | { readonly type: 'request'; readonly peer: string; readonly handle: IncomingHandle; readonly request: IncomingRequest }
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
