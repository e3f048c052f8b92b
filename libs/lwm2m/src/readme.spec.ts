import { expect, it } from '@jest/globals';
import { begin, next } from './index.ts';
import type { FirmwareOrder } from './index.ts';

it('the example of the README', () => {
  const order: FirmwareOrder = {
    attempt: 'a',
    method: 'Auto',
    uri: 'coap://fw/1',
    uriScheme: 'coap',
    size: 1,
    expectedVersion: '2',
    automaticUpgradeOff: true,
    inactivityMs: 1,
  };
  const now = 0;

  const { conversation, actions } = begin(order, now);
  const step = next(conversation, { type: 'no-answer', op: { type: 'read', path: '/5/0' } }, now);
  const again = next(step.conversation, { type: 'contact' }, now + 60_000);

  expect(actions).toEqual([{ type: 'read', path: '/5/0' }]);
  expect(step.actions).toEqual([]);
  expect(again.actions).toEqual(actions);
});
