import { describe, expect, it } from '@jest/globals';
import { DtlsError } from '../errors.ts';
import {
  decodeCertificateRequest,
  decodeCertificates,
  decodeCertificateVerify,
  decodeRawKey,
  encodeCertificateRequest,
  encodeCertificates,
  encodeRawKey,
  encodeSigned,
} from './certificates.ts';
import { EXTENSION } from './extension-codec.ts';
import {
  rawClientExtensions,
  rawServerExtensions,
  readClientExtensions,
  readServerExtensions,
  type ClientExtensions,
  type ServerExtensions,
} from './extensions.ts';
import {
  decodeClientHello,
  decodeHelloVerifyRequest,
  decodeServerHello,
  encodeClientHello,
  encodeHelloVerifyRequest,
  encodeServerHello,
  peekClientHello,
} from './hello.ts';
import {
  decodeClientKeyExchange,
  decodeServerKeyExchange,
  decodeSessionTicket,
  encodeClientKeyExchange,
  encodeServerKeyExchange,
  encodeSessionTicket,
} from './key-exchange.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const random = Buffer.alloc(32, 0x11);
const R = '11'.repeat(32);
const all: ClientExtensions = {
  renegotiationInfo: true,
  extendedMasterSecret: true,
  encryptThenMac: true,
  connectionId: hex('c0c1'),
  maxFragmentLength: 1024,
  recordSizeLimit: 256,
  pointFormats: true,
  serverName: 'server.example',
  groups: [29, 23],
  signatureAlgorithms: [0x0403],
  sessionTicket: hex('7777'),
  clientCertificateTypes: [2, 0],
  serverCertificateTypes: [2],
};
const answer: ServerExtensions = {
  renegotiationInfo: true,
  extendedMasterSecret: true,
  connectionId: hex(''),
  recordSizeLimit: 64,
  serverName: true,
  sessionTicket: true,
  clientCertificateType: 2,
  serverCertificateType: 0,
};

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly value: unknown;
  readonly encode: () => Buffer;
  readonly decode: (bytes: Buffer) => unknown;
}

const vector = <T>(
  name: string,
  text: string,
  value: T,
  codec: { encode: (value: T) => Buffer; decode: (bytes: Buffer) => T },
): Vector => ({
  name,
  hex: text.replaceAll(/\s/g, ''),
  value,
  encode: () => codec.encode(value),
  decode: codec.decode,
});

const clientHello = { encode: encodeClientHello, decode: decodeClientHello };
const serverHello = { encode: encodeServerHello, decode: decodeServerHello };
const bare = { version: 0xfefd, random, sessionId: hex(''), cookie: hex(''), suites: [0xc0a8], compressions: [0], extensions: new Map() };

const VECTORS: readonly Vector[] = [
  vector('ClientHello without extensions', `fefd ${R} 00 00 0002 c0a8 01 00`, bare, clientHello),
  vector(
    'ClientHello with session id, cookie and a Connection ID',
    `fefd ${R} 02 5555 03 cccccc 0004 c0a8 00ff 01 00 0007 0036 0003 02c0c1`,
    { ...bare, sessionId: hex('5555'), cookie: hex('cccccc'), suites: [0xc0a8, 0xff], extensions: new Map([[54, hex('02c0c1')]]) },
    clientHello,
  ),
  vector(
    'ServerHello',
    `fefd ${R} 01 55 c0a8 00 0004 0017 0000`,
    { version: 0xfefd, random, sessionId: hex('55'), suite: 0xc0a8, compression: 0, extensions: new Map([[23, hex('')]]) },
    serverHello,
  ),
  vector('HelloVerifyRequest', 'feff 04 c00c1e00', hex('c00c1e00'), {
    encode: (cookie) => encodeHelloVerifyRequest(0xfeff, cookie),
    decode: decodeHelloVerifyRequest,
  }),
  vector('Certificate with two', '00000a 000003 aaaaaa 000001 bb', [hex('aaaaaa'), hex('bb')], {
    encode: encodeCertificates,
    decode: decodeCertificates,
  }),
  vector('Certificate with none', '000000', [], { encode: encodeCertificates, decode: decodeCertificates }),
  vector('Certificate with a raw key', '000002 3059', hex('3059'), { encode: encodeRawKey, decode: decodeRawKey }),
  vector(
    'CertificateRequest',
    '01 40 0002 0403 0005 0003 300100',
    { signatureAlgorithms: [0x0403], authorities: [hex('300100')] },
    {
      encode: encodeCertificateRequest,
      decode: (bytes) => decodeCertificateRequest(bytes) as { signatureAlgorithms: number[]; authorities: Buffer[] },
    },
  ),
  vector(
    'CertificateVerify',
    '0403 0002 3000',
    { algorithm: 0x0403, signature: hex('3000') },
    { encode: encodeSigned, decode: decodeCertificateVerify },
  ),
  vector(
    'ServerKeyExchange with a hint',
    '0003 68 69 21',
    { hint: hex('686921'), share: undefined, signed: undefined },
    {
      encode: encodeServerKeyExchange,
      decode: (bytes) => decodeServerKeyExchange(bytes, 'psk') as { hint: Buffer; share: undefined; signed: undefined },
    },
  ),
  vector(
    'ServerKeyExchange of ECDHE_PSK',
    '0000 03 001d 02 aabb',
    { hint: hex(''), share: { group: 29, point: hex('aabb') }, signed: undefined },
    { encode: encodeServerKeyExchange, decode: (bytes) => decodeServerKeyExchange(bytes, 'ecdhe_psk') as never },
  ),
  vector(
    'ServerKeyExchange of ECDHE_ECDSA',
    '03 0017 02 aabb 0403 0001 30',
    { hint: undefined, share: { group: 23, point: hex('aabb') }, signed: { algorithm: 0x0403, signature: hex('30') } },
    { encode: encodeServerKeyExchange, decode: (bytes) => decodeServerKeyExchange(bytes, 'ecdhe_ecdsa') as never },
  ),
  vector(
    'ClientKeyExchange of PSK',
    '0002 6964',
    { identity: hex('6964'), point: undefined },
    {
      encode: encodeClientKeyExchange,
      decode: (bytes) => decodeClientKeyExchange(bytes, 'psk') as { identity: Buffer; point: undefined },
    },
  ),
  vector(
    'ClientKeyExchange of ECDHE_PSK',
    '0002 6964 01 aa',
    { identity: hex('6964'), point: hex('aa') },
    {
      encode: encodeClientKeyExchange,
      decode: (bytes) => decodeClientKeyExchange(bytes, 'ecdhe_psk') as { identity: Buffer; point: Buffer },
    },
  ),
  vector(
    'ClientKeyExchange of ECDHE_ECDSA',
    '01 aa',
    { identity: undefined, point: hex('aa') },
    {
      encode: encodeClientKeyExchange,
      decode: (bytes) => decodeClientKeyExchange(bytes, 'ecdhe_ecdsa') as { identity: undefined; point: Buffer },
    },
  ),
  vector(
    'NewSessionTicket',
    '00000e10 0002 7777',
    { lifetimeSeconds: 3600, ticket: hex('7777') },
    { encode: encodeSessionTicket, decode: decodeSessionTicket },
  ),
];

/** Lengths at which a shorter message is a message too: a hello without extensions. */
const WHOLE_PREFIXES: Record<string, number[]> = {
  'ClientHello with session id, cookie and a Connection ID': [2 + 32 + 3 + 4 + 6 + 2],
  ServerHello: [2 + 32 + 2 + 2 + 1],
};

describe.each(VECTORS)('$name', ({ name, hex: text, value, encode, decode }) => {
  it('is written and read', () => {
    expect(encode().toString('hex')).toBe(text);
    expect(decode(hex(text))).toEqual(value);
  });

  it('cut anywhere, or a byte longer, is a decode_error', () => {
    for (let length = 0; length < hex(text).length; length++) {
      if (WHOLE_PREFIXES[name]?.includes(length)) continue;
      expect(() => decode(hex(text).subarray(0, length))).toThrow(expect.objectContaining({ code: 'DTLS_DECODE_ERROR' }));
    }
    expect(() => decode(hex(`${text}00`))).toThrow(expect.objectContaining({ code: 'DTLS_DECODE_ERROR' }));
  });
});

it('extensions of both hellos are written and read', () => {
  expect(readClientExtensions(rawClientExtensions(all))).toEqual(all);
  expect(readServerExtensions(rawServerExtensions(answer))).toMatchObject(answer);
  expect(rawClientExtensions({}).size).toBe(0);
});

it('every extension of ours, cut anywhere or a byte longer, is refused', () => {
  const raw = rawClientExtensions(all);
  for (const [type, body] of raw) {
    // A ticket has no form of its own: it is whatever is there.
    if (type === EXTENSION.session_ticket) continue;
    for (let length = 0; length < body.length; length++) {
      expect(() => readClientExtensions(new Map([[type, body.subarray(0, length)]]))).toThrow(DtlsError);
    }
    expect(() => readClientExtensions(new Map([[type, Buffer.concat([body, Buffer.of(0)])]]))).toThrow(DtlsError);
  }
});

const withExtensions = (text: string): Buffer => hex(`fefd ${R} 00 00 0002 c0a8 01 00 ${text}`);
const hello = (text: string): unknown => readClientExtensions(decodeClientHello(withExtensions(text)).extensions);

it.each([
  ['an extension twice', '000c 0017 0000 0023 0000 0017 0000', 'ILLEGAL_PARAMETER'],
  ['an extension beyond the list', '0004 0017 0001', 'DECODE_ERROR'],
  ['a list longer than the hello', '0008 0017 0000', 'DECODE_ERROR'],
  ['a list shorter than the hello', '0004 0017 0000 00', 'DECODE_ERROR'],
  ['extended_master_secret with content', '0005 0017 0001 00', 'DECODE_ERROR'],
  ['encrypt_then_mac with content', '0005 0016 0001 00', 'DECODE_ERROR'],
  ['an empty list of server names', '0006 0000 0002 0000', 'DECODE_ERROR'],
  ['two host names', '000e 0000 000a 0008 00 0001 61 00 0001 62', 'ILLEGAL_PARAMETER'],
  ['an empty host name', '0009 0000 0005 0003 00 0000', 'DECODE_ERROR'],
  ['max_fragment_length 0', '0005 0001 0001 00', 'ILLEGAL_PARAMETER'],
  ['max_fragment_length 5', '0005 0001 0001 05', 'ILLEGAL_PARAMETER'],
  ['record_size_limit 63', '0006 001c 0002 003f', 'ILLEGAL_PARAMETER'],
  ['no uncompressed points', '0006 000b 0002 01 01', 'ILLEGAL_PARAMETER'],
  ['no point formats at all', '0005 000b 0001 00', 'DECODE_ERROR'],
  ['groups that end inside an entry', '0009 000a 0005 0003 001d 00', 'DECODE_ERROR'],
  ['no groups at all', '0006 000a 0002 0000', 'DECODE_ERROR'],
  ['renegotiation_info of another handshake', '0006 ff01 0002 01 aa', 'HANDSHAKE_FAILURE'],
  ['a Connection ID shorter than it says', '0007 0036 0003 03 c0c1', 'DECODE_ERROR'],
])('a hello with %s is refused with %s', (_, text, code) => {
  expect(() => hello(text)).toThrow(expect.objectContaining({ code: `DTLS_${code}` }));
});

it('extensions that we do not know are skipped, whatever is in them', () => {
  expect(hello('0009 abcd 0001 ff 1234 0000')).toMatchObject({ extendedMasterSecret: undefined });
});

it('more extensions than anybody has are refused', () => {
  const many = Array.from({ length: 65 }, (_, i) => (0x4000 + i).toString(16) + '0000').join('');
  expect(() => hello(`${(65 * 4).toString(16).padStart(4, '0')}${many}`)).toThrow(DtlsError);
});

describe('the start of a hello', () => {
  const whole = encodeClientHello({ ...bare, sessionId: hex('5555'), cookie: hex('cccccc') });

  it('is read from a first fragment, and nothing is said where even that is cut off', () => {
    for (let length = 0; length <= whole.length; length++) {
      const start = peekClientHello(whole.subarray(0, length));
      if (length < 34 + 3 + 4) expect(start).toBeUndefined();
      else expect(start).toEqual({ version: 0xfefd, random, sessionId: hex('5555'), cookie: hex('cccccc') });
    }
  });

  it('with a session id of more than 32 bytes is none', () => {
    expect(peekClientHello(Buffer.concat([hex(`fefd ${R}`), Buffer.of(33), Buffer.alloc(40)]))).toBeUndefined();
  });
});
