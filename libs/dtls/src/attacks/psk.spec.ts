import { describe, expect, it } from '@jest/globals';
import { DtlsBench, endOf, PSK, PSK_IDENTITY } from '@drover/testkit';

// What somebody learns, or wins, who tries identities and keys.

const WRONG = Buffer.alloc(16, 9);
const identified = (identity: string, key: Buffer = PSK) => ({ ports: { psk: { identity: Buffer.from(identity), key } } });

/** Everything the server says to a client, by size and time: what an attacker can see. */
function seenBy(bench: DtlsBench): [number, number][] {
  const seen: [number, number][] = [];
  bench.meddle = (packet) => {
    if (packet.to === 'client') seen.push([packet.bytes.length, bench.now]);
    return [packet];
  };
  bench.connect().pass(120_000);
  return seen;
}

it('an unknown identity looks like a wrong key: the same answers at the same times', () => {
  const unknown = seenBy(new DtlsBench(identified('urn:dev:xxx', WRONG)));
  const wrongKey = seenBy(new DtlsBench(identified(PSK_IDENTITY, WRONG)));
  expect(unknown).toEqual(wrongKey);
  expect(unknown.length).toBeGreaterThan(2);
});

it.each([
  ['an unknown identity', 'urn:dev:xxx', PSK],
  ['a wrong key', PSK_IDENTITY, WRONG],
  ['a key with a byte more', PSK_IDENTITY, Buffer.concat([PSK, Buffer.of(0)])],
  ['a zero-length identity', '', PSK],
  ['an identity with a zero behind it', `${PSK_IDENTITY}\0`, PSK],
  ['an identity in capitals', PSK_IDENTITY.toUpperCase(), PSK],
  ['the beginning of an identity', PSK_IDENTITY.slice(0, -1), PSK],
  ['a zero-length key', PSK_IDENTITY, Buffer.alloc(0)],
])('%s opens nothing, and ends with bad_record_mac', (_, identity, key) => {
  const bench = new DtlsBench(identified(identity, key));
  bench.connect().pass(120_000);
  expect([bench.said('server', 'opened').length, bench.said('client', 'opened').length]).toEqual([0, 0]);
  expect(endOf(bench, 'server')).toBe('by us bad_record_mac');
  expect(bench.server.load).toMatchObject({ halfOpen: 0, sessions: 0 });
});

it('a zero-length identity is not even looked up', () => {
  const bench = new DtlsBench(identified(''));
  bench.connect();
  expect(bench.trust.asked).toEqual([]);
});

it('a zero-length key in the store is no key: whoever knows that does not come in', () => {
  const bench = new DtlsBench(identified(PSK_IDENTITY, Buffer.alloc(0)));
  bench.trust.keys.set(PSK_IDENTITY, Buffer.alloc(0));
  bench.connect().pass(120_000);
  expect(bench.server.load.sessions).toBe(0);
});

it('told to tell, an unknown identity gets unknown_psk_identity, on which devices give up', () => {
  const bench = new DtlsBench({ ...identified('urn:dev:xxx'), server: { unknownIdentity: 'told' } });
  bench.connect();
  expect([endOf(bench, 'server'), endOf(bench, 'client')]).toEqual(['by us unknown_psk_identity', 'by peer unknown_psk_identity']);
});

it('endpoint theft: with a key of its own a device is itself, whatever it says later', () => {
  const bench = new DtlsBench(identified('urn:dev:other', WRONG));
  bench.trust.keys.set('urn:dev:other', WRONG);
  bench.connect();
  expect(bench.session.identity).toEqual({ kind: 'psk', identity: Buffer.from('urn:dev:other') });
});

it('an identity that is no text is handed on as the bytes it is', () => {
  const identity = Buffer.from('ff00fe80', 'hex');
  const bench = new DtlsBench({ ports: { psk: { identity, key: PSK } } });
  bench.trust.keys.set(identity.toString(), PSK);
  bench.connect();
  expect(bench.session.identity).toEqual({ kind: 'psk', identity });
});

describe('guessing', () => {
  it('a handshake gives four guesses at most, and costs a cookie each time', () => {
    const bench = new DtlsBench({ ...identified(PSK_IDENTITY, WRONG), client: { cidBytes: undefined } });
    bench.connect().pass(120_000);
    const finished = bench.said('client', 'datagram').filter(({ bytes }) => bytes.includes(Buffer.from('16fefd0001', 'hex')));
    expect(finished).toHaveLength(4);
  });
});
