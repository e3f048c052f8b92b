import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { ownCertificate } from '@drover/testkit';
import type { SuiteName } from '@drover/dtls';
import { Proof, type Condition, type Mode } from './dtls-proof.ts';
import { Relay } from './dtls-relay.ts';
import { ClientSide, freePort, goesOnAfterStart, Papers, Program, PSK_HEX, PSK_IDENTITY, ServerSide, type Weather } from './dtls-wire.ts';
import { JavaPeer } from './java-peer.ts';
import { saySkipped } from './skipped.ts';

// Scandium, the DTLS of Eclipse Californium, on the other side of the wire, in a process of its own. It alone has Connection IDs.

jest.setTimeout(60_000);

const java = new JavaPeer('scandium');
const missing = java.build();
if (missing) saySkipped(`interop with Scandium: ${missing}`);
const there = missing ? describe.skip : describe;

const MODES = [
  ['TLS_PSK_WITH_AES_128_CCM_8', 'psk'],
  ['TLS_PSK_WITH_AES_128_GCM_SHA256', 'psk'],
  ['TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256', 'psk'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'x509'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'x509'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'rpk'],
  ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'rpk'],
] as const satisfies readonly (readonly [SuiteName, Mode])[];

interface Case {
  readonly condition: Condition;
  readonly peer?: Record<string, number>;
  readonly mtu?: number;
  readonly weather?: Weather;
}

const CASES: readonly Case[] = [
  { condition: 'plain' },
  { condition: 'small datagrams', peer: { mtu: 256 }, mtu: 256 },
  { condition: 'loss', weather: { lose: [1, 3] } },
  { condition: 'reordering', weather: { delay: [1, 2] } },
  { condition: 'Connection ID', peer: { cid: 6 } },
];

/** Cases that wait for lost packets wait together. */
const EACH = MODES.flatMap(([suite, mode]) => CASES.map((each) => ({ suite, mode, ...each })));

const papers = new Papers();
const proof = new Proof('scandium', 'Scandium 3.14.0', [
  {
    suites: ['TLS_PSK_WITH_AES_128_CBC_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'],
    why: 'CBC only as MAC-then-encrypt, which we refuse',
  },
]);
afterAll(() => {
  papers.remove();
  proof.write();
});

/** Its own key and chain in one file, and whom it believes. */
function credentials(mode: Mode, own: 'device' | 'server'): string[] {
  if (mode === 'psk') return [`psk=${PSK_HEX}`, `identity=${PSK_IDENTITY}`];
  const pem = [papers.key(own), papers.certificate(own, 'intermediate')].map((path) => papers.read(path)).join('');
  const trusted = mode === 'rpk' ? papers.certificate(own === 'device' ? 'server' : 'device') : papers.certificate('root');
  return [`type=${mode}`, `own=${papers.text(`${own}-all.pem`, pem)}`, `trusted=${trusted}`];
}

const more = (options: Record<string, number | string> = {}): string[] =>
  Object.entries(options).map(([name, value]) => `${name}=${value}`);
const nameOf = (mode: Mode): string => (mode === 'psk' ? PSK_IDENTITY : mode === 'rpk' ? 'of ni:' : 'of CN=urn:dev:1');

there('Scandium as client', () => {
  let ours: ServerSide;
  let theirs: Program;
  let relay: Relay | undefined;
  afterEach(() => {
    theirs?.stop();
    relay?.close();
    relay = undefined;
    ours?.stop();
  });

  const dial = (suite: SuiteName, mode: Mode, options: Record<string, number | string> = {}, port = ours.port): Program =>
    new Program('java', java.command('client', String(port), `suite=${suite}`, ...credentials(mode, 'device'), ...more(options)));

  it.concurrent.each(EACH)('$suite, known by its $mode: $condition', async ({ suite, mode, condition, peer, mtu, weather }) => {
    const side = await new ServerSide({ mtu: mtu ?? 1200 }, weather).listen();
    const program = dial(suite, mode, peer, side.port);
    try {
      program.type('from scandium');
      const { session } = await side.until('opened');
      expect([session.suite, session.identity.kind]).toEqual([suite, mode]);
      await program.prints('heard <echo from scandium>');
      const all = side.said.flatMap((output) => (output.type === 'datagram' ? [output.bytes.length] : []));
      if (mtu !== undefined) expect(Math.max(...all)).toBeLessThanOrEqual(mtu);
      if (condition === 'Connection ID') {
        expect(program.printed).toMatch(/writes <CID=[0-9A-F]{16}> reads <CID=[0-9A-F]{12}>/);
        expect(session.connectionId).toHaveLength(16);
      }
      proof.saw({ suite, mode, role: 'client', condition });
    } finally {
      program.stop();
      side.stop();
    }
  });

  describe.each(MODES)('%s, known by its %s', (suite, mode) => {
    it('takes up its session again', async () => {
      ours = await new ServerSide().listen();
      theirs = dial(suite, mode);
      theirs.type('first');
      await theirs.prints('heard <echo first>');
      theirs.type('/resume');
      theirs.type('second');
      await theirs.prints('heard <echo second>');
      expect((await ours.until('opened', 2)).isResumed).toBe(true);
      proof.saw({ suite, mode, role: 'client', condition: 'resumption' });
    });
  });

  it('goes on after a start of ours, which leaves out 2^39 numbers', async () => {
    ours = await new ServerSide({ reserve: 16 }).listen();
    theirs = dial('TLS_PSK_WITH_AES_128_CCM_8', 'psk', { cid: 6 });
    await goesOnAfterStart(ours, theirs, (text) => `heard <${text}>`);
  });

  it.each(['secp256r1', 'X25519,secp256r1'])('by %s', async (groups) => {
    ours = await new ServerSide().listen();
    theirs = dial('TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'x509', { groups });
    theirs.type('hello');
    await theirs.prints('heard <echo hello>');
  });

  it.each([
    ['max_fragment_length 512', { fragment: 512 }, 512],
    ['record_size_limit 128', { limit: 128 }, 128],
  ] as const)('with %s gets no longer records', async (_, options, most) => {
    ours = await new ServerSide().listen();
    theirs = dial('TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'x509', options);
    theirs.type('hello');
    await theirs.prints('heard <echo hello>');
    expect((await ours.until('opened')).session.maxDataBytes).toBeLessThanOrEqual(most);
  });

  it('that knows CBC only as MAC-then-encrypt is refused', async () => {
    ours = await new ServerSide().listen();
    theirs = dial('TLS_PSK_WITH_AES_128_CBC_SHA256', 'psk');
    theirs.type('hello');
    expect(await ours.until('refused')).toMatchObject({ by: 'us', alert: 'handshake_failure' });
  });

  it('with a wrong key is refused', async () => {
    ours = await new ServerSide({ retransmitMs: 200 }).listen();
    theirs = dial('TLS_PSK_WITH_AES_128_CCM_8', 'psk', { psk: 'ff'.repeat(16) });
    theirs.type('hello');
    expect(await ours.until('refused')).toMatchObject({ by: 'us', alert: 'bad_record_mac' });
    expect(ours.said.some(({ type }) => type === 'opened')).toBe(false);
  });

  describe.each(MODES)('%s, known by its %s, from three source ports', (suite, mode) => {
    it('is answered where its newest record came from, and nowhere else (RFC 9146 section 6)', async () => {
      ours = await new ServerSide().listen();
      relay = new Relay(ours.port);
      theirs = dial(suite, mode, { cid: 6 }, await relay.open());
      theirs.type('zero');
      await theirs.prints('heard <echo zero>');
      const { session } = await ours.until('opened');
      expect([session.address, session.provenAddress]).toEqual([relay.addressOf(0), relay.addressOf(0)]);

      // Another port: answered there at once, and the old address is kept until this one has proved itself.
      relay.exit = 1;
      theirs.type('one');
      await theirs.prints('heard <echo one>');
      expect([session.address, session.provenAddress]).toEqual([relay.addressOf(1), relay.addressOf(0)]);

      // A record that somebody plays again from the third port moves nothing, nor does one that is not authentic.
      const returned = relay.returned[2];
      relay.deliver(relay.sent.at(-1)!, 2);
      const forged = Buffer.from(relay.sent.at(-1)!);
      forged.writeUInt32BE(0xffff, 7);
      relay.deliver(forged, 2);

      // An older record that comes late from the third port is heard, but moves nothing.
      relay.isHolding = true;
      theirs.type('late');
      while (relay.held.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      relay.isHolding = false;
      theirs.type('newer');
      await theirs.prints('heard <echo newer>');
      relay.deliver(relay.held[0]!, 2);
      await theirs.prints('heard <echo late>');
      expect([session.address, relay.returned[2]]).toEqual([relay.addressOf(1), returned]);

      // The third port for good: no more than three times what came from there, until it has proved itself.
      relay.exit = 2;
      theirs.type('two');
      await theirs.prints('heard <echo two>');
      expect([session.address, session.provenAddress]).toEqual([relay.addressOf(2), relay.addressOf(0)]);
      expect(ours.server.send(session, Buffer.alloc(400, 0x61))).toBe('withheld');
      ours.server.prove(session, relay.addressOf(2));
      expect(session.provenAddress).toBe(relay.addressOf(2));
      expect(ours.server.send(session, Buffer.alloc(400, 0x61))).toBe('sent');
      await theirs.prints(`heard <${'a'.repeat(400)}>`);
      expect(ours.said.filter(({ type }) => type === 'opened')).toHaveLength(1);
      proof.saw({ suite, mode, role: 'client', condition: 'three source ports' });
    });
  });
});

there('Scandium as server', () => {
  let ours: ClientSide;
  let theirs: Program;
  let relay: Relay | undefined;
  afterEach(() => {
    ours?.stop();
    relay?.close();
    relay = undefined;
    theirs?.stop();
  });

  const begin = async (suite: SuiteName, mode: Mode, options: Record<string, number | string> = {}) => {
    const port = await freePort();
    const args = ['server', String(port), `suite=${suite}`, ...credentials(mode, 'server'), ...more(options)];
    const program = new Program('java', java.command(...args));
    await program.prints('ready');
    return { port, program };
  };
  const start = async (...how: Parameters<typeof begin>): Promise<number> => {
    const { port, program } = await begin(...how);
    theirs = program;
    return port;
  };
  const own = (mode: Mode) => {
    const { privateKey, chain, rawKey } = ownCertificate('device');
    return mode === 'psk' ? undefined : mode === 'rpk' ? { privateKey, rawKey } : { privateKey, chain };
  };
  const connect = async (port: number, suite: SuiteName, mode: Mode, { mtu, weather, peer }: Omit<Case, 'condition'> = {}) => {
    const serverCertificateTypes = [mode === 'rpk' ? 'rpk' : 'x509'] as const;
    const settings = { suites: [suite], mtu: mtu ?? 1200, serverCertificateTypes, cidBytes: peer?.cid === undefined ? undefined : 5 };
    return new ClientSide(port, { ...settings, serverName: 'server.example' }, { weather, ports: { own: own(mode) } }).connect();
  };

  it.concurrent.each(EACH)('$suite, we are known by our $mode: $condition', async ({ suite, mode, condition, peer, mtu, weather }) => {
    const { port, program } = await begin(suite, mode, peer);
    const side = await connect(port, suite, mode, { mtu, weather, peer });
    try {
      const { session } = await side.until('opened');
      expect([session.suite, session.identity.kind]).toEqual([suite, mode]);
      side.client.send(Buffer.from('from us'));
      expect((await side.until('data')).bytes.toString()).toBe('echo from us');
      await program.prints(nameOf(mode));
      if (condition === 'Connection ID') {
        expect(session.connectionId).toHaveLength(12);
        await program.prints(/writes <CID=[0-9A-F]{10}> reads <CID=[0-9A-F]{12}>/);
      }
      proof.saw({ suite, mode, role: 'server', condition });
    } finally {
      side.stop();
      program.stop();
    }
  });

  describe.each(MODES)('%s, we are known by our %s', (suite, mode) => {
    it('takes up our session again', async () => {
      const port = await start(suite, mode);
      ours = await connect(port, suite, mode);
      await ours.until('opened');
      const { resumable } = ours.client;
      ours.client.send(Buffer.from('first'));
      await ours.until('data');
      ours.stop();
      const settings = { suites: [suite], serverName: 'server.example', cidBytes: undefined };
      ours = await new ClientSide(port, settings, { ports: { own: own(mode), resume: resumable } }).connect();
      expect((await ours.until('opened')).isResumed).toBe(true);
      ours.client.send(Buffer.from('second'));
      expect((await ours.until('data')).bytes.toString()).toBe('echo second');
      proof.saw({ suite, mode, role: 'server', condition: 'resumption' });
    });

    it('hears us from three source ports, and answers where we are', async () => {
      const port = await start(suite, mode, { cid: 6 });
      relay = new Relay(port);
      ours = await connect(await relay.open(), suite, mode, { peer: { cid: 6 } });
      await ours.until('opened');
      for (const exit of [0, 1, 2, 0]) {
        relay.exit = exit;
        const before = relay.returned[exit]!;
        ours.client.send(Buffer.from(`through ${exit}`));
        await theirs.prints(new RegExp(`heard <through ${exit}> of .* from ${relay.addressOf(exit).split(':')[1]}`));
        while (relay.returned[exit] === before) await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect((await ours.until('data', 4)).bytes.toString()).toBe('echo through 0');
      proof.saw({ suite, mode, role: 'server', condition: 'three source ports' });
    });
  });

  it('with another key is not taken for ours', async () => {
    const port = await start('TLS_PSK_WITH_AES_128_CCM_8', 'psk', { psk: 'ff'.repeat(16) });
    ours = await new ClientSide(port, { suites: ['TLS_PSK_WITH_AES_128_CCM_8'], handshakeMs: 2000, retransmitMs: 300 }).connect();
    expect((await ours.until('refused')).by).toMatch(/peer|timeout/);
    expect(ours.said.some(({ type }) => type === 'opened')).toBe(false);
  });
});
