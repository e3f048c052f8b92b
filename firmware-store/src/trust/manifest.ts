import { isInRanges, parseVersionRange, versionKey } from '@drover/fleet';
import { Digest, Instant, Name } from '@drover/kernel';
import { decodeDeterministic, encodeDeterministic } from './cbor.ts';
import { ArtifactError } from './errors.ts';

/** What the signers say about an image. Its deterministic CBOR is what they sign. */
export interface Manifest {
  /** The component: one line of firmware, of which this is a version. */
  readonly name: Name;
  readonly version: string;
  /** Grows with every release of the component, so that order does not hang on how versions are written. */
  readonly sequenceNumber: number;
  /** In bytes. */
  readonly size: number;
  readonly digest: Digest;
  /** Device models it is made for; `*` is any. */
  readonly models: readonly string[];
  /** Versions it may be installed over, exact or ranges such as `>=2.2.0 <2.4.1`; absent means any. */
  readonly fromVersions?: readonly string[];
  readonly notBefore?: Instant;
  readonly expiresAt: Instant;
  readonly createdAt: Instant;
  readonly description?: string;
}

export const MANIFEST_MAX_BYTES = 16 * 1024;
const LIST_MAX = 64;
const TEXT_MAX = 128;
const DESCRIPTION_MAX = 2000;
const LAST_INSTANT = 8.64e15; // The last millisecond a Date can hold.

/** Refuses what `parseManifest` would refuse: nobody is asked to sign a manifest that no verifier accepts. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const payload = encodeDeterministic(new Map(Object.entries(manifest).filter(([, value]) => value !== undefined)));
  parseManifest(payload);
  return payload;
}

/** Unknown, missing and mistyped members are refused: a signer's word is not guessed at. */
export function parseManifest(payload: Uint8Array): Manifest {
  if (payload.length > MANIFEST_MAX_BYTES) refuse(`it has ${payload.length} bytes, at most ${MANIFEST_MAX_BYTES} are read`);
  const decoded = decodeDeterministic(payload, 'ARTIFACT_MANIFEST_INVALID', 'the manifest');
  if (!(decoded instanceof Map)) return refuse('it is not a map');
  const members = new Map<unknown, unknown>(decoded);

  const optional = <T>(key: string, read: (value: unknown, key: string) => T): T | undefined => {
    const value = members.get(key);
    return members.delete(key) ? read(value, key) : undefined;
  };
  const required = <T>(key: string, read: (value: unknown, key: string) => T): T => optional(key, read) ?? refuse(`"${key}" is missing`);

  const manifest: Manifest = {
    name: required('name', readName),
    version: required('version', readVersion),
    sequenceNumber: required('sequenceNumber', readCount),
    size: required('size', readCount),
    digest: required('digest', readDigest),
    models: required('models', readList),
    fromVersions: optional('fromVersions', readRanges),
    notBefore: optional('notBefore', readInstant),
    expiresAt: required('expiresAt', readInstant),
    createdAt: required('createdAt', readInstant),
    description: optional('description', (value, key) => readText(value, key, DESCRIPTION_MAX)),
  };
  for (const key of members.keys()) refuse(`unknown member ${JSON.stringify(String(key).slice(0, 40))}`);
  if (manifest.size === 0) refuse('"size" is 0');
  if (manifest.expiresAt <= (manifest.notBefore ?? manifest.createdAt)) refuse('it expires before it is valid');
  return manifest;
}

/** Whether `version` is one the manifest may be installed over; undefined where the text is no version. */
export function isAllowedSource(manifest: Manifest, version: string): boolean | undefined {
  return manifest.fromVersions === undefined || isInRanges(version, manifest.fromVersions.map(parseVersionRange));
}

function refuse(why: string): never {
  throw new ArtifactError('ARTIFACT_MANIFEST_INVALID', `the manifest is refused: ${why}`);
}

function readText(value: unknown, key: string, max = TEXT_MAX): string {
  if (typeof value !== 'string' || value === '' || value.length > max) return refuse(`"${key}" must be a text of 1..${max} characters`);
  // Line breaks are for descriptions; other control characters would forge lines in logs and tables.
  if (/\p{Cc}/u.test(value.replaceAll('\n', ''))) refuse(`"${key}" holds control characters`);
  return value;
}

function readName(value: unknown, key: string): Name {
  try {
    return Name(readText(value, key));
  } catch {
    return refuse(`"${key}" must be a name of 1..63 characters a-z, 0-9, "-" and "."`);
  }
}

function readVersion(value: unknown, key: string): string {
  const text = readText(value, key);
  return versionKey(text) === undefined ? refuse(`"${key}" must be a version such as 2.4.1`) : text;
}

function readCount(value: unknown, key: string): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : refuse(`"${key}" must be a whole number from 0`);
}

function readDigest(value: unknown, key: string): Digest {
  try {
    return Digest(readText(value, key));
  } catch {
    return refuse(`"${key}" must be sha256: and 64 hex digits`);
  }
}

function readInstant(value: unknown, key: string): Instant {
  const ms = readCount(value, key);
  return ms <= LAST_INSTANT ? Instant(ms) : refuse(`"${key}" is no point in time`);
}

function readList(value: unknown, key: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > LIST_MAX) return refuse(`"${key}" must list 1..${LIST_MAX} texts`);
  return value.map((item) => readText(item, key));
}

function readRanges(value: unknown, key: string): readonly string[] {
  const ranges = readList(value, key);
  try {
    ranges.forEach(parseVersionRange);
  } catch {
    refuse(`"${key}" must hold versions or ranges such as ">=2.2.0 <2.4.1"`);
  }
  return ranges;
}
