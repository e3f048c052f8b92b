import { expect, it } from '@jest/globals';
import { DtlsBench, endOf, ownCertificate, plainAlertsTo, rewriting, rewritingHello, type DtlsWorld } from '@drover/testkit';
import { EXTENSION, GROUP, MESSAGE, SCSV, type ClientHello } from '../index.ts';

// A hello that must not be: what the server tells the client, and that it keeps nothing.

const CCM_8 = 0xc0a8;
const ECDSA_CCM_8 = 0xc0ae;
const TLS_RSA_WITH_NULL_SHA = 0x0002;
const ecdsa: DtlsWorld = { serverOwn: ownCertificate('server'), ports: { own: ownCertificate('device') } };
const onlyEcdsa: DtlsWorld = { ...ecdsa, server: { suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'] } };

const setting = (type: number, body: Buffer) => (hello: ClientHello) => ({ extensions: new Map([...hello.extensions, [type, body]]) });
const without = (type: number) => (hello: ClientHello) => ({ extensions: new Map([...hello.extensions].filter(([key]) => key !== type)) });

interface Attack {
  readonly attack: string;
  readonly change: (hello: ClientHello) => Partial<ClientHello>;
  readonly alert: string;
  readonly world?: DtlsWorld;
}

const ATTACKS: readonly Attack[] = [
  { attack: 'downgrade to DTLS 1.0', change: () => ({ version: 0xfeff }), alert: 'protocol_version' },
  { attack: 'a version of TLS', change: () => ({ version: 0x0303 }), alert: 'protocol_version' },
  { attack: 'a version of SSL', change: () => ({ version: 0x0300 }), alert: 'protocol_version' },
  { attack: 'version zero', change: () => ({ version: 0 }), alert: 'protocol_version' },
  {
    attack: 'fallback by somebody who made the better version fail (RFC 7507)',
    change: ({ suites }) => ({ version: 0xfeff, suites: [...suites, SCSV.fallback] }),
    alert: 'inappropriate_fallback',
  },
  { attack: 'nothing but suites that we lack', change: () => ({ suites: [TLS_RSA_WITH_NULL_SHA, 0x1301] }), alert: 'handshake_failure' },
  { attack: 'nothing but signalling values', change: () => ({ suites: [SCSV.renegotiation] }), alert: 'handshake_failure' },
  { attack: 'CBC, which is off by default', change: () => ({ suites: [0x00ae] }), alert: 'handshake_failure' },
  {
    attack: 'CBC as MAC-then-encrypt (Lucky Thirteen)',
    change: (hello) => ({ suites: [0x00ae], ...without(EXTENSION.encrypt_then_mac)(hello) }),
    alert: 'handshake_failure',
    world: { server: { suites: ['TLS_PSK_WITH_AES_128_CBC_SHA256'] }, client: { suites: ['TLS_PSK_WITH_AES_128_CBC_SHA256'] } },
  },
  { attack: 'compression (CRIME)', change: () => ({ compressions: [1] }), alert: 'illegal_parameter' },
  {
    attack: 'renegotiation taken for a beginning',
    change: setting(EXTENSION.renegotiation_info, Buffer.of(1, 7)),
    alert: 'handshake_failure',
  },
  { attack: 'renegotiation_info that is none', change: setting(EXTENSION.renegotiation_info, Buffer.alloc(0)), alert: 'decode_error' },
  {
    attack: 'extended master secret taken out where it is required (triple handshake)',
    change: without(EXTENSION.extended_master_secret),
    alert: 'handshake_failure',
    world: { server: { requireExtendedMasterSecret: true } },
  },
  { attack: 'extended master secret with content', change: setting(EXTENSION.extended_master_secret, Buffer.of(1)), alert: 'decode_error' },
  {
    attack: 'groups that we lack (a small subgroup)',
    change: (hello) => ({ suites: [ECDSA_CCM_8], ...setting(EXTENSION.supported_groups, Buffer.from('000400010016', 'hex'))(hello) }),
    alert: 'handshake_failure',
    world: onlyEcdsa,
  },
  {
    attack: 'groups without the one of our key',
    change: setting(EXTENSION.supported_groups, Buffer.of(0, 2, 0, GROUP.x25519)),
    alert: 'handshake_failure',
    world: onlyEcdsa,
  },
  {
    attack: 'signatures with SHA-1 only',
    change: setting(EXTENSION.signature_algorithms, Buffer.from('00020203', 'hex')),
    alert: 'handshake_failure',
    world: onlyEcdsa,
  },
  {
    attack: 'no signature algorithms, which means SHA-1',
    change: without(EXTENSION.signature_algorithms),
    alert: 'handshake_failure',
    world: onlyEcdsa,
  },
  {
    attack: 'certificate types that we lack (OpenPGP)',
    change: setting(EXTENSION.server_certificate_type, Buffer.of(1, 1)),
    alert: 'unsupported_certificate',
    world: onlyEcdsa,
  },
  {
    attack: 'no type of its own that we take',
    change: setting(EXTENSION.client_certificate_type, Buffer.of(1, 1)),
    alert: 'unsupported_certificate',
    world: onlyEcdsa,
  },
  { attack: 'compressed points only', change: setting(EXTENSION.ec_point_formats, Buffer.of(1, 1)), alert: 'illegal_parameter' },
  {
    attack: 'record_size_limit of one byte, for a flood of records',
    change: setting(EXTENSION.record_size_limit, Buffer.of(0, 1)),
    alert: 'illegal_parameter',
  },
  {
    attack: 'max_fragment_length out of its table',
    change: setting(EXTENSION.max_fragment_length, Buffer.of(9)),
    alert: 'illegal_parameter',
  },
  {
    attack: 'a host name of somebody else',
    change: setting(EXTENSION.server_name, Buffer.from('0004000001' + '61', 'hex')),
    alert: 'unrecognized_name',
    world: { server: { serverNames: ['server.example'] } },
  },
  {
    attack: 'a list of host names that is cut off',
    change: setting(EXTENSION.server_name, Buffer.from('00060000', 'hex')),
    alert: 'decode_error',
  },
  { attack: 'a Connection ID longer than its extension', change: setting(EXTENSION.connection_id, Buffer.of(9, 1)), alert: 'decode_error' },
  {
    attack: 'groups of an odd number of bytes',
    change: setting(EXTENSION.supported_groups, Buffer.of(0, 3, 0, 23, 0)),
    alert: 'decode_error',
  },
];

/** Only from the second hello on: before the cookie nobody is told anything. */
it.each(ATTACKS)('$attack: $alert', ({ change, alert, world }) => {
  const bench = new DtlsBench(world);
  bench.meddle = rewritingHello(change);
  bench.connect();
  expect([endOf(bench, 'server'), endOf(bench, 'client')]).toEqual([`by us ${alert}`, `by peer ${alert}`]);
  expect(plainAlertsTo(bench, 'client')).toEqual([alert]);
  expect(bench.server.load).toMatchObject({ halfOpen: 0, sessions: 0 });
});

it.each([
  ['cut in the middle of its suites', (body: Buffer) => body.subarray(0, body.indexOf(Buffer.from([0xc0, 0xa8])) + 1)],
  ['with a byte behind its extensions', (body: Buffer) => Buffer.concat([body, Buffer.of(0)])],
  ['with an extension twice', (body: Buffer) => doubled(body)],
])('a hello %s ends with an alert, and is not taken for another', (_, spoil) => {
  const bench = new DtlsBench();
  bench.meddle = rewriting('server', MESSAGE.client_hello, spoil);
  bench.connect();
  expect(endOf(bench, 'server')).toMatch(/^by us (decode_error|illegal_parameter)$/);
  expect(bench.server.load).toMatchObject({ halfOpen: 0, sessions: 0 });
});

function doubled(body: Buffer): Buffer {
  const extra = Buffer.from('00170000', 'hex');
  const at = body.lastIndexOf(Buffer.from('ff01000100', 'hex')) - 2;
  const longer = Buffer.concat([body, extra, extra]);
  longer.writeUInt16BE(body.length - at - 2 + 8, at);
  return longer;
}

it('a version of DTLS to come is answered with ours', () => {
  const bench = new DtlsBench({ client: { offersExtendedMasterSecret: false } });
  bench.meddle = rewritingHello(() => ({ version: 0xfefc }));
  bench.connect();
  // The hello was changed on the way, so Finished does not hold; but it came to that.
  expect(endOf(bench, 'server')).toBe('by us decrypt_error');
});

it('suites struck out on the way (downgrade): Finished tells', () => {
  const bench = new DtlsBench({
    client: { suites: ['TLS_PSK_WITH_AES_128_GCM_SHA256', 'TLS_PSK_WITH_AES_128_CCM_8'], offersExtendedMasterSecret: false },
  });
  bench.meddle = rewritingHello(() => ({ suites: [CCM_8] }));
  bench.connect();
  expect(endOf(bench, 'server')).toBe('by us decrypt_error');
  expect(bench.said('client', 'opened')).toEqual([]);
});

it('extended master secret struck out on the way (downgrade): no session comes of it', () => {
  const bench = new DtlsBench();
  bench.meddle = rewritingHello(without(EXTENSION.extended_master_secret));
  bench.connect();
  expect(endOf(bench, 'server')).toBe('by us decrypt_error');
  expect(bench.server.load.sessions).toBe(0);
});

it('a Connection ID put into the hello on the way: no session comes of it', () => {
  const bench = new DtlsBench({ client: { cidBytes: 4 } });
  bench.meddle = rewritingHello(setting(EXTENSION.connection_id, Buffer.of(4, 9, 9, 9, 9)));
  bench.connect().pass(120_000);
  expect([bench.server.load.sessions, bench.said('client', 'opened').length]).toEqual([0, 0]);
});
