import type { EndpointSettings } from './settings.ts';

/** What we know of a peer's round trip (RFC 6298). `srttMs` is absent until the first strong sample. */
export interface Rto {
  readonly srttMs?: number;
  readonly varianceMs: number;
  readonly timeoutMs: number;
}

/** Of a message and its repetitions. */
export interface Pace {
  readonly firstTimeoutMs: number;
  readonly maxRetransmissions: number;
}

type RtoSettings = Pick<EndpointSettings, 'ackTimeoutMs' | 'minRtoMs' | 'maxRtoMs'>;

export function initialRto(settings: RtoSettings): Rto {
  return { varianceMs: 0, timeoutMs: settings.ackTimeoutMs };
}

/** A strong sample: the answer came without retransmission, so it is clear which transmission it belongs to (Karn). */
export function measured(rto: Rto, rttMs: number, settings: RtoSettings): Rto {
  const srttMs = rto.srttMs === undefined ? rttMs : rto.srttMs * 0.875 + rttMs * 0.125;
  const varianceMs = rto.srttMs === undefined ? rttMs / 2 : rto.varianceMs * 0.75 + Math.abs(rto.srttMs - rttMs) * 0.25;
  return { srttMs, varianceMs, timeoutMs: clamp(srttMs + 4 * varianceMs, settings) };
}

/**
 * After retransmissions the longer timeout is kept for the next exchange. Without it a peer that is always slower
 * than its timeout would never give a strong sample, and we would send everything twice for ever.
 */
export function backedOff(rto: Rto, retransmissions: number, settings: RtoSettings): Rto {
  return { ...rto, timeoutMs: clamp(rto.timeoutMs * 2 ** retransmissions, settings) };
}

function clamp(timeoutMs: number, settings: RtoSettings): number {
  return Math.min(settings.maxRtoMs, Math.max(settings.minRtoMs, timeoutMs));
}

/** `chance` in [0, 1) spreads the first timeout (RFC 7252 section 4.2). */
export function paceOf(
  timeoutMs: number,
  chance: number,
  limits: Pick<EndpointSettings, 'ackRandomFactor' | 'maxTransmitSpanMs' | 'maxRetransmit'>,
): Pace {
  const firstTimeoutMs = timeoutMs * (1 + chance * (limits.ackRandomFactor - 1));
  return { firstTimeoutMs, maxRetransmissions: retransmitsWithin(firstTimeoutMs, limits.maxTransmitSpanMs, limits.maxRetransmit) };
}

/** How often a message with this first timeout may be repeated so that the last copy leaves within the span. */
export function retransmitsWithin(firstTimeoutMs: number, spanMs: number, maxRetransmit: number): number {
  let count = 0;
  while (count < maxRetransmit && firstTimeoutMs * (2 ** (count + 1) - 1) <= spanMs) count += 1;
  return count;
}
