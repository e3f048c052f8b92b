import { describe, expect, it } from '@jest/globals';
import { DtlsBench, endOf, messagesOf, ownCertificate, PSK, PSK_IDENTITY, rewritingHello, type DtlsWorld } from '@drover/testkit';
import { ALERT, CONTENT, EXTENSION, MESSAGE, type ClientHello, type Resumed } from '../index.ts';

// A session taken up again (RFC 5246 section 7.3, RFC 5077), and what must not come of it.

const ticketed: DtlsWorld = { client: { wantsTicket: true, cidBytes: undefined } };
const byId: DtlsWorld = { client: { cidBytes: undefined } };

const resume = (bench: DtlsBench, how: Partial<Resumed> = {}, settings = {}): boolean | undefined => {
  const before = bench.said('server', 'opened').length;
  bench.newClient({ resume: { ...bench.client.resumable!, ...how } }, settings);
  bench.connect();
  return bench.said('server', 'opened')[before]?.isResumed;
};

describe.each([
  ['by ticket', ticketed],
  ['by id', byId],
])('%s', (_, world) => {
  it('a session is resumed: same identity, other keys, no key looked up', () => {
    const bench = new DtlsBench(world).connect();
    const first = bench.session;
    bench.trust.asked.length = 0;
    expect(resume(bench)).toBe(true);
    expect([bench.session.identity, bench.trust.asked]).toEqual([first.identity, []]);
    bench.client.send(Buffer.from('again'));
    bench.run();
    expect(bench.heard('server')).toEqual(['again']);
  });

  it('again and again', () => {
    const bench = new DtlsBench(world).connect();
    for (let i = 0; i < 5; i++) expect(resume(bench)).toBe(true);
  });

  it('with certificates, without a look at them', () => {
    const bench = new DtlsBench({ ...world, serverOwn: ownCertificate('server'), ports: { own: ownCertificate('device') } }).connect();
    bench.trust.presented.length = 0;
    expect(resume(bench)).toBe(true);
    expect([bench.trust.presented, bench.session.identity.kind]).toEqual([[], 'rpk']);
  });

  it('too late it is a full handshake', () => {
    const bench = new DtlsBench({ ...world, server: { resumptionMs: 1000 } }).connect();
    bench.now += 1001;
    expect(resume(bench)).toBe(false);
  });

  it('a withdrawn credential opens nothing: the handshake is full, and fails by itself', () => {
    const bench = new DtlsBench(world).connect();
    bench.trust.resumes = false;
    expect(resume(bench)).toBe(false);
    bench.trust.keys.clear();
    expect(resume(bench)).toBeUndefined();
  });

  it('with another master secret it comes to nothing', () => {
    const bench = new DtlsBench(world).connect();
    expect(resume(bench, { master: Buffer.alloc(48, 1) })).toBeUndefined();
    expect(endOf(bench, 'client')).toBe('opened');
  });

  it('with another suite than it had, and without its own: full', () => {
    const bench = new DtlsBench(world).connect();
    expect(resume(bench, {}, { suites: ['TLS_PSK_WITH_AES_128_CCM_8'] })).toBe(false);
  });

  it('under another host name: full (RFC 6066 section 3)', () => {
    const bench = new DtlsBench({ ...world, client: { ...world.client, serverName: 'a.example' } }).connect();
    expect(resume(bench, {}, { serverName: 'b.example' })).toBe(false);
    expect(resume(bench, {}, { serverName: 'b.example' })).toBe(true);
  });

  it('extended master secret given up (triple handshake): refused (RFC 7627 section 5.3)', () => {
    const bench = new DtlsBench(world).connect();
    expect(resume(bench, {}, { offersExtendedMasterSecret: false })).toBeUndefined();
    expect(endOf(bench, 'server')).toBe('by us handshake_failure');
  });

  it('without extended master secret nothing is kept to be resumed', () => {
    const bench = new DtlsBench({ ...world, client: { ...world.client, offersExtendedMasterSecret: false } }).connect();
    expect([bench.client.resumable, bench.server.load.resumable]).toEqual([undefined, 0]);
  });

  it('where it is off it is off', () => {
    const bench = new DtlsBench({ ...world, server: { resumptionMs: 0 } }).connect();
    expect([bench.client.resumable, bench.server.load.resumable]).toEqual([undefined, 0]);
  });

  it('a Connection ID is agreed anew, not taken over', () => {
    const bench = new DtlsBench({ ...world, client: { ...world.client, cidBytes: 4 } }).connect();
    const before = bench.session.connectionId;
    expect(resume(bench)).toBe(true);
    expect(bench.session.connectionId).not.toBe(before);
    expect(bench.server.load.sessions).toBe(2);
  });
});

describe('tickets', () => {
  const withTicket = (change: (ticket: Buffer) => Buffer) => (hello: ClientHello) => {
    const ticket = hello.extensions.get(EXTENSION.session_ticket)!;
    return { extensions: new Map([...hello.extensions, [EXTENSION.session_ticket, ticket.length === 0 ? ticket : change(ticket)]]) };
  };

  it('any bit of a ticket changed makes it worthless: the handshake is full', () => {
    const bench = new DtlsBench(ticketed).connect();
    const { ticket } = bench.client.resumable!;
    for (let at = 0; at < ticket!.length; at++) {
      const changed = Buffer.from(ticket!);
      changed[at]! ^= 1;
      expect(resume(bench, { ticket: changed })).toBe(false);
    }
  });

  it.each([
    ['cut off', (ticket: Buffer) => ticket.subarray(0, -1)],
    ['of one byte', () => Buffer.of(1)],
    ['of somebody’s making', () => Buffer.alloc(150, 7)],
  ])('a ticket %s: full', (_, change) => {
    const bench = new DtlsBench(ticketed).connect();
    bench.meddle = rewritingHello(withTicket(change));
    bench.newClient({ resume: bench.client.resumable });
    bench.connect();
    // Changed on the way, so Finished does not hold; what matters is that nobody was let in by it.
    expect(bench.said('server', 'opened').map(({ isResumed }) => isResumed)).toEqual([false]);
  });

  it('theft: without the master secret a ticket from the wire is worth nothing', () => {
    const bench = new DtlsBench(ticketed).connect();
    bench.clientAddress = '203.0.113.9:9';
    expect(resume(bench, { master: Buffer.alloc(48) })).toBeUndefined();
    expect(bench.server.load.sessions).toBe(1);
  });

  it('holds no secret in the clear', () => {
    const bench = new DtlsBench(ticketed).connect();
    const { ticket, master } = bench.client.resumable!;
    expect([ticket!.includes(master.subarray(0, 8)), ticket!.includes(PSK), ticket!.includes(Buffer.from(PSK_IDENTITY))]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('a client that asks for none gets none', () => {
    const bench = new DtlsBench(byId).connect();
    const types = bench
      .said('server', 'datagram')
      .flatMap(({ bytes }) => messagesOf(bytes))
      .map(({ type }) => type);
    expect(types).not.toContain(MESSAGE.new_session_ticket);
  });
});

describe('ids', () => {
  it('an id of somebody’s making: full', () => {
    const bench = new DtlsBench(byId).connect();
    expect(resume(bench, { sessionId: Buffer.alloc(32, 9) })).toBe(false);
  });

  it('a fatal alert ends what could be resumed (RFC 5246 section 7.2.2)', () => {
    const bench = new DtlsBench(byId).connect();
    const { resumable } = bench.client;
    const alert = bench.client.session!.channel.seal(CONTENT.alert, Buffer.of(2, ALERT.internal_error));
    bench.server.receive(bench.clientAddress, alert, bench.now);
    expect(bench.server.load).toMatchObject({ sessions: 0, resumable: 0 });
    expect(resume(bench, resumable)).toBe(false);
  });

  it('an orderly end does not', () => {
    const bench = new DtlsBench(byId).connect();
    const { resumable } = bench.client;
    bench.client.close();
    bench.run();
    expect(resume(bench, resumable)).toBe(true);
  });

  it('the table is bounded, and the oldest goes', () => {
    const bench = new DtlsBench({ ...byId, server: { maxResumable: 3 } });
    for (let i = 0; i < 10; i++) {
      bench.clientAddress = `198.51.100.1:${i}`;
      bench.newClient();
      bench.connect();
    }
    expect(bench.server.load.resumable).toBe(3);
  });
});
