import { createHash } from 'node:crypto';
import {
  canonicalJson,
  canonicalPieces,
  digestOfBytes,
  finished,
  sortSteps,
  type Digest,
  type Endpoint,
  type Json,
  type Steps,
} from '@drover/kernel';
import { compareVersions, evaluate, isInRanges, parseVersionRange, type Device } from '@drover/fleet';
import type { VerifiedFirmware } from '@drover/firmware-store';
import type { CampaignDocument } from './document.ts';
import { versionIn, type RunningVersion } from './component.ts';
import { CampaignError } from './errors.ts';
import { Allotment, byText } from './allotment.ts';
import type { Exclusion, ExclusionCode, Plan, PlannedFirmware } from './planned.ts';
import type { CampaignSpec } from './spec.ts';
import { excludedBy, targetPredicate, undecided } from './targeting.ts';

export interface PlanInput<D extends Device = Device> {
  readonly document: CampaignDocument;
  readonly devices: Iterable<D>;
  /** The planner takes nothing else: this type is minted only where the signatures held. */
  readonly firmware: VerifiedFirmware;
  /** Why the trust rules keep this device from the image, or undefined where they do not. */
  readonly refusalOf: (device: D) => { readonly code: ExclusionCode; readonly detail: string } | undefined;
  /** What runs there now. */
  readonly running: (device: D) => RunningVersion;
  /** Why a person must release this device first, or undefined. */
  readonly quarantineOf: (device: D) => string | undefined;
  /** Devices that a campaign of this name offered something to; undefined where there is no such campaign. */
  readonly attemptedBy: (campaign: string) => ReadonlySet<Endpoint> | undefined;
  /** Name of the running campaign that still has this device open, if any. */
  readonly openElsewhere: (endpoint: Endpoint) => string | undefined;
  readonly policyDigests: readonly Digest[];
  /** Told of every device that goes to the stages; those that no stage takes are among them. */
  readonly onCandidate?: (device: D) => void;
}

/** Devices looked at between two places where a plan can be interrupted. */
const AT_ONCE = 1000;

/** Same devices, same facts, same documents: same plan. Each matched device is in exactly one stage or excluded with one reason. */
export function planCampaign<D extends Device>(input: PlanInput<D>): Plan {
  return finished(planSteps(input));
}

/** The same for a fleet of a million, which takes seconds: with places to interrupt it. */
export function* planSteps<D extends Device>(input: PlanInput<D>): Steps<Plan> {
  const { document } = input;
  const { name, version, digest, size } = input.firmware;
  const firmware: PlannedFirmware = { name, version, digest, size };
  const excluded: Exclusion[] = [];
  const allotment = new Allotment(document.spec.stages);
  yield* resolveTargets(input, { excluded, allotment });
  const { stages, left } = yield* allotment.stages();
  for (const endpoint of left) excluded.push({ endpoint, code: 'NOT_IN_ANY_STAGE', detail: 'no stage takes it' });
  const content = {
    campaign: document.metadata.name,
    namespace: document.metadata.namespace,
    firmware,
    stages,
    specDigest: digestOf(document.source),
    policyDigests: input.policyDigests,
  };
  const sorted = yield* sortSteps(excluded, (a, b) => byText(a.endpoint, b.endpoint));
  return { ...content, excluded: sorted, digest: yield* planDigest(content) };
}

export function digestOf(value: Json): Digest {
  return digestOfBytes(createHash('sha256').update(canonicalJson(value)).digest());
}

/** The same of something long, with places to interrupt it. */
export function* digestSteps(value: Json): Steps<Digest> {
  const hash = createHash('sha256');
  for (const piece of canonicalPieces(value)) {
    hash.update(piece);
    yield;
  }
  return digestOfBytes(hash.digest());
}

/** H(spec, firmware, who is in which stage, policies): what an approval binds to. */
function planDigest(content: Omit<Plan, 'digest' | 'excluded'>): Steps<Digest> {
  return digestSteps({ ...content, firmware: { ...content.firmware } } as unknown as Json);
}

function* resolveTargets<D extends Device>(
  input: PlanInput<D>,
  { excluded, allotment }: { excluded: Exclusion[]; allotment: Allotment },
): Steps<void> {
  const { spec } = input.document;
  const predicate = targetPredicate(spec.targets);
  const scope = scopeOf(input);
  let seen = 0;
  for (const device of input.devices) {
    if (++seen % AT_ONCE === 0) yield;
    if (scope && !scope.has(device.endpoint)) continue;
    const matched = evaluate(predicate, device);
    if (matched === false) continue;
    const exclusion =
      matched === undefined
        ? undecided(predicate, device)
        : (exclusionOf(input, device) ?? input.refusalOf(device) ?? otherCampaignOf(input, device) ?? quarantined(input, device));
    if (exclusion) excluded.push({ endpoint: device.endpoint, ...exclusion });
    else {
      allotment.add(device);
      input.onCandidate?.(device);
    }
  }
}

function scopeOf({ document: { spec }, attemptedBy }: Pick<PlanInput, 'document' | 'attemptedBy'>): ReadonlySet<Endpoint> | undefined {
  const owner = spec.targets.attemptedBy;
  if (owner === undefined) return undefined;
  const scope = attemptedBy(owner);
  if (!scope) throw new CampaignError('CAMPAIGN_NOT_FOUND', `targets.attemptedBy: no campaign is called "${owner}"`);
  return scope;
}

function quarantined<D extends Device>(input: PlanInput<D>, device: D): Omit<Exclusion, 'endpoint'> | undefined {
  const detail = input.quarantineOf(device);
  return detail === undefined ? undefined : { code: 'QUARANTINED', detail };
}

function otherCampaignOf<D extends Device>(input: PlanInput<D>, device: D): Omit<Exclusion, 'endpoint'> | undefined {
  const other = input.openElsewhere(device.endpoint);
  return other === undefined ? undefined : { code: 'OTHER_CAMPAIGN', detail: `still open in campaign ${other}` };
}

function exclusionOf<D extends Device>(input: PlanInput<D>, device: D): Omit<Exclusion, 'endpoint'> | undefined {
  const { spec } = input.document;
  const excluded = excludedBy(spec.targets, device);
  if (excluded) return excluded;
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
