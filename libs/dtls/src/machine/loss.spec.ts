import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DtlsBench, ownCertificate, type DtlsWorld } from '@drover/testkit';

const PSK_WORLD: DtlsWorld = {};
const ECDSA_WORLD: DtlsWorld = {
  server: { mtu: 300 },
  client: { mtu: 300, cidBytes: 3 },
  ports: { own: ownCertificate('device') },
  serverOwn: ownCertificate('server'),
};
const WORLDS = [
  ['PSK', PSK_WORLD],
  ['ECDHE_ECDSA in datagrams of 300 bytes, with Connection IDs', ECDSA_WORLD],
] as const;

describe.each(WORLDS)('%s', (_, world) => {
  /** What happens to the n-th packet; after these nothing is lost any more. */
  const fate = fc.constantFrom('pass', 'lose', 'double', 'delay');

  it('a handshake comes through whatever is lost, doubled or out of order at first', () => {
    fc.assert(
      fc.property(fc.array(fate, { maxLength: 24 }), (fates) => {
        const bench = new DtlsBench(world);
        let held: Parameters<DtlsBench['meddle']>[0][] = [];
        // One flight may be the lost one each time; after five, 31 seconds have passed of the 90 that a handshake has.
        let mishaps = 5;
        bench.meddle = (packet, index) => {
          const later = held;
          held = [];
          const what = fates[index] === 'lose' || fates[index] === 'delay' ? (mishaps-- > 0 ? fates[index] : 'pass') : fates[index];
          switch (what) {
            case 'lose':
              return later;
            case 'double':
              return [packet, packet, ...later];
            case 'delay':
              held = [packet];
              return later;
            default:
              return [packet, ...later];
          }
        };
        bench.connect().pass(60_000);
        expect(bench.said('client', 'opened')).toHaveLength(1);
        expect(bench.said('server', 'opened')).toHaveLength(1);
        bench.meddle = (packet) => [packet];
        bench.client.send(Buffer.from('up'));
        bench.run();
        bench.server.send(bench.session, Buffer.from('down'));
        bench.run();
        expect([bench.heard('server'), bench.heard('client')]).toEqual([['up'], ['down']]);
      }),
      { numRuns: 60 },
    );
  });

  it('each packet of a handshake may be the lost one', () => {
    const whole = new DtlsBench(world);
    let packets = 0;
    whole.meddle = (packet) => (packets++, [packet]);
    whole.connect();
    for (let lost = 0; lost < packets; lost++) {
      const bench = new DtlsBench(world);
      bench.meddle = (packet, index) => (index === lost ? [] : [packet]);
      bench.connect().pass(10_000);
      expect([lost, bench.said('client', 'opened').length, bench.said('server', 'opened').length]).toEqual([lost, 1, 1]);
    }
  });

  it('a resumption too, though any one of its packets is lost', () => {
    for (let lost = 0; lost < 6; lost++) {
      const bench = new DtlsBench(world).connect();
      let index = 0;
      bench.meddle = (packet) => (index++ === lost ? [] : [packet]);
      bench.newClient({ resume: bench.client.resumable });
      bench.connect().pass(10_000);
      bench.meddle = (packet) => [packet];
      expect([lost, ...bench.said('client', 'opened').map(({ isResumed }) => isResumed)]).toEqual([lost, false, true]);
      bench.client.send(Buffer.from('resumed'));
      bench.run();
      expect([lost, ...bench.heard('server')]).toEqual([lost, 'resumed']);
    }
  });
});

it('a flight goes out again after 1, 2, 4 ... seconds, seven times in all, and is then given up', () => {
  const bench = new DtlsBench();
  const at: number[] = [];
  bench.meddle = () => (at.push(bench.now - 1_000_000), []);
  bench.connect().pass(100_000);
  expect(at).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 63_000]);
  expect(bench.said('client', 'refused')).toMatchObject([{ by: 'timeout' }]);
  expect(bench.client.nextTimerAt()).toBeUndefined();
});

it('the server says its flight again by itself, and forgets the handshake at its deadline', () => {
  const bench = new DtlsBench();
  bench.meddle = (packet, index) => (index < 3 ? [packet] : []);
  bench.connect();
  const before = bench.said('server', 'datagram').length;
  bench.pass(89_000);
  expect(bench.said('server', 'datagram').length).toBeGreaterThanOrEqual(before + 6);
  expect(bench.server.load.halfOpen).toBe(1);
  bench.pass(2000);
  expect(bench.server.load.halfOpen).toBe(0);
  expect(bench.said('server', 'refused')).toMatchObject([{ by: 'timeout' }]);
  expect(bench.server.nextTimerAt()).toBeUndefined();
});

it('the last flight is kept for a client that has not received it, and no longer than it may be needed', () => {
  const bench = new DtlsBench();
  let finishedLost = 0;
  // Finished of the server, twice.
  bench.meddle = (packet, index) => (packet.to === 'client' && index >= 5 && finishedLost++ < 2 ? [] : [packet]);
  bench.connect();
  expect([bench.said('server', 'opened').length, bench.said('client', 'opened').length]).toEqual([1, 0]);
  bench.pass(10_000);
  expect(bench.said('client', 'opened')).toHaveLength(1);
  bench.client.send(Buffer.from('here'));
  bench.run();
  expect(bench.server.nextTimerAt()).toBeUndefined();
});
