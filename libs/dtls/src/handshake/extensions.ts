import { readAll, type Reader } from './reader.ts';
import {
  EXTENSION,
  FRAGMENT_LENGTHS,
  readFragmentLength,
  readPointFormats,
  readRecordSizeLimit,
  readRenegotiationInfo,
  readServerName,
  UNCOMPRESSED_ONLY,
  writeServerName,
} from './extension-codec.ts';
import type { RawExtensions } from './extension-codec.ts';
import { numbers, uint, vector } from './writer.ts';

/** CertificateType of RFC 7250. */
export const CERTIFICATE_TYPE = { x509: 0, rpk: 2 } as const;

/** Extensions that both hellos may carry. A flag is there or not; it has no content. */
interface CommonExtensions {
  readonly renegotiationInfo?: true;
  readonly extendedMasterSecret?: true;
  readonly encryptThenMac?: true;
  /** What the receiver of this hello must write into its records; empty: nothing, but "you may ask me to" (RFC 9146 section 3). */
  readonly connectionId?: Uint8Array;
  /** Bytes, from `FRAGMENT_LENGTHS`. */
  readonly maxFragmentLength?: number;
  readonly recordSizeLimit?: number;
  readonly pointFormats?: true;
}

export interface ClientExtensions extends CommonExtensions {
  readonly serverName?: string;
  readonly groups?: readonly number[];
  readonly signatureAlgorithms?: readonly number[];
  /** Empty: the client wants a ticket; otherwise it has one (RFC 5077 section 3.2). */
  readonly sessionTicket?: Uint8Array;
  readonly clientCertificateTypes?: readonly number[];
  readonly serverCertificateTypes?: readonly number[];
}

export interface ServerExtensions extends CommonExtensions {
  readonly serverName?: true;
  readonly sessionTicket?: true;
  readonly clientCertificateType?: number;
  readonly serverCertificateType?: number;
}

type Read<T> = (from: Reader) => T;
const nothing: Read<true> = () => true;
const connectionId: Read<Buffer> = (from) => from.vector(1, 0);

/** Reads one extension, all of it, when it is there. */
function reading(raw: RawExtensions) {
  return <T>(name: keyof typeof EXTENSION, read: Read<T>): T | undefined => {
    const body = raw.get(EXTENSION[name]);
    return body === undefined ? undefined : readAll(body, name, read);
  };
}

function readCommon(raw: RawExtensions): CommonExtensions {
  const read = reading(raw);
  return {
    renegotiationInfo: read('renegotiation_info', (from) => (readRenegotiationInfo(from), true)),
    extendedMasterSecret: read('extended_master_secret', nothing),
    encryptThenMac: read('encrypt_then_mac', nothing),
    connectionId: read('connection_id', connectionId),
    maxFragmentLength: read('max_fragment_length', readFragmentLength),
    recordSizeLimit: read('record_size_limit', readRecordSizeLimit),
    pointFormats: read('ec_point_formats', (from) => (readPointFormats(from), true)),
  };
}

export function readClientExtensions(raw: RawExtensions): ClientExtensions {
  const read = reading(raw);
  return {
    ...readCommon(raw),
    serverName: read('server_name', readServerName),
    groups: read('supported_groups', (from) => from.numbers(2, 2)),
    signatureAlgorithms: read('signature_algorithms', (from) => from.numbers(2, 2)),
    sessionTicket: read('session_ticket', (from) => from.rest()),
    clientCertificateTypes: read('client_certificate_type', (from) => from.numbers(1, 1)),
    serverCertificateTypes: read('server_certificate_type', (from) => from.numbers(1, 1)),
  };
}

export function readServerExtensions(raw: RawExtensions): ServerExtensions {
  const read = reading(raw);
  return {
    ...readCommon(raw),
    serverName: read('server_name', nothing),
    sessionTicket: read('session_ticket', nothing),
    clientCertificateType: read('client_certificate_type', (from) => from.uint(1)),
    serverCertificateType: read('server_certificate_type', (from) => from.uint(1)),
  };
}

const EMPTY = Buffer.alloc(0);

function commonOf(extensions: CommonExtensions): Map<number, Buffer> {
  const raw = new Map<number, Buffer>();
  if (extensions.renegotiationInfo) raw.set(EXTENSION.renegotiation_info, vector(1));
  if (extensions.extendedMasterSecret) raw.set(EXTENSION.extended_master_secret, EMPTY);
  if (extensions.encryptThenMac) raw.set(EXTENSION.encrypt_then_mac, EMPTY);
  if (extensions.connectionId) raw.set(EXTENSION.connection_id, vector(1, extensions.connectionId));
  if (extensions.recordSizeLimit !== undefined) raw.set(EXTENSION.record_size_limit, uint(2, extensions.recordSizeLimit));
  if (extensions.pointFormats) raw.set(EXTENSION.ec_point_formats, UNCOMPRESSED_ONLY);
  if (extensions.maxFragmentLength !== undefined) {
    raw.set(EXTENSION.max_fragment_length, uint(1, FRAGMENT_LENGTHS.indexOf(extensions.maxFragmentLength) + 1));
  }
  return raw;
}

export function rawClientExtensions(extensions: ClientExtensions): RawExtensions {
  const raw = commonOf(extensions);
  if (extensions.serverName !== undefined) raw.set(EXTENSION.server_name, writeServerName(extensions.serverName));
  if (extensions.groups) raw.set(EXTENSION.supported_groups, numbers(2, 2, extensions.groups));
  if (extensions.signatureAlgorithms) raw.set(EXTENSION.signature_algorithms, numbers(2, 2, extensions.signatureAlgorithms));
  if (extensions.sessionTicket) raw.set(EXTENSION.session_ticket, Buffer.from(extensions.sessionTicket));
  if (extensions.clientCertificateTypes) raw.set(EXTENSION.client_certificate_type, numbers(1, 1, extensions.clientCertificateTypes));
  if (extensions.serverCertificateTypes) raw.set(EXTENSION.server_certificate_type, numbers(1, 1, extensions.serverCertificateTypes));
  return raw;
}

export function rawServerExtensions(extensions: ServerExtensions): RawExtensions {
  const raw = commonOf(extensions);
  if (extensions.serverName) raw.set(EXTENSION.server_name, EMPTY);
  if (extensions.sessionTicket) raw.set(EXTENSION.session_ticket, EMPTY);
  if (extensions.clientCertificateType !== undefined) raw.set(EXTENSION.client_certificate_type, uint(1, extensions.clientCertificateType));
  if (extensions.serverCertificateType !== undefined) raw.set(EXTENSION.server_certificate_type, uint(1, extensions.serverCertificateType));
  return raw;
}
