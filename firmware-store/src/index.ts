export {
  encodeEnvelope,
  ENVELOPE_MAX_BYTES,
  isSignedBy,
  parseEnvelope,
  toBeSigned,
  type Envelope,
  type EnvelopeSignature,
} from './trust/envelope.ts';
export { ArtifactError, type ArtifactErrorCode } from './trust/errors.ts';
export {
  describePublicKey,
  parsePrivateKey,
  parsePublicKey,
  printPublicKey,
  type KeyId,
  type PrivateKey,
  type PublicKey,
  type SigningAlgorithm,
} from './trust/keys.ts';
export { encodeManifest, isAllowedSource, parseManifest, type Manifest } from './trust/manifest.ts';
export {
  parseReleasePolicy,
  releasePolicyDigest,
  type Downgrade,
  type PolicyFault,
  type ReleasePolicy,
  type Role,
} from './trust/policy.ts';
export { countersign, signManifest } from './trust/signing.ts';
export {
  verifyAtUpload,
  verifyForPlan,
  verifyForServe,
  verifySignatures,
  type Artifact,
  type ImageDigest,
  type PlannableFirmware,
  type Refusal,
  type SignedRelease,
  type TargetDevice,
  type Trust,
  type VerifiedFirmware,
} from './trust/verify.ts';
