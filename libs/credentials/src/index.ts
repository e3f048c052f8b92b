export { accept, requireIdentity, type Candidate, type Intent } from './acceptance.ts';
export { CredentialBook } from './book.ts';
export { check, type Finding } from './check.ts';
export {
  CREDENTIAL_USES,
  credentialKey,
  MAX_IDENTITY_BYTES,
  useOf,
  type Binding,
  type Credential,
  type CredentialKind,
  type CredentialState,
  type CredentialUse,
  type KnownCredential,
} from './credential.ts';
export { DATA_KEY_BYTES, type Sealed } from './envelope.ts';
export { CredentialError, type CredentialCode } from './errors.ts';
export { credentialOf, mayNotSpeakFor, needsCredential, usable, type Door, type Found, type ShownIdentity } from './identity.ts';
export { KeyRing, SECRETS_PER_KEY } from './key-ring.ts';
export { KeyService, LocalKeyService, newDataKey, rewrap, unwrapKey, type KeyPurpose, type WrappedKey } from './key-service.ts';
export { KEY_BYTES, weaknessOf, type KeyFault, type KeyOwner } from './key-strength.ts';
export {
  OSCORE_AEAD,
  OSCORE_HKDF,
  oscoreIdentity,
  packMaterial,
  requireMaterial,
  unpackMaterial,
  type OscoreChoice,
  type OscoreMaterial,
} from './oscore.ts';
export { readPublicKey, spkiName } from './public-key.ts';
export { afterUse, revoked } from './rotation.ts';
