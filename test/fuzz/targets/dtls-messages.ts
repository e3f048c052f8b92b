import { X509Certificate } from 'node:crypto';
import {
  decodeCertificateRequest,
  decodeCertificates,
  decodeCertificateVerify,
  decodeClientHello,
  decodeClientKeyExchange,
  decodeHelloVerifyRequest,
  decodeRawKey,
  decodeServerHello,
  decodeServerKeyExchange,
  decodeSessionTicket,
  encodeCertificateRequest,
  encodeCertificates,
  encodeClientHello,
  encodeClientKeyExchange,
  encodeFragment,
  encodeRawKey,
  encodeRecord,
  encodeServerHello,
  encodeServerKeyExchange,
  encodeSessionTicket,
  encodeSigned,
  judgeChain,
  readClientExtensions,
  readFragments,
  readRecords,
  readServerExtensions,
  RevocationList,
} from '@drover/dtls';
import { certificateDer, OPENSSL_FLIGHTS, revocationListDer } from './dtls-samples.ts';
import { FixedEntropy } from './coap-talk.ts';
import { LIMITS, serverOf, stateOf } from './dtls-world.ts';
import { demand, join, sameBytes } from '../target.ts';
import type { Target } from '../target.ts';

type Read = (body: Buffer) => unknown;

/** What was decoded is encoded to the very same bytes. */
const both =
  <T>(decode: (body: Buffer) => T, encode: (value: T) => Uint8Array): Read =>
  (body) => {
    const value = decode(body);
    demand(sameBytes(encode(value), body), 'a message has a second form');
    return value;
  };

const hello =
  <T extends { readonly extensions: ReadonlyMap<number, Buffer> }>(
    decode: (body: Buffer) => T,
    encode: (value: T) => Uint8Array,
    read: (extensions: T['extensions']) => unknown,
  ): Read =>
  (body) => {
    const value = decode(body);
    // No extensions and an empty list of them are both allowed, and we write the former.
    demand(value.extensions.size === 0 || sameBytes(encode(value), body), 'a hello has a second form');
    return read(value.extensions);
  };

function records(datagram: Buffer): unknown {
  const read = readRecords(datagram, 4);
  const again = Buffer.concat(read.map((record) => encodeRecord(record, record.fragment)));
  demand(again.equals(datagram.subarray(0, again.length)), 'records that did not stand there');
  return read.length;
}

function fragments(content: Buffer): unknown {
  const read = readFragments(content);
  demand(read === undefined || sameBytes(Buffer.concat(read.map(encodeFragment)), content), 'fragments that did not stand there');
  return read?.length;
}

/** A state from the disk is taken whole or refused; what is taken can be used. */
function state(bytes: Buffer): unknown {
  const server = serverOf(() => undefined, new FixedEntropy(), {
    hasCid: true,
    hasCertificates: false,
    wantsTicket: false,
    mtu: 1200,
    reserve: 4,
  });
  const session = server.restore(bytes, 'orderly', 0);
  if (session.maxDataBytes > 0) server.send(session, Buffer.alloc(1));
  demand(server.load.sessions <= LIMITS.maxSessions, 'more sessions than there may be');
  return server.export(session)?.length;
}

const ROOT = new X509Certificate(certificateDer('strictRoot'));

function chain(der: Buffer): unknown {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch {
    return undefined;
  }
  // Trusted itself, or its signature would be all that is looked at.
  const roots = [ROOT, certificate];
  return judgeChain([certificate], { roots, role: 'client', now: Date.parse('2030-01-01T00:00:00Z') });
}

const READS: readonly Read[] = [
  records,
  fragments,
  hello(decodeClientHello, encodeClientHello, readClientExtensions),
  hello(decodeServerHello, encodeServerHello, readServerExtensions),
  decodeHelloVerifyRequest,
  both(decodeCertificates, encodeCertificates),
  both(decodeRawKey, encodeRawKey),
  decodeCertificateRequest,
  both(decodeCertificateVerify, encodeSigned),
  both(decodeSessionTicket, encodeSessionTicket),
  both((body) => decodeClientKeyExchange(body, 'psk'), encodeClientKeyExchange),
  both((body) => decodeClientKeyExchange(body, 'ecdhe_ecdsa'), encodeClientKeyExchange),
  both((body) => decodeClientKeyExchange(body, 'ecdhe_psk'), encodeClientKeyExchange),
  both((body) => decodeServerKeyExchange(body, 'psk'), encodeServerKeyExchange),
  both((body) => decodeServerKeyExchange(body, 'ecdhe_psk'), encodeServerKeyExchange),
  both((body) => decodeServerKeyExchange(body, 'ecdhe_ecdsa'), encodeServerKeyExchange),
  (der) => new RevocationList(der).nextUpdate,
  state,
  chain,
];
const kindOf = (read: Read): number => READS.indexOf(read);

function seeds(): Uint8Array[] {
  const flights = OPENSSL_FLIGHTS.map((hex) => Buffer.from(hex, 'hex'));
  const contents = flights.flatMap((datagram) => readRecords(datagram, 0)).filter(({ epoch, type }) => epoch === 0 && type === 22);
  const bodies = contents.flatMap(({ fragment }) => readFragments(fragment) ?? []).map(({ bytes }) => bytes);
  const of = (kind: number, bytes: Uint8Array): Uint8Array => join(Uint8Array.of(kind), bytes);
  return [
    ...flights.map((datagram) => of(kindOf(records), datagram)),
    ...contents.map(({ fragment }) => of(kindOf(fragments), fragment)),
    ...bodies.flatMap((body) => READS.map((_, kind) => of(kind, body))),
    of(kindOf(state), stateOf(new FixedEntropy())),
    of(READS.length - 3, revocationListDer('intermediate')),
    ...(['device', 'withUnknownCritical', 'constrained', 'withRsa'] as const).map((name) => of(kindOf(chain), certificateDer(name))),
    of(5, encodeCertificates([certificateDer('device'), certificateDer('intermediate')])),
    of(7, encodeCertificateRequest({ signatureAlgorithms: [0x0403], authorities: [Buffer.from('a name')] })),
  ];
}

export const DTLS_MESSAGES: Target = {
  name: 'dtls-messages',
  kind: 'decoder',
  maxBytes: 1200,
  guide: ['/libs/dtls/dist/'],
  seeds,
  run(input) {
    const [kind = 0] = input;
    return READS[kind % READS.length]!(Buffer.from(input.subarray(1)));
  },
};
