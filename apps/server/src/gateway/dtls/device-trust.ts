import type { X509Certificate } from 'node:crypto';
import type { Instant } from '@drover/kernel';
import {
  CredentialError,
  credentialOf,
  spkiName,
  usable,
  type CredentialBook,
  type CredentialUse,
  type Door,
  type Found as AnyFound,
  type KeyRing,
  type ShownIdentity,
} from '@drover/credentials';
import { judgeChain, PeerTrust, type ChainRules, type PeerIdentity, type Presented, type Verdict } from '@drover/dtls';
import type { SharedCredential } from '../../link/security.ts';

type Found = AnyFound<SharedCredential>;

export interface DeviceTrustParts {
  readonly book: CredentialBook<SharedCredential>;
  readonly ring: KeyRing;
  /** The door that this is the lock of. */
  readonly use: CredentialUse;
  /** Campaign time: what credentials expire by. */
  readonly clock: () => Instant;
  /** Who signs certificates of devices; without roots none is taken. */
  readonly roots: ChainRules['roots'];
  readonly revocationLists: ChainRules['revocationLists'];
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Credentials as DTLS asks for them. A secret is opened here, when a handshake needs it, and nowhere else. */
export class DeviceTrust extends PeerTrust {
  readonly #parts: DeviceTrustParts;

  constructor(parts: DeviceTrustParts) {
    super();
    this.#parts = parts;
  }

  override pskOf(identity: Uint8Array): Uint8Array | undefined {
    const text = textOf(identity);
    const found = text === undefined ? undefined : this.#find({ kind: 'psk', identity: text });
    if (found === undefined || 'refused' in found || found.credential.secret === undefined) return undefined;
    try {
      return this.#parts.ring.open(found.credential.secret, found.credential);
    } catch (error) {
      if (error instanceof CredentialError) return undefined;
      throw error;
    }
  }

  override verifyPeer(presented: Presented): Verdict {
    return presented.kind === 'rpk' ? this.#verifyKey(presented.spki) : this.#verifyChain(presented.chain);
  }

  override mayResume(identity: PeerIdentity): boolean {
    return 'credential' in this.of(identity);
  }

  /** The same once it is known whose it is, by the `credentialKey` of that: each request asks, and a raw key would be hashed for it. */
  ofOwner(owner: string): Found {
    return usable(this.#parts.book.at(owner), this.#door);
  }

  /** Whose session it is. What was shown in the handshake is in the identity already. */
  of(identity: PeerIdentity): Found {
    switch (identity.kind) {
      case 'psk': {
        const text = textOf(identity.identity);
        return text === undefined ? UNKNOWN : this.#find({ kind: 'psk', identity: text });
      }
      case 'rpk':
        return this.#find({ kind: 'rpk', identity: spkiName(identity.spki) });
      case 'x509': {
        const known = this.#parts.book.with('x509', identity.name);
        // Issuer and key were held against the credential when the certificate was shown.
        return known ? this.#find({ kind: 'x509', names: [identity.name], issuer: known.issuer ?? '', pin: known.pin ?? '' }) : UNKNOWN;
      }
      case 'anonymous':
        return UNKNOWN;
    }
  }

  #find(shown: ShownIdentity): Found {
    return credentialOf(shown, this.#parts.book, this.#door);
  }

  get #door(): Door {
    return { use: this.#parts.use, now: this.#parts.clock() };
  }

  /** The alerts on which a device tries again later: what is unknown today may be imported tomorrow. */
  #verifyKey(spki: Buffer): Verdict {
    const identity = spkiName(spki);
    return 'credential' in this.#find({ kind: 'rpk', identity }) ? { name: identity } : { alert: 'access_denied' };
  }

  #verifyChain(chain: readonly X509Certificate[]): Verdict {
    const { roots, revocationLists } = this.#parts;
    // Certificates live by the wall's clock.
    const verdict = judgeChain(chain, { roots, revocationLists, role: 'client', now: Date.now() });
    if ('alert' in verdict) return verdict;
    const own = chain[0]!;
    // A key that a device has enrolled is its own name; all others go by what their certificate calls itself.
    const pin = spkiName(own.publicKey.export({ type: 'spki', format: 'der' }));
    const found = this.#find({ kind: 'x509', names: [pin, ...namesOf(own, verdict.name)], issuer: oneLine(own.issuer), pin });
    return 'credential' in found ? { name: found.credential.identity } : { alert: 'access_denied' };
  }
}

const UNKNOWN: Found = { refused: 'IDENTITY_UNKNOWN' };

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Common name first, then what the certificate calls itself beside it, as DNS name or URI. Quoted ones are not plain names. */
function namesOf({ subjectAltName = '' }: X509Certificate, commonName: string): string[] {
  const others = [...subjectAltName.matchAll(/(?:^|, )(?:DNS|URI):([^",]+)/g)].map(([, name]) => name!);
  return [...new Set([commonName, ...others])];
}

/** Node puts each part of a name on a line of its own. */
export const oneLine = (name: string): string => name.split('\n').join(', ');
