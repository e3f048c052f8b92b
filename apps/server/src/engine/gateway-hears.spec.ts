import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { ToGateway } from '../link/messages.ts';
import { GatewayHears } from './gateway-hears.ts';

let sent: ToGateway[];
let hears: GatewayHears;

beforeEach(() => {
  jest.useFakeTimers();
  sent = [];
  hears = new GatewayHears({ tell: (message) => void sent.push(message) });
});
afterEach(() => void jest.useRealTimers());

const isOver = async (waiting: Promise<void>): Promise<boolean> => Promise.race([waiting.then(() => true), Promise.resolve(false)]);

it('waits for its own answer, and for no other', async () => {
  const [first, second] = [hears.credentials(), hears.credentials()];
  expect(sent).toEqual([1, 2].map((number) => ({ type: 'credentials-asked', number })));
  hears.heard(2);
  await second;
  expect(await isOver(first)).toBe(false);
  hears.heard(1);
  await first;
});

it('does not wait for ever, and an answer that comes too late does no harm', async () => {
  const waiting = hears.credentials();
  jest.advanceTimersByTime(2000);
  await waiting;
  hears.heard(1);
  hears.heard(77);
});
