import { describe, expect, it } from '@jest/globals';
import { DtlsBench, endOf, forge, forgeMessage, ownCertificate, rewriting, rewritingAnswer, type DtlsWorld } from '@drover/testkit';
import { ALERT, CONTENT, encodeHelloVerifyRequest, EXTENSION, MESSAGE, type ServerHello } from '../index.ts';

// A server that is none, or plays false: what our own client takes from it.

const suites = ['TLS_PSK_WITH_AES_128_CCM_8'] as const;
const world: DtlsWorld = { client: { cidBytes: undefined, suites, offersExtendedMasterSecret: false } };
const setting = (type: number, body: Buffer) => (hello: ServerHello) => ({ extensions: new Map([...hello.extensions, [type, body]]) });

it.each([
  ['another version', () => ({ version: 0xfeff }), 'protocol_version'],
  ['a version of TLS', () => ({ version: 0x0303 }), 'protocol_version'],
  ['a suite that was not offered (downgrade)', () => ({ suite: 0x00ae }), 'illegal_parameter'],
  ['the null suite', () => ({ suite: 0 }), 'illegal_parameter'],
  ['a signalling value for a suite', () => ({ suite: 0x00ff }), 'illegal_parameter'],
  ['compression (CRIME)', () => ({ compression: 1 }), 'illegal_parameter'],
  ['a Connection ID that was not asked for', setting(EXTENSION.connection_id, Buffer.of(0)), 'unsupported_extension'],
  ['an extension that nobody knows', setting(0xabcd, Buffer.alloc(0)), 'unsupported_extension'],
  ['a ticket that was not asked for', setting(EXTENSION.session_ticket, Buffer.alloc(0)), 'unsupported_extension'],
  ['renegotiation_info of another handshake', setting(EXTENSION.renegotiation_info, Buffer.of(1, 1)), 'handshake_failure'],
  ['max_fragment_length unasked', setting(EXTENSION.max_fragment_length, Buffer.of(1)), 'unsupported_extension'],
] as [string, (hello: ServerHello) => Partial<ServerHello>, string][])('ServerHello with %s: %3$s', (_, change, alert) => {
  const bench = new DtlsBench(world);
  bench.meddle = rewritingAnswer(change);
  bench.connect();
  expect([endOf(bench, 'client'), bench.said('client', 'opened')]).toEqual([`by us ${alert}`, []]);
});

it('another max_fragment_length than was asked for: illegal_parameter', () => {
  const bench = new DtlsBench({ ...world, client: { ...world.client, maxFragmentLength: 512 } });
  bench.meddle = rewritingAnswer(setting(EXTENSION.max_fragment_length, Buffer.of(4)));
  bench.connect();
  expect(endOf(bench, 'client')).toBe('by us illegal_parameter');
});

it('extended master secret taken out where the client requires it: handshake_failure', () => {
  const bench = new DtlsBench({ client: { ...world.client, offersExtendedMasterSecret: true, requireExtendedMasterSecret: true } });
  bench.meddle = rewritingAnswer(({ extensions }) => ({
    extensions: new Map([...extensions].filter(([type]) => type !== EXTENSION.extended_master_secret)),
  }));
  bench.connect();
  expect(endOf(bench, 'client')).toBe('by us handshake_failure');
});

it('a session taken for resumed that is not: no Finished holds', () => {
  const bench = new DtlsBench(world);
  bench.meddle = rewritingAnswer(() => ({ sessionId: Buffer.alloc(32, 1) }));
  bench.connect().pass(120_000);
  expect(bench.said('client', 'opened')).toEqual([]);
});

it('a wrong key: nobody is taken for the server', () => {
  const bench = new DtlsBench(world);
  bench.trust.keys.set('urn:dev:psk', Buffer.alloc(16, 9));
  bench.connect().pass(120_000);
  expect([endOf(bench, 'client'), bench.said('client', 'opened')]).toEqual(['by peer bad_record_mac', []]);
});

it('HelloVerifyRequest after HelloVerifyRequest: unexpected_message', () => {
  const bench = new DtlsBench(world);
  bench.meddle = (packet) => (packet.to === 'client' ? [packet] : []);
  bench.connect();
  for (let sequence = 0; sequence < 5; sequence++) {
    bench.client.receive(
      forgeMessage(MESSAGE.hello_verify_request, sequence, encodeHelloVerifyRequest(0xfeff, Buffer.alloc(16, sequence))),
      bench.now,
    );
  }
  expect(endOf(bench, 'client')).toBe('by us unexpected_message');
});

describe('out of order: unexpected_message', () => {
  it.each([
    ['a certificate first', MESSAGE.certificate],
    ['ServerHelloDone first', MESSAGE.server_hello_done],
    ['a key exchange first', MESSAGE.server_key_exchange],
    ['a ticket first', MESSAGE.new_session_ticket],
    ['a hello of a client (reflection)', MESSAGE.client_hello],
    ['a key exchange of a client (reflection)', MESSAGE.client_key_exchange],
  ])('%s', (_, type) => {
    const bench = new DtlsBench(world);
    bench.meddle = () => [];
    bench.connect();
    bench.client.receive(forgeMessage(type, 0, Buffer.alloc(40)), bench.now);
    expect(endOf(bench, 'client')).toBe('by us unexpected_message');
  });

  it('a certificate asked for in a suite without', () => {
    const bench = new DtlsBench(world);
    bench.meddle = rewriting('client', MESSAGE.server_hello_done, () => undefined);
    bench.connect();
    bench.client.receive(forgeMessage(MESSAGE.certificate_request, 2, Buffer.from('0140000204030000', 'hex')), bench.now);
    expect(bench.said('client', 'opened')).toEqual([]);
    expect(bench.said('client', 'datagram')).toHaveLength(3);
  });
});

// Found by CI: an answer of the old session was on its way when it ended, and the alert for it ended the handshake after it.
it('an alert for a record of the session before does not end the handshake: it is no answer to the hello', () => {
  const stray = forge(CONTENT.alert, Buffer.of(2, ALERT.unexpected_message), { epoch: 0 });
  const bench = new DtlsBench(world);
  bench.meddle = (packet) => (packet.to === 'client' ? [{ ...packet, bytes: stray }] : []);
  bench.connect();
  bench.client.receive(stray, bench.now);
  expect(endOf(bench, 'client')).toBe('nothing');
  bench.meddle = (packet) => [packet];
  bench.pass(5000);
  expect(bench.said('client', 'opened')).toHaveLength(1);
});

it('the same alert after a message of the server ends it', () => {
  const bench = new DtlsBench(world);
  bench.meddle = rewriting('client', MESSAGE.server_hello_done, () => undefined);
  bench.connect();
  bench.client.receive(forge(CONTENT.alert, Buffer.of(2, ALERT.unexpected_message), { epoch: 0 }), bench.now);
  expect(endOf(bench, 'client')).toBe('by peer unexpected_message');
});

it('a HelloRequest in a handshake is ignored (RFC 5246 section 7.4.1.1)', () => {
  const bench = new DtlsBench(world);
  bench.meddle = (packet, index) =>
    index === 1 ? [{ ...packet, bytes: forgeMessage(MESSAGE.hello_request, 0, Buffer.alloc(0)) }, packet] : [packet];
  bench.connect();
  expect(endOf(bench, 'client')).toBe('opened');
});

it('the server’s alert ends the attempt', () => {
  const bench = new DtlsBench(world);
  bench.meddle = () => [];
  bench.connect();
  bench.client.receive(forge(CONTENT.alert, Buffer.of(2, ALERT.handshake_failure)), bench.now);
  expect([endOf(bench, 'client'), bench.client.nextTimerAt()]).toEqual(['by peer handshake_failure', undefined]);
});

it('plain records do nothing to a session', () => {
  const bench = new DtlsBench(world).connect();
  bench.client.receive(forge(CONTENT.alert, Buffer.of(2, ALERT.internal_error)), bench.now);
  bench.client.receive(forge(CONTENT.application_data, Buffer.from('plain')), bench.now);
  expect([bench.client.session !== undefined, bench.heard('client')]).toEqual([true, []]);
});

it('names no suite for which it has no credentials', () => {
  const bench = new DtlsBench({ ports: { psk: undefined }, client: { suites } });
  expect(() => bench.connect()).not.toThrow();
  expect(bench.said('client', 'opened')).toEqual([]);
});

it('a certificate where a raw key alone was asked for: unsupported_certificate', () => {
  const bench = new DtlsBench({
    client: { suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'], serverCertificateTypes: ['rpk'] },
    serverOwn: ownCertificate('server'),
  });
  bench.meddle = rewritingAnswer(({ extensions }) => ({
    extensions: new Map([...extensions].filter(([type]) => type !== EXTENSION.server_certificate_type)),
  }));
  bench.connect();
  expect(endOf(bench, 'client')).toBe('by us unsupported_certificate');
});
