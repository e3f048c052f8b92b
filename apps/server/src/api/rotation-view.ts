import type { ApprovalVerdict } from '@drover/campaign';
import { isoOf, plus, type Duration, type Endpoint, type Instant } from '@drover/kernel';
import { isRotationSettled, ROTATION_WAITS, rotationWait, type DeviceRotation } from '@drover/rollout';
import type { RotationDeviceView, RotationView, StageView } from '@drover/contracts';
import type { EngineState } from '../engine/engine-state.ts';
import { fleetHoldOver } from '../engine/holds.ts';
import type { LiveRotation } from '../rotation/live-rotation.ts';
import { reachNow } from '../rotation/rotation-facts.ts';
import { groundOf } from '../rotation/rotation-stepper.ts';

const iso = (instant: Instant | undefined): string | undefined => (instant === undefined ? undefined : isoOf(instant));

interface Around {
  readonly approval: ApprovalVerdict;
  readonly state: EngineState;
  readonly now: Instant;
}

export function rotationView(rotation: LiveRotation, { approval, state, now }: Around): RotationView {
  const { record, book, spec } = rotation;
  const { namespace, name, generation, author, plan, life } = record;
  const hold = fleetHoldOver(state, namespace);
  return {
    namespace,
    name,
    generation,
    phase: life.phase,
    author,
    planDigest: plan.digest,
    approval,
    hold: hold && { reason: hold.reason, by: hold.by },
    createdAt: isoOf(record.createdAt),
    startedAt: iso(record.startedAt),
    endedAt: iso(record.endedAt),
    stages: book.stages.map((_, index) => stageView(rotation, index, state, now)),
    devices: book.size,
    maxInFlight: spec.maxInFlight,
  };
}

function stageView(rotation: LiveRotation, index: number, state: EngineState, now: Instant): StageView {
  const { record, book } = rotation;
  const counts = book.stages[index]!;
  const { size, attempted, failed } = counts.tally;
  const { state: stageState = 'closed', why, soaksUntil } = record.stages[index] ?? {};
  const { pending = 0, ...waiting } = counts.waiting;
  const { open } = groundOf(rotation, index, state, now);
  // Nothing has happened to these: they wait for what their stage waits for, or to be heard.
  const untouched = open === true ? 'CONTACT' : open;
  return {
    name: record.plan.stages[index]?.name ?? String(index),
    state: stageState,
    why,
    soaksUntil: iso(soaksUntil),
    size,
    attempted,
    succeeded: counts.inState('succeeded'),
    failed,
    skipped: counts.inState('skipped') + counts.inState('cancelled'),
    inFlight: counts.inFlight,
    waiting: pending === 0 ? waiting : { ...waiting, [untouched]: pending },
  };
}

export function rotationDeviceView(rotation: LiveRotation, own: DeviceRotation, state: EngineState, now: Instant): RotationDeviceView {
  const { endpoint, stage, asked, givenAt, failure, detail } = own;
  return {
    rotation: rotation.record.name,
    endpoint,
    stage: rotation.record.plan.stages[stage]?.name ?? String(stage),
    state: own.state,
    since: isoOf(own.since),
    asked,
    givenAt: iso(givenAt),
    failure,
    detail,
    waits: isRotationSettled(own) ? undefined : waitsOf(rotation, own, state, now),
  };
}

function waitsOf(rotation: LiveRotation, own: DeviceRotation, state: EngineState, now: Instant): RotationDeviceView['waits'] {
  const ground = groundOf(rotation, own.stage, state, now);
  const code = rotationWait(own, reachNow(own.endpoint, state, { device: state.devices.get(own.endpoint), now }), ground);
  const { request, confirm } = rotation.spec.deadlines;
  return { code, text: ROTATION_WAITS[code], until: iso(until(own, ground.openedAt, { request, confirm })) };
}

function until(
  own: DeviceRotation,
  openedAt: Instant | undefined,
  { request, confirm }: { request: Duration; confirm: Duration },
): Instant | undefined {
  if (own.state === 'suspect' || own.state === 'unreachable') return undefined;
  if (own.state === 'given') return plus(own.givenAt ?? own.since, confirm);
  return openedAt === undefined ? undefined : plus(openedAt, request);
}

/** Of every rotation that has it, the newest first. */
export function rotationsOf(endpoint: Endpoint, namespace: string, state: EngineState): LiveRotation[] {
  return [...state.rotations.all()]
    .filter(({ record, book }) => record.namespace === namespace && book.has(endpoint))
    .sort((a, b) => b.record.createdAt - a.record.createdAt);
}
