import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_SEQUENCE } from './record.ts';
import { ReplayWindow } from './replay-window.ts';

/** RFC 6347 section 4.1.2.6, by a set that never forgets. */
class Model {
  readonly #seen = new Set<number>();
  #highest = -1;
  isNew = (sequence: number): boolean => sequence > this.#highest - 64 && !this.#seen.has(sequence);
  mark(sequence: number): void {
    this.#seen.add(sequence);
    this.#highest = Math.max(this.#highest, sequence);
  }
}

const near = fc.integer({ min: 0, max: 300 });
const anywhere = fc.oneof({ arbitrary: near, weight: 8 }, { arbitrary: fc.integer({ min: 0, max: MAX_SEQUENCE }), weight: 1 });

it('takes and refuses what an endless memory with a window of 64 would', () => {
  fc.assert(
    fc.property(fc.array(anywhere, { maxLength: 200 }), (sequences) => {
      const [window, model] = [new ReplayWindow(), new Model()];
      for (const sequence of sequences) {
        expect(window.isNew(sequence)).toBe(model.isNew(sequence));
        if (!window.isNew(sequence)) continue;
        window.mark(sequence);
        model.mark(sequence);
        expect(window.isNew(sequence)).toBe(false);
      }
    }),
  );
});

it.each([1, 31, 32, 33, 63, 64, 65, 1000])('a jump by %d keeps what is still inside', (by) => {
  const window = new ReplayWindow();
  for (let sequence = 0; sequence < 64; sequence++) window.mark(sequence);
  window.mark(63 + by);
  for (let back = 1; back < 64; back++) expect(window.isNew(63 + by - back)).toBe(back < by);
  expect(window.isNew(63 + by - 64)).toBe(false);
});

it.each([0, 5, 100])('behind a floor of %d nothing is new', (floor) => {
  const window = new ReplayWindow(floor);
  for (let sequence = 0; sequence <= floor; sequence++) expect(window.isNew(sequence)).toBe(false);
  expect(window.isNew(floor + 1)).toBe(true);
});

it('a record that was asked for but not marked is still new: a forgery must not use up a number', () => {
  const window = new ReplayWindow();
  window.mark(10);
  expect([window.isNew(9), window.isNew(9), window.isNew(11), window.isNew(11)]).toEqual([true, true, true, true]);
  expect(window.highest).toBe(10);
});
