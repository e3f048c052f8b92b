import { useOf, type KnownCredential } from '@drover/credentials';
import type { BootstrapTemplateSpec } from '@drover/campaign';
import type { Instant } from '@drover/kernel';

export interface Unfit {
  readonly code: string;
  readonly detail: string;
}

/** Why a device cannot be given another key; `undefined`: the next session with the bootstrap server gives it one. */
export function whyNotRotated(
  all: readonly Pick<KnownCredential, 'use' | 'state' | 'expiresAt'>[],
  template: Pick<BootstrapTemplateSpec, 'accounts'> | undefined,
  now: Instant,
): Unfit | undefined {
  const isGood = ({ state, expiresAt }: (typeof all)[number]): boolean =>
    state === 'active' && (expiresAt === undefined || expiresAt > now);
  const own = all.filter((each) => useOf(each) === 'management');
  if (own.length > 0 && own.every(({ state }) => state === 'revoked'))
    return { code: 'REVOKED', detail: 'its key was revoked, and a rotation would let it in again' };
  if (!all.some((each) => useOf(each) === 'bootstrap' && isGood(each)))
    return { code: 'NO_FACTORY_KEY', detail: 'it has no key in force for the bootstrap server' };
  if (template === undefined) return { code: 'NO_TEMPLATE', detail: 'no bootstrap template fits it' };
  const keyed = template.accounts.filter(({ security: { mode } }) => mode !== 'NoSec');
  if (keyed.length === 0) return { code: 'NO_KEY', detail: 'its template gives it no key' };
  const isStored = keyed.every(({ security: { key } }) => key === 'Stored');
  if (isStored && !own.some(({ state }) => state === 'next'))
    return {
      code: 'KEY_STORED',
      detail: 'its template gives it the key that the store has, and that is the one it has: drover credentials rotate',
    };
  return undefined;
}
