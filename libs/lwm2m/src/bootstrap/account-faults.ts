import type { AccountSecurity, BootstrapConfiguration, ServerAccount } from './account.ts';

export interface AccountFault {
  /** Which account, from 0; absent: of the whole. */
  readonly account?: number;
  readonly code: 'URI_INVALID' | 'URI_AND_MODE' | 'SHORT_ID_INVALID' | 'SHORT_ID_TWICE' | 'LIFETIME_INVALID' | 'KEY_INVALID' | 'NO_ACCOUNT';
  readonly text: string;
}

const MOST_URI = 255;
const [MOST_SHORT_ID, MOST_LIFETIME_S] = [65_534, 0xffffffff];
/** Bytes (Transport section 5.2.8). */
const [MOST_IDENTITY, LEAST_KEY, MOST_KEY] = [128, 16, 64];
const MOST_CREDENTIAL = 4096;

/** What a device would refuse, or what would leave it without a server. */
export function accountFaults({ accounts }: BootstrapConfiguration): AccountFault[] {
  if (accounts.length === 0) return [{ code: 'NO_ACCOUNT', text: 'a device without a server account asks for bootstrap again and again' }];
  const seen = new Set<number>();
  return accounts.flatMap((account, at) => {
    const isTwice = seen.has(account.shortServerId);
    seen.add(account.shortServerId);
    const twice = { code: 'SHORT_ID_TWICE', text: `short server id ${account.shortServerId} stands twice` } as const;
    return [...faultsOf(account), ...(isTwice ? [twice] : [])].map((fault) => ({ account: at, ...fault }));
  });
}

function faultsOf({ uri, shortServerId, lifetimeS, security, oscore }: ServerAccount): AccountFault[] {
  const scheme = /^(coaps?(?:\+tcp)?):\/\/[^/?#\s]+(?:\/|$)/.exec(uri)?.[1];
  const faults: AccountFault[] = [];
  if (scheme === undefined || Buffer.byteLength(uri) > MOST_URI)
    faults.push({ code: 'URI_INVALID', text: `${uri.slice(0, 60)} is no coap:// or coaps:// URI of at most ${MOST_URI} bytes` });
  else if (scheme.startsWith('coaps') !== (security.mode !== 'NoSec'))
    faults.push({ code: 'URI_AND_MODE', text: `${scheme} does not go with security mode ${security.mode}` });
  if (!isWithin(shortServerId, 1, MOST_SHORT_ID))
    faults.push({ code: 'SHORT_ID_INVALID', text: `a short server id is 1 to ${MOST_SHORT_ID}, got ${shortServerId}` });
  if (!isWithin(lifetimeS, 1, MOST_LIFETIME_S))
    faults.push({ code: 'LIFETIME_INVALID', text: `a lifetime is 1 to ${MOST_LIFETIME_S} s, got ${lifetimeS}` });
  const wrong =
    wrongKey(security) ?? (oscore && oscore.masterSecret.length < LEAST_KEY ? 'the OSCORE master secret is too short' : undefined);
  return wrong === undefined ? faults : [...faults, { code: 'KEY_INVALID', text: wrong }];
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** Lengths alone: no fault shows a key. */
function wrongKey(security: AccountSecurity): string | undefined {
  switch (security.mode) {
    case 'PSK':
      if (!isWithin(security.identity.length, 1, MOST_IDENTITY)) return `a PSK identity has 1 to ${MOST_IDENTITY} bytes`;
      return isWithin(security.key.length, LEAST_KEY, MOST_KEY) ? undefined : `a pre-shared key has ${LEAST_KEY} to ${MOST_KEY} bytes`;
    case 'RPK':
      return wrongLength([security.publicKey, security.privateKey, security.serverPublicKey]);
    case 'X509':
      return wrongLength([security.certificate, security.privateKey, security.serverCertificate]);
    case 'EST':
      return wrongLength([security.serverCertificate]);
    case 'NoSec':
      return undefined;
  }
}

function wrongLength(credentials: readonly Uint8Array[]): string | undefined {
  return credentials.every(({ length }) => isWithin(length, 1, MOST_CREDENTIAL))
    ? undefined
    : `keys and certificates have 1 to ${MOST_CREDENTIAL} bytes`;
}
