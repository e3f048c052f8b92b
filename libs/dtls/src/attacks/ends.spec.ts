import { describe, expect, it } from '@jest/globals';
import { DtlsBench, endOf, messagesOf, rewritingHello, type DtlsWorld, type Packet } from '@drover/testkit';
import { CONTENT, encodeFragment, encodeRecord, EXTENSION, MESSAGE, NO_CID, readRecords } from '../index.ts';

// Numbers, names and Connection IDs at their very ends: a peer may write them, and no machine may trip over them.

const WHOLE_RECORD = 13;

describe.each([255, 256, 65_534, 65_535])('a hello numbered %d', (sequence) => {
  it('throws nothing out of the server, with its cookie neither', () => {
    const bench = new DtlsBench();
    const hellos: Packet[] = [];
    bench.meddle = (packet) => {
      if (packet.to === 'client') return [packet];
      hellos.push(packet);
      const body = Buffer.from(messagesOf(packet.bytes)[0]!.body);
      const fragment = encodeFragment({ type: MESSAGE.client_hello, sequence, length: body.length, offset: 0, bytes: body });
      const header = { type: CONTENT.handshake, version: 0xfefd, epoch: 0, sequence: 1, cid: NO_CID };
      return [{ ...packet, bytes: encodeRecord(header, fragment) }];
    };
    bench.connect();
    // The verify request has the number of the hello, which our client does not await.
    const [request] = bench.said('server', 'datagram');
    bench.client.receive(renumbered(request!.bytes, 0), bench.now);
    expect(() => bench.run()).not.toThrow();
    expect(hellos).toHaveLength(2);
    expect(bench.server.load.halfOpen).toBe(sequence <= 255 ? 1 : 0);
  });
});

function renumbered(datagram: Buffer, sequence: number): Buffer {
  const copy = Buffer.from(datagram);
  copy.writeUInt16BE(sequence, WHOLE_RECORD + 4);
  return copy;
}

describe('a server name of 256 bytes', () => {
  const name = 'n'.repeat(256);
  const asks: Parameters<typeof rewritingHello>[0] = ({ extensions }) => {
    const body = Buffer.concat([Buffer.from([1, 3, 0, 1, 0]), Buffer.from(name)]);
    return { extensions: new Map([...extensions, [EXTENSION.server_name, body]]) };
  };

  it.each([
    ['with a ticket', { client: { wantsTicket: true } }],
    ['with a session that is saved', { server: { reserve: 16 } }],
  ] as [string, DtlsWorld][])('%s is refused before anything is written down', (_, world) => {
    const bench = new DtlsBench({ ...world, client: { ...world.client, serverName: 'x' } });
    bench.meddle = rewritingHello(asks);
    bench.connect();
    expect(endOf(bench, 'server')).toBe('by us illegal_parameter');
  });

  it('of a client of ours that asks so is refused like that, too', () => {
    const bench = new DtlsBench({ client: { serverName: name, wantsTicket: true }, server: { reserve: 16 } }).connect();
    expect(endOf(bench, 'client')).toBe('by peer illegal_parameter');
  });

  it('of 255 bytes is a name', () => {
    const bench = new DtlsBench({ client: { serverName: name.slice(1), wantsTicket: true }, server: { reserve: 16 } }).connect();
    expect(bench.session.serverName).toHaveLength(255);
  });
});

describe('the last record number there is', () => {
  const LAST = 2 ** 48 - 1;

  /** A record of the client under a number of its choice. */
  function numbered(bench: DtlsBench, sequence: number, text: string): void {
    const { channel } = bench.client.session!;
    const far = new (channel.constructor as new (...args: unknown[]) => typeof channel)(channel.parts, {
      sendNext: sequence,
      receivedFloor: -1,
    });
    bench.server.receive(bench.clientAddress, far.seal(CONTENT.application_data, Buffer.from(text)), bench.now);
  }

  it.each([LAST - 2, LAST - 1, LAST])('%d does not throw where sessions are saved, nor wear out the memory of a number', (sequence) => {
    const bench = new DtlsBench({ server: { reserve: 16 } }).connect();
    const { session } = bench;
    for (const { save } of bench.said('server', 'save')) bench.server.saved(session, save.number);
    expect(() => numbered(bench, sequence, 'last')).not.toThrow();
    const [, second] = bench.said('server', 'save');
    bench.server.saved(session, second!.save.number);
    const state = bench.server.export(session)!;
    expect(() => bench.server.restore(state, 'orderly', bench.now)).not.toThrow();
    const heard = bench.heard('server').length;
    numbered(bench, sequence, 'again');
    expect(bench.heard('server')).toHaveLength(heard);
  });
});

describe('a Connection ID of 255 bytes', () => {
  it.each([256, 300, 1200])('and datagrams of %d: the handshake comes to an end', (mtu) => {
    const bench = new DtlsBench({ server: { mtu }, client: { cidBytes: 255 } }).connect();
    expect(bench.session.connectionId).not.toBe('');
    expect(bench.said('client', 'opened')).toHaveLength(1);
    expect(bench.said('server', 'datagram').length).toBeLessThan(20);
  });
});

it.each([512, 1024])(
  'max_fragment_length %d: plain records keep to it, too, and a datagram has no room for two of full length',
  (maxFragmentLength) => {
    const bench = new DtlsBench({ server: { pskHint: 'h'.repeat(900) }, client: { maxFragmentLength } }).connect();
    const records = bench.said('server', 'datagram').flatMap(({ bytes }) => readRecords(bytes, 0));
    expect(bench.said('client', 'opened')).toHaveLength(1);
    expect(Math.max(...records.map(({ fragment }) => fragment.length))).toBeLessThanOrEqual(maxFragmentLength);
    const longest = Math.max(...bench.said('server', 'datagram').map(({ bytes }) => bytes.length));
    expect(longest).toBeLessThanOrEqual(WHOLE_RECORD + maxFragmentLength);
  },
);

it('a state is asked for from within "opened", before numbers are reserved', () => {
  const bench = new DtlsBench({ server: { reserve: 16 } });
  const states: (Buffer | undefined)[] = [];
  bench.serverSaid.push = (...outputs) => {
    for (const output of outputs) if (output.type === 'opened') states.push(bench.server.export(output.session));
    return Array.prototype.push.apply(bench.serverSaid, outputs);
  };
  bench.connect();
  expect(states).toEqual([expect.any(Buffer)]);
  expect(() => bench.server.restore(states[0]!, 'orderly', bench.now)).not.toThrow();
});
