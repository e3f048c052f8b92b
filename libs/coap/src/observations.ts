import type { CoapRequest, RequestHandle } from './endpoint-types.ts';

/** An observation we hold with a peer. */
export interface Observation {
  readonly handle: RequestHandle;
  readonly token: Uint8Array;
  readonly request: CoapRequest;
  sequence: number;
  receivedAt: number;
}

const HALF = 1 << 23;
const STALE_AFTER_MS = 128_000;

/** Whether a notification is newer than the last one (RFC 7641 section 3.4): 24-bit serial numbers, or simply long after. */
export function isFresh(last: { sequence: number; receivedAt: number }, sequence: number, now: number): boolean {
  if (now - last.receivedAt > STALE_AFTER_MS) return true;
  return (last.sequence < sequence && sequence - last.sequence < HALF) || (last.sequence > sequence && last.sequence - sequence > HALF);
}
