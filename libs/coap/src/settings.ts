/** Limits and timers of an endpoint. All times are milliseconds of protocol time: monotonic, never scaled. */
export interface EndpointSettings {
  /** ACK_TIMEOUT for a peer we have not measured yet (RFC 7252 section 4.8). */
  readonly ackTimeoutMs: number;
  readonly ackRandomFactor: number;
  readonly maxRetransmit: number;
  readonly minRtoMs: number;
  readonly maxRtoMs: number;
  /** Retransmissions stop early rather than last longer: a device forgets our message id after 247 s. */
  readonly maxTransmitSpanMs: number;
  /** How long a message id stays taken, and how long an answer is kept for duplicates. */
  readonly exchangeLifetimeMs: number;
  /** Wait for a separate response after the empty ACK, and for any answer to a NON request. */
  readonly responseTimeoutMs: number;
  readonly maxDatagramBytes: number;
  readonly maxPeers: number;
  /** Requests waiting behind the one under way (NSTART is 1). */
  readonly maxQueuedPerPeer: number;
  readonly maxObservationsPerPeer: number;
  /** Separate responses of ours that a peer has not acknowledged yet. */
  readonly maxSeparatePerPeer: number;
  readonly maxCachedMessages: number;
  readonly maxCachedBytes: number;
  /** A peer without work is forgotten, with its measured RTO, after this long; never below `exchangeLifetimeMs`. */
  readonly peerIdleMs: number;
}

export const DEFAULT_ENDPOINT_SETTINGS: EndpointSettings = {
  ackTimeoutMs: 2000,
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
  minRtoMs: 250,
  maxRtoMs: 60_000,
  maxTransmitSpanMs: 145_000,
  exchangeLifetimeMs: 247_000,
  responseTimeoutMs: 120_000,
  maxDatagramBytes: 4096,
  maxPeers: 200_000,
  maxQueuedPerPeer: 16,
  maxObservationsPerPeer: 16,
  maxSeparatePerPeer: 4,
  maxCachedMessages: 100_000,
  maxCachedBytes: 32 * 1024 * 1024,
  peerIdleMs: 3_600_000,
};
