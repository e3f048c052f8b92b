import { durationText, isoOf, type Instant } from '@drover/kernel';
import { decideDevice, holdReason, isSettled, isTransferring, type DeviceUpdate } from '@drover/rollout';
import { nextContact, type WaitReason, type Battery } from '@drover/schedule';
import type { DeviceRecord } from '@drover/persistence';
import { nextDeadlineIn } from './deadlines.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Place } from './engine-state.ts';
import type { Engine } from './engine.ts';

/** Why a device is where it is, since when, and until when, or which person's decision ends the wait. */
export interface Explanation {
  readonly campaign: string;
  readonly stage: string;
  readonly state: DeviceUpdate['state'];
  readonly since: Instant;
  readonly code: string;
  readonly evidence: string;
  readonly nextAt: Instant | undefined;
  readonly person: string | undefined;
  readonly attempt: number;
  readonly offset: number;
  readonly size: number;
  readonly failure: string | undefined;
  readonly update: DeviceUpdate;
  /** What its energy is counted against. */
  readonly battery: Battery | undefined;
}

export class Explainer {
  readonly #engine: Engine;
  readonly #stepper: DeviceStepper;

  constructor(engine: Engine, stepper: DeviceStepper) {
    this.#engine = engine;
    this.#stepper = stepper;
  }

  /** One answer per campaign that has the device; settled ones tell their outcome. */
  why(device: DeviceRecord): Explanation[] {
    const now = this.#engine.clock.now();
    return [...this.#engine.state.campaigns].flatMap(([key, campaign]) => {
      const update = campaign.updates.get(device.endpoint);
      return update ? [this.#explain({ key, campaign, update }, device, now)] : [];
    });
  }

  #explain(place: Place, device: DeviceRecord, now: Instant): Explanation {
    const { campaign, update } = place;
    const reason = isSettled(update) ? undefined : this.#reasonFor(place, device, now);
    return {
      campaign: campaign.record.name,
      stage: campaign.document.spec.stages[update.stage]?.name ?? String(update.stage),
      state: update.state,
      since: reason && update.reason?.code === reason.code ? (update.reasonSince ?? update.since) : update.since,
      code: reason?.code ?? outcomeCode(update),
      evidence: reason?.evidence ?? update.detail ?? outcomeText(update),
      nextAt: reason && 'nextAt' in reason ? reason.nextAt : undefined,
      person: reason && 'person' in reason ? reason.person : undefined,
      attempt: update.attempt,
      offset: update.offset,
      size: campaign.record.plan.firmware.size,
      failure: update.failure,
      update,
      battery: this.#engine.state.batteryOf(device),
    };
  }

  #reasonFor(place: Place, device: DeviceRecord, now: Instant): WaitReason {
    const view = this.#stepper.views.of(place, device, now);
    const decision = decideDevice(view, now);
    if (decision.type === 'wait' || decision.type === 'skip') return decision.reason;
    const { update } = place;
    // A transfer that a hold has stopped is under way by its state alone.
    if (view.hold && isTransferring(update)) return holdReason(view.hold);
    const nextAt = nextDeadlineIn(place, this.#engine.state) ?? nextContact(device.pattern, now);
    return {
      code: 'IN_PROGRESS',
      evidence: `${update.state}${update.detail === undefined ? '' : ` (${update.detail})`} for ${durationText(now - update.since)}, last contact ${device.lastContactAt === undefined ? 'never' : isoOf(device.lastContactAt)}`,
      nextAt,
    };
  }
}

function outcomeCode({ state, failure, reason }: DeviceUpdate): string {
  return (state === 'failed' ? failure : state === 'skipped' ? reason?.code : undefined) ?? state.toUpperCase();
}

function outcomeText({ state, versionAfter, attempt }: DeviceUpdate): string {
  return state === 'succeeded' ? `runs ${versionAfter ?? 'the expected version'} after attempt ${attempt}` : state;
}
