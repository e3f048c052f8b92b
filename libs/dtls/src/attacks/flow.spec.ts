import { describe, expect, it } from '@jest/globals';
import {
  DtlsBench,
  endOf,
  forge,
  forgeMessage,
  ownCertificate,
  plainAlertsTo,
  rewriting,
  type DtlsWorld,
  type Packet,
} from '@drover/testkit';
import { ALERT, CONTENT, encodeClientKeyExchange, encodeFragment, encodeRecord, MESSAGE, readRecords } from '../index.ts';

// Messages of a handshake that are out of place, spoilt, or from somebody else.

const ecdsa: DtlsWorld = {
  serverOwn: ownCertificate('server'),
  ports: { own: ownCertificate('device') },
  server: { suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'] },
};
const ecdhePsk: DtlsWorld = { server: { suites: ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'] } };

/** The server has sent its first flight, and the client's next one is held back. No Connection ID, so that its records can be taken apart. */
function waiting(world: DtlsWorld = {}): { bench: DtlsBench; flight: Packet[] } {
  const bench = new DtlsBench({ ...world, client: { cidBytes: undefined, ...world.client } });
  const flight: Packet[] = [];
  bench.meddle = (packet, index) => {
    if (packet.to === 'client' || index < 3) return [packet];
    flight.push(packet);
    return [];
  };
  bench.connect();
  bench.meddle = (packet) => [packet];
  return { bench, flight };
}

const say = (bench: DtlsBench, bytes: Buffer): void => bench.server.receive(bench.clientAddress, bytes, bench.now);

describe('out of order', () => {
  it('the flight as it should be, record by record, opens a session: what is below differs from it', () => {
    const { bench, flight } = waiting();
    for (const record of flight.flatMap(({ bytes }) => readRecords(bytes, 0))) say(bench, encodeRecord(record, record.fragment));
    expect(endOf(bench, 'server')).toBe('opened');
  });

  it('another hello in the middle is a stranger’s: asked for a cookie, and the handshake goes on', () => {
    const { bench, flight } = waiting();
    say(bench, forgeMessage(MESSAGE.client_hello, 2, Buffer.alloc(60)));
    flight.forEach((packet) => bench.deliver(packet));
    expect(endOf(bench, 'server')).toBe('opened');
  });

  it.each([
    ['CertificateVerify where a key exchange should be', MESSAGE.certificate_verify, {}],
    ['a certificate in a suite without', MESSAGE.certificate, {}],
    ['a key exchange where a certificate should be', MESSAGE.client_key_exchange, ecdsa],
    ['a message of a server', MESSAGE.server_hello, {}],
    ['ServerHelloDone of a client', MESSAGE.server_hello_done, {}],
    ['a ticket of a client', MESSAGE.new_session_ticket, {}],
    ['a HelloVerifyRequest of a client', MESSAGE.hello_verify_request, {}],
    ['a message that nobody knows', 99, {}],
  ])('%s: unexpected_message', (_, type, world) => {
    const { bench } = waiting(world);
    say(bench, forgeMessage(type, 2, Buffer.alloc(40)));
    expect(endOf(bench, 'server')).toBe('by us unexpected_message');
    expect(bench.server.load.halfOpen).toBe(0);
  });

  it('CertificateVerify left out (a certificate is public): no Finished is taken', () => {
    const bench = new DtlsBench(ecdsa);
    bench.meddle = rewriting('server', MESSAGE.certificate_verify, () => undefined);
    bench.connect().pass(120_000);
    expect(bench.server.load.sessions).toBe(0);
  });

  it('early ChangeCipherSpec (CVE-2014-0224): dropped, and the handshake goes on', () => {
    const { bench, flight } = waiting();
    say(bench, forge(CONTENT.change_cipher_spec, Buffer.of(1)));
    flight.forEach((packet) => bench.deliver(packet));
    bench.run();
    expect(endOf(bench, 'server')).toBe('opened');
  });

  it.each([
    ['no content', Buffer.alloc(0)],
    ['another content', Buffer.of(2)],
    ['two bytes', Buffer.of(1, 1)],
  ])('ChangeCipherSpec with %s changes nothing', (_, content) => {
    const { bench, flight } = waiting();
    const records = flight.flatMap(({ bytes }) => readRecords(bytes, 0));
    for (const record of records) say(bench, encodeRecord(record, record.type === CONTENT.change_cipher_spec ? content : record.fragment));
    expect(endOf(bench, 'server')).toBe('nothing');
  });

  it('Finished without ChangeCipherSpec is not taken', () => {
    const { bench, flight } = waiting();
    for (const record of flight.flatMap(({ bytes }) => readRecords(bytes, 0))) {
      if (record.type !== CONTENT.change_cipher_spec) say(bench, encodeRecord(record, record.fragment));
    }
    expect(endOf(bench, 'server')).toBe('nothing');
  });

  it('data before Finished is not handed on', () => {
    const { bench, flight } = waiting();
    say(bench, forge(CONTENT.application_data, Buffer.from('early')));
    say(bench, forge(CONTENT.application_data, Buffer.alloc(40), { epoch: 1 }));
    flight.forEach((packet) => bench.deliver(packet));
    expect(bench.said('server', 'data')).toEqual([]);
  });
});

describe('wrong epoch', () => {
  it('a plain Finished is nobody’s', () => {
    const { bench, flight } = waiting();
    say(bench, forgeMessage(MESSAGE.finished, 3, Buffer.alloc(12)));
    expect(endOf(bench, 'server')).toBe('nothing');
    flight.forEach((packet) => bench.deliver(packet));
    expect(endOf(bench, 'server')).toBe('opened');
  });

  it.each([2, 3, 65_535])('Finished under epoch %d is not taken', (epoch) => {
    const { bench, flight } = waiting();
    for (const record of flight.flatMap(({ bytes }) => readRecords(bytes, 0)))
      say(bench, encodeRecord({ ...record, epoch: record.epoch === 1 ? epoch : 0 }, record.fragment));
    expect(endOf(bench, 'server')).toBe('nothing');
  });

  it('a key exchange under epoch 1, before there are keys, is not taken', () => {
    const { bench } = waiting();
    say(
      bench,
      forge(CONTENT.handshake, encodeFragment({ type: 16, sequence: 2, length: 4, offset: 0, bytes: Buffer.alloc(4) }), { epoch: 1 }),
    );
    expect(endOf(bench, 'server')).toBe('nothing');
  });
});

describe('spoilt key exchange', () => {
  const point = (bytes: Buffer) => encodeClientKeyExchange({ identity: Buffer.from('urn:dev:psk'), point: bytes });
  const offCurve = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 7)]);

  it.each([
    ['truncated', {}, Buffer.from('0009', 'hex'), 'decode_error'],
    ['with a byte behind its end', {}, Buffer.from('00016100', 'hex'), 'decode_error'],
    ['empty', {}, Buffer.alloc(0), 'decode_error'],
    ['with an identity of 257 bytes', {}, Buffer.concat([Buffer.of(1, 1), Buffer.alloc(257, 97)]), 'decode_error'],
    ['with an invalid curve point', { server: { ...ecdhePsk.server, groups: [23] } } as DtlsWorld, point(offCurve), 'illegal_parameter'],
    [
      'with a compressed point',
      { server: { ...ecdhePsk.server, groups: [23] } } as DtlsWorld,
      point(Buffer.alloc(33, 2)),
      'illegal_parameter',
    ],
    ['with the point at infinity', { server: { ...ecdhePsk.server, groups: [23] } } as DtlsWorld, point(Buffer.of(0)), 'illegal_parameter'],
    [
      'with a point of small order',
      { server: { ...ecdhePsk.server, groups: [29] } } as DtlsWorld,
      point(Buffer.alloc(32)),
      'illegal_parameter',
    ],
    ['with a point of another group', { server: { ...ecdhePsk.server, groups: [29] } } as DtlsWorld, point(offCurve), 'illegal_parameter'],
    ['without a point', ecdhePsk, Buffer.from('000161', 'hex'), 'decode_error'],
    ['with an empty point', ecdhePsk, Buffer.from('00016100', 'hex'), 'decode_error'],
  ])('%s: the alert for it', (_, world, body, alert) => {
    const { bench } = waiting(world);
    say(bench, forgeMessage(MESSAGE.client_key_exchange, 2, body));
    expect(endOf(bench, 'server')).toBe(`by us ${alert}`);
    expect(plainAlertsTo(bench, 'client')).toEqual([alert]);
  });
});

describe('fragments', () => {
  it('a message of 16 MiB is refused by its header', () => {
    const { bench } = waiting();
    say(bench, forge(CONTENT.handshake, encodeFragment({ type: 16, sequence: 2, length: 0xffffff, offset: 0, bytes: Buffer.alloc(1) })));
    expect(endOf(bench, 'server')).toBe('by us illegal_parameter');
  });

  it('two fragments that disagree about their message: illegal_parameter', () => {
    const { bench } = waiting();
    say(bench, forge(CONTENT.handshake, encodeFragment({ type: 16, sequence: 2, length: 100, offset: 0, bytes: Buffer.alloc(10) })));
    say(bench, forge(CONTENT.handshake, encodeFragment({ type: 16, sequence: 2, length: 101, offset: 10, bytes: Buffer.alloc(10) })));
    expect(endOf(bench, 'server')).toBe('by us illegal_parameter');
  });

  it('a flood of fragments far ahead keeps nothing and ends nothing', () => {
    const { bench, flight } = waiting();
    for (let sequence = 20; sequence < 2000; sequence++) {
      say(bench, forge(CONTENT.handshake, encodeFragment({ type: 16, sequence, length: 1000, offset: 0, bytes: Buffer.alloc(10) })));
    }
    flight.forEach((packet) => bench.deliver(packet));
    expect(endOf(bench, 'server')).toBe('opened');
  });

  it('a flood of empty fragments changes nothing', () => {
    const { bench, flight } = waiting();
    const empty = encodeFragment({ type: 16, sequence: 2, length: 13, offset: 0, bytes: Buffer.alloc(0) });
    for (let i = 0; i < 1000; i++) say(bench, forge(CONTENT.handshake, empty));
    flight.forEach((packet) => bench.deliver(packet));
    expect(endOf(bench, 'server')).toBe('opened');
  });
});

describe('replay and reflection', () => {
  it('the hello with the cookie again and again: our flight again, but not for ever', () => {
    const bench = new DtlsBench();
    let hello: Packet | undefined;
    bench.meddle = (packet, index) => {
      if (index === 2) hello = packet;
      return index <= 2 ? [packet] : [];
    };
    bench.connect();
    const before = bench.said('server', 'datagram').length;
    for (let i = 0; i < 100; i++) bench.deliver(hello!);
    expect(bench.said('server', 'datagram').length - before).toBeLessThanOrEqual(6);
  });

  it('a client’s flight played twice opens one session', () => {
    const { bench, flight } = waiting();
    flight.forEach((packet) => bench.deliver(packet));
    flight.forEach((packet) => bench.deliver(packet));
    expect([bench.said('server', 'opened').length, bench.server.load.sessions]).toEqual([1, 1]);
  });

  it('a client’s flight from another address opens nothing', () => {
    const { bench, flight } = waiting();
    flight.forEach((packet) => bench.deliver({ ...packet, from: '203.0.113.9:9' }));
    expect(endOf(bench, 'server')).toBe('nothing');
  });

  it('a whole handshake played again to a new server opens nothing', () => {
    const recorded: Packet[] = [];
    const bench = new DtlsBench();
    bench.meddle = (packet) => {
      if (packet.to === 'server') recorded.push(packet);
      return [packet];
    };
    bench.connect();
    const other = new DtlsBench();
    other.entropy.bytes(64);
    recorded.forEach((packet) => other.deliver(packet));
    expect(other.server.load.sessions).toBe(0);
  });

  it('our own records sent back to us mean nothing', () => {
    const { bench } = waiting();
    for (const { bytes } of bench.said('server', 'datagram')) say(bench, bytes);
    expect(endOf(bench, 'server')).toMatch(/nothing|unexpected_message/);
    expect(bench.server.load.sessions).toBe(0);
  });

  it('our own Finished sent back to us is none of the client', () => {
    const bench = new DtlsBench().connect();
    const ours = bench.said('server', 'datagram').at(-1)!.bytes;
    say(bench, ours);
    expect(bench.said('server', 'closed')).toEqual([]);
  });
});

describe('alerts in a handshake', () => {
  it.each(['handshake_failure', 'unknown_ca', 'decrypt_error', 'internal_error', 'close_notify'] as const)(
    '%s of the client ends it',
    (name) => {
      const { bench } = waiting();
      say(bench, forge(CONTENT.alert, Buffer.of(2, ALERT[name])));
      expect(endOf(bench, 'server')).toBe(`by peer ${name}`);
      expect(bench.server.load.halfOpen).toBe(0);
    },
  );

  it('a warning does not', () => {
    const { bench, flight } = waiting();
    say(bench, forge(CONTENT.alert, Buffer.of(1, ALERT.no_renegotiation)));
    flight.forEach((packet) => bench.deliver(packet));
    expect(endOf(bench, 'server')).toBe('opened');
  });

  it.each([
    ['one byte', Buffer.of(2)],
    ['three bytes', Buffer.of(2, 40, 0)],
    ['none', Buffer.alloc(0)],
  ])('an alert of %s is none', (_, content) => {
    const { bench, flight } = waiting();
    say(bench, forge(CONTENT.alert, content));
    flight.forEach((packet) => bench.deliver(packet));
    expect(endOf(bench, 'server')).toBe('opened');
  });

  it('no alert of ours is ever answered with an alert: two servers do not talk for ever', () => {
    const [a, b] = [new DtlsBench(), new DtlsBench()];
    a.server.receive('192.0.2.77:1', forge(CONTENT.application_data, Buffer.alloc(40), { epoch: 1 }), a.now);
    const [alert] = a.said('server', 'datagram');
    b.server.receive('192.0.2.78:1', alert!.bytes, b.now);
    expect(b.said('server', 'datagram')).toEqual([]);
  });
});
