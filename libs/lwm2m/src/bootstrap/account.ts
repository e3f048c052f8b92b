import type { ObjectLink, ResourceValue, Value } from '../values.ts';

/** How a device proves who it is to a server, and the server to it: Security Mode of Object 0 (Transport section 5.2). */
export type AccountSecurity =
  | { readonly mode: 'PSK'; readonly identity: Uint8Array; readonly key: Uint8Array }
  | { readonly mode: 'RPK'; readonly publicKey: Uint8Array; readonly privateKey: Uint8Array; readonly serverPublicKey: Uint8Array }
  | {
      readonly mode: 'X509';
      readonly certificate: Uint8Array;
      readonly privateKey: Uint8Array;
      /** The server's own, or what it was signed with, by `usage`. */
      readonly serverCertificate: Uint8Array;
      readonly usage?: CertificateUsage;
    }
  /** The device makes its own key and has it certified. */
  | { readonly mode: 'EST'; readonly serverCertificate: Uint8Array }
  | { readonly mode: 'NoSec' };

/** As in DANE: what the server's certificate is held against. */
export type CertificateUsage = 'CaConstraint' | 'ServiceCertificate' | 'TrustAnchor' | 'DomainIssued';

/** Object 21; `senderId` and `recipientId` as the device sees them. */
export interface OscoreAccount {
  readonly masterSecret: Uint8Array;
  readonly senderId: Uint8Array;
  readonly recipientId: Uint8Array;
  readonly masterSalt?: Uint8Array;
  readonly idContext?: Uint8Array;
}

/** One server that a device is to register with. */
export interface ServerAccount {
  readonly uri: string;
  /** 1 to 65534. */
  readonly shortServerId: number;
  readonly lifetimeS: number;
  /** Letters, as in `b`. */
  readonly binding: string;
  readonly security: AccountSecurity;
  readonly oscore?: OscoreAccount;
  /** Notifications made while the server could not be reached are sent later; true if absent. */
  readonly storesNotifications?: boolean;
}

/** Who may do what with an object instance, where a device has several servers (Object 2). */
export interface AccessRule {
  readonly object: number;
  readonly instance: number;
  /** Short Server ID of who may change the rule; 65535: nobody but the bootstrap server. */
  readonly owner: number;
  /** By Short Server ID, 0 for all others: sum of read 1, write 2, execute 4, delete 8, create 16. */
  readonly rights: readonly { readonly server: number; readonly may: number }[];
}

/** What a device is to hold when its bootstrap session ends. */
export interface BootstrapConfiguration {
  readonly accounts: readonly ServerAccount[];
  readonly access: readonly AccessRule[];
  /** `/o` or `/o/i`: made empty first, beside the objects that are written anew. */
  readonly deleteFirst?: readonly string[];
  /** Content-Format that is tried first, whatever the device prefers. */
  readonly contentFormat?: number | undefined;
}

const MODES = { PSK: 0, RPK: 1, X509: 2, NoSec: 3, EST: 4 } as const;
const USAGES = { CaConstraint: 0, ServiceCertificate: 1, TrustAnchor: 2, DomainIssued: 3 } as const satisfies Record<
  CertificateUsage,
  number
>;
const NO_BYTES = new Uint8Array(0);

/** One object instance, with all its resources. */
export interface WrittenInstance {
  /** `/o/i`. */
  readonly path: string;
  readonly values: readonly ResourceValue[];
}

/** Everything that is to be written, in the order in which it makes sense to a device: keys, security, servers, access. */
export function instancesOf(
  { accounts, access }: BootstrapConfiguration,
  freeSecurity: (count: number) => readonly number[],
): WrittenInstance[] {
  const security = freeSecurity(accounts.length);
  const oscore = accounts.flatMap((account, at) => (account.oscore ? [instance(21, at, oscoreResources(account.oscore))] : []));
  return [
    ...oscore,
    ...accounts.map((account, at) => instance(0, security[at]!, securityResources(account, { object: 21, instance: at }))),
    ...accounts.map((account, at) => instance(1, at, serverResources(account))),
    ...access.map((rule, at) => accessInstance(rule, at)),
  ];
}

function instance(object: number, at: number, resources: Readonly<Record<number, Value | undefined>>): WrittenInstance {
  const path = `/${object}/${at}`;
  const values = Object.entries(resources).flatMap(([id, value]) => (value === undefined ? [] : [{ path: `${path}/${id}`, value }]));
  return { path, values };
}

/** Object 0. All of 0 to 5 and 10 are there, empty where the mode has nothing to say: clients of 1.0 want them. */
function securityResources({ uri, shortServerId, security, oscore }: ServerAccount, link: ObjectLink): Record<number, Value | undefined> {
  const [identity, serverKey, secret] = keysOf(security);
  const usage = security.mode === 'X509' ? security.usage : undefined;
  return {
    0: uri,
    1: false,
    2: MODES[security.mode],
    3: identity,
    4: serverKey,
    5: secret,
    10: shortServerId,
    15: usage && USAGES[usage],
    17: oscore && link,
  };
}

/** Public key or identity, server public key, secret key. */
function keysOf(security: AccountSecurity): readonly [Uint8Array, Uint8Array, Uint8Array] {
  switch (security.mode) {
    case 'PSK':
      return [security.identity, NO_BYTES, security.key];
    case 'RPK':
      return [security.publicKey, security.serverPublicKey, security.privateKey];
    case 'X509':
      return [security.certificate, security.serverCertificate, security.privateKey];
    case 'EST':
      return [NO_BYTES, security.serverCertificate, NO_BYTES];
    case 'NoSec':
      return [NO_BYTES, NO_BYTES, NO_BYTES];
  }
}

function serverResources({ shortServerId, lifetimeS, binding, storesNotifications = true }: ServerAccount): Record<number, Value> {
  return { 0: shortServerId, 1: lifetimeS, 6: storesNotifications, 7: binding };
}

function oscoreResources({ masterSecret, senderId, recipientId, masterSalt, idContext }: OscoreAccount): Record<number, Value | undefined> {
  return { 0: masterSecret, 1: senderId, 2: recipientId, 5: masterSalt, 6: idContext };
}

function accessInstance({ object, instance: of, owner, rights }: AccessRule, at: number): WrittenInstance {
  const path = `/2/${at}`;
  const rows = rights.map(({ server, may }) => ({ path: `${path}/2/${server}`, value: may }));
  return {
    path,
    values: [{ path: `${path}/0`, value: object }, { path: `${path}/1`, value: of }, ...rows, { path: `${path}/3`, value: owner }],
  };
}
