import { expect, it } from '@jest/globals';
import { Endpoint, Instant, MINUTE } from '@drover/kernel';
import { newUpdate, type DeviceUpdate } from './device-update.ts';
import { isLookDue } from './look-again.ts';

const T0 = Instant(1_764_547_200_000);
const after = (minutes: number): Instant => Instant(T0 + minutes * MINUTE);
const installing: DeviceUpdate = { ...newUpdate('c', Endpoint('d'), 0, T0), state: 'installing', executedAt: T0 };

it.each<[string, Partial<DeviceUpdate>, { isRegister?: boolean; at: number; previousAt?: number }, boolean]>([
  ['a look in this wake-up is enough', { lookedAt: after(10) }, { at: 11, previousAt: 10 }, false],
  ['another wake-up, another look', { lookedAt: after(10) }, { at: 12, previousAt: 10 }, true],
  ['a registration is worth one at once', { lookedAt: after(10) }, { at: 10, isRegister: true }, true],
  ['the conversation after Execute asks by itself', {}, { at: 30, previousAt: 0 }, false],
  ['but was silent at a whole contact', {}, { at: 60, previousAt: 30 }, true],
  ['a device that has answered at the contact before', { answeredAt: after(30) }, { at: 60, previousAt: 30 }, false],
  ['a state that is no installation', { state: 'downloading' }, { at: 60, previousAt: 30 }, false],
  ['a cancellation that was never answered', { state: 'cancelling', executedAt: undefined }, { at: 60, previousAt: 30 }, true],
])('%s', (_name, change, { isRegister = false, at, previousAt }, due) => {
  const heard = { isRegister, at: after(at), previousAt: previousAt === undefined ? undefined : after(previousAt) };
  expect(isLookDue({ ...installing, ...change }, heard)).toBe(due);
});
