import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { ownCertificate } from '@drover/testkit';
import { ClientSide, freePort, goesOnAfterStart, Papers, Program, PSK_HEX, PSK_IDENTITY, ServerSide, type Weather } from './dtls-wire.ts';
import { Proof, type Condition } from './dtls-proof.ts';
import { saySkipped } from './skipped.ts';

// OpenSSL's own client and server on the other side of the wire, in processes of their own.

jest.setTimeout(60_000);

const version = spawnSync('openssl', ['version']).stdout?.toString() ?? '';
if (version === '') saySkipped('no openssl here, so our DTLS has not talked to it');
const there = version === '' ? describe.skip : describe;
const leavesOutEms = (spawnSync('openssl', ['s_client', '-help']).stderr?.toString() ?? '').includes('-no_ems');
if (version !== '' && !leavesOutEms) saySkipped(`this openssl (${version.trim()}) cannot leave out extended master secret`);

const SUITES = [
  ['PSK-AES128-CCM8', 'TLS_PSK_WITH_AES_128_CCM_8'],
  ['PSK-AES128-GCM-SHA256', 'TLS_PSK_WITH_AES_128_GCM_SHA256'],
  ['PSK-AES128-CBC-SHA256', 'TLS_PSK_WITH_AES_128_CBC_SHA256'],
  ['ECDHE-ECDSA-AES128-CCM8', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'],
  ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  ['ECDHE-ECDSA-AES128-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'],
] as const;

/** Each suite under each of these; at once, for each waits for seconds where something is lost. */
const withEachSuite = <T extends readonly unknown[]>(conditions: readonly T[]) =>
  SUITES.flatMap(([name, suite]) => conditions.map((condition) => ({ name, suite, condition })));

const papers = new Papers();
const proof = new Proof('openssl', version.split(' ').slice(0, 2).join(' '), [
  { suites: ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'], why: 'no such suite' },
  { mode: 'rpk', why: 'raw public keys only from OpenSSL 3.2 on' },
]);
afterAll(() => {
  papers.remove();
  proof.write();
});
const modeOf = (name: string) => (name.startsWith('PSK') ? 'psk' : 'x509');

const pskArgs = ['-psk_identity', PSK_IDENTITY, '-psk', PSK_HEX];
/** Without the level OpenSSL offers no tag of eight bytes. */
const cipher = (name: string): string[] => ['-cipher', `${name}:@SECLEVEL=0`];

there('openssl s_client', () => {
  let ours: ServerSide;
  let theirs: Program;
  afterEach(() => {
    theirs?.stop();
    ours?.stop();
  });

  const dialling = (port: number, name: string, ...more: string[]): Program => {
    const client = ['-cert', papers.certificate('device'), '-key', papers.key('device'), '-cert_chain', papers.certificate('intermediate')];
    const trust = ['-CAfile', papers.certificate('root'), '-verify_return_error', '-servername', 'server.example'];
    const credentials = name.startsWith('PSK') ? pskArgs : [...client, ...trust];
    return new Program('openssl', ['s_client', '-dtls1_2', '-connect', `127.0.0.1:${port}`, ...credentials, ...cipher(name), ...more]);
  };
  const dial = (name: string, ...more: string[]): Program => dialling(ours.port, name, ...more);

  it.concurrent.each(
    withEachSuite<[Condition, string[], Weather]>([
      ['plain', [], {}],
      ['small datagrams', ['-mtu', '256'], {}],
      ['loss', ['-timeout'], { lose: [1, 3] }],
      ['reordering', ['-timeout'], { delay: [1, 2] }],
    ]),
  )('$name: $condition.0', async ({ name, suite, condition: [condition, more, weather] }) => {
    const side = await new ServerSide({ mtu: more.includes('-mtu') ? 256 : 1200 }, weather).listen();
    const program = dialling(side.port, name, ...more);
    try {
      const { session } = await side.until('opened');
      expect(session.suite).toBe(suite);
      expect(session.identity.kind).toBe(modeOf(name));
      program.type('from openssl');
      await program.prints('echo from openssl');
      proof.saw({ suite, mode: modeOf(name), role: 'client', condition });
    } finally {
      program.stop();
      side.stop();
    }
  });

  it('goes on after a start of ours, which leaves out 2^39 numbers', async () => {
    ours = await new ServerSide({ reserve: 16 }).listen();
    theirs = dial('PSK-AES128-CCM8');
    await goesOnAfterStart(ours, theirs, (text) => text);
  });

  it('takes up its session again by ticket', async () => {
    ours = await new ServerSide().listen();
    const kept = `${papers.folder}/session`;
    theirs = dial('PSK-AES128-CCM8', '-sess_out', kept);
    await ours.until('opened');
    theirs.type('first');
    await theirs.prints('echo first');
    theirs.type('Q');
    await theirs.ends();
    theirs = dial('PSK-AES128-CCM8', '-sess_in', kept);
    expect((await ours.until('opened', 2)).isResumed).toBe(true);
    theirs.type('second');
    await theirs.prints('echo second');
    proof.saw({ suite: 'TLS_PSK_WITH_AES_128_CCM_8', mode: 'psk', role: 'client', condition: 'resumption' });
  });

  it('takes up its session again by id', async () => {
    ours = await new ServerSide().listen();
    const kept = `${papers.folder}/session-by-id`;
    theirs = dial('PSK-AES128-GCM-SHA256', '-no_ticket', '-sess_out', kept);
    await ours.until('opened');
    theirs.type('first');
    await theirs.prints('echo first');
    theirs.type('Q');
    await theirs.ends();
    theirs = dial('PSK-AES128-GCM-SHA256', '-no_ticket', '-sess_in', kept);
    expect((await ours.until('opened', 2)).isResumed).toBe(true);
    proof.saw({ suite: 'TLS_PSK_WITH_AES_128_GCM_SHA256', mode: 'psk', role: 'client', condition: 'resumption' });
  });

  it('that asks for a renegotiation is refused, and stays', async () => {
    ours = await new ServerSide().listen();
    theirs = dial('PSK-AES128-CCM8', '-legacy_renegotiation');
    await ours.until('opened');
    theirs.type('R');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(ours.said.filter(({ type }) => type === 'opened')).toHaveLength(1);
  });

  async function refused(_: string, name: string, more: string[], alert: string): Promise<void> {
    const side = await new ServerSide({ retransmitMs: 200, requireExtendedMasterSecret: true }).listen();
    const program = dialling(side.port, name, ...more);
    try {
      expect(await side.until('refused')).toMatchObject({ by: 'us', alert });
      expect(side.said.some(({ type }) => type === 'opened')).toBe(false);
    } finally {
      program.stop();
      side.stop();
    }
  }

  it.concurrent.each([
    ['with a wrong key', 'PSK-AES128-CCM8', ['-psk', 'ff'.repeat(16)], 'bad_record_mac'],
    ['with an unknown identity', 'PSK-AES128-CCM8', ['-psk_identity', 'nobody'], 'bad_record_mac'],
    ['with CBC but MAC-then-encrypt', 'PSK-AES128-CBC-SHA256', ['-no_etm'], 'handshake_failure'],
  ])('%s is refused', refused);

  (leavesOutEms ? it : it.skip)('without extended master secret where it is required is refused', () =>
    refused('', 'PSK-AES128-CCM8', ['-no_ems'], 'handshake_failure'),
  );

  it('that believes in another root refuses us', async () => {
    ours = await new ServerSide().listen();
    const args = [
      's_client',
      '-dtls1_2',
      '-connect',
      `127.0.0.1:${ours.port}`,
      '-CAfile',
      papers.certificate('strangerRoot'),
      '-verify_return_error',
    ];
    theirs = new Program('openssl', [...args, ...cipher('ECDHE-ECDSA-AES128-GCM-SHA256')]);
    expect(await ours.until('refused')).toMatchObject({ by: 'peer', alert: 'unknown_ca' });
  });
});

there('openssl s_server', () => {
  let ours: ClientSide;
  let theirs: Program;
  afterEach(() => {
    ours?.stop();
    theirs?.stop();
  });

  const starting = async (name: string, ...more: string[]): Promise<{ port: number; program: Program }> => {
    const port = await freePort();
    const chain = ['-cert', papers.certificate('server'), '-key', papers.key('server'), '-cert_chain', papers.certificate('intermediate')];
    const trust = ['-CAfile', papers.certificate('root'), '-Verify', '3', '-verify_return_error'];
    const credentials = name.startsWith('PSK') ? [...pskArgs, '-nocert'] : [...chain, ...trust];
    const args = ['-dtls1_2', '-accept', `127.0.0.1:${port}`, ...credentials, ...cipher(name), ...more];
    const program = new Program('openssl', ['s_server', ...args]);
    await program.prints('ACCEPT');
    return { port, program };
  };
  const start = async (name: string, ...more: string[]): Promise<number> => {
    const { port, program } = await starting(name, ...more);
    theirs = program;
    return port;
  };

  it.concurrent.each(
    withEachSuite<[Condition, string[], object, Weather]>([
      ['plain', [], {}, {}],
      ['plain', ['-listen'], {}, {}],
      ['small datagrams', ['-mtu', '256'], { mtu: 256 }, {}],
      ['loss', ['-timeout'], {}, { lose: [1, 2] }],
      ['reordering', ['-timeout'], {}, { delay: [1, 2] }],
    ]),
  )('$name: $condition.0 $condition.1', async ({ name, suite, condition: [condition, more, settings, weather] }) => {
    const { port, program } = await starting(name, ...more);
    const own = { ...ownCertificate('device'), rawKey: undefined };
    const side = await new ClientSide(port, { ...settings, suites: [suite] }, { weather, ports: { own } }).connect();
    try {
      const { session } = await side.until('opened');
      expect([session.suite, session.identity.kind]).toEqual([suite, modeOf(name)]);
      side.client.send(Buffer.from('from us\n'));
      await program.prints('from us');
      program.type('from openssl');
      expect((await side.until('data')).bytes.toString()).toBe('from openssl\n');
      side.client.close();
      expect(await side.until('closed')).toMatchObject({ reason: 'local' });
      proof.saw({ suite, mode: modeOf(name), role: 'server', condition });
    } finally {
      side.stop();
      program.stop();
    }
  });

  it.each([
    ['by ticket', true],
    ['by id', false],
  ])('takes up our session again %s', async (_, wantsTicket) => {
    const port = await start('PSK-AES128-CCM8', ...(wantsTicket ? [] : ['-no_ticket']));
    ours = await new ClientSide(port, { suites: ['TLS_PSK_WITH_AES_128_CCM_8'], wantsTicket }).connect();
    await ours.until('opened');
    const { resumable } = ours.client;
    ours.client.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    ours.stop();
    ours = await new ClientSide(port, { suites: ['TLS_PSK_WITH_AES_128_CCM_8'], wantsTicket }, { ports: { resume: resumable } }).connect();
    expect((await ours.until('opened')).isResumed).toBe(true);
    ours.client.send(Buffer.from('resumed\n'));
    await theirs.prints('resumed');
    proof.saw({ suite: 'TLS_PSK_WITH_AES_128_CCM_8', mode: 'psk', role: 'server', condition: 'resumption' });
  });

  it('with another key is not taken for ours', async () => {
    const port = await start('PSK-AES128-CCM8');
    const psk = { identity: Buffer.from(PSK_IDENTITY), key: Buffer.alloc(16, 9) };
    ours = await new ClientSide(
      port,
      { suites: ['TLS_PSK_WITH_AES_128_CCM_8'], handshakeMs: 1500, retransmitMs: 200 },
      { ports: { psk } },
    ).connect();
    expect((await ours.until('refused')).by).toMatch(/peer|timeout/);
    expect(ours.said.some(({ type }) => type === 'opened')).toBe(false);
  });
});
