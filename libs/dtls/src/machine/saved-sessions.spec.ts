import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DtlsBench, ownCertificate, TestTrust } from '@drover/testkit';
import { CONTENT, DtlsServer, readRecords, type DtlsOutput, type Ending, type ServerSettings, type SessionHandle } from '../index.ts';

// Sessions that outlive their process: no nonce twice, nothing taken twice, nobody lost.

const RESERVE = 16;
const CID_BYTES = 8;

/** A server that writes sessions down, its disk, and what comes after it. */
class Gateway {
  readonly bench: DtlsBench;
  readonly said: DtlsOutput[] = [];
  readonly sentNumbers: number[] = [];
  server: DtlsServer;
  session: SessionHandle;
  /** What would be there after a crash. */
  disk: Buffer | undefined;
  isDiskFast = true;
  #backup: Buffer | undefined;
  readonly #pending: (() => void)[] = [];
  readonly #settings: Partial<ServerSettings>;

  constructor(settings: Partial<ServerSettings> = {}, reserve = RESERVE) {
    this.#settings = { reserve, ...settings };
    this.bench = new DtlsBench({ server: this.#settings, client: { cidBytes: 4 } }).connect();
    this.server = this.bench.server;
    this.session = this.bench.session;
    for (const output of this.bench.serverSaid) this.#take(output);
    this.bench.serverSaid.push = (...outputs) => {
      outputs.forEach((output) => this.#take(output));
      return 0;
    };
  }

  #take(output: DtlsOutput): void {
    this.said.push(output);
    if (output.type === 'datagram')
      for (const { epoch, sequence } of readRecords(output.bytes, 4)) if (epoch === 1) this.sentNumbers.push(sequence);
    if (output.type !== 'save') return;
    const { session, save } = output;
    const write = (): void => {
      this.disk = save.bytes;
      this.server.saved(session, save.number);
    };
    if (this.isDiskFast) write();
    else this.#pending.push(write);
  }

  sync(): void {
    this.#pending.splice(0).forEach((write) => write());
  }

  restart(ending: Ending, state = ending === 'orderly' ? this.server.export(this.session)! : this.disk!): void {
    this.#pending.length = 0;
    this.server = new DtlsServer(
      { sink: (output) => this.#take(output), entropy: this.bench.entropy, trust: new TestTrust() },
      this.#settings,
    );
    this.session = this.server.restore(state, ending, 0);
  }

  /** What was on the disk once is there again; until something newer is, every start is one with a backup. */
  putBack(backup: Buffer): void {
    this.disk = backup;
    this.#backup = backup;
    this.restart({ sendFrom: Math.max(-1, ...this.sentNumbers) + 1 });
  }

  crash(): void {
    if (this.disk === this.#backup) this.putBack(this.disk!);
    else this.restart('crashed');
  }

  hears(text: string, from = '198.51.100.1:40000'): Extract<DtlsOutput, { type: 'data' }> | undefined {
    return this.plays(this.record(text), from);
  }

  record(text: string): Buffer {
    return this.bench.client.session!.channel.seal(CONTENT.application_data, Buffer.from(text));
  }

  plays(record: Buffer, from = '198.51.100.1:40000'): Extract<DtlsOutput, { type: 'data' }> | undefined {
    const before = this.said.length;
    this.server.receive(from, record, 0);
    const [heard] = this.said.slice(before).filter((output) => output.type === 'data');
    return heard;
  }
}

it.each(['orderly', 'crashed'] as const)('after an %s end the session goes on, in both directions', (ending) => {
  const gateway = new Gateway();
  gateway.hears('before');
  gateway.server.send(gateway.session, Buffer.from('before'));
  gateway.restart(ending);
  expect(gateway.hears('after')?.bytes.toString()).toBe('after');
  expect(gateway.server.send(gateway.session, Buffer.from('answer'))).toBe('sent');
  const { bytes } = gateway.said.filter((output) => output.type === 'datagram').at(-1)!;
  gateway.bench.client.receive(bytes, 0);
  expect(gateway.bench.heard('client').at(-1)).toBe('answer');
});

it('identity, name, suite, Connection ID, address and limits come back', () => {
  const gateway = new Gateway();
  const { identity, serverName, suite, connectionId, address, maxDataBytes } = gateway.session;
  gateway.restart('crashed');
  expect(gateway.session).toMatchObject({ identity, serverName, suite, connectionId, address, maxDataBytes });
});

it('no nonce comes twice, whenever it crashes, however slow the disk is, and whichever backup is put back', () => {
  const step = fc.constantFrom('send', 'send', 'send', 'hear', 'sync', 'crash', 'orderly', 'slow', 'fast', 'copy', 'put back');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const gateway = new Gateway();
      let backup = gateway.disk!;
      for (const what of steps) {
        if (what === 'send') gateway.server.send(gateway.session, Buffer.from('x'));
        else if (what === 'hear') gateway.hears('x');
        else if (what === 'sync') gateway.sync();
        else if (what === 'crash') gateway.crash();
        else if (what === 'orderly') gateway.restart('orderly');
        else if (what === 'copy') backup = gateway.disk!;
        else if (what === 'put back') gateway.putBack(backup);
        else gateway.isDiskFast = what === 'fast';
      }
      expect(new Set(gateway.sentNumbers).size).toBe(gateway.sentNumbers.length);
    }),
    { numRuns: 200 },
  );
});

it('nothing is taken for sure twice, whatever is played again after whatever end', () => {
  const steps = ['hear', 'hear', 'show', 'sync', 'crash', 'orderly', 'slow', 'fast', 'copy', 'put back'] as const;
  const step = fc.oneof(fc.constantFrom(...steps), fc.nat(30));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const gateway = new Gateway();
      const records: Buffer[] = [];
      const sure: string[] = [];
      let backup = gateway.disk!;
      const count = (record: Buffer): void => {
        const heard = gateway.plays(record);
        if (heard && !heard.isDoubtful) sure.push(heard.bytes.toString());
      };
      for (const what of steps) {
        if (what === 'hear') {
          records.push(gateway.record(`record ${records.length}`));
          count(records.at(-1)!);
        } else if (what === 'show') {
          records.push(gateway.record(`record ${records.length}`));
          const shown = gateway.plays(records.at(-1)!)!;
          gateway.server.resolveDoubt(gateway.session, shown.sequence);
          sure.push(shown.bytes.toString());
        } else if (what === 'sync') gateway.sync();
        else if (what === 'crash') gateway.crash();
        else if (what === 'orderly') gateway.restart('orderly');
        else if (what === 'copy') backup = gateway.disk!;
        else if (what === 'put back') gateway.putBack(backup);
        else if (what === 'slow' || what === 'fast') gateway.isDiskFast = what === 'fast';
        else if (records.length > 0) count(records[what % records.length]!);
      }
      expect(new Set(sure).size).toBe(sure.length);
    }),
    { numRuns: 200 },
  );
});

describe('after a crash', () => {
  it('what may have been received already is doubtful, until freshness is shown', () => {
    const gateway = new Gateway();
    const before = gateway.record('before');
    gateway.plays(before);
    gateway.restart('crashed');
    expect(gateway.plays(before)).toMatchObject({ isDoubtful: true });
    const asked = gateway.hears('first after')!;
    expect(asked.isDoubtful).toBe(true);
    gateway.server.resolveDoubt(gateway.session, asked.sequence);
    expect(gateway.hears('second after')).toMatchObject({ isDoubtful: false });
  });

  it('a replay from before is refused once the doubt is resolved', () => {
    const gateway = new Gateway();
    const before = ['a', 'b', 'c'].map((text) => gateway.record(text));
    before.forEach((record) => gateway.plays(record));
    gateway.restart('crashed');
    gateway.server.resolveDoubt(gateway.session, gateway.hears('fresh')!.sequence);
    expect(before.map((record) => gateway.plays(record))).toEqual([undefined, undefined, undefined]);
  });

  it('a device that has sent as many as were reserved is not in doubt', () => {
    const gateway = new Gateway();
    gateway.restart('crashed');
    let doubtful = 0;
    while (gateway.hears('x')?.isDoubtful) doubtful += 1;
    expect(doubtful).toBeLessThanOrEqual(RESERVE + 1);
    expect(gateway.hears('sure')).toMatchObject({ isDoubtful: false });
  });

  it('where the state may be outdated all is in doubt, also what is above its marks, until freshness is shown', () => {
    const gateway = new Gateway();
    const backup = gateway.disk!;
    const between = Array.from({ length: 4 * RESERVE }, (_, index) => gateway.record(`record ${index}`));
    between.forEach((record) => gateway.plays(record));
    gateway.putBack(backup);
    expect(gateway.plays(between.at(-2)!)).toMatchObject({ isDoubtful: true });
    gateway.server.resolveDoubt(gateway.session, gateway.hears('fresh')!.sequence);
    expect(between.map((record) => gateway.plays(record))).toEqual(between.map(() => undefined));
    expect(gateway.hears('after')).toMatchObject({ isDoubtful: false });
  });

  it('a state without reserved numbers is refused: nobody knows what was sent', () => {
    const gateway = new Gateway({}, 0);
    const state = gateway.server.export(gateway.session)!;
    expect(() => gateway.restart('crashed', state)).toThrow(expect.objectContaining({ code: 'DTLS_STATE_INVALID' }));
    gateway.restart('orderly', state);
    expect(gateway.hears('after')?.bytes.toString()).toBe('after');
  });
});

describe('before the disk has it', () => {
  it('nothing is sent above the mark: waiting', () => {
    const gateway = new Gateway();
    gateway.isDiskFast = false;
    const outcomes = Array.from({ length: 2 * RESERVE }, () => gateway.server.send(gateway.session, Buffer.from('x')));
    expect(outcomes).toContain('sent');
    expect(outcomes.at(-1)).toBe('waiting');
    gateway.sync();
    expect(gateway.server.send(gateway.session, Buffer.from('x'))).toBe('sent');
  });

  it('nothing is taken above the mark', () => {
    const gateway = new Gateway();
    gateway.isDiskFast = false;
    const heard = Array.from({ length: 3 * RESERVE }, (_, i) => gateway.hears(String(i)));
    expect(heard.at(-1)).toBeUndefined();
    gateway.isDiskFast = true;
    gateway.sync();
    expect(gateway.hears('after')).toBeDefined();
  });

  it('a jump of the device’s numbers is lost once, and not twice', () => {
    const gateway = new Gateway();
    for (let i = 0; i < 1000; i++) gateway.record('never arrives');
    const first = gateway.hears('after the jump');
    const second = gateway.hears('again');
    expect([first?.bytes.toString() ?? 'held', second?.bytes.toString()]).toEqual(['after the jump', 'again']);
  });

  it('new marks are asked for before they are needed, and once', () => {
    const gateway = new Gateway();
    const saves = (): number => gateway.said.filter(({ type }) => type === 'save').length;
    const before = saves();
    gateway.isDiskFast = false;
    for (let i = 0; i < RESERVE - 4; i++) gateway.server.send(gateway.session, Buffer.from('x'));
    expect(saves() - before).toBe(1);
  });
});

describe('the state', () => {
  it('is small: less than 300 bytes for a PSK, and 1.5 KB at most', () => {
    const psk = new Gateway();
    expect(psk.disk!.length).toBeLessThan(300);
    const bench = new DtlsBench({
      server: { reserve: 1 },
      client: { cidBytes: 4 },
      serverOwn: ownCertificate('server'),
      ports: { own: ownCertificate('device') },
    });
    bench.connect();
    expect(bench.said('server', 'save')[0]!.save.bytes.length).toBeLessThan(1536);
  });

  it('cut anywhere, or a byte longer, is refused', () => {
    const { disk, server } = new Gateway();
    for (let length = 0; length < disk!.length; length++) {
      expect(() => server.restore(disk!.subarray(0, length), 'crashed', 0)).toThrow(
        expect.objectContaining({ code: 'DTLS_STATE_INVALID' }),
      );
    }
    expect(() => server.restore(Buffer.concat([disk!, Buffer.of(0)]), 'crashed', 0)).toThrow(
      expect.objectContaining({ code: 'DTLS_STATE_INVALID' }),
    );
  });

  it.each([
    ['of another format', 0, 9],
    ['of a suite that nobody knows', 1, 0xff],
  ])('%s is refused', (_, at, value) => {
    const { disk, server } = new Gateway();
    const changed = Buffer.from(disk!);
    changed[at] = value;
    expect(() => server.restore(changed, 'crashed', 0)).toThrow(expect.objectContaining({ code: 'DTLS_STATE_INVALID' }));
  });

  it('with Connection IDs of another length than ours is refused', () => {
    const { disk } = new Gateway();
    const other = new DtlsBench({ server: { cidBytes: CID_BYTES + 1 } });
    expect(() => other.server.restore(disk!, 'crashed', 0)).toThrow(expect.objectContaining({ code: 'DTLS_STATE_INVALID' }));
  });

  it('taken up twice is one session', () => {
    const gateway = new Gateway();
    gateway.restart('crashed');
    gateway.server.restore(gateway.disk!, 'crashed', 0);
    expect(gateway.server.load.sessions).toBe(1);
    expect(gateway.said.filter((output) => output.type === 'closed')).toMatchObject([{ reason: 'replaced' }]);
  });

  it('of a session that is closed there is none', () => {
    const gateway = new Gateway();
    gateway.server.close(gateway.session);
    expect(gateway.server.export(gateway.session)).toBeUndefined();
  });
});

it('a last flight that goes out again takes no number beyond what is written down', () => {
  const gateway = new Gateway({}, 4);
  const { bench } = gateway;
  const finished = (): Buffer => {
    const body = Buffer.concat([Buffer.from('140000100001000000000010', 'hex'), Buffer.alloc(16)]);
    return bench.client.session!.channel.seal(CONTENT.handshake, body);
  };
  gateway.isDiskFast = false;
  while (gateway.server.send(gateway.session, Buffer.from('x')) === 'sent');
  for (let i = 0; i < 10; i++) gateway.plays(finished());
  gateway.restart('crashed');
  gateway.isDiskFast = true;
  for (let i = 0; i < 6; i++) gateway.server.send(gateway.session, Buffer.from('x'));
  expect(new Set(gateway.sentNumbers).size).toBe(gateway.sentNumbers.length);
  expect(gateway.sentNumbers.length).toBeGreaterThan(6);
});

it('a state whose address is no text is refused, and not taken for a longer one', () => {
  const gateway = new Gateway();
  const state = gateway.server.export(gateway.session)!;
  state[state.indexOf('198.51.100.1')] = 0xff;
  expect(() => gateway.restart('orderly', state)).toThrow(expect.objectContaining({ code: 'DTLS_STATE_INVALID' }));
});
