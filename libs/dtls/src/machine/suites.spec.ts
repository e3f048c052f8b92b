import { describe, expect, it } from '@jest/globals';
import { DtlsBench, ownCertificate, PSK_IDENTITY, type DtlsWorld } from '@drover/testkit';
import { GROUP, SUITES, type SuiteName } from '../index.ts';

/** What each suite needs beside the PSK that every client of the bench has. */
function worldOf(suite: SuiteName, extra: DtlsWorld = {}): DtlsWorld {
  const isEcdsa = suite.includes('ECDSA');
  return {
    ...extra,
    server: { suites: [suite], ...extra.server },
    client: { suites: [suite], ...extra.client },
    ports: isEcdsa ? { own: ownCertificate('device'), ...extra.ports } : extra.ports,
    serverOwn: isEcdsa ? ownCertificate('server') : undefined,
  };
}

const NAMES = SUITES.map(({ name }) => name);

describe.each(NAMES)('%s', (suite) => {
  it.each([
    ['without Connection IDs', undefined],
    ['with one of the server', 0],
    ['with one each', 5],
  ])('%s: a handshake, and data both ways', (_, cidBytes) => {
    const bench = new DtlsBench(worldOf(suite, { client: { cidBytes } })).connect();
    expect(bench.said('client', 'opened')).toHaveLength(1);
    expect(bench.session.suite).toBe(suite);
    bench.client.send(Buffer.from('up'));
    bench.run();
    bench.server.send(bench.session, Buffer.from('down'));
    bench.run();
    expect([bench.heard('server'), bench.heard('client')]).toEqual([['up'], ['down']]);
    expect(bench.session.connectionId).toHaveLength(cidBytes === undefined ? 0 : 16);
    expect(bench.server.load).toMatchObject({ sessions: 1, halfOpen: 0 });
  });

  it.each([GROUP.secp256r1, GROUP.x25519])('by group %d', (group) => {
    const bench = new DtlsBench(worldOf(suite, { server: { groups: [group] } })).connect();
    expect(bench.said('client', 'opened')).toHaveLength(1);
  });

  it('in datagrams of 256 bytes', () => {
    const bench = new DtlsBench(worldOf(suite, { server: { mtu: 256 }, client: { mtu: 256 } }));
    let longest = 0;
    bench.meddle = (packet) => {
      longest = Math.max(longest, packet.bytes.length);
      return [packet];
    };
    bench.connect();
    expect(bench.said('client', 'opened')).toHaveLength(1);
    expect(longest).toBeLessThanOrEqual(256);
  });

  it('its secret is told under the random of the client where somebody listens, in a resumed session too', () => {
    const lines: string[] = [];
    const bench = new DtlsBench(worldOf(suite, { keyLog: (line) => lines.push(line) })).connect();
    const { resumable } = bench.client;
    bench.newClient({ resume: resumable });
    bench.connect();
    const secret = resumable!.master.toString('hex');
    const randoms = lines.map((line) => new RegExp(`^CLIENT_RANDOM ([0-9a-f]{64}) ${secret}$`).exec(line)?.[1]);
    expect(randoms).toEqual([expect.any(String), expect.any(String)]);
    expect(new Set(randoms).size).toBe(2);
  });

  it('without extended master secret, for an old device', () => {
    const bench = new DtlsBench(worldOf(suite, { client: { offersExtendedMasterSecret: false } })).connect();
    expect(bench.said('client', 'opened')).toHaveLength(1);
  });

  it('knows who the client is', () => {
    const { identity } = new DtlsBench(worldOf(suite)).connect().session;
    if (suite.includes('PSK')) expect(identity).toEqual({ kind: 'psk', identity: Buffer.from(PSK_IDENTITY) });
    else expect(identity).toMatchObject({ kind: 'rpk' });
  });
});
