import { expect, it } from '@jest/globals';
import type { Credential } from '@drover/credentials';
import { Instant } from '@drover/kernel';
import { whyNotRotated } from './rotation-fitness.ts';

type Key = Pick<Credential, 'use' | 'state' | 'expiresAt'>;
const NOW = Instant(1000);
const FACTORY: Key = { use: 'bootstrap', state: 'active' };
const OWN: Key = { use: 'management', state: 'active' };
const templateOf = (...securities: object[]) => ({ accounts: securities.map((security) => ({ security })) }) as never;
const PSK = templateOf({ mode: 'PSK' });
const STORED = templateOf({ mode: 'PSK', key: 'Stored' });

it.each([
  ['one with both keys', [FACTORY, OWN], PSK, undefined],
  ['one without a key of its own yet', [FACTORY], PSK, undefined],
  ['one whose old key was revoked by a rotation', [FACTORY, { ...OWN, state: 'revoked' }, OWN], PSK, undefined],
  ['one that is to stay out', [FACTORY, { ...OWN, state: 'revoked' }], PSK, 'REVOKED'],
  ['one without a factory key', [OWN], PSK, 'NO_FACTORY_KEY'],
  ['one whose factory key was revoked', [{ ...FACTORY, state: 'revoked' }, OWN], PSK, 'NO_FACTORY_KEY'],
  ['one whose factory key has ended', [{ ...FACTORY, expiresAt: NOW }, OWN], PSK, 'NO_FACTORY_KEY'],
  ['one that no template fits', [FACTORY, OWN], undefined, 'NO_TEMPLATE'],
  ['one that is to go without security', [FACTORY, OWN], templateOf({ mode: 'NoSec' }), 'NO_KEY'],
  ['one that gets what the store has', [FACTORY, OWN], STORED, 'KEY_STORED'],
  ['the same, when somebody has rotated it there', [FACTORY, OWN, { ...OWN, state: 'next' }], STORED, undefined],
  ['one that makes its own key', [FACTORY, OWN], templateOf({ mode: 'EST' }, { mode: 'EST' }), undefined],
] as const)('%s', (_what, keys, template, code) => {
  expect(whyNotRotated(keys, template, NOW)?.code).toBe(code);
});
