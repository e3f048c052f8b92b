/** Limits and timers of the streams of one server. All times are milliseconds of protocol time: monotonic, never scaled. */
export interface StreamSettings {
  readonly maxConnections: number;
  /** Our Max-Message-Size (RFC 8323 section 5.3.1): header and all, of what we take. Above 1152 it also offers BERT. */
  readonly maxMessageBytes: number;
  /** Unfinished messages of all connections together; the one that goes beyond is aborted. */
  readonly maxBufferedBytes: number;
  /** Payload of one BERT block of ours. Large ones make pacing coarse, and one lost connection costs more. */
  readonly maxBertBytes: number;
  /** Requests waiting behind the one under way: one interaction at a time, as on UDP. */
  readonly maxQueuedPerPeer: number;
  readonly maxObservationsPerPeer: number;
  /** Requests of a peer that are not answered yet; what comes beyond is answered 5.03. */
  readonly maxOpenPerPeer: number;
  /** From the connection to the peer's first CSM. */
  readonly greetingTimeoutMs: number;
  readonly responseTimeoutMs: number;
  /** A peer that was silent this long is asked whether it is still there. */
  readonly pingAfterMs: number;
  readonly pongTimeoutMs: number;
  /** After a Release what is under way may still finish (RFC 8323 section 5.5). */
  readonly releaseTimeoutMs: number;
}

export const DEFAULT_STREAM_SETTINGS: StreamSettings = {
  maxConnections: 20_000,
  maxMessageBytes: 16_640,
  maxBufferedBytes: 32 * 1024 * 1024,
  maxBertBytes: 16_384,
  maxQueuedPerPeer: 16,
  maxObservationsPerPeer: 16,
  maxOpenPerPeer: 16,
  greetingTimeoutMs: 10_000,
  responseTimeoutMs: 120_000,
  pingAfterMs: 1_800_000,
  pongTimeoutMs: 120_000,
  releaseTimeoutMs: 30_000,
};
