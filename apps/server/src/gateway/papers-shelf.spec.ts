import { expect, it } from '@jest/globals';
import { PapersShelf } from './papers-shelf.ts';

const papers = (envelope: string, policy = '{}') => ({ envelope, policy });

it('the same papers are one object, others are others', () => {
  const shelf = new PapersShelf();
  const first = shelf.share(papers('a'));
  expect(shelf.share(papers('a'))).toBe(first);
  expect(shelf.share(papers('b'))).toEqual(papers('b'));
  expect(shelf.share(papers('a', '{"name":"other"}'))).toEqual(papers('a', '{"name":"other"}'));
});

it('keeps no more than some', () => {
  const shelf = new PapersShelf();
  const first = shelf.share(papers('0'));
  for (let index = 1; index <= 64; index++) shelf.share(papers(String(index)));
  expect(shelf.share(papers('0'))).not.toBe(first);
  expect(shelf.share(papers('64'))).toEqual(papers('64'));
});
