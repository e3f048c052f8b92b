import { sortSteps, type Digest, type Endpoint, type Json, type Steps } from '@drover/kernel';
import { evaluate, type Device } from '@drover/fleet';
import { Allotment, byText } from './allotment.ts';
import type { CredentialRotationDocument } from './document.ts';
import { digestOf, digestSteps } from './plan.ts';
import type { PlannedStage } from './planned.ts';
import { excludedBy, targetPredicate, undecided } from './targeting.ts';

/** Why a device keeps the key that it has. */
export interface RotationExclusion {
  readonly endpoint: Endpoint;
  readonly code: string;
  readonly detail: string;
}

/** Frozen: who is given another key, stage by stage, and who is not, with the reason. */
export interface RotationPlan {
  readonly rotation: string;
  readonly namespace: string;
  readonly stages: readonly PlannedStage[];
  readonly excluded: readonly RotationExclusion[];
  readonly specDigest: Digest;
  /** Of the policy that its start waits for. */
  readonly policyDigests: readonly Digest[];
  /** H(spec, policies, who is in which stage). */
  readonly digest: Digest;
}

export interface RotationPlanInput<D extends Device> {
  readonly document: CredentialRotationDocument;
  readonly devices: Iterable<D>;
  readonly policyDigests: readonly Digest[];
  /** Why this one cannot be given another key. */
  readonly refusalOf: (device: D) => { readonly code: string; readonly detail: string } | undefined;
}

/** Devices looked at between two places where the work can be interrupted. */
const AT_ONCE = 1000;

/** Same devices, same facts, same document: same plan. Each matched device is in one stage, or left out with one reason. */
export function* rotationPlanSteps<D extends Device>({
  document,
  devices,
  policyDigests,
  refusalOf,
}: RotationPlanInput<D>): Steps<RotationPlan> {
  const { metadata, spec, source } = document;
  const predicate = targetPredicate(spec.targets);
  const excluded: RotationExclusion[] = [];
  const allotment = new Allotment(spec.stages);
  let seen = 0;
  for (const device of devices) {
    if (++seen % AT_ONCE === 0) yield;
    const matched = evaluate(predicate, device);
    if (matched === false) continue;
    const why = matched === undefined ? undecided(predicate, device) : (excludedBy(spec.targets, device) ?? refusalOf(device));
    if (why) excluded.push({ endpoint: device.endpoint, ...why });
    else allotment.add(device);
  }
  const { stages, left } = yield* allotment.stages();
  for (const endpoint of left) excluded.push({ endpoint, code: 'NOT_IN_ANY_STAGE', detail: 'no stage takes it' });
  const content = { rotation: metadata.name, namespace: metadata.namespace, stages, specDigest: digestOf(source), policyDigests };
  const sorted = yield* sortSteps(excluded, (a, b) => byText(a.endpoint, b.endpoint));
  return { ...content, excluded: sorted, digest: yield* digestSteps(content as unknown as Json) };
}
