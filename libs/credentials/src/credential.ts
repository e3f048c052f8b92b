import type { Endpoint, Instant, Namespace } from '@drover/kernel';
import type { Sealed } from './envelope.ts';

/**
 * `psk`: a key shared with one device. `rpk`: its bare public key (RFC 7250). `x509`: the name in its certificate. `oscore`: a
 * security context (RFC 8613), whose Master Secret is its key.
 */
export type CredentialKind = 'psk' | 'rpk' | 'x509' | 'oscore';

/** What a credential opens: the server that manages a device, or the one that gives it its accounts. Never both. */
export const CREDENTIAL_USES = ['management', 'bootstrap'] as const;
export type CredentialUse = (typeof CREDENTIAL_USES)[number];

/**
 * `next`: accepted beside the active one until the device has connected with it; then the active one is revoked. A revoked
 * one stays: what was revoked must not come back as something new, and its endpoint stays bound to credentials.
 */
export type CredentialState = 'active' | 'next' | 'revoked';

/** How one device shows who it is. An identity is unique among those of its kind on a server, whatever the namespace. */
export interface Credential {
  readonly namespace: Namespace;
  /** The only endpoint that this identity may speak for. */
  readonly endpoint: Endpoint;
  readonly kind: CredentialKind;
  /** Absent: `management`. */
  readonly use?: CredentialUse;
  /**
   * PSK identity as on the wire; `sha256:` of a raw public key's SubjectPublicKeyInfo; common or alternative name of a certificate,
   * or `sha256:` of the key of one that was enrolled for here;
   * `kid:` of the device's ID in an OSCORE context.
   */
  readonly identity: string;
  /** Absent where the secret is the device's alone. Of a key pair that was made for the device: its private key, until it has connected. */
  readonly secret?: Sealed;
  /** Keyed: equal keys have equal ones, and nobody without the key can tell a key from it. */
  readonly fingerprint?: string;
  /** Of a certificate: its issuer's name must be this one. */
  readonly issuer?: string;
  /** Of a certificate: `sha256:` of the SubjectPublicKeyInfo, where no other key will do. */
  readonly pin?: string;
  readonly state: CredentialState;
  readonly createdAt: Instant;
  readonly createdBy: string;
  /** When a device last began a session with it. */
  readonly usedAt?: Instant;
  readonly expiresAt?: Instant;
  readonly revokedAt?: Instant;
  readonly revokedWhy?: string;
}

/** What is needed to know somebody by it; whoever only asks that need not keep the rest. */
export type KnownCredential = Pick<
  Credential,
  'namespace' | 'endpoint' | 'kind' | 'use' | 'identity' | 'secret' | 'fingerprint' | 'issuer' | 'pin' | 'state' | 'expiresAt'
>;

/** What binds a secret to its credential: it can be opened as this one and as no other. */
export type Binding = Pick<Credential, 'namespace' | 'endpoint' | 'kind' | 'identity'>;

/** Names a credential among all of a server. */
export const credentialKey = ({ kind, identity }: Pick<Credential, 'kind' | 'identity'>): string => `${kind} ${identity}`;

export const useOf = ({ use = 'management' }: Pick<Credential, 'use'>): CredentialUse => use;

/** Bytes of a PSK identity that every stack takes (RFC 7925 section 4.2; LwM2M Transport section 5.2.8). */
export const MAX_IDENTITY_BYTES = 128;
