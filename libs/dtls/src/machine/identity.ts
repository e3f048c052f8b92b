import type { KeyObject, X509Certificate } from 'node:crypto';
import type { AlertName } from '../alerts.ts';

/** Who the peer has shown itself to be. It belongs to the session; bind every endpoint name to it. */
export type PeerIdentity =
  | { readonly kind: 'psk'; readonly identity: Buffer }
  /** The SubjectPublicKeyInfo, DER. */
  | { readonly kind: 'rpk'; readonly spki: Buffer }
  /** `name`: what `verifyPeer` says it is called; `fingerprint`: SHA-256 of the certificate. */
  | { readonly kind: 'x509'; readonly name: string; readonly fingerprint: Buffer }
  /** A client from which the settings ask for nothing. */
  | { readonly kind: 'anonymous' };

/** What a peer has shown, its signature checked or about to be. */
export type Presented =
  | { readonly kind: 'rpk'; readonly spki: Buffer; readonly serverName?: string }
  /** The peer's own certificate first, the rest as it came: neither sorted nor checked. */
  | { readonly kind: 'x509'; readonly chain: readonly X509Certificate[]; readonly serverName?: string };

/** `name` is at most 255 bytes. An alert refuses: choose it with care, LwM2M devices give up on some and try again on others. */
export type Verdict = { readonly name: string } | { readonly alert: AlertName };

/** Who is let in: a port. What a class does not say is refused. */
export abstract class PeerTrust {
  /** The key of an identity as it stood on the wire; `undefined`: unknown. Called with 1 to 256 bytes. */
  pskOf(_identity: Uint8Array): Uint8Array | undefined {
    return undefined;
  }

  /** Whether this key or chain is somebody's. Its signature over the handshake is not this port's business. */
  verifyPeer(_presented: Presented): Verdict {
    return { alert: 'unknown_ca' };
  }

  /** Asked whenever a session is resumed, so that a withdrawn credential opens nothing any more. */
  mayResume(_identity: PeerIdentity): boolean {
    return true;
  }
}

/** What we show. With a chain X.509 is offered, with `rawKey` the bare public key (RFC 7250); a key on P-256 in both cases. */
export interface OwnCertificate {
  readonly privateKey: KeyObject;
  /** DER, our own first. */
  readonly chain?: readonly Uint8Array[];
  /** SubjectPublicKeyInfo, DER. */
  readonly rawKey?: Uint8Array;
}
