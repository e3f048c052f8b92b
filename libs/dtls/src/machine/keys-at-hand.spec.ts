import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Channel } from '../record/channel.ts';
import { readRecords } from '../record/record.ts';
import { KeysAtHand, type Speaker } from './keys-at-hand.ts';

const CID = Buffer.from('c0c1c2c3', 'hex');
const NONE = Buffer.alloc(0);
const keys = (byte: number) => ({ mac: NONE, key: Buffer.alloc(16, byte), iv: Buffer.alloc(4, byte) });
type Cipher = 'aes-128-ccm-8' | 'aes-128-gcm';

/** Both ends of a session. */
const ends = (cipher: Cipher): [Channel, Channel] => [
  new Channel({ cipher, write: keys(1), read: keys(2), writeCid: CID, readCid: NONE, recordLimit: 16_384 }),
  new Channel({ cipher, write: keys(2), read: keys(1), writeCid: NONE, readCid: CID, recordLimit: 16_384 }),
];

class Talker implements Speaker {
  readonly channel = ends('aes-128-ccm-8')[0];
  lastHeardAt = 0;

  speak(now: number, atHand: KeysAtHand): void {
    const before = this.lastHeardAt;
    this.lastHeardAt = now;
    atHand.heard(this, before);
  }
}

it.each(['aes-128-ccm-8', 'aes-128-gcm'] as const)(
  '%s: records are the same with keys at hand and without, and none is taken twice',
  (cipher) => {
    const contents = fc.array(fc.record({ bytes: fc.uint8Array({ maxLength: 80 }), isAtHand: fc.boolean() }), { maxLength: 12 });
    fc.assert(
      fc.property(contents, (said) => {
        const [client, server] = ends(cipher);
        const [other] = ends(cipher);
        for (const { bytes, isAtHand } of said) {
          for (const end of [client, server]) if (isAtHand) end.takeKeysToHand();
          const sealed = client.seal(23, Buffer.from(bytes));
          expect(sealed).toEqual(other.seal(23, Buffer.from(bytes)));
          const [record] = readRecords(sealed, CID.length);
          expect(server.open(record!)).toMatchObject({ content: { type: 23, bytes: Buffer.from(bytes) } });
          expect(server.open(record!)).toBe('replayed');
          for (const end of [client, server]) end.putKeysAway();
        }
      }),
    );
  },
);

it('a forged record is forged with keys at hand too, and a wiped channel has none', () => {
  const [client, server] = ends('aes-128-ccm-8');
  server.takeKeysToHand();
  const sealed = client.seal(23, Buffer.from('data'));
  for (let at = 0; at < 8 * sealed.length; at++) {
    const meddled = Buffer.from(sealed);
    meddled[at >> 3]! ^= 1 << (at & 7);
    for (const record of readRecords(meddled, CID.length)) expect(['forged', 'stray']).toContain(server.open(record));
  }
  server.wipe();
  expect(server.hasKeysAtHand).toBe(false);
  expect(server.open(readRecords(sealed, CID.length)[0]!)).toBe('forged');
});

it('who speaks now and then has none, who speaks twice within five seconds has, until its session ends', () => {
  const atHand = new KeysAtHand(10);
  const talker = new Talker();
  talker.speak(60_000, atHand);
  talker.speak(65_001, atHand);
  expect([talker.channel.hasKeysAtHand, atHand.size]).toEqual([false, 0]);
  talker.speak(70_001, atHand);
  expect([talker.channel.hasKeysAtHand, atHand.size]).toEqual([true, 1]);
  atHand.forget(talker);
  expect([talker.channel.hasKeysAtHand, atHand.size]).toEqual([false, 0]);
});

it('busy ones keep their places; one that was silent for ten seconds leaves its own', () => {
  const atHand = new KeysAtHand(2);
  const [first, second, third] = [new Talker(), new Talker(), new Talker()];
  for (const talker of [first, second, third]) talker.speak(1000, atHand);
  expect([first, second, third].map(({ channel }) => channel.hasKeysAtHand)).toEqual([true, true, false]);
  for (let now = 2000; now < 11_000; now += 1000) for (const talker of [second, third]) talker.speak(now, atHand);
  expect([first, second, third].map(({ channel }) => channel.hasKeysAtHand)).toEqual([true, true, false]);
  for (const now of [11_000, 11_001]) third.speak(now, atHand);
  expect([first, second, third].map(({ channel }) => channel.hasKeysAtHand)).toEqual([false, true, true]);
});

it('never more than it was told, whoever speaks when', () => {
  const script = fc.array(fc.record({ who: fc.nat(7), afterMs: fc.nat(4000), ends: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(script, fc.integer({ min: 1, max: 4 }), (steps, most) => {
      const atHand = new KeysAtHand(most);
      const talkers = Array.from({ length: 8 }, () => new Talker());
      let now = 0;
      for (const { who, afterMs, ends: isOver } of steps) {
        const talker = talkers[who]!;
        if (isOver) atHand.forget(talker);
        else talker.speak((now += afterMs), atHand);
        const having = talkers.filter(({ channel }) => channel.hasKeysAtHand).length;
        expect(having).toBe(atHand.size);
        expect(having).toBeLessThanOrEqual(most);
      }
    }),
  );
});
