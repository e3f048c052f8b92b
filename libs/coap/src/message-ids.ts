import { hash32 } from '@drover/kernel';

/** Ids that a peer may be ahead of the clock's count: a push in a fast network. The rest of the range spreads over EXCHANGE_LIFETIME. */
const BURST = 32_767;
const RANGE = 65_536;

/**
 * Message ids of one peer follow the clock: at `wallMs` they have counted at least this far, about 132 a second. So an id is
 * never used twice within EXCHANGE_LIFETIME, and a process that starts anew goes on behind the ids of the one before it,
 * with nothing kept between the two. A peer that was idle for EXCHANGE_LIFETIME may be forgotten for the same reason.
 */
export function positionAt(wallMs: number, lifetimeMs: number): number {
  return Math.floor((wallMs * (RANGE - BURST - 1)) / lifetimeMs);
}

/** The position to use next, `undefined` when the peer has used ids faster than they become free. */
export function nextPosition(last: number, wallMs: number, lifetimeMs: number): number | undefined {
  const counted = positionAt(wallMs, lifetimeMs);
  const next = Math.max(last + 1, counted);
  return next > counted + BURST ? undefined : next;
}

/** Two peers have different ids at the same time. */
export function messageIdOf(position: number, address: string): number {
  return (position + hash32(address)) & 0xffff;
}
