import { DtlsError } from '../errors.ts';
import type { Reader } from './reader.ts';
import { numbers, uint, vector } from './writer.ts';

/** ExtensionType as registered with IANA. */
export const EXTENSION = {
  server_name: 0,
  max_fragment_length: 1,
  supported_groups: 10,
  ec_point_formats: 11,
  signature_algorithms: 13,
  client_certificate_type: 19,
  server_certificate_type: 20,
  encrypt_then_mac: 22,
  extended_master_secret: 23,
  record_size_limit: 28,
  session_ticket: 35,
  connection_id: 54,
  renegotiation_info: 0xff01,
} as const;

/** Extensions of a hello by type, bodies not looked at yet. Unknown ones are skipped by whoever reads them (RFC 5246 section 7.4.1.4). */
export type RawExtensions = ReadonlyMap<number, Buffer>;

const MOST = 64;

/** Absent altogether, or a list in which no type comes twice (RFC 5246 section 7.4.1.4). */
export function readExtensions(from: Reader): RawExtensions {
  const found = new Map<number, Buffer>();
  if (from.left === 0) return found;
  const length = from.uint(2);
  if (length !== from.left) throw new DtlsError('DTLS_DECODE_ERROR', 'extensions do not end with their message');
  while (from.left > 0) {
    const type = from.uint(2);
    if (found.has(type)) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', `extension ${type} twice`);
    if (found.size === MOST) throw new DtlsError('DTLS_DECODE_ERROR', `more than ${MOST} extensions`);
    found.set(type, from.vector(2, 0));
  }
  return found;
}

/** Nothing at all for no extensions: old peers know none. */
export function writeExtensions(extensions: RawExtensions): Buffer {
  if (extensions.size === 0) return Buffer.alloc(0);
  return vector(2, ...[...extensions].map(([type, body]) => Buffer.concat([uint(2, type), vector(2, body)])));
}

/** server_name (RFC 6066 section 3) with one host name. */
export function writeServerName(name: string): Buffer {
  return vector(2, uint(1, 0), vector(2, Buffer.from(name, 'latin1')));
}

const MOST_NAME_BYTES = 255;

/** The host name, of at most 255 bytes; an IP literal is passed on as it is, for devices write them though they must not. */
export function readServerName(from: Reader): string | undefined {
  const end = from.left - 2;
  if (from.uint(2) !== end || end === 0) throw new DtlsError('DTLS_DECODE_ERROR', 'a list of server names that is none');
  let name: string | undefined;
  while (from.left > 0) {
    const type = from.uint(1);
    const text = from.vector(2, 1).toString('latin1');
    if (type !== 0) continue;
    if (text.length > MOST_NAME_BYTES) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', 'a host name of more than 255 bytes');
    if (name !== undefined) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', 'two host names');
    name = text;
  }
  return name;
}

/** 512, 1024, 2048 or 4096 (RFC 6066 section 4). */
export const FRAGMENT_LENGTHS: readonly number[] = [512, 1024, 2048, 4096];

export function readFragmentLength(from: Reader): number {
  const code = from.uint(1);
  const length = FRAGMENT_LENGTHS[code - 1];
  if (length === undefined) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', `max_fragment_length ${code}`);
  return length;
}

const MIN_RECORD_SIZE_LIMIT = 64;

/** RFC 8449 section 4: a smaller one is an `illegal_parameter`, a larger one than we know is allowed. */
export function readRecordSizeLimit(from: Reader): number {
  const limit = from.uint(2);
  if (limit < MIN_RECORD_SIZE_LIMIT) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', `record_size_limit ${limit}`);
  return limit;
}

/** RFC 8422 section 5.1.2: whoever sends the list must have `uncompressed` in it. */
export function readPointFormats(from: Reader): void {
  if (!from.numbers(1, 1).includes(0)) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', 'no uncompressed points');
}

export const UNCOMPRESSED_ONLY = numbers(1, 1, [0]);

/** RFC 5746 section 3.4 and 3.6: empty in a first handshake, and there is no other. */
export function readRenegotiationInfo(from: Reader): void {
  if (from.vector(1, 0).length > 0) throw new DtlsError('DTLS_HANDSHAKE_FAILURE', 'renegotiation_info of another handshake');
}
