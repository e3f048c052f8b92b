import type { KeyObject, X509Certificate } from 'node:crypto';
import type { AlertName } from '../alerts.ts';
import { DtlsError } from '../errors.ts';
import type { Verdict } from '../machine/identity.ts';
import { DIGITAL_SIGNATURE, extensionsOf } from './extensions.ts';
import type { RevocationList } from './revocation-list.ts';

export interface ChainRules {
  /** Trusted by themselves. */
  readonly roots: readonly X509Certificate[];
  /** Where there is one of an issuer it counts; where there is none its certificates are not revoked. */
  readonly revocationLists?: readonly RevocationList[];
  /** What the peer wants to be. */
  readonly role: 'client' | 'server';
  /** ms since 1970: certificates live by the wall clock. */
  readonly now: number;
  /** What a server must be called, where the peer is one. */
  readonly serverName?: string;
}

const USAGE = { client: '1.3.6.1.5.5.7.3.2', server: '1.3.6.1.5.5.7.3.1' } as const;
const MOST_STEPS = 8;
const LEAST_RSA_BITS = 2048;

/**
 * Checks a chain as RFC 5280 section 6 and RFC 7925 section 4.4.2 have it: every signature up to a root, validity, basic constraints, key usage,
 * strength, revocation. The verdict's name is the common name of the peer's certificate.
 */
export function judgeChain(chain: readonly X509Certificate[], rules: ChainRules): Verdict {
  const [own] = chain;
  if (own === undefined) return { alert: 'bad_certificate' };
  const path = pathOf(own, chain.slice(1), rules.roots);
  if (path === undefined) return { alert: 'unknown_ca' };
  const alert = path.map((certificate, step) => faultOf(certificate, { path, step, rules })).find((fault) => fault !== undefined);
  if (alert !== undefined) return { alert };
  return nameOf(own, rules);
}

/** The peer's certificate first, a root last; others that were sent may be of no use. */
function pathOf(
  own: X509Certificate,
  others: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): X509Certificate[] | undefined {
  const path = [own];
  while (path.length < MOST_STEPS) {
    const last = path.at(-1)!;
    if (roots.some((root) => root.raw.equals(last.raw))) return path;
    const issuer = [...roots, ...others].find((candidate) => !path.includes(candidate) && isIssuer(candidate, last));
    if (issuer === undefined) return undefined;
    path.push(issuer);
  }
  return undefined;
}

/** OpenSSL's own look at names, key identifiers and key usage, and the signature. */
function isIssuer(candidate: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(candidate) && certificate.verify(candidate.publicKey);
  } catch {
    return false;
  }
}

interface Place {
  readonly path: readonly X509Certificate[];
  readonly step: number;
  readonly rules: ChainRules;
}

function faultOf(certificate: X509Certificate, place: Place): AlertName | undefined {
  const { path, step, rules } = place;
  // Whatever is no time is not within it either.
  const isInTime = certificate.validFromDate.getTime() <= rules.now && rules.now <= certificate.validToDate.getTime();
  if (!isInTime) return 'certificate_expired';
  const publicKey = keyOf(certificate);
  if (publicKey === undefined) return 'bad_certificate';
  if (!isStrong(certificate, publicKey)) return 'insufficient_security';
  const misuse = misuseOf(certificate, place);
  if (misuse !== undefined) return misuse;
  const issuer = path[step + 1];
  return issuer && isRevoked(certificate, issuer, rules) ? 'certificate_revoked' : undefined;
}

function misuseOf(certificate: X509Certificate, { step, rules }: Place): AlertName | undefined {
  const extensions = readable(certificate);
  if (extensions === undefined) return 'bad_certificate';
  // RFC 5280 section 4.2. An issuer bound to names of one plant must not be taken for one that may name anybody.
  if (extensions.hasUnknownCritical) return 'unsupported_certificate';
  if (step > 0) return !certificate.ca || extensions.pathLength < step - 1 ? 'bad_certificate' : undefined;
  // An empty list of usages is any usage (RFC 5280 section 4.2.1.12). The suites are signed with the key (RFC 8422 section 5.3).
  const usages = certificate.keyUsage as readonly string[] | undefined;
  const maySign = extensions.keyUsage === undefined || (extensions.keyUsage & DIGITAL_SIGNATURE) !== 0;
  return maySign && (usages === undefined || usages.includes(USAGE[rules.role])) ? undefined : 'unsupported_certificate';
}

/** OpenSSL takes forms of DER that we do not. */
function readable(certificate: X509Certificate): ReturnType<typeof extensionsOf> | undefined {
  try {
    return extensionsOf(certificate.raw);
  } catch (error) {
    if (error instanceof DtlsError) return undefined;
    throw error;
  }
}

/** A point that is not on its curve, or an algorithm that OpenSSL does not know. */
function keyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}

/** Nothing weaker than 255 bits of an elliptic curve (LwM2M transport 5.2.8), and no signature over SHA-1 or MD5. */
function isStrong(certificate: X509Certificate, { asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  const { signatureAlgorithm } = certificate as { signatureAlgorithm?: string };
  if (/sha1|md5/i.test(signatureAlgorithm ?? '')) return false;
  if (type === 'rsa') return (details?.modulusLength ?? 0) >= LEAST_RSA_BITS;
  return type === 'ed25519' || (type === 'ec' && ['prime256v1', 'secp384r1', 'secp521r1'].includes(details?.namedCurve ?? ''));
}

/** A list that is out of date still counts: who keeps a new one away must not bring a revoked device back. */
function isRevoked({ serialNumber }: X509Certificate, issuer: X509Certificate, { revocationLists = [] }: ChainRules): boolean {
  return revocationLists.some((list) => list.holds(serialNumber) && list.isSignedBy(issuer.publicKey));
}

function nameOf(own: X509Certificate, { role, serverName }: ChainRules): Verdict {
  if (role === 'server') {
    if (serverName === undefined || own.checkHost(serverName) === undefined) return { alert: 'bad_certificate' };
    return { name: serverName };
  }
  // Several, none, or one with a zero in it (a name that ends where C thinks it does): nobody can say who that is.
  const name = (own.toLegacyObject().subject as { CN?: unknown }).CN;
  return typeof name === 'string' && !/[\0-\x1f\x7f]/.test(name) ? { name } : { alert: 'bad_certificate' };
}
