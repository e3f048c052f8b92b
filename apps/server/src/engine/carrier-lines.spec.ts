import { beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint, Instant, SECOND } from '@drover/kernel';
import { CarrierLines } from './carrier-lines.ts';
import { ReviewQueue } from './review-queue.ts';

const NOW = Instant(Date.UTC(2026, 11, 1));
const LATER = Instant(NOW + SECOND);

describe('lines before carriers', () => {
  let lines: CarrierLines;
  let reviews: ReviewQueue;
  const join = (name: string, carrier = 'cell'): void => lines.join(name, { carrier, endpoint: Endpoint(name), campaign: { reviews } });
  const pulled = (): string[] => reviews.take(LATER, 100).sort();
  beforeEach(() => {
    lines = new CarrierLines();
    reviews = new ReviewQueue();
  });

  it('offers what has become free to those who have waited longest, eight at a time', () => {
    for (let index = 10; index < 20; index++) join(`meter-${index}`);
    lines.pull('cell', NOW);
    expect(pulled()).toEqual(Array.from({ length: 8 }, (_, index) => `meter-${index + 10}`));
    lines.pull('cell', NOW);
    expect(pulled()).toEqual(['meter-18', 'meter-19']);
    lines.pull('cell', NOW);
    expect(pulled()).toEqual([]);
  });

  it('keeps the place of who joins again, and knows one carrier from another', () => {
    join('a');
    join('b', 'other');
    join('a');
    lines.pull('cell', NOW);
    expect(pulled()).toEqual(['a']);
    lines.pull('other', NOW);
    expect(pulled()).toEqual(['b']);
  });

  it('forgets who has left, and where who has moved was', () => {
    join('a');
    join('b');
    lines.leave('a');
    join('b', 'other');
    lines.pull('cell', NOW);
    expect(pulled()).toEqual([]);
    lines.pull('other', NOW);
    expect(pulled()).toEqual(['b']);
  });
});
