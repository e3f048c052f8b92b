import { readPublicKey, type Credential } from '@drover/credentials';
import type { BootstrapAccountSpec } from '@drover/campaign';
import type { GivenAccount } from '@drover/persistence';
import type { AccountOrder } from '../link/bootstrap.ts';

/** An account of a template for one device, for the gateway: its key by name. */
export function orderOf(
  { uri, shortServerId, lifetime, binding, storesNotifications, security }: BootstrapAccountSpec,
  key: Credential | undefined,
): AccountOrder {
  const common = { uri, shortServerId, lifetimeS: Math.round(lifetime / 1000), binding, storesNotifications };
  if (security.mode === 'EST') return { ...common, security: { mode: 'EST' } };
  if (security.mode === 'NoSec' || key === undefined) return { ...common, security: { mode: 'NoSec' } };
  const credential = { kind: key.kind, identity: key.identity };
  if (security.mode !== 'RPK') return { ...common, security: { mode: security.mode, credential } };
  const { serverPublicKey: pem } = security;
  const serverKey = pem === undefined ? {} : { serverKey: readPublicKey(Buffer.from(pem)).toString('base64') };
  return { ...common, security: { mode: 'RPK', credential, ...serverKey } };
}

/** The same for the record and the log. */
export function givenOf({ uri, shortServerId, security: { mode } }: BootstrapAccountSpec, key: Credential | undefined): GivenAccount {
  if (mode === 'NoSec' || mode === 'EST' || key === undefined) return { uri, shortServerId, mode };
  const { identity, fingerprint } = key;
  return { uri, shortServerId, mode, identity, ...(fingerprint !== undefined && { fingerprint }) };
}
