import type { KeyExchange } from '../crypto/suites.ts';
import { DtlsError } from '../errors.ts';
import type { Signed } from './certificates.ts';
import { encodeSigned } from './certificates.ts';
import { readAll, type Reader } from './reader.ts';
import { uint, vector } from './writer.ts';

const NAMED_CURVE = 3;

/** The server's ephemeral key: a group by its number, and a point on it (RFC 8422 section 5.4). */
export interface Share {
  readonly group: number;
  readonly point: Buffer;
}

export interface ServerKeyExchange {
  /** `psk_identity_hint`; empty where the suite has one but the server has nothing to say. */
  readonly hint?: Buffer;
  readonly share?: Share;
  readonly signed?: Signed;
}

export function encodeShare({ group, point }: Share): Buffer {
  return Buffer.concat([uint(1, NAMED_CURVE), uint(2, group), vector(1, point)]);
}

/** RFC 4279 section 2, RFC 5489 section 2, RFC 8422 section 5.4, by the kind of suite. */
export function encodeServerKeyExchange({ hint, share, signed }: ServerKeyExchange): Buffer {
  const parts: Uint8Array[] = [];
  if (hint) parts.push(vector(2, hint));
  if (share) parts.push(encodeShare(share));
  if (signed) parts.push(encodeSigned(signed));
  return Buffer.concat(parts);
}

export function decodeServerKeyExchange(body: Uint8Array, kind: KeyExchange): ServerKeyExchange {
  return readAll(body, 'ServerKeyExchange', (from) => ({
    hint: kind === 'ecdhe_ecdsa' ? undefined : from.vector(2, 0),
    share: kind === 'psk' ? undefined : readShare(from),
    signed: kind === 'ecdhe_ecdsa' ? { algorithm: from.uint(2), signature: from.vector(2, 0) } : undefined,
  }));
}

function readShare(from: Reader): Share {
  const curveType = from.uint(1);
  if (curveType !== NAMED_CURVE) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', `curve type ${curveType}`);
  return { group: from.uint(2), point: from.vector(1, 1) };
}

/** What the client adds: its identity, its ephemeral key, or both. */
export interface ClientKeyExchange {
  readonly identity?: Buffer;
  readonly point?: Buffer;
}

/** LwM2M allows 128 (T section 5.2.8); others use more. */
const MOST_IDENTITY = 256;

export function encodeClientKeyExchange({ identity, point }: ClientKeyExchange): Buffer {
  const parts: Uint8Array[] = [];
  if (identity) parts.push(vector(2, identity));
  if (point) parts.push(vector(1, point));
  return Buffer.concat(parts);
}

export function decodeClientKeyExchange(body: Uint8Array, kind: KeyExchange): ClientKeyExchange {
  return readAll(body, 'ClientKeyExchange', (from) => ({
    identity: kind === 'ecdhe_ecdsa' ? undefined : from.vector(2, 0, MOST_IDENTITY),
    point: kind === 'psk' ? undefined : from.vector(1, 1),
  }));
}

/** NewSessionTicket (RFC 5077 section 3.3); a lifetime of 0 says nothing about how long. */
export interface SessionTicket {
  readonly lifetimeSeconds: number;
  readonly ticket: Buffer;
}

export function encodeSessionTicket({ lifetimeSeconds, ticket }: SessionTicket): Buffer {
  return Buffer.concat([uint(4, lifetimeSeconds), vector(2, ticket)]);
}

export function decodeSessionTicket(body: Uint8Array): SessionTicket {
  return readAll(body, 'NewSessionTicket', (from) => ({ lifetimeSeconds: from.uint(4), ticket: from.vector(2, 0) }));
}
