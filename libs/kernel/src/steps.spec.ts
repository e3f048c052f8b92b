import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, canonicalPieces, finished, sortSteps, type Json } from './index.ts';

it('sorts like sort, stable, and leaves its input alone', () => {
  const items = fc.array(fc.record({ key: fc.nat(9), mark: fc.nat() }), { maxLength: 12 });
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 900 }), (few, times) => {
      const many = Array.from({ length: times }, () => few).flat();
      const before = [...many];
      expect(finished(sortSteps(many, (a, b) => a.key - b.key))).toEqual([...many].sort((a, b) => a.key - b.key));
      expect(many).toEqual(before);
    }),
    { numRuns: 30 },
  );
});

it('can be interrupted while it sorts', () => {
  const steps = sortSteps(
    Array.from({ length: 20_000 }, (_, place) => (place * 7919) % 20_000),
    (a, b) => a - b,
  );
  let pauses = 0;
  for (let step = steps.next(); step.done !== true; step = steps.next()) pauses += 1;
  expect(pauses).toBeGreaterThan(5);
});

it('writes the same canonical text in pieces', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect([...canonicalPieces(value as Json)].join('')).toBe(canonicalJson(value as Json));
    }),
  );
  const long = { b: Array.from({ length: 30_000 }, (_, place) => `urn:${place}`), a: [[], {}, { x: undefined, y: [1] }] };
  const pieces = [...canonicalPieces(long)];
  expect(pieces.join('')).toBe(canonicalJson(long));
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(70_000);
});
