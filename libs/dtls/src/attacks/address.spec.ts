import { describe, expect, it } from '@jest/globals';
import { DtlsBench } from '@drover/testkit';
import { CONTENT } from '../index.ts';

// Where answers go when a device appears elsewhere (RFC 9146 section 6).

const HOME = '198.51.100.1:40000';
const AWAY = '198.51.100.1:50001';
const VICTIM = '203.0.113.200:53';

const established = (client: { cidBytes?: number } = { cidBytes: 4 }): DtlsBench => new DtlsBench({ client }).connect();
const plainly = (): DtlsBench => established({ cidBytes: undefined });
const record = (bench: DtlsBench, text: string): Buffer => bench.client.session!.channel.seal(CONTENT.application_data, Buffer.from(text));
const say = (bench: DtlsBench, bytes: Buffer, from: string): void => bench.server.receive(from, bytes, bench.now);
const sentTo = (bench: DtlsBench, address: string): number =>
  bench
    .said('server', 'datagram')
    .filter((output) => output.address === address)
    .reduce((sum, { bytes }) => sum + bytes.length, 0);

it('a device behind a NAT that has forgotten it is answered where it is now', () => {
  const bench = established();
  say(bench, record(bench, 'from elsewhere'), AWAY);
  expect(bench.said('server', 'data').at(-1)).toMatchObject({ address: AWAY });
  expect(bench.server.send(bench.session, Buffer.from('answer'))).toBe('sent');
  expect(bench.said('server', 'datagram').at(-1)!.address).toBe(AWAY);
  expect(bench.session).toMatchObject({ address: AWAY, provenAddress: HOME });
  bench.server.prove(bench.session, AWAY);
  expect(bench.session).toMatchObject({ address: AWAY, provenAddress: AWAY });
});

it('a record raced to us from a victim’s address (amplification): three times its bytes, and no more', () => {
  const bench = established();
  const raced = record(bench, 'raced');
  say(bench, raced, VICTIM);
  while (bench.server.send(bench.session, Buffer.alloc(20)) === 'sent');
  expect(sentTo(bench, VICTIM)).toBeLessThanOrEqual(3 * raced.length);
  expect(bench.server.send(bench.session, Buffer.alloc(500))).toBe('withheld');
});

it('an image block to an address not shown to be right is withheld', () => {
  const bench = established();
  say(bench, record(bench, 'ack'), VICTIM);
  expect(bench.server.send(bench.session, Buffer.alloc(1060))).toBe('withheld');
  expect(sentTo(bench, VICTIM)).toBe(0);
});

it('the device itself, at its old address, takes the session back with its next record', () => {
  const bench = established();
  say(bench, record(bench, 'raced'), VICTIM);
  say(bench, record(bench, 'mine'), HOME);
  expect(bench.session).toMatchObject({ address: HOME, provenAddress: HOME });
  expect(bench.server.send(bench.session, Buffer.alloc(1060))).toBe('sent');
});

it('an older record from elsewhere moves nothing', () => {
  const bench = established();
  const old = record(bench, 'old');
  say(bench, record(bench, 'new'), HOME);
  say(bench, old, VICTIM);
  expect([bench.session.address, bench.heard('server')]).toEqual([HOME, ['new', 'old']]);
});

it('a forgery from elsewhere moves nothing', () => {
  const bench = established();
  const forged = record(bench, 'forged');
  forged[forged.length - 1]! ^= 1;
  say(bench, forged, VICTIM);
  expect(bench.session.address).toBe(HOME);
});

it.each([
  ['nobody spoke from', VICTIM],
  ['it is at already', HOME],
])('an address that %s cannot be shown to be right', (_, address) => {
  const bench = established();
  say(bench, record(bench, 'from elsewhere'), AWAY);
  bench.server.prove(bench.session, address);
  expect(bench.session.provenAddress).toBe(HOME);
});

it('over three source ports one after the other it is one session', () => {
  const bench = established();
  for (const port of [1, 2, 3]) {
    const address = `198.51.100.1:${port}`;
    say(bench, record(bench, `from ${port}`), address);
    expect(bench.server.send(bench.session, Buffer.from('ok'))).toBe('sent');
    bench.server.prove(bench.session, address);
  }
  expect(bench.heard('server')).toEqual(['from 1', 'from 2', 'from 3']);
  expect([bench.server.load.sessions, bench.session.provenAddress]).toEqual([1, '198.51.100.1:3']);
});

describe('without a Connection ID', () => {
  it('a record from elsewhere is a stranger’s', () => {
    const bench = plainly();
    say(bench, record(bench, 'from elsewhere'), AWAY);
    expect(bench.heard('server')).toEqual([]);
  });

  it('a new handshake from the same address ends the old session, and not before it is complete (RFC 6347 section 4.2.8)', () => {
    const bench = plainly();
    const first = bench.session;
    const old = bench.client.session!;
    bench.meddle = (packet, index) => (packet.to === 'server' && index > 9 ? [] : [packet]);
    bench.newClient();
    bench.connect();
    say(bench, old.channel.seal(CONTENT.application_data, Buffer.from('still')), HOME);
    expect([bench.heard('server'), bench.said('server', 'closed')]).toEqual([['still'], []]);
    bench.meddle = (packet) => [packet];
    bench.pass(5000);
    expect(bench.said('server', 'closed')).toMatchObject([{ session: first, reason: 'replaced' }]);
    expect(bench.server.load.sessions).toBe(1);
  });
});

it('two devices that get one address after the other both keep their sessions, by Connection ID', () => {
  const bench = established();
  const first = bench.client.session!;
  bench.newClient();
  bench.connect();
  say(bench, first.channel.seal(CONTENT.application_data, Buffer.from('first')), AWAY);
  say(bench, record(bench, 'second'), HOME);
  expect([bench.heard('server'), bench.server.load.sessions]).toEqual([['first', 'second'], 2]);
});
