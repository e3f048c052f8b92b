import { expect, it } from '@jest/globals';
import { DtlsBench, forge, forgeMessage, messagesOf, SeededEntropy, TestTrust, type Packet } from '@drover/testkit';
import { CONTENT, decodeHelloVerifyRequest, DtlsServer, encodeFragment, MESSAGE, type DtlsOutput } from '../index.ts';

// Before the cookie a server keeps nothing, and sends no more than it got (RFC 6347 section 4.2.1).

const STRANGER = '203.0.113.9:9';
const NOTHING = { sessions: 0, halfOpen: 0, turnedAway: 0, resumable: 0 };

/** The hello with the cookie as the client sent it, and held back. */
function withCookie(): { bench: DtlsBench; hello: Packet } {
  const bench = new DtlsBench();
  let hello: Packet | undefined;
  bench.meddle = (packet, index) => {
    if (index !== 2) return [packet];
    hello = packet;
    return [];
  };
  bench.connect();
  return { bench, hello: hello! };
}

/** What the server says to a datagram. */
function answersTo(bench: DtlsBench, from: string, bytes: Buffer): Buffer[] {
  const before = bench.serverSaid.length;
  bench.server.receive(from, bytes, bench.now);
  return bench.serverSaid.slice(before).flatMap((output) => (output.type === 'datagram' ? [output.bytes] : []));
}

const kindOf = (answers: Buffer[]): number | undefined => answers[0] && messagesOf(answers[0])[0]?.type;

it('a flood of hellos from made-up addresses: nothing is kept', () => {
  const { bench, hello } = withCookie();
  const [first] = messagesOf(hello.bytes);
  const bare = Buffer.concat([first!.body.subarray(0, 35), Buffer.of(0), first!.body.subarray(35 + 1 + 16)]);
  for (let i = 0; i < 1000; i++) {
    const answers = answersTo(bench, `203.0.113.${i % 250}:${i}`, forgeMessage(MESSAGE.client_hello, 0, bare));
    expect(kindOf(answers)).toBe(MESSAGE.hello_verify_request);
  }
  expect(bench.server.load).toEqual(NOTHING);
  expect(bench.server.nextTimerAt()).toBeUndefined();
});

it('amplification: the answer to a hello is shorter than the hello', () => {
  const bench = new DtlsBench();
  const seen: Packet[] = [];
  bench.meddle = (packet) => (seen.push(packet), [packet]);
  bench.connect();
  expect(seen[1]!.bytes.length).toBeLessThanOrEqual(seen[0]!.bytes.length);
});

it('cookie theft: from another address it is worth nothing', () => {
  const { bench, hello } = withCookie();
  expect(kindOf(answersTo(bench, STRANGER, hello.bytes))).toBe(MESSAGE.hello_verify_request);
  expect(bench.server.load).toEqual(NOTHING);
});

it('cookie theft: from another port of the same host it is worth nothing', () => {
  const { bench, hello } = withCookie();
  const [host] = hello.from.split(':');
  expect(kindOf(answersTo(bench, `${host}:1`, hello.bytes))).toBe(MESSAGE.hello_verify_request);
  expect(bench.server.load).toEqual(NOTHING);
});

it('a cookie for another hello is worth nothing', () => {
  const { bench, hello } = withCookie();
  const changed = Buffer.from(hello.bytes);
  changed[25 + 2 + 5]! ^= 1;
  expect(kindOf(answersTo(bench, hello.from, changed))).toBe(MESSAGE.hello_verify_request);
});

it('each bit of a cookie counts', () => {
  const { bench, hello } = withCookie();
  for (let bit = 0; bit < 16 * 8; bit++) {
    const changed = Buffer.from(hello.bytes);
    changed[25 + 2 + 32 + 1 + 1 + (bit >> 3)]! ^= 1 << (bit & 7);
    expect(kindOf(answersTo(bench, hello.from, changed))).toBe(MESSAGE.hello_verify_request);
  }
  expect(bench.server.load).toEqual(NOTHING);
});

it.each([
  [20_000, 'good'],
  [60_001, 'too old'],
  [3_600_000, 'too old'],
])('a cookie of %d ms ago is %s', (age, verdict) => {
  const { bench, hello } = withCookie();
  bench.now += age;
  expect(kindOf(answersTo(bench, hello.from, hello.bytes))).toBe(verdict === 'good' ? MESSAGE.server_hello : MESSAGE.hello_verify_request);
});

it('a cookie of another process is worth nothing', () => {
  const { hello } = withCookie();
  const said: DtlsOutput[] = [];
  const entropy = new SeededEntropy();
  entropy.bytes(1);
  const other = new DtlsServer({ sink: (output) => said.push(output), entropy, trust: new TestTrust() });
  other.receive(hello.from, hello.bytes, 1_000_000);
  expect(kindOf(said.flatMap((output) => (output.type === 'datagram' ? [output.bytes] : [])))).toBe(MESSAGE.hello_verify_request);
  expect(other.load).toEqual(NOTHING);
});

it('a client whose cookie grew old on the way is asked again, and comes through', () => {
  const bench = new DtlsBench();
  let held: Packet | undefined;
  bench.meddle = (packet, index) => {
    if (index !== 2) return [packet];
    held = packet;
    return [];
  };
  bench.connect();
  bench.now += 70_000;
  bench.deliver(held!);
  bench.run();
  expect(bench.said('client', 'opened')).toHaveLength(1);
});

it('a hello in fragments is asked for its cookie by the first of them, and put together after it', () => {
  const { bench, hello } = withCookie();
  const [message] = messagesOf(hello.bytes);
  const { body, sequence } = message!;
  const piece = (from: number, to: number): Buffer =>
    forge(
      CONTENT.handshake,
      encodeFragment({
        type: MESSAGE.client_hello,
        sequence,
        length: body.length,
        offset: from,
        bytes: Buffer.from(body.subarray(from, to)),
      }),
    );
  expect(kindOf(answersTo(bench, STRANGER, piece(0, 60)))).toBe(MESSAGE.hello_verify_request);
  expect(answersTo(bench, hello.from, piece(0, 60))).toEqual([]);
  expect(bench.server.load.halfOpen).toBe(1);
  expect(kindOf(answersTo(bench, hello.from, piece(60, body.length)))).toBe(MESSAGE.server_hello);
});

it.each([
  [
    'a fragment from the middle of a hello',
    () => encodeFragment({ type: 1, sequence: 0, length: 200, offset: 50, bytes: Buffer.alloc(50) }),
  ],
  [
    'a first fragment too short for a cookie',
    () => encodeFragment({ type: 1, sequence: 0, length: 200, offset: 0, bytes: Buffer.alloc(34) }),
  ],
  ['an empty fragment', () => encodeFragment({ type: 1, sequence: 0, length: 200, offset: 0, bytes: Buffer.alloc(0) })],
  [
    'a fragment beyond its message',
    () => Buffer.concat([encodeFragment({ type: 1, sequence: 0, length: 10, offset: 0, bytes: Buffer.alloc(60) })]),
  ],
  ['Finished', () => encodeFragment({ type: 20, sequence: 0, length: 12, offset: 0, bytes: Buffer.alloc(12) })],
  ['a certificate', () => encodeFragment({ type: 11, sequence: 2, length: 60, offset: 0, bytes: Buffer.alloc(60) })],
  ['a hello of a server', () => encodeFragment({ type: 2, sequence: 0, length: 60, offset: 0, bytes: Buffer.alloc(60) })],
  ['half a header', () => Buffer.alloc(11, 1)],
])('a stranger with %s is not answered, and nothing is kept', (_, content) => {
  const bench = new DtlsBench();
  expect(answersTo(bench, STRANGER, forge(CONTENT.handshake, content()))).toEqual([]);
  expect(bench.server.load).toEqual(NOTHING);
});

it.each([
  ['an alert', forge(CONTENT.alert, Buffer.of(2, 40))],
  ['ChangeCipherSpec', forge(CONTENT.change_cipher_spec, Buffer.of(1))],
  ['plain data', forge(CONTENT.application_data, Buffer.from('GET /'))],
  ['a heartbeat (Heartbleed)', forge(24, Buffer.from('01ffff', 'hex'))],
  ['a record of TLS', forge(CONTENT.handshake, Buffer.alloc(60, 1), { version: 0x0303 })],
  ['an empty record', forge(CONTENT.handshake, Buffer.alloc(0))],
  ['a record longer than its datagram', Buffer.from('16fefd0000000000000000ffff01', 'hex')],
])('a stranger with %s is not answered', (_, bytes) => {
  const bench = new DtlsBench();
  expect(answersTo(bench, STRANGER, bytes)).toEqual([]);
  expect(bench.server.load).toEqual(NOTHING);
});

it('the answer has the numbers of the hello: record and message (RFC 6347 sections 4.2.1 and 4.2.2)', () => {
  const { bench, hello } = withCookie();
  const [message] = messagesOf(hello.bytes);
  const bare = Buffer.concat([message!.body.subarray(0, 35), Buffer.of(0), message!.body.subarray(35 + 1 + 16)]);
  const record = forgeMessage(MESSAGE.client_hello, 3, bare);
  const [answer] = answersTo(bench, STRANGER, record);
  expect([answer!.readUIntBE(5, 6), messagesOf(answer!)[0]!.sequence]).toEqual([90, 3]);
  expect(decodeHelloVerifyRequest(messagesOf(answer!)[0]!.body)).toHaveLength(16);
});

it('a hello with the highest record number there is: no room for an answer, no crash', () => {
  const { bench, hello } = withCookie();
  const [message] = messagesOf(hello.bytes);
  const content = encodeFragment({ type: 1, sequence: 1, length: message!.body.length, offset: 0, bytes: Buffer.from(message!.body) });
  expect(answersTo(bench, hello.from, forge(CONTENT.handshake, content, { sequence: 2 ** 48 - 1 }))).toEqual([]);
});
