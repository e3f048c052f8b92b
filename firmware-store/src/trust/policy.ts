import { createHash } from 'node:crypto';
import { versionKey } from '@drover/fleet';
import { canonicalJson, digestOfBytes, durationOf, Name, type Digest, type Duration } from '@drover/kernel';
import { ArtifactError } from './errors.ts';
import { parsePublicKey, type PublicKey } from './keys.ts';

/** What must hold before a device may be given an older version than it has. */
export type Downgrade =
  { readonly rule: 'Never' } | { readonly rule: 'AllowListed'; readonly versions: readonly string[] } | { readonly rule: 'Allowed' };

export interface Role {
  readonly name: string;
  readonly keys: readonly PublicKey[];
  /** How many different keys of this role must sign. */
  readonly threshold: number;
}

/** Who may release firmware, and what else must hold. */
export interface ReleasePolicy {
  readonly name: Name;
  readonly roles: readonly Role[];
  /** A manifest older than this is stale, however far away its own expiry: an old release cannot be kept alive by withholding news. */
  readonly maxManifestAge?: Duration;
  readonly downgrade: Downgrade;
}

export interface PolicyFault {
  readonly path: string;
  readonly message: string;
}

type Json = Readonly<Record<string, unknown>>;

const ROLES_MAX = 16;
const KEYS_MAX = 64;

/** Reads the plain-data form (README). All faults are reported together, in `details.faults`. */
export function parseReleasePolicy(json: unknown): ReleasePolicy {
  const faults: PolicyFault[] = [];
  const fault = (path: string, message: string): undefined => void faults.push({ path, message });

  const source = isRecord(json) ? json : {};
  if (!isRecord(json)) fault('', 'must be an object');
  refuseUnknown(source, ['name', 'roles', 'maxManifestAge', 'downgrade', 'downgradeTo'], '', fault);
  const name = attempt(() => Name(text(source['name'])), 'name', fault);
  const roles = parseRoles(source['roles'], fault);
  const maxManifestAge =
    source['maxManifestAge'] === undefined ? undefined : attempt(() => durationOf(text(source['maxManifestAge'])), 'maxManifestAge', fault);
  const downgrade = parseDowngrade(source, fault);

  if (faults.length > 0 || name === undefined || downgrade === undefined) {
    const summary = faults.map(({ path, message }) => `${path || 'policy'}: ${message}`).join('; ');
    throw new ArtifactError('RELEASE_POLICY_INVALID', `the release policy is refused: ${summary}`, { details: { faults } });
  }
  return { name, roles, maxManifestAge, downgrade };
}

/** One digest for one meaning: what a plan is bound to, so that a changed policy voids an approval. */
export function releasePolicyDigest({ name, roles, maxManifestAge, downgrade }: ReleasePolicy): Digest {
  const sorted = roles
    .map((role) => ({ name: role.name, threshold: role.threshold, keys: role.keys.map(({ spki }) => spki).sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const meaning = canonicalJson({ name, roles: sorted, maxManifestAge, downgrade });
  return digestOfBytes(createHash('sha256').update(`drover/release-policy/v1\n${meaning}`).digest());
}

type Fault = (path: string, message: string) => undefined;

function parseRoles(value: unknown, fault: Fault): Role[] {
  const entries = isRecord(value) ? Object.entries(value) : [];
  if (entries.length === 0 || entries.length > ROLES_MAX) fault('roles', `must hold 1..${ROLES_MAX} roles`);
  const owner = new Map<string, string>();
  return entries.slice(0, ROLES_MAX).map(([name, body]) => parseRole(name, body, owner, fault));
}

function parseRole(name: string, body: unknown, owner: Map<string, string>, fault: Fault): Role {
  const path = `roles.${name.slice(0, 63)}`;
  attempt(() => Name(name), path, fault);
  const role = isRecord(body) ? body : {};
  refuseUnknown(role, ['keys', 'threshold'], `${path}.`, fault);
  const pems: readonly unknown[] = Array.isArray(role['keys']) ? role['keys'] : [];
  if (pems.length === 0 || pems.length > KEYS_MAX) fault(`${path}.keys`, `must list 1..${KEYS_MAX} public keys`);
  const keys: PublicKey[] = [];
  for (const [index, pem] of pems.slice(0, KEYS_MAX).entries()) {
    const key = attempt(() => parsePublicKey(text(pem)), `${path}.keys[${index}]`, fault);
    if (key === undefined) continue;
    // One person's key in two roles would make two signatures out of one.
    if (owner.has(key.spki)) fault(`${path}.keys[${index}]`, `key ${key.id} is already listed under ${owner.get(key.spki)}`);
    owner.set(key.spki, path);
    keys.push(key);
  }
  const threshold = role['threshold'];
  if (typeof threshold !== 'number' || !Number.isInteger(threshold) || threshold < 1 || threshold > pems.length) {
    fault(`${path}.threshold`, `must be a whole number from 1 to the number of keys`);
  }
  return { name, keys, threshold: Number(threshold) };
}

function parseDowngrade(source: Json, fault: Fault): Downgrade | undefined {
  const { downgrade: rule = 'Never', downgradeTo: versions } = source;
  if (rule !== 'AllowListed' && versions !== undefined) fault('downgradeTo', 'has a meaning only with downgrade: AllowListed');
  if (rule === 'Never' || rule === 'Allowed') return { rule };
  if (rule !== 'AllowListed') return fault('downgrade', 'must be Never, AllowListed or Allowed');
  const isListed = Array.isArray(versions) && versions.length > 0 && versions.length <= KEYS_MAX;
  if (!isListed || !versions.every((version) => typeof version === 'string' && versionKey(version) !== undefined)) {
    return fault('downgradeTo', `must list 1..${KEYS_MAX} versions such as 2.3.9`);
  }
  return { rule, versions: versions as string[] };
}

function refuseUnknown(source: Json, known: readonly string[], prefix: string, fault: Fault): void {
  for (const key of Object.keys(source).filter((key) => !known.includes(key))) fault(`${prefix}${key.slice(0, 63)}`, 'is unknown');
}

function attempt<T>(read: () => T, path: string, fault: Fault): T | undefined {
  try {
    return read();
  } catch (error) {
    return fault(path, error instanceof Error ? error.message : 'is refused');
  }
}

/** For the readers above, which say in their own words what they expect instead of an empty text. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
