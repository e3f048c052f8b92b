import { describe, expect, it } from '@jest/globals';
import { DtlsBench, ownCertificate, type DtlsWorld } from '@drover/testkit';
import { CONTENT, MESSAGE, Reassembly, type ServerSettings } from '../index.ts';

// Somebody with many addresses, or many credentials, and much time.

/** Handshakes that stop after the cookie. */
function halfOpened(world: DtlsWorld, addresses: string[]): DtlsBench {
  const bench = new DtlsBench(world);
  for (const address of addresses) {
    bench.clientAddress = address;
    let packets = 0;
    bench.meddle = (packet) => (packets++ < 3 ? [packet] : []);
    bench.newClient();
    bench.connect();
  }
  return bench;
}
const ports = (host: string, count: number): string[] => Array.from({ length: count }, (_, port) => `${host}:${port}`);

it('half-open handshakes are bounded, and the bound is counted', () => {
  const bench = halfOpened(
    { server: { maxHalfOpen: 5 } },
    [...Array(20).keys()].map((i) => `198.51.100.${i}:1`),
  );
  expect(bench.server.load).toMatchObject({ halfOpen: 5, turnedAway: 15 });
});

it('one host cannot take all places', () => {
  const bench = halfOpened({ server: { maxHalfOpenPerHost: 3 } }, [...ports('203.0.113.1', 20), '198.51.100.1:1']);
  expect(bench.server.load.halfOpen).toBe(4);
});

it('one IPv6 host cannot either', () => {
  const bench = halfOpened({ server: { maxHalfOpenPerHost: 3 } }, ports('[2001:db8::1]', 20));
  expect(bench.server.load.halfOpen).toBe(3);
});

it('one address has one handshake at a time', () => {
  const bench = halfOpened({}, Array<string>(20).fill('198.51.100.1:1'));
  expect(bench.server.load.halfOpen).toBe(1);
});

it('places are free again after the deadline', () => {
  const bench = halfOpened({ server: { maxHalfOpen: 5 } }, ports('198.51.100.1', 5));
  bench.pass(91_000);
  expect(bench.server.load.halfOpen).toBe(0);
  expect(bench.server.nextTimerAt()).toBeUndefined();
});

it('a place is free again when a handshake has failed or ended well', () => {
  const bench = new DtlsBench({ server: { maxHalfOpen: 1, maxHalfOpenPerHost: 1 } });
  for (let i = 0; i < 5; i++) {
    bench.clientAddress = `198.51.100.1:${i}`;
    bench.newClient(i % 2 === 0 ? {} : { psk: { identity: Buffer.from('nobody'), key: Buffer.alloc(16) } });
    bench.connect().pass(100_000);
  }
  expect([bench.server.load.halfOpen, bench.server.load.turnedAway, bench.said('server', 'opened').length]).toEqual([0, 0, 3]);
});

it('sessions are bounded: one that was silent for long goes', () => {
  const bench = new DtlsBench({ server: { maxSessions: 10, maxSessionsPerIdentity: 100 }, client: { cidBytes: 2 } });
  for (let i = 0; i < 30; i++) {
    bench.now += 1000;
    bench.clientAddress = `198.51.100.1:${i}`;
    bench.newClient();
    bench.connect();
  }
  expect(bench.server.load.sessions).toBe(10);
  expect(bench.said('server', 'closed').map(({ reason }) => reason)).toEqual(Array(20).fill('evicted'));
});

it('nothing is left behind by a thousand failed handshakes', () => {
  const bench = new DtlsBench();
  for (let i = 0; i < 200; i++) {
    bench.clientAddress = `198.51.100.1:${i}`;
    bench.newClient({ psk: { identity: Buffer.from(`nobody ${i}`), key: Buffer.alloc(16) } });
    bench.connect();
  }
  bench.pass(200_000);
  expect(bench.server.load).toEqual({ sessions: 0, halfOpen: 0, turnedAway: 0, resumable: 0 });
  expect(bench.server.nextTimerAt()).toBeUndefined();
});

it('one IPv6 network of /64 cannot take all places', () => {
  const addresses = [...Array(20).keys()].map((i) => `[2001:db8:0:1:${i.toString(16)}::${i + 1}]:5684`);
  const bench = halfOpened({ server: { maxHalfOpenPerHost: 3 } }, [...addresses, '[2001:db8:0:2::1]:1', '[2001:db8::7]:1', '[::1]:1']);
  expect(bench.server.load.halfOpen).toBe(6);
});

it('a client that announces eight certificates of full size and sends a byte of each is kept small', () => {
  const incoming = new Reassembly(0, 8192);
  for (let sequence = 0; sequence < 8; sequence++) {
    incoming.add({ type: MESSAGE.certificate, sequence, length: 8192, offset: 0, bytes: Buffer.of(1) });
  }
  expect(incoming.kept).toBeLessThan(16_384);
});

it('beside the largest certificate there is room for what else a flight has', () => {
  const incoming = new Reassembly(0, 8192);
  for (const [sequence, type] of [MESSAGE.finished, MESSAGE.certificate_verify, MESSAGE.client_key_exchange].entries()) {
    expect(incoming.add({ type, sequence: 3 - sequence, length: 1024, offset: 0, bytes: Buffer.alloc(1) })).toBe('taken');
  }
  expect(incoming.add({ type: MESSAGE.certificate, sequence: 0, length: 8192, offset: 0, bytes: Buffer.alloc(1) })).toBe('taken');
});

describe('one device with many sessions', () => {
  function sessionsOf(count: number, settings: Partial<ServerSettings>, more: DtlsWorld = {}): DtlsBench {
    const bench = new DtlsBench({ server: settings, client: { cidBytes: 2 }, ...more });
    for (let i = 0; i < count; i++) {
      bench.now += 1000;
      bench.clientAddress = `198.51.100.1:${i}`;
      bench.newClient();
      bench.connect();
    }
    return bench;
  }

  it('keeps the newest few, and takes no places of others', () => {
    const bench = new DtlsBench({ server: { maxSessions: 10, maxSessionsPerIdentity: 3 }, client: { cidBytes: 2 } });
    bench.trust.keys.set('urn:dev:other', Buffer.alloc(16, 1));
    bench.newClient({ psk: { identity: Buffer.from('urn:dev:other'), key: Buffer.alloc(16, 1) } });
    bench.connect();
    const other = bench.session;
    for (let i = 0; i < 50; i++) {
      bench.now += 1000;
      bench.clientAddress = `198.51.100.1:${i}`;
      bench.newClient();
      bench.connect();
    }
    expect(bench.server.load.sessions).toBe(4);
    expect([...bench.server.sessions()]).toContain(other);
    expect(new Set(bench.said('server', 'closed').map(({ reason }) => reason))).toEqual(new Set(['replaced']));
  });

  it('the one that has not been heard of longest goes first', () => {
    const bench = sessionsOf(3, { maxSessionsPerIdentity: 3 });
    const [first, second] = [...bench.server.sessions()];
    bench.now += 1000;
    const opened = bench.said('client', 'opened');
    const { channel } = opened[0]!.session as unknown as { channel: { seal(type: number, bytes: Buffer): Buffer } };
    bench.server.receive('198.51.100.1:0', channel.seal(CONTENT.application_data, Buffer.from('still here')), bench.now);
    bench.clientAddress = '198.51.100.1:9';
    bench.newClient();
    bench.connect();
    expect([...bench.server.sessions()]).toContain(first);
    expect(bench.said('server', 'closed').map(({ session }) => session)).toEqual([second]);
  });

  it('clients that are nobody in particular are not taken for one', () => {
    const suites = ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'] as const;
    const settings = { suites, clientAuthentication: 'none', maxSessionsPerIdentity: 2 } as const;
    const bench = sessionsOf(5, settings, { client: { suites, cidBytes: 2 }, serverOwn: ownCertificate('server') });
    expect(bench.server.load.sessions).toBe(5);
  });
});
