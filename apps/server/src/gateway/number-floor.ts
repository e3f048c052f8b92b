/** 2026-01-01T00:00:00Z: no server of ours has sent anything before. */
const BEGINNING = 1_767_225_600_000;

/** Records of a DTLS session a second; its numbers have 48 bits, which are on the wire in any case, and last for 500 years. */
export const DTLS_PER_SECOND = 16_384;
/**
 * Messages under an OSCORE context a second: a start each second, which skips what was reserved, is well within it. Its numbers have 40
 * bits, which last until 2060; ours take five bytes on the wire.
 */
export const OSCORE_PER_SECOND = 1024;

/**
 * Where the numbers of a session go on at a start, whatever the database says: one that was put back from a backup does not know
 * what was sent since, and a nonce must not come twice. As long as no more than `perSecond` are sent or skipped, in the mean since
 * the start before, the clock is ahead of all numbers used.
 *
 * @param wallMs ms since 1970, of the real clock; one that goes wrong leaves what the database says
 */
export function numberFloor(wallMs: number, perSecond: number): number {
  return Math.max(0, Math.floor(((wallMs - BEGINNING) / 1000) * perSecond));
}
