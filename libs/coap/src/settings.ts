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
  /** Somebody above opens protected messages (RFC 8613): `OscoreTransport`. Without it they are refused with 4.02. */
  readonly takesOscore: boolean;
  readonly maxPeers: number;
  /** Requests waiting behind the one under way (NSTART is 1). */
  readonly maxQueuedPerPeer: number;
  readonly maxObservationsPerPeer: number;
  /** Separate responses of ours that a peer has not acknowledged yet. */
  readonly maxSeparatePerPeer: number;
  readonly maxCachedMessages: number;
  readonly maxCachedBytes: number;
  /** Wall clock minus protocol clock, ms: with it message ids go on where an earlier process stopped. */
  readonly wallOffsetMs: number;
  /** Times the bytes of an address not proven yet that may be sent to it. Infinity for one who serves nobody but whom it knows. */
  readonly maxAmplification: number;
  /** How long an address counts as proven after the last proof, ms. */
  readonly provenMs: number;
  readonly maxProven: number;
  /** Addresses not proven yet whose bytes are counted; past it the oldest count is forgotten. */
  readonly maxStrangers: number;
  /** A peer without work is forgotten, with its measured RTO, after this long; never below `exchangeLifetimeMs`. */
  readonly peerIdleMs: number;
}

/** Coverage enhancement of a cellular device: CE0, CE1 or CE2. The deeper, the slower and the dearer is every copy. */
export type Coverage = 0 | 1 | 2;

/** First timeout, until we have measured, and the most repetitions. Each spans less than 145 s with the random factor on top. */
export const COVERAGE: Readonly<Record<Coverage, Pick<EndpointSettings, 'ackTimeoutMs' | 'maxRetransmit'>>> = {
  0: { ackTimeoutMs: 3000, maxRetransmit: 4 },
  1: { ackTimeoutMs: 8000, maxRetransmit: 3 },
  2: { ackTimeoutMs: 30_000, maxRetransmit: 2 },
};

/** What somebody has set for one peer: it counts before its coverage, and both before the settings. Shared by all peers of a kind. */
export interface PeerTiming {
  /** Until the peer is measured. */
  readonly ackTimeoutMs?: number;
  readonly maxRetransmit?: number;
  readonly responseTimeoutMs?: number;
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
  takesOscore: false,
  maxPeers: 200_000,
  maxQueuedPerPeer: 16,
  maxObservationsPerPeer: 16,
  maxSeparatePerPeer: 4,
  maxCachedMessages: 100_000,
  maxCachedBytes: 32 * 1024 * 1024,
  wallOffsetMs: 0,
  maxAmplification: 3,
  provenMs: 3_600_000,
  maxProven: 200_000,
  maxStrangers: 50_000,
  peerIdleMs: 3_600_000,
};
