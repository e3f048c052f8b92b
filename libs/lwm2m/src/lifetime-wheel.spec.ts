import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LifetimeWheel, type Lapsing } from './lifetime-wheel.ts';

class Entry implements Lapsing<Entry> {
  next: Entry | undefined;
  previous: Entry | undefined;
  slot = -1;
  constructor(
    readonly name: number,
    public at: number,
  ) {}
}

const SLOT = 10;
const aWheel = (now = 0) => new LifetimeWheel<Entry>({ slotMs: SLOT, now, lapsesAt: ({ at }) => at });

it('every entry lapses once, never early, and at most one slot late, whatever is refreshed and removed meanwhile', () => {
  const move = fc.record({
    who: fc.nat(9),
    what: fc.constantFrom('add', 'refresh', 'remove'),
    lifetime: fc.nat(100_000),
    wait: fc.nat(3000),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const wheel = aWheel();
      const entries = Array.from({ length: 10 }, (_, name) => new Entry(name, 0));
      const alive = new Map<Entry, true>();
      let now = 0;
      const advance = (to: number) => {
        for (; now < to; now = Math.min(to, now + SLOT)) turn(now);
        turn(to);
      };
      const turn = (at: number) => {
        wheel.advance(at, (entry) => {
          if (entry.at > at || !alive.delete(entry)) throw new Error(`${entry.name} lapsed at ${at}, due at ${entry.at}`);
        });
        for (const entry of alive.keys()) if (entry.at <= at - 2 * SLOT) throw new Error(`${entry.name} is late at ${at}`);
      };
      for (const { who, what, lifetime, wait } of moves) {
        const entry = entries[who]!;
        if (what === 'remove') {
          wheel.remove(entry);
          alive.delete(entry);
        } else if (what === 'add' || !alive.has(entry)) {
          wheel.remove(entry);
          entry.at = now + lifetime;
          wheel.add(entry);
          alive.set(entry, true);
        } else entry.at = Math.max(entry.at, now + lifetime);
        advance(now + wait);
      }
      advance(now + 110_000);
      expect(alive.size).toBe(0);
    }),
    { numRuns: 30 },
  );
});

it('a lifetime longer than the wheel turns, and a clock that jumps', () => {
  const wheel = aWheel(1_000_000);
  const [years, soon] = [new Entry(1, 1_000_000_000), new Entry(2, 1_000_050)];
  wheel.add(years);
  wheel.add(soon);
  const lapsed: number[] = [];
  wheel.advance(500_000_000, ({ name }) => lapsed.push(name));
  expect(lapsed).toEqual([2]);
  wheel.advance(1_000_000_011, ({ name }) => lapsed.push(name));
  expect(lapsed).toEqual([2, 1]);
});
