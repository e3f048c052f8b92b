import {
  CredentialError,
  oscoreIdentity,
  packMaterial,
  requireMaterial,
  type Candidate,
  type CredentialBook,
  type KeyRing,
  type OscoreChoice,
  type OscoreMaterial,
} from '@drover/credentials';

/** Beside the Master Secret, which is the key; from the device's side. */
export type OscoreEntry = Omit<OscoreMaterial, 'masterSecret'> & OscoreChoice;

type Named = Pick<Candidate, 'namespace' | 'endpoint' | 'kind' | 'expiresAt'>;

/** An OSCORE context as a candidate: its identity follows from what it is. Throws what is wrong with it. */
export function oscoreCandidate(
  named: Named,
  given: { readonly identity?: string; readonly key?: Uint8Array; readonly oscore?: OscoreEntry },
  ring: Pick<KeyRing, 'fingerprint'>,
): Candidate {
  const { identity, key, oscore } = given;
  if (oscore === undefined) throw new CredentialError('CREDENTIAL_INVALID', 'the Sender ID and the Recipient ID of the device are missing');
  const own = oscoreIdentity(oscore);
  if (identity !== undefined && identity !== own)
    throw new CredentialError('IDENTITY_INVALID', `the identity of an OSCORE context follows from it: ${own}`);
  if (key === undefined) throw new CredentialError('KEY_MISSING', `the Master Secret of ${own} is missing`);
  const { aead, hkdf, ...rest } = oscore;
  const material = { ...rest, masterSecret: key };
  requireMaterial(material, { aead, hkdf });
  return { ...named, identity: own, secret: packMaterial(material), fingerprint: ring.fingerprint(key) };
}

/** The fingerprint is that of the Master Secret alone; whether salt and IDs are the same too only the sealed context can say. */
export function requireSameContext({ kind, identity, secret }: Candidate, book: CredentialBook, ring: Pick<KeyRing, 'open'>): void {
  const known = kind === 'oscore' ? book.with(kind, identity) : undefined;
  if (known?.secret === undefined || secret === undefined) return;
  const opened = ring.open(known.secret, known);
  const isSame = opened.equals(secret);
  opened.fill(0);
  if (!isSame) throw new CredentialError('IDENTITY_TAKEN', `the identity ${identity} is there already, with another salt or Recipient ID`);
}
