import { OSCORE_PREFIX } from '@drover/coap';
import type { CredentialCode, Credential, Sealed, WrappedKey } from '@drover/credentials';
import type { Instant } from '@drover/kernel';

/** What a gateway needs of a credential. Its secret is sealed, and opened there when a handshake asks for it. */
export type SharedCredential = Pick<
  Credential,
  'namespace' | 'endpoint' | 'kind' | 'use' | 'identity' | 'secret' | 'issuer' | 'pin' | 'state' | 'expiresAt'
>;

/** Files, all PEM; empty where there is none. */
export interface CertificateFiles {
  /** Private key on P-256: with it raw public keys and certificates are spoken. */
  readonly key: string;
  /** Our certificate, and those between it and a root. */
  readonly certificate: string;
  /** Roots, or issuers, of the certificates of devices. */
  readonly clientCa: string;
  readonly revocationLists: string;
}

/** The authority that signs certificates of devices; empty: there is none. */
export interface EnrolmentFiles {
  readonly key: string;
  readonly certificate: string;
  readonly days: number;
}

export const SESSION_PREFIX = 'dtls:';
export const TLS_PREFIX = 'tls:';

/** Whether the address of a registration, or a peer of CoAP, is a DTLS session. */
export const isOverDtls = (peer: string): boolean => peer.startsWith(SESSION_PREFIX);

/** Whether it is a connection over TLS. */
export const isOverTls = (peer: string): boolean => peer.startsWith(TLS_PREFIX);

/** Whether it is a security context at an address (RFC 8613). */
export const isOverOscore = (peer: string): boolean => peer.startsWith(OSCORE_PREFIX);

/** Whether somebody has shown a credential there. */
export const isSecured = (peer: string): boolean => isOverDtls(peer) || isOverTls(peer) || isOverOscore(peer);

/** A DTLS session, or the numbers of an OSCORE context, sealed. */
export interface SealedSession {
  /** What CoAP calls this peer; of a context without its address. */
  readonly name: string;
  readonly state: Sealed;
}

export type SecurityCommand =
  /** Wrapped; before anything that is under them. */
  | { readonly type: 'data-keys'; readonly keys: readonly WrappedKey[] }
  /** All of them after a start, then each that has changed. */
  | { readonly type: 'credentials'; readonly credentials: readonly SharedCredential[] }
  /** Are all that were told of in force? */
  | { readonly type: 'credentials-asked'; readonly number: number }
  | { readonly type: 'restore-sessions'; readonly sessions: readonly SealedSession[] }
  /** It is on the disk: numbers up to its marks may be used. */
  | { readonly type: 'session-saved'; readonly name: string; readonly number: number };

export type SecurityReport =
  | (SealedSession & { readonly type: 'session-save'; readonly number: number })
  | { readonly type: 'credentials-known'; readonly number: number }
  | { readonly type: 'session-gone'; readonly name: string }
  /** A device has begun a session with it. */
  | { readonly type: 'credential-used'; readonly kind: Credential['kind']; readonly identity: string; readonly at: Instant }
  /** Somebody spoke for an endpoint that is not theirs. */
  | {
      readonly type: 'identity-refused';
      readonly at: Instant;
      readonly code: CredentialCode;
      /** The endpoint that was spoken for, as far as it can be told. */
      readonly endpoint?: string;
      /** Who it was; undefined without security. */
      readonly identity?: string;
      readonly from: string;
      /** How often since the last of these. */
      readonly count: number;
    };

/** Without what only the engine needs. */
export function shared({ namespace, endpoint, kind, use, identity, secret, issuer, pin, state, expiresAt }: Credential): SharedCredential {
  return { namespace, endpoint, kind, use, identity, secret, issuer, pin, state, expiresAt };
}

const COMMANDS: readonly string[] = [
  'data-keys',
  'credentials',
  'credentials-asked',
  'restore-sessions',
  'session-saved',
] satisfies SecurityCommand['type'][];

export const isOfSecurity = (message: { readonly type: string }): message is SecurityCommand => COMMANDS.includes(message.type);
