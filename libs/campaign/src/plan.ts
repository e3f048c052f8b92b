import { createHash } from 'node:crypto';
import { canonicalJson, digestOfBytes, hash32, type Digest, type Endpoint, type Json } from '@drover/kernel';
import {
  allOf,
  compareVersions,
  evaluate,
  EVERYTHING,
  isInRanges,
  parseVersionRange,
  selectorPredicate,
  unknownSubjects,
  type Device,
  type Predicate,
} from '@drover/fleet';
import type { VerifiedFirmware } from '@drover/firmware-store';
import type { CampaignDocument } from './document.ts';
import { versionIn, type RunningVersion } from './component.ts';
import { CampaignError } from './errors.ts';
import type { CampaignSpec, Take } from './spec.ts';

export type ExclusionCode =
  | 'FACT_UNKNOWN'
  | 'EXCLUDED'
  | 'ALREADY_CURRENT'
  | 'SOURCE_VERSION'
  | 'NOT_IN_ANY_STAGE'
  | 'OTHER_CAMPAIGN'
  | 'QUARANTINED'
  | 'ARTIFACT_INCOMPATIBLE'
  | 'ARTIFACT_ROLLBACK'
  | 'ARTIFACT_WRONG_SOURCE';

export interface Exclusion {
  readonly endpoint: Endpoint;
  readonly code: ExclusionCode;
  readonly detail: string;
}

export interface PlannedStage {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

/** The image a plan is about, as the plan records it. */
export interface PlannedFirmware {
  readonly name: string;
  readonly version: string;
  readonly digest: Digest;
  readonly size: number;
}

/** Frozen: stages with their devices, exclusions with their reasons, and the digest that approvals bind to. */
export interface Plan {
  readonly campaign: string;
  readonly namespace: string;
  readonly firmware: PlannedFirmware;
  readonly stages: readonly PlannedStage[];
  readonly excluded: readonly Exclusion[];
  readonly specDigest: Digest;
  readonly policyDigests: readonly Digest[];
  readonly digest: Digest;
}

export interface PlanInput {
  readonly document: CampaignDocument;
  readonly devices: readonly Device[];
  /** The planner takes nothing else: this type is minted only where the signatures held. */
  readonly firmware: VerifiedFirmware;
  /** Why the trust rules keep this device from the image, or undefined where they do not. */
  readonly refusalOf: (device: Device) => { readonly code: ExclusionCode; readonly detail: string } | undefined;
  /** What runs there now. */
  readonly running: (device: Device) => RunningVersion;
  /** Why a person must release this device first, or undefined. */
  readonly quarantineOf: (device: Device) => string | undefined;
  /** Devices that a campaign of this name offered something to; undefined where there is no such campaign. */
  readonly attemptedBy: (campaign: string) => ReadonlySet<Endpoint> | undefined;
  /** Name of the running campaign that still has this device open, if any. */
  readonly openElsewhere: (endpoint: Endpoint) => string | undefined;
  readonly policyDigests: readonly Digest[];
}

/** Same devices, same facts, same documents: same plan. Each matched device is in exactly one stage or excluded with one reason. */
export function planCampaign(input: PlanInput): Plan {
  const { document } = input;
  const { name, version, digest, size } = input.firmware;
  const firmware: PlannedFirmware = { name, version, digest, size };
  const excluded: Exclusion[] = [];
  const candidates = resolveTargets(input, excluded);
  const stages = allotStages(document.spec, candidates, excluded);
  const specDigest = digestOf(document.source);
  const content = {
    campaign: document.metadata.name,
    namespace: document.metadata.namespace,
    firmware,
    stages,
    specDigest,
    policyDigests: input.policyDigests,
  };
  return { ...content, excluded: excluded.sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1)), digest: planDigest(content) };
}

export function digestOf(value: Json): Digest {
  return digestOfBytes(createHash('sha256').update(canonicalJson(value)).digest());
}

/** H(spec, firmware, who is in which stage, policies): what an approval binds to. */
function planDigest(content: Omit<Plan, 'digest' | 'excluded'>): Digest {
  return digestOf({ ...content, firmware: { ...content.firmware } } as unknown as Json);
}

function targetPredicate(spec: CampaignSpec): Predicate {
  return allOf([
    spec.targets.where?.predicate ?? EVERYTHING,
    spec.targets.selector ? selectorPredicate(spec.targets.selector) : EVERYTHING,
  ]);
}

function resolveTargets(input: PlanInput, excluded: Exclusion[]): Device[] {
  const { spec } = input.document;
  const predicate = targetPredicate(spec);
  const candidates: Device[] = [];
  const scope = scopeOf(input);
  for (const device of input.devices) {
    if (scope && !scope.has(device.endpoint)) continue;
    const matched = evaluate(predicate, device);
    if (matched === false) continue;
    const exclusion =
      matched === undefined
        ? { code: 'FACT_UNKNOWN' as const, detail: unknownSubjects(predicate, device).join(', ') }
        : (exclusionOf(input, device) ?? input.refusalOf(device) ?? otherCampaignOf(input, device) ?? quarantined(input, device));
    if (exclusion) excluded.push({ endpoint: device.endpoint, ...exclusion });
    else candidates.push(device);
  }
  return candidates;
}

function scopeOf({ document: { spec }, attemptedBy }: PlanInput): ReadonlySet<Endpoint> | undefined {
  const owner = spec.targets.attemptedBy;
  if (owner === undefined) return undefined;
  const scope = attemptedBy(owner);
  if (!scope) throw new CampaignError('CAMPAIGN_NOT_FOUND', `targets.attemptedBy: no campaign is called "${owner}"`);
  return scope;
}

function quarantined(input: PlanInput, device: Device): Omit<Exclusion, 'endpoint'> | undefined {
  const detail = input.quarantineOf(device);
  return detail === undefined ? undefined : { code: 'QUARANTINED', detail };
}

function otherCampaignOf(input: PlanInput, device: Device): Omit<Exclusion, 'endpoint'> | undefined {
  const other = input.openElsewhere(device.endpoint);
  return other === undefined ? undefined : { code: 'OTHER_CAMPAIGN', detail: `still open in campaign ${other}` };
}

function exclusionOf(input: PlanInput, device: Device): Omit<Exclusion, 'endpoint'> | undefined {
  const { spec } = input.document;
  for (const { endpoints = [], where, reason } of spec.targets.exclude) {
    // An exclusion that cannot be decided protects the device.
    if (endpoints.includes(device.endpoint) || (where && evaluate(where.predicate, device) !== false))
      return { code: 'EXCLUDED', detail: reason };
  }
  const running = input.running(device);
  const version = versionIn(running);
  if (version !== undefined && compareVersions(version, input.firmware.version) === 0) return { code: 'ALREADY_CURRENT', detail: version };
  // What nobody has looked at yet is looked at before the offer, and decided there.
  if (running.type === 'unread' || isAcceptedSource(spec, running) === true) return undefined;
  return sourceExclusion(spec, running);
}

/** Whether a campaign may start from what runs now; undefined where that cannot be told. */
export function isAcceptedSource({ firmware: { from } }: CampaignSpec, running: RunningVersion): boolean | undefined {
  if (!from) return true;
  if (running.type === 'empty') return false;
  const version = versionIn(running);
  return version === undefined ? undefined : isInRanges(version, from.versions.map(parseVersionRange));
}

function sourceExclusion(spec: CampaignSpec, running: RunningVersion): Omit<Exclusion, 'endpoint'> {
  const detail = sourceDetail(spec, running);
  if (spec.firmware.from?.onOther === 'Block')
    throw new CampaignError('PLAN_BLOCKED', `a target may not be updated from its version: ${detail}`);
  return isAcceptedSource(spec, running) === undefined
    ? { code: 'FACT_UNKNOWN', detail: 'firmwareVersion' }
    : { code: 'SOURCE_VERSION', detail };
}

/** For people: what runs, and what was accepted. */
export function sourceDetail({ firmware: { from } }: CampaignSpec, running: RunningVersion): string {
  const runs = running.type === 'empty' ? 'nothing installed' : (versionIn(running) ?? 'unknown version');
  return `${runs} is not in ${from?.versions.join(', ') ?? ''}`;
}

function allotStages(spec: CampaignSpec, candidates: readonly Device[], excluded: Exclusion[]): PlannedStage[] {
  let remaining = [...candidates];
  const stages = spec.stages.map(({ name, take }) => {
    const chosen = chooseForStage(take, remaining);
    const taken = new Set(chosen.map(({ endpoint }) => endpoint));
    remaining = remaining.filter(({ endpoint }) => !taken.has(endpoint));
    return { name, endpoints: [...taken].sort() };
  });
  for (const { endpoint } of remaining) excluded.push({ endpoint, code: 'NOT_IN_ANY_STAGE', detail: 'no stage takes it' });
  return stages;
}

/** A stable sample: the order is a hash of seed and endpoint, so it does not depend on how the fleet is listed. */
function chooseForStage(take: Take, remaining: readonly Device[]): Device[] {
  const eligible = remaining.filter(
    (device) =>
      (!take.endpoints || take.endpoints.includes(device.endpoint)) && (!take.where || evaluate(take.where.predicate, device) === true),
  );
  const count = take.limit.kind === 'count' ? take.limit.count : Math.ceil(take.limit.fraction * eligible.length - 1e-9);
  const ranked = eligible.map((device) => ({ device, rank: hash32(`${take.seed}/${device.endpoint}`) }));
  ranked.sort((a, b) => a.rank - b.rank || (a.device.endpoint < b.device.endpoint ? -1 : 1));
  return ranked.slice(0, count).map(({ device }) => device);
}
