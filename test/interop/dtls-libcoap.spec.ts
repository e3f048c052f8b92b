import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { CODE } from '@drover/coap';
import type { SuiteName } from '@drover/dtls';
import { ownCertificate } from '@drover/testkit';
import { CoapBench, patterned, sha256 } from './coap-bench.ts';
import { DtlsClientWire, DtlsServerWire } from './dtls-coap-wires.ts';
import { Proof, type Condition, type Lack, type Mode } from './dtls-proof.ts';
import { ClientSide, freePort, Papers, Program, type Weather } from './dtls-wire.ts';
import { saySkipped } from './skipped.ts';

// libcoap with CoAP over DTLS, as Debian builds it: over OpenSSL and over GnuTLS. Its keys on the command line are text.

jest.setTimeout(60_000);

const IDENTITY = 'urn:dev:libcoap';
const KEY = 'sixteen bytes ok';
const BODY = patterned(16 * 1024, 31);

interface Build {
  readonly name: 'openssl' | 'gnutls';
  readonly types: readonly Exclude<Mode, 'psk'>[];
  readonly lacks: readonly Lack[];
}

const ECDHE_PSK: Lack = { suites: ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'], why: 'no such suite' };

const BUILDS: readonly Build[] = [
  {
    name: 'openssl',
    types: ['x509'],
    lacks: [
      ECDHE_PSK,
      { suites: ['TLS_PSK_WITH_AES_128_CBC_SHA256'], role: 'server', why: 'its server leaves this one out' },
      { mode: 'rpk', why: 'no raw public keys in this build' },
    ],
  },
  { name: 'gnutls', types: ['x509', 'rpk'], lacks: [ECDHE_PSK] },
];

const PSK_SUITES: readonly SuiteName[] = [
  'TLS_PSK_WITH_AES_128_CCM_8',
  'TLS_PSK_WITH_AES_128_GCM_SHA256',
  'TLS_PSK_WITH_AES_128_CBC_SHA256',
  'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256',
];
const ECDSA_SUITES: readonly SuiteName[] = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
];

/** What a build has in a role, under all that a wire may do. */
function casesOf({ types, lacks }: Build, role: 'client' | 'server') {
  const lacking = lacks.filter((lack) => (lack.role ?? role) === role).flatMap(({ suites }) => suites ?? []);
  const psk = PSK_SUITES.filter((suite) => !lacking.includes(suite)).map((suite) => ({ suite, mode: 'psk' as Mode }));
  const others = types.flatMap((mode: Mode) => ECDSA_SUITES.map((suite) => ({ suite, mode })));
  return [...psk, ...others].flatMap((pair) => CASES.map((each) => ({ ...pair, ...each })));
}

const CASES: readonly { condition: Condition; mtu: number; weather: Weather }[] = [
  { condition: 'plain', mtu: 1200, weather: {} },
  { condition: 'small datagrams', mtu: 256, weather: {} },
  { condition: 'loss', mtu: 1200, weather: { lose: [1, 3] } },
  { condition: 'reordering', mtu: 1200, weather: { delay: [1, 2] } },
];

const papers = new Papers();
afterAll(() => papers.remove());

const isThere = (tool: string): boolean => spawnSync(tool, ['-?']).error === undefined;
const versionOf = (tool: string): string => / v(\S+)/.exec(spawnSync(tool, ['-?']).stderr?.toString() ?? '')?.[1] ?? '';

/** Certificates and keys as the two programs want them; `-n` where the other side cannot be checked. */
function credentials(mode: Mode, own: 'device' | 'server'): string[] {
  if (mode === 'rpk') return ['-n', '-M', papers.text(`${own}-raw.pem`, papers.read(papers.rawKey(own)) + papers.read(papers.key(own)))];
  return ['-c', papers.certificate(own, 'intermediate'), '-j', papers.key(own), '-C', papers.certificate('root')];
}

describe.each(BUILDS)('libcoap over $name', (build) => {
  const { name, lacks } = build;
  const tools = { client: `coap-client-${name}`, server: `coap-server-${name}` };
  const missing = Object.values(tools).filter((tool) => !isThere(tool));
  if (missing.length > 0) saySkipped(`no ${missing.join(' and no ')} here (Debian: libcoap3-bin), so it has not talked to our DTLS`);
  const there = missing.length > 0 ? describe.skip : describe;
  const proof = new Proof(`libcoap-${name}`, `libcoap ${versionOf(tools.client)} over ${name === 'openssl' ? 'OpenSSL' : 'GnuTLS'}`, lacks);
  afterAll(() => proof.write());

  there('its client', () => {
    // At once, for each waits for seconds where something is lost.
    it.concurrent.each(casesOf(build, 'client'))('$suite, known by its $mode: $condition', async ({ suite, mode, condition, ...air }) => {
      let wire!: DtlsServerWire;
      const bench = new CoapBench((sink) => (wire = new DtlsServerWire(sink, { suites: [suite], mtu: air.mtu }, air.weather)));
      wire.side.trust.keys.set(IDENTITY, Buffer.from(KEY));
      const base = await bench.start();
      const own = mode === 'psk' ? ['-u', IDENTITY, '-k', KEY] : credentials(mode, 'device');
      const run = (...args: string[]) => promisify(execFile)(tools.client, [...own, '-B', '20', ...args], { timeout: 50_000 });
      try {
        await run('-m', 'put', '-t', '42', '-b', '512', '-f', papers.bytes('body', BODY), `${base}/upload`);
        expect(bench.uploads.map(sha256)).toEqual([sha256(BODY)]);
        expect((await run(`${base}/counter`)).stdout).toMatch(/^n\d+/);
        const { session } = await wire.side.until('opened', 2);
        expect([session.suite, session.identity.kind]).toEqual([suite, mode]);
        proof.saw({ suite, mode, role: 'client', condition });
      } finally {
        await bench.stop();
      }
    });
  });

  there('its client, refused', () => {
    const refusal = async (suites: readonly SuiteName[], key: string) => {
      let wire!: DtlsServerWire;
      const bench = new CoapBench((sink) => (wire = new DtlsServerWire(sink, { suites, retransmitMs: 200, handshakeMs: 3000 })));
      wire.side.trust.keys.set(IDENTITY, Buffer.from(KEY));
      const base = await bench.start();
      const theirs = new Program(tools.client, ['-u', IDENTITY, '-k', key, '-B', '5', `${base}/counter`]);
      const refused = await wire.side.until('refused');
      theirs.stop();
      await bench.stop();
      expect(wire.side.said.some(({ type }) => type === 'opened')).toBe(false);
      return refused;
    };

    it('with a wrong key', async () => {
      expect(await refusal(['TLS_PSK_WITH_AES_128_CCM_8'], 'another key, too!')).toMatchObject({
        by: expect.stringMatching(/us|peer|timeout/),
      });
    });

    it.each(lacks.filter(({ role }) => role !== 'server').flatMap(({ suites }) => suites ?? []))('that does not have %s', async (suite) => {
      expect(await refusal([suite], KEY)).toMatchObject({ by: 'us', alert: 'handshake_failure' });
    });
  });

  there('its server', () => {
    const start = async (mode: Mode): Promise<{ port: number; theirs: Program }> => {
      const port = await freePort();
      const own = mode === 'psk' ? ['-k', KEY, '-h', 'hint'] : credentials(mode, 'server');
      const theirs = new Program(tools.server, ['-A', '127.0.0.1', '-p', String(port), '-v', '6', ...own]);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { port: port + 1, theirs };
    };
    const dialling = (suite: SuiteName, mode: Mode, { mtu, weather }: { mtu?: number; weather?: Weather } = {}): CoapBench => {
      const { privateKey, chain, rawKey } = ownCertificate('device');
      const own = mode === 'rpk' ? { privateKey, rawKey } : { privateKey, chain };
      const serverCertificateTypes = [mode === 'rpk' ? 'rpk' : 'x509'] as const;
      const settings = { suites: [suite], mtu: mtu ?? 1200, serverCertificateTypes, cidBytes: undefined };
      const psk = { identity: Buffer.from(IDENTITY), key: Buffer.from(KEY) };
      return new CoapBench(
        (sink) => new DtlsClientWire(sink, settings, { weather, ports: mode === 'psk' ? { psk } : { psk: undefined, own } }),
      );
    };

    it.concurrent.each(casesOf(build, 'server'))(
      '$suite, we are known by our $mode: $condition',
      async ({ suite, mode, condition, ...air }) => {
        const { port, theirs } = await start(mode);
        const bench = dialling(suite, mode, air);
        try {
          const peer = await bench.dial(port);
          const written = await bench.write(peer, ['example_data'], BODY);
          expect([CODE.CREATED, CODE.CHANGED]).toContain(written.code);
          expect(sha256((await bench.read(peer, ['example_data'])).body)).toBe(sha256(BODY));
          proof.saw({ suite, mode, role: 'server', condition });
        } finally {
          await bench.stop();
          theirs.stop();
        }
      },
    );

    it.each(lacks.filter(({ role }) => role !== 'client').flatMap(({ suites }) => suites ?? []))('does not have %s', async (suite) => {
      const { port, theirs } = await start('psk');
      const side = new ClientSide(
        port,
        { suites: [suite] },
        { ports: { psk: { identity: Buffer.from(IDENTITY), key: Buffer.from(KEY) } } },
      );
      await side.connect();
      expect(await side.until('refused')).toMatchObject({ by: 'peer', alert: 'handshake_failure' });
      side.stop();
      theirs.stop();
    });

    it('with another key is not taken for ours', async () => {
      const { port, theirs } = await start('psk');
      const psk = { identity: Buffer.from(IDENTITY), key: Buffer.alloc(16, 9) };
      const patience = { handshakeMs: 2000, retransmitMs: 300 };
      const side = new ClientSide(port, { suites: ['TLS_PSK_WITH_AES_128_CCM_8'], ...patience }, { ports: { psk } });
      await side.connect();
      expect((await side.until('refused')).by).toMatch(/peer|timeout/);
      expect(side.said.some(({ type }) => type === 'opened')).toBe(false);
      side.stop();
      theirs.stop();
    });
  });
});
