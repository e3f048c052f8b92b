import { describe, expect, it } from '@jest/globals';
import { DtlsBench, forge, ownCertificate, plainAlertsTo, type DtlsWorld } from '@drover/testkit';
import { ALERT, CONTENT, encodeFragment, encodeRecord, MESSAGE, readRecords } from '../index.ts';
import { Channel } from '../record/channel.ts';
import { MAX_SEQUENCE } from '../record/record.ts';

// Records to an established session: who may say what, and how often.

const STRANGER = '203.0.113.9:9';
const CID_BYTES = 8;

/** With a Connection ID both ways unless told otherwise. */
const established = (world: DtlsWorld = {}): DtlsBench => new DtlsBench({ ...world, client: { cidBytes: 4, ...world.client } }).connect();
const plainly = (): DtlsBench => established({ client: { cidBytes: undefined } });

/** A record that the client would have sent, not sent yet. */
const seal = (bench: DtlsBench, type: number, content: Uint8Array): Buffer =>
  bench.client.session!.channel.seal(type, Buffer.from(content));
const data = (bench: DtlsBench, text: string): Buffer => seal(bench, CONTENT.application_data, Buffer.from(text));
const say = (bench: DtlsBench, bytes: Buffer, from = bench.clientAddress): void => {
  bench.server.receive(from, bytes, bench.now);
  bench.run();
};
const ends = (bench: DtlsBench): unknown[] => bench.said('server', 'closed').map(({ reason, alert }) => [reason, alert]);

describe('replay', () => {
  it('a record is taken once, from wherever it comes', () => {
    const bench = established();
    const record = data(bench, 'once');
    say(bench, record);
    say(bench, record);
    say(bench, record, STRANGER);
    expect(bench.heard('server')).toEqual(['once']);
  });

  it('a record that was played again does not move the session', () => {
    const bench = established();
    const record = data(bench, 'once');
    say(bench, record);
    say(bench, record, STRANGER);
    expect(bench.session.address).toBe(bench.clientAddress);
  });

  it('out of order is no replay, inside the window', () => {
    const bench = established();
    const records = ['a', 'b', 'c'].map((text) => data(bench, text));
    records.reverse().forEach((record) => say(bench, record));
    expect(bench.heard('server')).toEqual(['c', 'b', 'a']);
  });

  it('older than the window is a replay, whether it came or not', () => {
    const bench = established();
    const old = data(bench, 'old');
    for (let i = 0; i < 64; i++) say(bench, data(bench, 'new'));
    say(bench, old);
    expect(bench.heard('server')).not.toContain('old');
  });

  it('a forgery with a high number does not shut the window for the records that follow', () => {
    const bench = established();
    const record = readRecords(data(bench, 'mine'), CID_BYTES)[0]!;
    say(bench, encodeRecord({ ...record, sequence: 1_000_000 }, record.fragment));
    say(bench, data(bench, 'next'));
    expect(bench.heard('server')).toEqual(['next']);
  });

  it('a forgery with the number of a record to come does not use it up', () => {
    const bench = established();
    const record = data(bench, 'mine');
    const forged = Buffer.from(record);
    forged[forged.length - 1]! ^= 1;
    say(bench, forged);
    say(bench, record);
    expect(bench.heard('server')).toEqual(['mine']);
  });

  it('the server’s own record sent back to it (reflection) is a forgery: each direction has its keys', () => {
    const bench = plainly();
    bench.server.send(bench.session, Buffer.from('reflected'));
    const [packet] = bench.wire.splice(0);
    say(bench, packet!.bytes);
    expect([bench.heard('server'), ends(bench)]).toEqual([[], []]);
  });
});

describe('forgery: nothing happens, and the session goes on', () => {
  it.each([
    ['a bit of the tag', (record: Buffer) => (record[record.length - 1]! ^= 1)],
    ['a bit of the ciphertext', (record: Buffer) => (record[record.length - 12]! ^= 1)],
    ['a bit of the nonce', (record: Buffer) => (record[22]! ^= 1)],
    ['the epoch', (record: Buffer) => (record[4] = 2)],
    ['epoch 0 for a record that is protected', (record: Buffer) => (record[4] = 0)],
    ['the number', (record: Buffer) => (record[10]! += 1)],
    ['the version', (record: Buffer) => (record[2] = 0xff)],
    ['the Connection ID', (record: Buffer) => (record[11]! ^= 1)],
    ['the last byte of the Connection ID', (record: Buffer) => (record[18]! ^= 1)],
    ['the type, to one without Connection ID', (record: Buffer) => (record[0] = CONTENT.application_data)],
    ['the length', (record: Buffer) => (record[20]! -= 1)],
  ])('%s changed', (_, change) => {
    const bench = established();
    const record = data(bench, 'mine');
    change(record);
    say(bench, record);
    expect(bench.heard('server')).toEqual([]);
    say(bench, data(bench, 'mine too'));
    expect([bench.heard('server'), ends(bench)]).toEqual([['mine too'], []]);
  });

  it('a record cut anywhere', () => {
    const bench = established();
    const record = data(bench, 'a record of some length');
    for (let length = 0; length < record.length; length++) say(bench, record.subarray(0, length));
    expect([bench.heard('server'), ends(bench)]).toEqual([[], []]);
    say(bench, record);
    expect(bench.heard('server')).toEqual(['a record of some length']);
  });

  it.each([
    ['alert', CONTENT.alert, Buffer.of(2, ALERT.internal_error)],
    ['close_notify (truncation)', CONTENT.alert, Buffer.of(1, ALERT.close_notify)],
    ['data', CONTENT.application_data, Buffer.from('mine')],
    ['ChangeCipherSpec', CONTENT.change_cipher_spec, Buffer.of(1)],
  ])('a plain %s does nothing to a session', (_, type, content) => {
    for (const bench of [established(), plainly()]) {
      say(bench, forge(type, content));
      say(bench, data(bench, 'still here'));
      expect([bench.heard('server'), ends(bench)]).toEqual([['still here'], []]);
    }
  });
});

describe('Connection ID confusion', () => {
  it('where one was agreed, a record without it is nobody’s (RFC 9146 section 3)', () => {
    const bench = established();
    const { parts } = bench.client.session!.channel;
    const bare = new Channel({ ...parts, writeCid: new Uint8Array(0) }, { sendNext: 50, receivedFloor: -1 });
    say(bench, bare.seal(CONTENT.application_data, Buffer.from('without')));
    expect(bench.heard('server')).toEqual([]);
  });

  it('where none was agreed, a record with one is nobody’s', () => {
    const bench = plainly();
    const { parts } = bench.client.session!.channel;
    const dressed = new Channel({ ...parts, writeCid: Buffer.alloc(CID_BYTES, 1) }, { sendNext: 50, receivedFloor: -1 });
    say(bench, dressed.seal(CONTENT.application_data, Buffer.from('with')));
    expect(bench.heard('server')).toEqual([]);
  });

  it('a record of one session under the Connection ID of another is a forgery', () => {
    const bench = established();
    const first = bench.client.session!;
    bench.clientAddress = '198.51.100.2:40000';
    bench.newClient();
    bench.connect();
    const { parts } = first.channel;
    const other = bench.client.session!.channel.parts.writeCid;
    const dressed = new Channel({ ...parts, writeCid: other }, { sendNext: 50, receivedFloor: -1 });
    say(bench, dressed.seal(CONTENT.application_data, Buffer.from('as another')));
    expect(bench.heard('server')).toEqual([]);
  });

  it('Connection IDs of ours are all different, and begin with the number of the gateway', () => {
    const bench = new DtlsBench({ server: { cidPrefix: Buffer.of(0, 7) }, client: { cidBytes: 4 } });
    const ids = new Set<string>();
    for (let i = 0; i < 50; i++) {
      bench.clientAddress = `198.51.100.1:${i}`;
      bench.newClient();
      bench.connect();
      ids.add(bench.session.connectionId);
    }
    expect(ids.size).toBe(50);
    expect([...ids].every((id) => id.startsWith('0007') && id.length === 16)).toBe(true);
  });

  it.each([
    ['too little chance', { cidBytes: 4, cidPrefix: Buffer.of(1) }],
    ['a prefix longer than the whole', { cidBytes: 2, cidPrefix: Buffer.alloc(4) }],
    ['more than anybody needs', { cidBytes: 200 }],
    ['a prefix of none', { cidBytes: 0, cidPrefix: Buffer.of(1) }],
  ])('settings with %s are refused', (_, server) => {
    expect(() => new DtlsBench({ server })).toThrow(expect.objectContaining({ code: 'DTLS_SETTINGS_INVALID' }));
  });

  it('an authentic record without a type is unexpected_message (RFC 9146 section 4)', () => {
    const bench = established();
    say(bench, seal(bench, 0, Buffer.alloc(20)));
    expect(ends(bench)).toEqual([['alert', 'unexpected_message']]);
  });
});

describe('authentic, and yet against the rules', () => {
  it.each([
    ['ChangeCipherSpec', CONTENT.change_cipher_spec, Buffer.of(1), 'unexpected_message'],
    ['a heartbeat', 24, Buffer.from('01ffff', 'hex'), 'unexpected_message'],
    ['a type that nobody knows', 99, Buffer.of(1), 'unexpected_message'],
    ['a record within a record', CONTENT.tls12_cid, Buffer.of(1), 'unexpected_message'],
    ['an alert of one byte', CONTENT.alert, Buffer.of(2), 'decode_error'],
    ['an empty alert', CONTENT.alert, Buffer.alloc(0), 'decode_error'],
    ['two alerts in one record', CONTENT.alert, Buffer.of(1, 90, 1, 90), 'decode_error'],
    ['half a handshake message', CONTENT.handshake, Buffer.alloc(5), 'decode_error'],
    ['an empty handshake record', CONTENT.handshake, Buffer.alloc(0), 'decode_error'],
    ['a record of more than 2^14 bytes', CONTENT.application_data, Buffer.alloc(2 ** 14 + 1), 'record_overflow'],
  ])('%s: %s', (_, type, content, alert) => {
    const bench = established({ server: { maxDatagramBytes: 20_000 } });
    say(bench, seal(bench, type, content));
    expect(ends(bench)).toEqual([['alert', alert]]);
    expect(bench.said('client', 'closed')).toMatchObject([{ reason: 'alert', alert }]);
    expect(bench.server.load.sessions).toBe(0);
  });

  it('an empty record of data is data: some use it to show that they are there', () => {
    const bench = established();
    say(bench, data(bench, ''));
    expect(bench.heard('server')).toEqual(['']);
  });
});

describe('renegotiation (RFC 5746)', () => {
  const hello = encodeFragment({ type: MESSAGE.client_hello, sequence: 0, length: 50, offset: 0, bytes: Buffer.alloc(50) });

  it('a hello inside a session is refused with no_renegotiation, once, and the session goes on', () => {
    const bench = established();
    for (let i = 0; i < 5; i++) say(bench, seal(bench, CONTENT.handshake, hello));
    const before = bench.said('server', 'datagram').length;
    say(bench, seal(bench, CONTENT.handshake, hello));
    expect(bench.said('server', 'datagram').length).toBe(before);
    say(bench, data(bench, 'still here'));
    expect([bench.heard('server'), ends(bench)]).toEqual([['still here'], []]);
  });

  it('a server that asks for one is refused as well', () => {
    const bench = established();
    const request = encodeFragment({ type: MESSAGE.hello_request, sequence: 0, length: 0, offset: 0, bytes: Buffer.alloc(0) });
    const { channel } = bench.session as unknown as { channel: Channel };
    for (let i = 0; i < 3; i++) bench.client.receive(channel.seal(CONTENT.handshake, request), bench.now);
    expect(bench.wire).toHaveLength(1);
    expect(bench.client.session).toBeDefined();
  });
});

describe('the end', () => {
  it.each([
    ['close_notify', Buffer.of(1, ALERT.close_notify), ['peer', undefined]],
    ['close_notify that calls itself fatal', Buffer.of(2, ALERT.close_notify), ['peer', undefined]],
    ['a fatal alert', Buffer.of(2, ALERT.internal_error), ['alert', 'internal_error']],
    ['a fatal alert that nobody knows', Buffer.of(2, 250), ['alert', 250]],
    ['a level that nobody knows', Buffer.of(7, ALERT.internal_error), ['alert', 'internal_error']],
  ])('%s ends it', (_, content, end) => {
    const bench = established();
    say(bench, seal(bench, CONTENT.alert, content));
    expect(ends(bench)).toEqual([end]);
    expect(bench.server.send(bench.session, Buffer.from('late'))).toBe('closed');
  });

  it.each([ALERT.user_canceled, ALERT.no_renegotiation, 250])('warning %d does not', (code) => {
    const bench = established();
    say(bench, seal(bench, CONTENT.alert, Buffer.of(1, code)));
    expect(ends(bench)).toEqual([]);
  });

  it('close_notify is answered with one (truncation is seen by both)', () => {
    const bench = established();
    bench.client.close();
    bench.run();
    expect([ends(bench), bench.said('server', 'datagram').at(-1)!.bytes[0]]).toEqual([[['peer', undefined]], CONTENT.tls12_cid]);
  });

  it('nothing is taken after the end', () => {
    const bench = established();
    const late = data(bench, 'late');
    bench.server.close(bench.session);
    say(bench, late);
    expect(bench.heard('server')).toEqual([]);
    bench.server.close(bench.session);
    expect(ends(bench)).toEqual([['local', undefined]]);
  });

  it('keys are overwritten at the end', () => {
    const bench = established();
    const { channel } = bench.session as unknown as { channel: Channel };
    bench.server.close(bench.session);
    const { write, read } = channel.parts;
    expect([write.key, write.iv, read.key, read.iv].every((secret) => secret.every((byte) => byte === 0))).toBe(true);
  });

  it('a session ends before a number would come twice', () => {
    const bench = plainly();
    const session = bench.session as unknown as { channel: Channel };
    session.channel = new Channel(session.channel.parts, { sendNext: MAX_SEQUENCE - 1, receivedFloor: -1 });
    expect(bench.server.send(bench.session, Buffer.from('the last'))).toBe('sent');
    expect(bench.server.send(bench.session, Buffer.from('one more'))).toBe('closed');
    expect(ends(bench)).toEqual([['spent', undefined]]);
  });
});

describe('strangers', () => {
  const stray = forge(CONTENT.application_data, Buffer.alloc(40, 1), { epoch: 1 });

  it('a record of no session gets an alert, and so many a second', () => {
    const bench = new DtlsBench({ server: { strayAlertsPerSecond: 3 } });
    for (let i = 0; i < 50; i++) say(bench, stray, `203.0.113.9:${i}`);
    expect(bench.said('server', 'datagram')).toHaveLength(3);
    bench.now += 1000;
    for (let i = 0; i < 50; i++) say(bench, stray, `203.0.113.9:${i}`);
    expect(bench.said('server', 'datagram')).toHaveLength(6);
    expect(plainAlertsTo(bench, 'client')).toEqual(Array(6).fill('unexpected_message'));
  });

  it('amplification: no alert is longer than what it answers, and a datagram gets one at most', () => {
    const bench = new DtlsBench();
    say(bench, Buffer.concat([stray, stray, stray]), STRANGER);
    expect(bench.said('server', 'datagram').map(({ bytes }) => bytes.length)).toEqual([15]);
    say(bench, forge(CONTENT.application_data, Buffer.alloc(1), { epoch: 1 }), STRANGER);
    say(bench, forge(CONTENT.alert, Buffer.alloc(40), { epoch: 1 }), STRANGER);
    expect(bench.said('server', 'datagram')).toHaveLength(1);
  });

  // Found by CI: the alert ended the handshake that the device had begun meanwhile.
  it.each(['TLS_PSK_WITH_AES_128_CCM_8', 'TLS_PSK_WITH_AES_128_GCM_SHA256'] as const)(
    'a client that answers our close_notify hears no alert for it, under %s',
    (suite) => {
      const bench = new DtlsBench({ client: { cidBytes: 4, suites: [suite] } }).connect();
      const [last, late] = [seal(bench, CONTENT.alert, Buffer.of(1, ALERT.close_notify)), data(bench, 'a request of twenty')];
      bench.server.close(bench.session);
      const before = bench.said('server', 'datagram').length;
      say(bench, last);
      expect(bench.said('server', 'datagram')).toHaveLength(before);
      say(bench, late);
      expect(bench.said('server', 'datagram')).toHaveLength(before + 1);
    },
  );

  it('a record that a session’s keys do not open gets none: its sender may be anybody', () => {
    const bench = established();
    const record = data(bench, 'mine');
    record[record.length - 1]! ^= 1;
    const before = bench.said('server', 'datagram').length;
    say(bench, record, STRANGER);
    expect(bench.said('server', 'datagram')).toHaveLength(before);
  });

  it('a datagram larger than any is dropped unread', () => {
    const bench = established();
    say(bench, Buffer.concat([data(bench, 'mine'), Buffer.alloc(70_000)]));
    expect(bench.heard('server')).toEqual([]);
  });
});

describe('limits that the peer asks for', () => {
  it.each([
    ['record_size_limit', { recordSizeLimit: 100 }, 100],
    ['record_size_limit with a Connection ID, whose type counts', { recordSizeLimit: 100, cidBytes: 4 }, 99],
    ['max_fragment_length', { maxFragmentLength: 512 }, 512],
    ['both, of which the newer counts', { maxFragmentLength: 512, recordSizeLimit: 100 }, 100],
  ])('%s is kept', (_, client, most) => {
    const bench = new DtlsBench({ client: { cidBytes: undefined, ...client } }).connect();
    expect(bench.session.maxDataBytes).toBe(most);
    expect(bench.server.send(bench.session, Buffer.alloc(most))).toBe('sent');
    expect(() => bench.server.send(bench.session, Buffer.alloc(most + 1))).toThrow(expect.objectContaining({ code: 'DTLS_TOO_LONG' }));
  });

  it('also for a handshake with certificates', () => {
    const bench = new DtlsBench({
      client: { maxFragmentLength: 512 },
      serverOwn: ownCertificate('server'),
      ports: { own: ownCertificate('device') },
    }).connect();
    expect(bench.said('client', 'opened')).toHaveLength(1);
  });
});
