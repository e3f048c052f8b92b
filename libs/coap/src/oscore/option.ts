import { OscoreError } from './errors.ts';
import { MOST_ID_BYTES, MOST_PIV_BYTES } from './keys.ts';

/** What the OSCORE option says (RFC 8613 section 6.1). */
export interface OscoreOption {
  /** Partial IV: the sender's sequence number, 1 to 5 bytes. */
  readonly piv?: Uint8Array | undefined;
  readonly kidContext?: Uint8Array | undefined;
  readonly kid?: Uint8Array | undefined;
}

const [RESERVED, HAS_CONTEXT, HAS_KID, PIV_LENGTH] = [0xe0, 0x10, 0x08, 0x07];

export function encodeOscoreOption({ piv, kidContext, kid }: OscoreOption): Uint8Array {
  const flags = (piv?.length ?? 0) | (kidContext ? HAS_CONTEXT : 0) | (kid ? HAS_KID : 0);
  if (flags === 0) return new Uint8Array(0);
  const context = kidContext ? [Uint8Array.of(kidContext.length), kidContext] : [];
  return Buffer.concat([Uint8Array.of(flags), piv ?? new Uint8Array(0), ...context, kid ?? new Uint8Array(0)]);
}

/** Throws OSCORE_OPTION; nothing in it is longer than it may be. */
export function decodeOscoreOption(value: Uint8Array): OscoreOption {
  if (value.length === 0) return {};
  const flags = value[0]!;
  const pivEnd = 1 + (flags & PIV_LENGTH);
  if (flags === 0 || (flags & RESERVED) !== 0) throw malformed('flags');
  if ((flags & PIV_LENGTH) > MOST_PIV_BYTES || pivEnd > value.length) throw malformed('Partial IV');
  const piv = pivEnd > 1 ? value.subarray(1, pivEnd) : undefined;
  const { kidContext, end } = (flags & HAS_CONTEXT) === 0 ? { end: pivEnd } : contextAt(value, pivEnd);
  const rest = value.subarray(end);
  if ((flags & HAS_KID) === 0 && rest.length > 0) throw malformed('length');
  if (rest.length > MOST_ID_BYTES) throw malformed('kid');
  return { piv, kidContext, kid: (flags & HAS_KID) === 0 ? undefined : rest };
}

function contextAt(value: Uint8Array, at: number): { kidContext: Uint8Array; end: number } {
  const end = at + 1 + (value[at] ?? value.length);
  if (end > value.length) throw malformed('kid context');
  return { kidContext: value.subarray(at + 1, end), end };
}

function malformed(what: string): OscoreError {
  return new OscoreError('OSCORE_OPTION', `the OSCORE option is malformed: ${what}`);
}

/** As few bytes as hold it, at least one (section 5.2). */
export function pivOf(sequence: number): Uint8Array {
  const bytes = [sequence % 0x100];
  for (let rest = Math.floor(sequence / 0x100); rest > 0; rest = Math.floor(rest / 0x100)) bytes.unshift(rest % 0x100);
  return Uint8Array.from(bytes);
}

export function sequenceOf(piv: Uint8Array): number {
  return piv.reduce((sum, byte) => sum * 0x100 + byte, 0);
}
