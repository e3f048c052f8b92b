import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { ownCertificate } from '@drover/testkit';
import type { DtlsWorld } from '@drover/testkit';
import { ClientSide, freePort, goesOnAfterStart, Papers, Program, PSK_HEX, PSK_IDENTITY, ServerSide, type Weather } from './dtls-wire.ts';
import { Proof, type Condition } from './dtls-proof.ts';
import { saySkipped } from './skipped.ts';

// GnuTLS's own client and server on the other side of the wire, in processes of their own.

jest.setTimeout(60_000);

const isThere = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined;
const missing = ['gnutls-cli', 'gnutls-serv'].filter((tool) => !isThere(tool));
if (missing.length > 0) saySkipped(`no ${missing.join(' and no ')} here (Debian: gnutls-bin), so our DTLS has not talked to GnuTLS`);
const there = missing.length > 0 ? describe.skip : describe;

/** Suite, its parts for GnuTLS, what the client is known by, and types of certificates. */
const MODES = [
  ['TLS_PSK_WITH_AES_128_CCM_8', '+PSK:+AES-128-CCM-8:+AEAD', 'psk'],
  ['TLS_PSK_WITH_AES_128_GCM_SHA256', '+PSK:+AES-128-GCM:+AEAD', 'psk'],
  ['TLS_PSK_WITH_AES_128_CBC_SHA256', '+PSK:+AES-128-CBC:+SHA256', 'psk'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', '+ECDHE-ECDSA:+AES-128-CCM-8:+AEAD', 'x509'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', '+ECDHE-ECDSA:+AES-128-GCM:+AEAD', 'x509'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', '+ECDHE-ECDSA:+AES-128-CBC:+SHA256', 'x509'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', '+ECDHE-ECDSA:+AES-128-CCM-8:+AEAD', 'rpk'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', '+ECDHE-ECDSA:+AES-128-GCM:+AEAD', 'rpk'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256', '+ECDHE-ECDSA:+AES-128-CBC:+SHA256', 'rpk'],
] as const;
type Kind = (typeof MODES)[number][2];
/** At once, for each waits for seconds where something is lost. */
const withEachMode = (conditions: readonly [Condition, string[], number, Weather][]) =>
  MODES.flatMap(([suite, parts, kind]) => conditions.map((condition) => ({ suite, parts, kind, condition })));

const papers = new Papers();
const version = /\d[\d.]*/.exec(spawnSync('gnutls-cli', ['--version']).stdout?.toString() ?? '')?.[0] ?? '';
const proof = new Proof('gnutls', `GnuTLS ${version}`, [{ suites: ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'], why: 'no such suite' }]);
afterAll(() => {
  papers.remove();
  proof.write();
});

function priority(parts: string, kind: Kind, groups = '+GROUP-ALL'): string[] {
  const types = kind === 'rpk' ? '+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK' : '+CTYPE-X509';
  return ['--priority', `NONE:+VERS-DTLS1.2:${parts}:+SIGN-ALL:+COMP-NULL:${groups}:${types}`];
}

there('gnutls-cli', () => {
  let ours: ServerSide;
  let theirs: Program;
  afterEach(() => {
    theirs?.stop();
    ours?.stop();
  });

  const CREDENTIALS: Record<Kind, () => string[]> = {
    psk: () => ['--pskusername', PSK_IDENTITY, '--pskkey', PSK_HEX],
    x509: () => [
      ...['--x509certfile', papers.certificate('device', 'intermediate'), '--x509keyfile', papers.key('device')],
      ...['--x509cafile', papers.certificate('root'), '--sni-hostname', 'server.example', '--verify-hostname', 'server.example'],
    ],
    rpk: () => ['--no-ca-verification', '--rawpkkeyfile', papers.key('device'), '--rawpkfile', papers.rawKey('device')],
  };
  const dialling = (port: number, parts: string, kind: Kind, ...more: string[]): Program =>
    new Program('gnutls-cli', ['--udp', '-p', String(port), ...CREDENTIALS[kind](), ...priority(parts, kind), ...more, '127.0.0.1']);
  const dial = (parts: string, kind: Kind, ...more: string[]): Program => dialling(ours.port, parts, kind, ...more);

  it.concurrent.each(
    withEachMode([
      ['plain', [], 1200, {}],
      ['small datagrams', ['--mtu', '300'], 300, {}],
      ['loss', [], 1200, { lose: [1, 3] }],
      ['reordering', [], 1200, { delay: [1, 2] }],
    ]),
  )('$suite ($parts), known by its $kind: $condition.0', async ({ suite, parts, kind, condition: [condition, more, mtu, weather] }) => {
    const side = await new ServerSide({ mtu }, weather).listen();
    const program = dialling(side.port, parts, kind, ...more);
    try {
      const { session } = await side.until('opened');
      expect([session.suite, session.identity.kind]).toEqual([suite, kind]);
      program.type('from gnutls');
      await program.prints('echo from gnutls');
      proof.saw({ suite, mode: kind, role: 'client', condition });
    } finally {
      program.stop();
      side.stop();
    }
  });

  it.each(['+GROUP-SECP256R1', '+GROUP-X25519'])('by %s alone', async (groups) => {
    ours = await new ServerSide().listen();
    const [, parts, kind] = MODES[3];
    theirs = dial(parts, kind, ...priority(parts, kind, groups === '+GROUP-X25519' ? '+GROUP-X25519:+GROUP-SECP256R1' : groups));
    await ours.until('opened');
  });

  it('goes on after a start of ours, which leaves out 2^39 numbers', async () => {
    ours = await new ServerSide({ reserve: 16 }).listen();
    theirs = dial(MODES[0][1], 'psk');
    await goesOnAfterStart(ours, theirs, (text) => text);
  });

  it('takes up its session again', async () => {
    ours = await new ServerSide().listen();
    theirs = dial(MODES[0][1], 'psk', '--resume');
    expect((await ours.until('opened', 2)).isResumed).toBe(true);
    proof.saw({ suite: MODES[0][0], mode: 'psk', role: 'client', condition: 'resumption' });
  });

  it('with a wrong key is refused', async () => {
    ours = await new ServerSide({ retransmitMs: 200 }).listen();
    theirs = dial(MODES[0][1], 'psk', '--pskkey', 'ff'.repeat(16));
    expect(await ours.until('refused')).toMatchObject({ alert: expect.stringMatching(/bad_record_mac|decrypt_error/) });
    expect(ours.said.some(({ type }) => type === 'opened')).toBe(false);
  });

  it.each(['certificate_revoked', 'certificate_expired', 'unknown_ca'] as const)('is told %s', async (alert) => {
    ours = await new ServerSide().listen();
    ours.trust.verdict = { alert };
    theirs = dial(MODES[3][1], 'x509');
    expect(await ours.until('refused')).toMatchObject({ by: 'us', alert });
    await theirs.prints(/[Aa]lert/);
  });
});

there('gnutls-serv', () => {
  const CREDENTIALS: Record<Kind, () => string[]> = {
    psk: () => ['--pskpasswd', papers.text('psk.txt', `${PSK_IDENTITY.replaceAll(':', '_')}:${PSK_HEX}\n`)],
    x509: () => [
      ...['--x509certfile', papers.certificate('server', 'intermediate'), '--x509keyfile', papers.key('server')],
      ...['--x509cafile', papers.certificate('root'), '--require-client-cert', '--verify-client-cert'],
    ],
    rpk: () => ['--rawpkkeyfile', papers.key('server'), '--rawpkfile', papers.rawKey('server'), '--require-client-cert'],
  };
  /** Its file of passwords has no colons in names. */
  const psk = { identity: Buffer.from(PSK_IDENTITY.replaceAll(':', '_')), key: Buffer.from(PSK_HEX, 'hex') };
  const OWN: Record<Kind, DtlsWorld['ports']> = {
    psk: { psk },
    x509: { own: { ...ownCertificate('device'), rawKey: undefined } },
    rpk: { own: { ...ownCertificate('device'), chain: undefined } },
  };

  const start = async (parts: string, kind: Kind, more: string[]): Promise<{ port: number; program: Program }> => {
    const port = await freePort();
    const args = ['--udp', '-p', String(port), '--echo', ...CREDENTIALS[kind](), ...priority(parts, kind), ...more];
    const program = new Program('gnutls-serv', args);
    await program.prints(/ready|listening/i);
    return { port, program };
  };

  it.concurrent.each(
    withEachMode([
      ['plain', [], 1200, {}],
      ['small datagrams', ['--mtu', '300'], 300, {}],
      ['loss', [], 1200, { lose: [1, 2] }],
      ['reordering', [], 1200, { delay: [1, 2] }],
    ]),
  )(
    '$suite ($parts), we are known by our $kind: $condition.0',
    async ({ suite, parts, kind, condition: [condition, more, mtu, weather] }) => {
      const { port, program } = await start(parts, kind, more);
      const settings = { suites: [suite], mtu, serverCertificateTypes: [kind === 'rpk' ? 'rpk' : 'x509'] as const };
      const side = await new ClientSide(port, settings, { weather, ports: OWN[kind] }).connect();
      try {
        const { session } = await side.until('opened');
        expect([session.suite, session.identity.kind]).toEqual([suite, kind]);
        side.client.send(Buffer.from('from us'));
        expect((await side.until('data')).bytes.toString()).toBe('from us');
        proof.saw({ suite, mode: kind, role: 'server', condition });
      } finally {
        side.stop();
        program.stop();
      }
    },
  );
});
