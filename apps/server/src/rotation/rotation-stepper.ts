import type { Endpoint, Instant } from '@drover/kernel';
import { isPastDeadline, isRotationSettled, nextRotation, rotationEnded, type DeviceRotation, type RotationGround } from '@drover/rollout';
import type { BootstrapWishes } from '../bootstrap/bootstrap-wishes.ts';
import { draft } from '../engine/audit-drafts.ts';
import type { EngineState } from '../engine/engine-state.ts';
import type { Engine } from '../engine/engine.ts';
import { fleetHoldOver } from '../engine/holds.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import type { LiveRotation } from './live-rotation.ts';
import { rotationFacts } from './rotation-facts.ts';

/** One device more or less changes what the others may do: it is asked anew for each of them. */
export function groundOf({ record, spec, book }: LiveRotation, stage: number, state: EngineState, now: Instant): RotationGround {
  const status = record.stages[stage];
  const { maxInFlight = Number.POSITIVE_INFINITY } = spec.stages[stage] ?? {};
  const hasRoom = book.inFlight < spec.maxInFlight && (book.stages[stage]?.inFlight ?? 0) < maxInFlight;
  const ends = record.life.phase === 'aborting' ? 'ABORTED' : isPastDeadline(spec, now) ? 'DEADLINE' : undefined;
  const isOpen = status !== undefined && status.state !== 'closed';
  return {
    open: openness({ record }, stage, state),
    openedAt: isOpen ? status.openedAt : undefined,
    hasRoom,
    limits: spec,
    ...(ends && { ends }),
  };
}

function openness({ record }: Pick<LiveRotation, 'record'>, stage: number, state: EngineState): RotationGround['open'] {
  if (fleetHoldOver(state, record.namespace)) return 'HOLD';
  if (record.life.phase === 'paused') return 'ROTATION_PAUSED';
  if (record.life.phase === 'awaiting-approval' || record.life.phase === 'denied') return 'APPROVAL';
  if (record.life.phase === 'scheduled') return 'NOT_BEFORE';
  const isClosed = record.stages[stage]?.state === 'closed' || record.stages.some((each) => each.state === 'held');
  return isClosed ? 'STAGE_GATE' : true;
}

/** Carries out what is decided for one device: what it is then is on the disk before it is sent anywhere. */
export class RotationStepper {
  readonly #engine: Engine;
  readonly #wishes: BootstrapWishes;

  constructor(engine: Engine, wishes: BootstrapWishes) {
    this.#engine = engine;
    this.#wishes = wishes;
  }

  /** After anything that was heard of a device. */
  look(endpoint: Endpoint): Promise<void> {
    const rotation = this.#engine.state.rotations.of(endpoint);
    if (rotation === undefined) return Promise.resolve();
    return this.#engine.change((unit) => this.step(rotation, endpoint, unit));
  }

  step(rotation: LiveRotation, endpoint: Endpoint, unit: UnitOfWork): void {
    const own = rotation.book.get(endpoint);
    if (own === undefined || isRotationSettled(own)) return;
    const { state } = this.#engine;
    const move = nextRotation(
      own,
      rotationFacts(own, rotation.record, state, unit.now),
      groundOf(rotation, own.stage, state, unit.now),
      unit.now,
    );
    if (move === undefined) return;
    this.#put(rotation, move.after, unit);
    const { name, author } = rotation.record;
    if (move.order === 'ask') this.#wishes.send(endpoint, { rotation: name, subject: rotation.subject, by: author }, unit);
    if (move.order === 'let-be') this.#wishes.letBe(endpoint, name, unit);
  }

  /** Closes what is still open when the rotation ends. */
  end(rotation: LiveRotation, own: DeviceRotation, unit: UnitOfWork): void {
    this.#put(rotation, rotationEnded(own, unit.now), unit);
    this.#wishes.letBe(own.endpoint, rotation.record.name, unit);
  }

  #put(rotation: LiveRotation, after: DeviceRotation, unit: UnitOfWork): void {
    unit.putDeviceRotation(rotation, after);
    const { endpoint, state, failure, detail, asked } = after;
    const { namespace, name } = rotation.record;
    unit.note(namespace, endpoint, 'key-rotation', { rotation: name, state, ...(failure && { failure }), ...(detail && { detail }) });
    if (!isRotationSettled(after)) return;
    const result = state === 'succeeded' ? 'success' : state === 'failed' ? 'failure' : 'info';
    const told = { outcome: state, asked, failure: failure ?? null, detail: detail ?? null };
    unit.audit(draft('rotation-settled', unit.now, { namespace, campaign: rotation.subject, endpoint, result }, told));
  }
}
