import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CONTENT, encodeRecord, NO_CID, readRecords } from '../record/record.ts';
import { packFlight, type FlightItem } from './flight.ts';
import { readFragments } from './message.ts';
import { Reassembly } from './reassembly.ts';

const writer = (recordLimit: number) => ({
  plain: (type: number, bytes: Buffer) => encodeRecord({ type, version: 0xfefd, epoch: 0, sequence: 0, cid: NO_CID }, bytes),
  protect: (type: number, bytes: Buffer) =>
    encodeRecord({ type, version: 0xfefd, epoch: 1, sequence: 0, cid: NO_CID }, Buffer.concat([bytes, Buffer.alloc(16)])),
  overhead: 29,
  recordLimit,
});

const aFlight = fc
  .array(fc.uint8Array({ maxLength: 900 }), { minLength: 1, maxLength: 5 })
  .map((bodies): FlightItem[] => [
    ...bodies.map((body, sequence): FlightItem => ({ kind: 'message', message: { type: 11, sequence, body }, isProtected: false })),
    { kind: 'change-cipher-spec' },
    { kind: 'message', message: { type: 20, sequence: bodies.length, body: Buffer.alloc(12, 7) }, isProtected: true },
  ]);

it('a flight arrives whole, in order, in datagrams and records of no more than was asked for', () => {
  fc.assert(
    fc.property(aFlight, fc.integer({ min: 100, max: 1500 }), fc.integer({ min: 64, max: 600 }), (flight, mtu, limit) => {
      const reassembly = new Reassembly(0, 4096);
      const bodies: Uint8Array[] = [];
      for (const datagram of packFlight(flight, writer(limit), mtu)) {
        expect(datagram.length).toBeLessThanOrEqual(mtu);
        for (const record of readRecords(datagram, 0)) {
          if (record.type !== CONTENT.handshake) continue;
          const content = record.epoch === 1 ? record.fragment.subarray(0, -16) : record.fragment;
          expect(content.length).toBeLessThanOrEqual(limit);
          for (const fragment of readFragments(content)!) reassembly.add(fragment);
          for (let message = reassembly.take(); message; message = reassembly.take()) bodies.push(Uint8Array.from(message.body));
        }
      }
      expect(bodies).toEqual(flight.flatMap((item) => (item.kind === 'message' ? [Uint8Array.from(item.message.body)] : [])));
    }),
  );
});

it('what fits goes into one datagram', () => {
  const flight: FlightItem[] = [0, 1, 2].map((sequence) => ({
    kind: 'message',
    message: { type: 2, sequence, body: Buffer.alloc(100) },
    isProtected: false,
  }));
  expect(packFlight(flight, writer(16_384), 1200)).toHaveLength(1);
});
