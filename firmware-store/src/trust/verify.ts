import { compareVersions } from '@drover/fleet';
import { isoOf, type Brand, type Digest, type Instant } from '@drover/kernel';
import { isSignedBy, parseEnvelope, type Envelope } from './envelope.ts';
import { ArtifactError, type ArtifactErrorCode } from './errors.ts';
import { isAllowedSource, parseManifest, type Manifest } from './manifest.ts';
import type { ReleasePolicy } from './policy.ts';

/** A manifest whose signatures held and whose image is the one they speak of. Planner and gateway take nothing else. */
export type VerifiedFirmware = Brand<Manifest, 'VerifiedFirmware'>;

/** Measured over the image's own bytes, never copied from what somebody says about them. */
export interface ImageDigest {
  readonly digest: Digest;
  readonly size: number;
}

export interface Artifact {
  readonly envelope: Uint8Array;
  readonly image: ImageDigest;
}

export interface Trust {
  readonly policy: ReleasePolicy;
  /** Images that were withdrawn, by digest: a withdrawn image does not come back under a new name. */
  readonly withdrawn: ReadonlySet<Digest>;
}

/** What is known of a device when an image is chosen for it. Absent means unknown, and unknown is never good enough. */
export interface TargetDevice {
  readonly model?: string;
  readonly version?: string;
  /** Sequence number of the firmware it runs, where that is known. */
  readonly sequenceNumber?: number;
  /** The device was asked, and has nothing there yet: an install over nothing. Not the same as an unknown version. */
  readonly nothingInstalled?: boolean;
}

export interface Refusal {
  readonly code: Extract<ArtifactErrorCode, 'ARTIFACT_INCOMPATIBLE' | 'ARTIFACT_ROLLBACK' | 'ARTIFACT_WRONG_SOURCE'>;
  readonly message: string;
}

/** The first door: nothing that fails here is stored as firmware. */
export function verifyAtUpload(artifact: Artifact, trust: Trust, now: Instant): VerifiedFirmware {
  return verifyArtifact(artifact, trust, now);
}

export interface PlannableFirmware {
  readonly firmware: VerifiedFirmware;
  /** Why this device cannot have it; undefined if it can. A value and no error: exclusions are what plans are about. */
  readonly refusalFor: (device: TargetDevice) => Refusal | undefined;
}

/** The second door: everything is verified again, for time has passed and rows can be edited. It may still be early: plans are made ahead. */
export function verifyForPlan(artifact: Artifact, trust: Trust, now: Instant): PlannableFirmware {
  const firmware = verifyArtifact(artifact, trust, now);
  return { firmware, refusalFor: (device) => deviceRefusal(firmware, device, trust.policy) };
}

/**
 * What an envelope says, by enough keys of this policy. Of image, device and time it says nothing yet. May be kept: the same
 * bytes come to the same, and signatures cost more than all other questions together.
 */
export type SignedRelease = Brand<{ readonly manifest: Manifest; readonly policy: ReleasePolicy }, 'SignedRelease'>;

/** The order is the point: nothing in the payload is believed, or even parsed, before the signatures hold. */
export function verifySignatures(envelope: Uint8Array, policy: ReleasePolicy): SignedRelease {
  const signed = parseEnvelope(envelope);
  requireThreshold(signed, policy);
  return { manifest: parseManifest(signed.payload), policy } as SignedRelease;
}

/** The last door: one device, at the moment it is told. */
export function verifyForServe(
  { manifest, policy }: SignedRelease,
  { image, withdrawn }: Pick<Artifact, 'image'> & Pick<Trust, 'withdrawn'>,
  device: TargetDevice,
  now: Instant,
): VerifiedFirmware {
  const firmware = verifyManifest(manifest, image, { policy, withdrawn }, now);
  refuseNotYetValid(firmware, now);
  const refusal = deviceRefusal(firmware, device, policy);
  if (refusal) throw new ArtifactError(refusal.code, refusal.message);
  return firmware;
}

function verifyArtifact({ envelope, image }: Artifact, trust: Trust, now: Instant): VerifiedFirmware {
  return verifyManifest(verifySignatures(envelope, trust.policy).manifest, image, trust, now);
}

function verifyManifest(manifest: Manifest, image: ImageDigest, { policy, withdrawn }: Trust, now: Instant): VerifiedFirmware {
  refuseWithdrawn(manifest, withdrawn);
  refuseAltered(manifest, image);
  refuseExpired(manifest, policy, now);
  return manifest as VerifiedFirmware;
}

/** Against firmware from a stranger, and from too few of our own people. */
function requireThreshold({ payload, signatures }: Envelope, { roles }: ReleasePolicy): void {
  // A key that has counted is spent: it never counts again, neither in its role nor in another.
  const spent = new Set<string>();
  const short: string[] = [];
  for (const { name, keys, threshold } of roles) {
    const signers = keys.filter((key) => !spent.has(key.spki) && signatures.some((signature) => isSignedBy(payload, signature, key)));
    const distinct = new Set(signers.map(({ spki }) => spki));
    distinct.forEach((spki) => spent.add(spki));
    if (distinct.size < threshold) short.push(`${name} ${distinct.size} of ${threshold}`);
  }
  if (spent.size === 0) throw new ArtifactError('ARTIFACT_UNSIGNED', 'no signature by any key of the release policy holds');
  if (short.length > 0) throw new ArtifactError('ARTIFACT_BELOW_THRESHOLD', `too few signatures: ${short.join(', ')}`);
}

/** Against replaying a release whose faults are known by now. */
function refuseExpired({ expiresAt, createdAt }: Manifest, { maxManifestAge }: ReleasePolicy, now: Instant): void {
  if (now >= expiresAt) throw new ArtifactError('ARTIFACT_EXPIRED', `the manifest expired at ${isoOf(expiresAt)}`);
  if (maxManifestAge !== undefined && now - createdAt > maxManifestAge) {
    throw new ArtifactError('ARTIFACT_EXPIRED', `the manifest of ${isoOf(createdAt)} is older than the release policy allows`);
  }
}

/** Against a release that slips out before its day. */
function refuseNotYetValid({ notBefore }: Manifest, now: Instant): void {
  if (notBefore !== undefined && now < notBefore) {
    throw new ArtifactError('ARTIFACT_NOT_YET_VALID', `the manifest is valid from ${isoOf(notBefore)}`);
  }
}

/** Against an image that its publisher has taken back. */
function refuseWithdrawn({ digest }: Manifest, withdrawn: ReadonlySet<Digest>): void {
  if (withdrawn.has(digest)) throw new ArtifactError('ARTIFACT_WITHDRAWN', `the image ${digest} has been withdrawn`);
}

/** Against an image swapped behind its signatures. */
function refuseAltered(manifest: Manifest, image: ImageDigest): void {
  if (manifest.size !== image.size) {
    throw new ArtifactError('ARTIFACT_ALTERED', `the image has ${image.size} bytes, ${manifest.size} were signed`);
  }
  if (manifest.digest !== image.digest) {
    throw new ArtifactError('ARTIFACT_ALTERED', `the image is ${image.digest}, ${manifest.digest} was signed`);
  }
}

function deviceRefusal(manifest: Manifest, device: TargetDevice, policy: ReleasePolicy): Refusal | undefined {
  return refuseIncompatible(manifest, device) ?? refuseRollback(manifest, device, policy) ?? refuseWrongSource(manifest, device);
}

/** Against bricking a device with another model's firmware. */
function refuseIncompatible({ models }: Manifest, { model }: TargetDevice): Refusal | undefined {
  if (models.includes('*') || (model !== undefined && models.includes(model))) return undefined;
  return { code: 'ARTIFACT_INCOMPATIBLE', message: `made for ${models.join(', ')}, the device is ${quoted(model)}` };
}

/** Against bringing back a hole that a newer version closed. */
function refuseRollback(manifest: Manifest, device: TargetDevice, { downgrade }: ReleasePolicy): Refusal | undefined {
  if (downgrade.rule === 'Allowed') return undefined;
  if (downgrade.rule === 'AllowListed' && downgrade.versions.some((version) => compareVersions(version, manifest.version) === 0))
    return undefined;
  const refusal = (why: string): Refusal => ({
    code: 'ARTIFACT_ROLLBACK',
    message: `${manifest.version} may not follow ${quoted(device.version)}: ${why}`,
  });

  // Nothing newer can be replaced where nothing is: what counts from the first install on is the version that is read then.
  if (device.nothingInstalled === true && device.version === undefined && device.sequenceNumber === undefined) return undefined;
  const order = device.version === undefined ? undefined : compareVersions(manifest.version, device.version);
  const { sequenceNumber: sequence } = device;
  if (order !== undefined && order < 0) return refusal('it is older');
  if (sequence !== undefined && manifest.sequenceNumber < sequence) return refusal(`its sequence number is below ${sequence}`);
  if (order === undefined && sequence === undefined) return refusal('which of the two is older cannot be told');
  return undefined;
}

/** Against an update over a version it was never tested from. */
function refuseWrongSource(manifest: Manifest, { version }: TargetDevice): Refusal | undefined {
  if (manifest.fromVersions === undefined || (version !== undefined && isAllowedSource(manifest, version) === true)) return undefined;
  return {
    code: 'ARTIFACT_WRONG_SOURCE',
    message: `installs over ${manifest.fromVersions.join(' or ')}, the device runs ${quoted(version)}`,
  };
}

/** A device chose this text. */
function quoted(text: string | undefined): string {
  return text === undefined ? 'unknown' : JSON.stringify(text.slice(0, 80));
}
