import type { CredentialBook, KeyRing } from '@drover/credentials';
import { accountFaults, type AccountSecurity, type BootstrapConfiguration } from '@drover/lwm2m';
import type { AccountOrder, BootstrapOrder, CredentialName } from '../../link/bootstrap.ts';
import type { SharedCredential } from '../../link/security.ts';
import { publicPartOf } from '../new-key.ts';

/** What is needed to make an order into what is written. */
export interface Sealed {
  readonly book: CredentialBook<SharedCredential>;
  readonly ring: Pick<KeyRing, 'open'>;
  /** Our certificate, and whether there is an authority for those of devices. */
  readonly certificate?: Uint8Array | undefined;
  readonly enrols?: boolean;
  /** SubjectPublicKeyInfo of our own. */
  readonly rawKey: Uint8Array | undefined;
}

/** Keys in clear, for as long as they are written. */
export type Opened =
  { readonly type: 'opened'; readonly configuration: BootstrapConfiguration } | { readonly type: 'failed'; readonly why: string };

/** Opens what is sealed. A message that fails never holds a key. Throws `SECRET_SEALED`. */
export function configurationOf({ accounts, access, deleteFirst }: BootstrapOrder, sealed: Sealed): Opened {
  const opened = accounts.map((account) => ({ account, security: securityOf(account.security, sealed) }));
  const failed = opened.find(({ security }) => typeof security === 'string');
  if (failed) return { type: 'failed', why: String(failed.security) };
  const configuration: BootstrapConfiguration = {
    accounts: opened.map(({ account, security }) => ({ ...plainOf(account), security: security as AccountSecurity })),
    access,
    deleteFirst,
  };
  const [fault] = accountFaults(configuration);
  return fault ? { type: 'failed', why: `${fault.code}: ${fault.text}` } : { type: 'opened', configuration };
}

function plainOf({ uri, shortServerId, lifetimeS, binding, storesNotifications }: AccountOrder) {
  return { uri, shortServerId, lifetimeS, binding, storesNotifications };
}

/** A text is why there is none. */
function securityOf(security: AccountOrder['security'], sealed: Sealed): AccountSecurity | string {
  if (security.mode === 'NoSec') return { mode: 'NoSec' };
  if (security.mode === 'EST') return enrolmentSecurity(sealed);
  const secret = secretOf(security.credential, sealed);
  if (secret === undefined) return 'KEY_MISSING: its credential was revoked, or has no key here';
  if (security.mode === 'PSK') return { mode: 'PSK', identity: Buffer.from(security.credential.identity, 'utf8'), key: secret };
  const serverPublicKey = security.serverKey === undefined ? sealed.rawKey : Buffer.from(security.serverKey, 'base64');
  if (serverPublicKey === undefined)
    return 'SERVER_KEY_MISSING: the server has no key of its own (--dtls-key), and the template names none';
  return { mode: 'RPK', publicKey: publicPartOf(secret), privateKey: secret, serverPublicKey };
}

function enrolmentSecurity({ certificate, enrols }: Sealed): AccountSecurity | string {
  if (enrols !== true) return 'ENROLMENT_OFF: the server has no authority for certificates (--enrolment-key)';
  return certificate === undefined
    ? 'SERVER_CERTIFICATE_MISSING: the server has no certificate of its own (--dtls-certificate)'
    : { mode: 'EST', serverCertificate: certificate };
}

function secretOf({ kind, identity }: CredentialName, { book, ring }: Sealed): Buffer | undefined {
  const credential = book.with(kind, identity);
  if (credential?.secret === undefined || credential.state === 'revoked') return undefined;
  return ring.open(credential.secret, credential);
}

/** Keys are overwritten as soon as nobody writes them any more. */
export function forgetKeys({ accounts }: BootstrapConfiguration): void {
  for (const { security } of accounts) {
    if (security.mode === 'PSK') security.key.fill(0);
    if (security.mode === 'RPK') security.privateKey.fill(0);
  }
}
