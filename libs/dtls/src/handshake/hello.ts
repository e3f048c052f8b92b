import { DtlsError } from '../errors.ts';
import { readExtensions, writeExtensions, type RawExtensions } from './extension-codec.ts';
import { readAll } from './reader.ts';
import { numbers, uint, vector } from './writer.ts';

export const RANDOM_BYTES = 32;
/** Signalling values among the suites: RFC 5746 section 3.3 and RFC 7507 section 2. */
export const SCSV = { renegotiation: 0x00ff, fallback: 0x5600 } as const;

export interface ClientHello {
  readonly version: number;
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly cookie: Buffer;
  readonly suites: readonly number[];
  readonly compressions: readonly number[];
  readonly extensions: RawExtensions;
}

export interface ServerHello {
  readonly version: number;
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly suite: number;
  readonly compression: number;
  readonly extensions: RawExtensions;
}

/** RFC 6347 section 4.2.1. */
export function decodeClientHello(body: Uint8Array): ClientHello {
  return readAll(body, 'ClientHello', (from) => ({
    version: from.uint(2),
    random: from.bytes(RANDOM_BYTES),
    sessionId: from.vector(1, 0, 32),
    cookie: from.vector(1, 0, 255),
    suites: from.numbers(2, 2),
    compressions: from.numbers(1, 1),
    extensions: readExtensions(from),
  }));
}

export function encodeClientHello(hello: ClientHello): Buffer {
  return Buffer.concat([
    uint(2, hello.version),
    hello.random,
    vector(1, hello.sessionId),
    vector(1, hello.cookie),
    numbers(2, 2, hello.suites),
    numbers(1, 1, hello.compressions),
    writeExtensions(hello.extensions),
  ]);
}

/** RFC 5246 section 7.4.1.3. */
export function decodeServerHello(body: Uint8Array): ServerHello {
  return readAll(body, 'ServerHello', (from) => ({
    version: from.uint(2),
    random: from.bytes(RANDOM_BYTES),
    sessionId: from.vector(1, 0, 32),
    suite: from.uint(2),
    compression: from.uint(1),
    extensions: readExtensions(from),
  }));
}

export function encodeServerHello(hello: ServerHello): Buffer {
  return Buffer.concat([
    uint(2, hello.version),
    hello.random,
    vector(1, hello.sessionId),
    uint(2, hello.suite),
    uint(1, hello.compression),
    writeExtensions(hello.extensions),
  ]);
}

/** The start of a ClientHello, which its first fragment holds even where it was cut: enough to answer with a cookie. */
export interface HelloStart {
  readonly version: number;
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly cookie: Buffer;
}

const START = 2 + RANDOM_BYTES;

/** `undefined` where even that is not there: nobody is told anything before he has shown his address. */
export function peekClientHello(bytes: Buffer): HelloStart | undefined {
  const sessionAt = START + 1;
  const cookieAt = sessionAt + (bytes[START] ?? 256) + 1;
  const end = cookieAt + (bytes[cookieAt - 1] ?? 256);
  if (bytes.length < end || bytes[START]! > 32) return undefined;
  return {
    version: bytes.readUInt16BE(0),
    random: bytes.subarray(2, START),
    sessionId: bytes.subarray(sessionAt, cookieAt - 1),
    cookie: bytes.subarray(cookieAt, end),
  };
}

/** RFC 6347 section 4.2.1; the version says how it is written, and nothing about what will be negotiated. */
export function encodeHelloVerifyRequest(version: number, cookie: Uint8Array): Buffer {
  return Buffer.concat([uint(2, version), vector(1, cookie)]);
}

export function decodeHelloVerifyRequest(body: Uint8Array): Buffer {
  return readAll(body, 'HelloVerifyRequest', (from) => {
    const version = from.uint(2);
    if (version >> 8 !== 0xfe) throw new DtlsError('DTLS_PROTOCOL_VERSION', `HelloVerifyRequest of version ${version}`);
    return from.vector(1, 0, 255);
  });
}
