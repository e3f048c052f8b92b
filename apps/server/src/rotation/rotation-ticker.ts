import { isRotationSettled, reconcile, type DeviceRotation } from '@drover/rollout';
import type { ApprovalDesk } from '../engine/approval-desk.ts';
import type { Engine } from '../engine/engine.ts';
import type { StageDesk } from '../engine/stage-desk.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import type { LiveRotation } from './live-rotation.ts';
import type { RotationStepper } from './rotation-stepper.ts';

/** Devices looked at in one tick: when something has changed for all of them, and only because time goes by. */
const [LOOKED_AT_SOON, LOOKED_AT] = [500, 100];
/** Devices gone through in one commit when their rotation ends. */
const CLOSED_AT_ONCE = 1000;

/** What is decided of whatever goes by stages. */
interface Decisions {
  readonly stages: StageDesk;
  readonly approvals: ApprovalDesk;
}

/** Wakes the pure engine for rotations: the same decisions about stages as for campaigns, and a look at each device in turn. */
export class RotationTicker {
  readonly #engine: Engine;
  readonly #stages: StageDesk;
  readonly approvals: ApprovalDesk;
  readonly #stepper: RotationStepper;
  /** How far those have been gone through that end. */
  readonly #closing = new WeakMap<LiveRotation, Iterator<DeviceRotation, void>>();

  constructor(engine: Engine, { stages, approvals }: Decisions, stepper: RotationStepper) {
    this.#engine = engine;
    this.#stages = stages;
    this.approvals = approvals;
    this.#stepper = stepper;
  }

  async tick(): Promise<void> {
    for (const rotation of this.#engine.state.rotations.active()) {
      await this.#engine.change((unit) => this.#reconcile(rotation, unit));
      await this.#engine.change((unit) => {
        for (const endpoint of rotation.nextOnes(rotation.isToBeReviewed ? LOOKED_AT_SOON : LOOKED_AT))
          this.#stepper.step(rotation, endpoint, unit);
      });
    }
  }

  #reconcile(rotation: LiveRotation, unit: UnitOfWork): void {
    const { record, spec, tallies } = rotation;
    const { name: campaign, life, stages } = record;
    const approval = this.approvals.verdictOf(rotation);
    for (const command of reconcile({ campaign, life, spec, stages, tallies, approval }, unit.now)) {
      if (command.type === 'finish') this.#finish(rotation, unit);
      else if (command.type !== 'pass-deadline') this.#stages.execute(rotation, command, unit);
    }
  }

  /** What is still open is closed, some of them with each tick: the next one says `finish` again. */
  #finish(rotation: LiveRotation, unit: UnitOfWork): void {
    const rest = this.#closing.get(rotation) ?? rotation.book.all();
    this.#closing.set(rotation, rest);
    for (let count = 0; count < CLOSED_AT_ONCE; count++) {
      const { done, value: own } = rest.next();
      if (done) return this.#end(rotation, unit);
      if (!isRotationSettled(own)) this.#stepper.end(rotation, own, unit);
    }
  }

  #end(rotation: LiveRotation, unit: UnitOfWork): void {
    if (!this.#stages.move(rotation, 'all-settled', unit)) return;
    const { outcome } = rotation.book;
    this.#stages.audit(rotation, 'campaign-finished', { phase: rotation.record.life.phase, outcome }, { unit });
    this.#engine.log.info({ rotation: rotation.record.name, outcome }, 'rotation finished');
  }
}
