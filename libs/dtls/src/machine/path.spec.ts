import { expect, it } from '@jest/globals';
import { Path } from './path.ts';

const HOME = '192.0.2.1:1';
const AWAY = '192.0.2.2:2';
const THIRD = '192.0.2.3:3';

it('the newest record moves the answer at once, for three times its bytes', () => {
  const path = new Path(HOME, 3);
  path.arrived(AWAY, 50, true);
  expect([path.address, path.proven]).toEqual([AWAY, HOME]);
  expect([path.spend(100), path.spend(51), path.spend(50), path.spend(1)]).toEqual([true, false, true, false]);
  path.arrived(AWAY, 10, true);
  expect([path.spend(31), path.spend(30)]).toEqual([false, true]);
});

it.each([
  ['an older record moves nothing', (path: Path) => path.arrived(AWAY, 50, false), HOME, HOME],
  ['an answer from there settles it', (path: Path) => (path.arrived(AWAY, 50, true), path.prove(AWAY)), AWAY, AWAY],
  ['an answer from elsewhere does not', (path: Path) => (path.arrived(AWAY, 50, true), path.prove(THIRD)), AWAY, HOME],
  ['the old address may speak again', (path: Path) => (path.arrived(AWAY, 50, true), path.arrived(HOME, 50, true)), HOME, HOME],
  [
    'a third address takes the place of the second',
    (path: Path) => (path.arrived(AWAY, 50, true), path.arrived(THIRD, 50, true)),
    THIRD,
    HOME,
  ],
  [
    'a proof that comes too late is none',
    (path: Path) => (path.arrived(AWAY, 9, true), path.arrived(HOME, 9, true), path.prove(AWAY)),
    HOME,
    HOME,
  ],
])('%s', (_, happen, address, proven) => {
  const path = new Path(HOME, 3);
  happen(path);
  expect([path.address, path.proven]).toEqual([address, proven]);
});

it('older records from the new address count as bytes received from there', () => {
  const path = new Path(HOME, 3);
  path.arrived(AWAY, 10, true);
  path.arrived(AWAY, 10, false);
  expect([path.spend(61), path.spend(60)]).toEqual([false, true]);
});

it('an address that is shown to be right has no bound', () => {
  const path = new Path(HOME, 3);
  expect(path.spend(1_000_000)).toBe(true);
  path.arrived(AWAY, 1, true);
  path.prove(AWAY);
  expect(path.spend(1_000_000)).toBe(true);
});
