import { unpackMaterial, type CredentialBook, type KeyRing } from '@drover/credentials';
import { accountFaults, type AccountSecurity, type BootstrapConfiguration, type ServerAccount } from '@drover/lwm2m';
import type { AccountOrder, BootstrapOrder, CredentialName } from '../../link/bootstrap.ts';
import type { SharedCredential } from '../../link/security.ts';
import { publicPartOf } from '../new-key.ts';

/** What is needed to make an order into what is written. */
export interface Sealed {
  readonly book: CredentialBook<SharedCredential>;
  readonly ring: Pick<KeyRing, 'open'>;
  /** Our certificate, and the authority for those of devices, where there is one. */
  readonly certificate?: Uint8Array | undefined;
  readonly certify?: Certify | undefined;
  /** SubjectPublicKeyInfo of our own. */
  readonly rawKey: Uint8Array | undefined;
}

/** Makes a certificate for a key (SubjectPublicKeyInfo) under a name, DER. Throws `EnrolmentError`. */
export type Certify = (commonName: string, spki: Uint8Array) => Buffer;

/** A certificate among what is to be written: that it was made has to be written down first. */
export interface Certified {
  readonly credential: CredentialName;
  readonly certificate: Uint8Array;
}

type AccountKeys = Pick<ServerAccount, 'security' | 'oscore'>;

/** Keys in clear, for as long as they are written. */
export type Opened =
  | { readonly type: 'opened'; readonly configuration: BootstrapConfiguration; readonly certified: Certified | undefined }
  | { readonly type: 'failed'; readonly why: string };

/** Opens what is sealed. A message that fails never holds a key, and leaves none in memory. Throws `SECRET_SEALED`, or `EnrolmentError`. */
export function configurationOf(order: BootstrapOrder, { certify, ...rest }: Sealed): Opened {
  const secrets: Uint8Array[] = [];
  const keep = <S extends Uint8Array>(secret: S): S => {
    secrets.push(secret);
    return secret;
  };
  let isOpened = false;
  try {
    const opened = opening(order, { ...rest, certify: certify && once(certify), keep });
    isOpened = opened.type === 'opened';
    return opened;
  } finally {
    if (!isOpened) for (const secret of secrets) secret.fill(0);
  }
}

/** `keep` is told of every secret in clear. */
type Opening = Sealed & { readonly keep: <S extends Uint8Array>(secret: S) => S };

function opening({ accounts, access, deleteFirst, contentFormat }: BootstrapOrder, sealed: Opening): Opened {
  const opened = accounts.map((account) => ({ account, keys: keysOf(account.security, sealed) }));
  const failed = opened.find(({ keys }) => typeof keys === 'string');
  if (failed) return { type: 'failed', why: String(failed.keys) };
  const configuration: BootstrapConfiguration = {
    accounts: opened.map(({ account, keys }) => ({ ...plainOf(account), ...(keys as AccountKeys) })),
    access,
    deleteFirst,
    contentFormat,
  };
  const [fault] = accountFaults(configuration);
  if (fault) return { type: 'failed', why: `${fault.code}: ${fault.text}` };
  const [certified] = opened.flatMap(({ account, keys }) => certifiedOf(account, keys));
  return { type: 'opened', configuration, certified };
}

/** One for all accounts: they have the same key. */
function once(certify: Certify): Certify {
  let made: Buffer | undefined;
  return (...of) => (made ??= certify(...of));
}

function certifiedOf({ security: ordered }: AccountOrder, keys: AccountKeys | string): Certified[] {
  if (ordered.mode !== 'X509' || typeof keys === 'string' || keys.security.mode !== 'X509') return [];
  return [{ credential: ordered.credential, certificate: keys.security.certificate }];
}

function plainOf({ uri, shortServerId, lifetimeS, binding, storesNotifications }: AccountOrder) {
  return { uri, shortServerId, lifetimeS, binding, storesNotifications };
}

const KEY_MISSING = 'KEY_MISSING: its credential was revoked, or has no key here';

/** A text is why there is none. OSCORE is beside security, which is none then. */
function keysOf(security: AccountOrder['security'], sealed: Opening): AccountKeys | string {
  if (security.mode === 'OSCORE') return contextOf(security.credential, sealed);
  const opened = securityOf(security, sealed);
  return typeof opened === 'string' ? opened : { security: opened };
}

function contextOf(credential: CredentialName, sealed: Opening): AccountKeys | string {
  const packed = secretOf(credential, sealed);
  if (packed === undefined) return KEY_MISSING;
  const oscore = unpackMaterial(packed);
  packed.fill(0);
  sealed.keep(oscore.masterSecret);
  return { security: { mode: 'NoSec' }, oscore };
}

function securityOf(security: Exclude<AccountOrder['security'], { mode: 'OSCORE' }>, sealed: Opening): AccountSecurity | string {
  if (security.mode === 'NoSec') return { mode: 'NoSec' };
  if (security.mode === 'EST' || security.mode === 'X509') return certifiedSecurity(security, sealed);
  const secret = secretOf(security.credential, sealed);
  if (secret === undefined) return KEY_MISSING;
  if (security.mode === 'PSK') return { mode: 'PSK', identity: Buffer.from(security.credential.identity, 'utf8'), key: secret };
  const serverPublicKey = security.serverKey === undefined ? sealed.rawKey : Buffer.from(security.serverKey, 'base64');
  if (serverPublicKey === undefined)
    return 'SERVER_KEY_MISSING: the server has no key of its own (--dtls-key), and the template names none';
  return { mode: 'RPK', publicKey: publicPartOf(secret), privateKey: secret, serverPublicKey };
}

function certifiedSecurity(
  security: Extract<AccountOrder['security'], { mode: 'EST' | 'X509' }>,
  sealed: Opening,
): AccountSecurity | string {
  const { certificate: serverCertificate, certify } = sealed;
  if (certify === undefined) return 'ENROLMENT_OFF: the server has no authority for certificates (--enrolment-key)';
  if (serverCertificate === undefined) return 'SERVER_CERTIFICATE_MISSING: the server has no certificate of its own (--dtls-certificate)';
  if (security.mode === 'EST') return { mode: 'EST', serverCertificate };
  const privateKey = secretOf(security.credential, sealed);
  if (privateKey === undefined) return KEY_MISSING;
  const certificate = certify(security.credential.identity, publicPartOf(privateKey));
  return { mode: 'X509', certificate, privateKey, serverCertificate };
}

function secretOf({ kind, identity }: CredentialName, { book, ring, keep }: Opening): Buffer | undefined {
  const credential = book.with(kind, identity);
  if (credential?.secret === undefined || credential.state === 'revoked') return undefined;
  return keep(ring.open(credential.secret, credential));
}

/** Keys are overwritten as soon as nobody writes them any more. */
export function forgetKeys({ accounts }: BootstrapConfiguration): void {
  for (const { security, oscore } of accounts) {
    oscore?.masterSecret.fill(0);
    if (security.mode === 'PSK') security.key.fill(0);
    if (security.mode === 'RPK' || security.mode === 'X509') security.privateKey.fill(0);
  }
}
