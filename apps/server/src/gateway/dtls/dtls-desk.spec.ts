import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { CODE, codeText, decodeMessage, encodeMessage, readOptions, writeOptions, type CoapOptions } from '@drover/coap';
import { CredentialBook, KeyRing } from '@drover/credentials';
import { CONTENT, DtlsClient, PeerTrust, readRecords, type DtlsOutput, type ServerSettings } from '@drover/dtls';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { createLogger, SystemEntropy } from '@drover/platform';
import type { SealedSession, SecurityReport, SharedCredential } from '../../link/security.ts';
import { DeviceTrust } from './device-trust.ts';
import { DtlsDesk } from './dtls-desk.ts';

const KEY = randomBytes(16);
const HOME = '198.51.100.1:40000';
const ABROAD = '203.0.113.9:50000';
const entropy = new SystemEntropy();
const GET = 1;

/** A gateway's DTLS side and one device, in memory; what is written is kept by the test. */
class Bench {
  readonly ring = new KeyRing(entropy);
  readonly book = new CredentialBook<SharedCredential>();
  readonly heard: { readonly peer: string; readonly bytes: Uint8Array }[] = [];
  readonly sent: { readonly to: string; readonly bytes: Uint8Array }[] = [];
  readonly told: SecurityReport[] = [];
  readonly closed: string[] = [];
  readonly asked: { readonly peer: string; readonly done: (isAnswered: boolean) => void }[] = [];
  readonly received: Uint8Array[] = [];
  readonly disk = new Map<string, SealedSession>();
  address = HOME;
  now = 1000;
  wall = 0;
  /** What is saved is on the disk when the test says so. */
  isDiskSlow = false;
  knowsEcho = false;
  desk: DtlsDesk;
  client: DtlsClient;
  readonly #wire: (() => void)[] = [];
  readonly #settings: Partial<ServerSettings>;

  constructor(settings: Partial<ServerSettings> = {}) {
    this.#settings = settings;
    this.ring.add('s', 'secrets', randomBytes(32));
    this.ring.add('x', 'sessions', randomBytes(32));
    const known = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint('d'), kind: 'psk', identity: 'i', state: 'active' } as const;
    this.book.put({ ...known, secret: this.ring.seal(KEY, known) });
    this.desk = this.#newDesk();
    this.client = this.newClient();
  }

  #newDesk(): DtlsDesk {
    return new DtlsDesk({
      entropy,
      trust: new DeviceTrust({
        use: 'management',
        book: this.book,
        ring: this.ring,
        clock: () => Instant(this.now),
        roots: [],
        revocationLists: [],
      }),
      ring: this.ring,
      settings: this.#settings,
      log: createLogger('silent', 'test'),
      clock: () => Instant(this.now),
      now: () => this.now,
      wall: () => this.wall,
      sendDatagram: (to, bytes) => {
        this.sent.push({ to, bytes });
        if (to === this.address) this.#wire.push(() => this.client.receive(bytes, this.now));
      },
      deliver: (peer, bytes) => void this.heard.push({ peer, bytes }),
      closed: (peer) => void this.closed.push(peer),
      ask: (peer, done) => void this.asked.push({ peer, done }),
      knowsEcho: () => this.knowsEcho,
      tell: (report) => this.#tell(report),
    });
  }

  #tell(report: SecurityReport): void {
    this.told.push(report);
    if (report.type === 'session-save') {
      this.disk.set(report.name, { name: report.name, state: report.state });
      if (!this.isDiskSlow) this.desk.saved(report.name, report.number);
    } else if (report.type === 'session-gone') this.disk.delete(report.name);
  }

  newClient(): DtlsClient {
    const sink = (output: DtlsOutput): void => {
      if (output.type === 'datagram') this.#wire.push(() => this.desk.receive(this.address, output.bytes));
      else if (output.type === 'data') this.received.push(output.bytes);
    };
    const psk = { identity: Buffer.from('i'), key: KEY };
    this.client = new DtlsClient({ sink, server: 'server', entropy, trust: new PeerTrust2(), psk }, { cidBytes: 0 });
    return this.client;
  }

  /** Until nobody has anything to say. */
  run(): this {
    for (let next = this.#wire.shift(); next; next = this.#wire.shift()) next();
    return this;
  }

  connect(): this {
    this.client.connect(this.now);
    return this.run();
  }

  get peer(): string {
    return this.heard.at(-1)!.peer;
  }

  says(code: number, more: { token?: Uint8Array; type?: 'CON' | 'NON' | 'ACK'; options?: Partial<CoapOptions> } = {}): number {
    const before = this.heard.length;
    this.client.send(message(code, more));
    this.run();
    return this.heard.length - before;
  }

  crash(): this {
    this.desk = this.#newDesk();
    for (const session of [...this.disk.values()]) this.desk.restore(session);
    return this.run();
  }
}

class PeerTrust2 extends PeerTrust {}

let messageId = 0;
function message(
  code: number,
  {
    token = Uint8Array.of(1, 2, 3, 4),
    type = 'CON' as const,
    options = {},
  }: { token?: Uint8Array; type?: 'CON' | 'NON' | 'ACK'; options?: Partial<CoapOptions> } = {},
): Uint8Array {
  return encodeMessage({ type, messageId: messageId++ & 0xffff, code, token, options: writeOptions(options), payload: new Uint8Array(0) });
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('a session has a name that lasts, and is told of with whose it is', () => {
  const bench = new Bench().connect();
  bench.says(GET);
  expect(bench.peer).toBe(`dtls:${bench.client.session!.connectionId}`);
  expect(bench.desk.credentialAt(bench.peer)?.endpoint).toBe('d');
  expect(bench.told).toContainEqual({ type: 'credential-used', kind: 'psk', identity: 'i', at: 1000 });
  bench.address = ABROAD;
  bench.says(GET);
  expect(new Set(bench.heard.map(({ peer }) => peer)).size).toBe(1);
});

describe('moving (RFC 9146 section 6)', () => {
  const large = (): Uint8Array => Buffer.concat([message(CODE.CONTENT), Buffer.alloc(600, 0xff)]);

  it('an image block to an address that has shown nothing is held back, and the device is asked; then it goes', async () => {
    const bench = new Bench().connect();
    bench.says(GET);
    const { peer } = bench;
    bench.address = ABROAD;
    bench.says(GET);
    bench.sent.length = 0;
    bench.desk.send(peer, large());
    expect(bench.sent).toEqual([]);
    await turn();
    expect(bench.asked.map((each) => each.peer)).toEqual([peer]);
    const token = Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9);
    bench.desk.send(peer, message(GET, { token }));
    bench.says(CODE.CONTENT, { type: 'ACK', token });
    bench.desk.send(peer, large());
    expect(bench.sent.map(({ to }) => to)).toEqual([ABROAD, ABROAD]);
  });

  it('an answer to a question that went to the old address proves nothing of the new one', () => {
    const bench = new Bench().connect();
    bench.says(GET);
    const { peer } = bench;
    const token = Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9);
    bench.desk.send(peer, message(GET, { token }));
    bench.address = ABROAD;
    bench.says(CODE.CONTENT, { type: 'ACK', token });
    bench.sent.length = 0;
    bench.desk.send(peer, large());
    expect(bench.sent).toEqual([]);
  });

  it('amplification: no more than three times what came goes to a spoofed address', () => {
    const bench = new Bench().connect();
    bench.says(GET);
    bench.address = ABROAD;
    const came = bench.sent.length;
    bench.says(GET);
    for (let index = 0; index < 50; index++) bench.desk.send(bench.peer, message(CODE.CONTENT));
    const bytes = bench.sent.slice(came).reduce((sum, each) => sum + each.bytes.length, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(3 * 60);
  });
});

describe('after a crash', () => {
  const restarted = (): Bench => {
    const bench = new Bench({ reserve: 64 }).connect();
    bench.says(GET);
    return bench.crash();
  };

  it('what may be a recording is not believed, and the device is asked once', async () => {
    const bench = restarted();
    expect(bench.says(GET)).toBe(0);
    expect(bench.says(GET)).toBe(0);
    await turn();
    expect(bench.asked).toHaveLength(1);
  });

  it('its answer settles it, for good', () => {
    const bench = restarted();
    const { peer } = bench;
    const token = Uint8Array.of(7, 7, 7, 7, 7, 7, 7, 7);
    bench.desk.send(peer, message(GET, { token }));
    expect(bench.says(CODE.CONTENT, { type: 'ACK', token })).toBe(1);
    expect(bench.says(GET)).toBe(1);
    expect(bench.desk.load).toMatchObject({ doubtful: 0 });
  });

  it.each<[string, Parameters<Bench['says']>]>([
    ['an answer to nothing', [CODE.CONTENT, { type: 'ACK', token: Uint8Array.of(6, 6, 6, 6) }]],
    ['an empty message', [0, { type: 'ACK', token: new Uint8Array(0) }]],
    ['an answer without a token', [CODE.CONTENT, { type: 'ACK', token: new Uint8Array(0) }]],
  ])('%s settles nothing, and is not answered', async (_what, args) => {
    const bench = restarted();
    const before = bench.sent.length;
    expect(bench.says(...args)).toBe(0);
    await turn();
    expect(bench.sent).toHaveLength(before);
    expect(bench.asked).toEqual([]);
  });

  it('who understands Echo is asked by Echo: what repeats it is believed', () => {
    const bench = restarted();
    bench.knowsEcho = true;
    expect(bench.says(GET)).toBe(0);
    const challenge = decodeMessage(bench.received.at(-1)!);
    expect(codeText(challenge.code)).toBe('4.01');
    const { echo } = readOptions(challenge).options;
    expect(bench.says(GET, { options: { echo: Uint8Array.from({ length: 12 }) } })).toBe(0);
    expect(bench.says(GET, { options: { echo } })).toBe(1);
    expect(bench.says(GET)).toBe(1);
  });

  it('who does not answer has to begin anew', async () => {
    const bench = restarted();
    bench.says(GET);
    await turn();
    bench.asked[0]!.done(false);
    bench.run();
    expect(bench.client.session).toBeUndefined();
    expect(bench.closed).toHaveLength(1);
    expect(bench.disk.size).toBe(0);
  });

  it('a backup put back: what was said since is not believed, and no number comes twice', async () => {
    const bench = new Bench({ reserve: 4 }).connect();
    bench.says(GET);
    const { peer } = bench;
    const backup = new Map(bench.disk);
    const numbers = (): number[] =>
      bench.sent.flatMap(({ bytes }) => [...readRecords(bytes, 0)].filter(({ epoch }) => epoch === 1).map(({ sequence }) => sequence));
    const recordings = Array.from({ length: 20 }, () => {
      bench.desk.send(peer, message(CODE.CONTENT));
      return bench.client.session!.channel.seal(CONTENT.application_data, Buffer.from(message(GET)));
    });
    recordings.forEach((record) => bench.desk.receive(HOME, record));
    bench.wall = Date.parse('2026-01-01T00:00:01Z');
    bench.disk.clear();
    for (const [name, row] of backup) bench.disk.set(name, row);
    bench.crash();
    const heard = bench.heard.length;
    recordings.forEach((record) => bench.desk.receive(HOME, record));
    await turn();
    expect([bench.heard.length, bench.asked.length]).toEqual([heard, 1]);
    const token = Uint8Array.of(7, 7, 7, 7, 7, 7, 7, 7);
    bench.desk.send(peer, message(GET, { token }));
    expect(bench.says(CODE.CONTENT, { type: 'ACK', token })).toBe(1);
    expect(Math.max(...numbers())).toBeGreaterThanOrEqual(1024);
    expect(new Set(numbers()).size).toBe(numbers().length);
  });

  it('what is said before its number is on the disk goes out as soon as it is; past a few the rest is lost', () => {
    const bench = restarted();
    const { peer } = bench;
    bench.isDiskSlow = true;
    bench.sent.length = 0;
    const token = (index: number) => Uint8Array.of(7, 7, 7, 7, 7, 7, 7, index);
    for (let index = 0; index < 6; index++) bench.desk.send(peer, message(GET, { token: token(index) }));
    expect(bench.sent).toEqual([]);
    const { number } = bench.told.filter((report) => report.type === 'session-save').at(-1)!;
    bench.desk.saved(peer, number);
    bench.run();
    expect(bench.received.map((bytes) => decodeMessage(bytes).token[7])).toEqual([0, 1, 2, 3]);
    expect(bench.says(CODE.CONTENT, { type: 'ACK', token: token(0) })).toBe(1);
    expect(bench.desk.load).toMatchObject({ doubtful: 0 });
  });

  it('a session whose credential was revoked meanwhile does not come back', () => {
    const bench = new Bench().connect();
    bench.says(GET);
    bench.book.put({ ...bench.book.with('psk', 'i')!, state: 'revoked' });
    bench.crash();
    expect(bench.desk.load.sessions).toBe(0);
    expect(bench.disk.size).toBe(0);
  });

  it('a row that somebody has altered, or put under another name, is left out and not fatal', () => {
    const bench = new Bench().connect();
    bench.says(GET);
    const [row] = [...bench.disk.values()];
    const box = Buffer.from(row!.state.box, 'base64');
    box[20]! ^= 1;
    bench.disk.clear();
    bench.crash();
    bench.desk.restore({ ...row!, state: { ...row!.state, box: box.toString('base64') } });
    bench.desk.restore({ ...row!, name: 'dtls:other' });
    bench.desk.restore({ name: 'dtls:gone', state: { key: 'unknown', box: '' } });
    expect(bench.desk.load.sessions).toBe(0);
    expect(bench.told.filter(({ type }) => type === 'session-gone')).toHaveLength(3);
  });
});

describe('what is left behind', () => {
  it('the third session of a credential ends the one that was silent longest', () => {
    const bench = new Bench().connect();
    bench.says(GET);
    const first = bench.peer;
    for (const address of ['198.51.100.1:40001', '198.51.100.1:40002']) {
      bench.address = address;
      bench.newClient();
      bench.connect();
      bench.says(GET);
    }
    expect(bench.closed).toEqual([first]);
    expect(bench.desk.load.sessions).toBe(2);
  });

  it('revoked, it ends at once', () => {
    const bench = new Bench().connect();
    bench.says(GET);
    bench.book.put({ ...bench.book.with('psk', 'i')!, state: 'revoked' });
    bench.desk.review({ kind: 'psk', identity: 'i' });
    bench.run();
    expect(bench.client.session).toBeUndefined();
    expect(bench.desk.credentialAt(bench.peer)).toBeUndefined();
  });

  it('nothing goes to a session that has ended', () => {
    const bench = new Bench().connect();
    bench.says(GET);
    bench.client.close();
    bench.run();
    const before = bench.sent.length;
    bench.desk.send(bench.peer, message(GET));
    expect(bench.sent).toHaveLength(before);
  });
});
