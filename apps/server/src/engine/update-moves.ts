import type { Instant, Json } from '@drover/kernel';
import { textFact } from '@drover/fleet';
import { spend } from '@drover/schedule';
import { isInFlight, isSettled, next, type DeviceFact } from '@drover/rollout';
import type { UpdateRecord } from '@drover/persistence';
import { callOff } from './appointments.ts';
import { attemptKey } from './attempt.ts';
import { attemptFinished, draft } from './audit-drafts.ts';
import type { DeviceViews } from './device-views.ts';
import type { Engine } from './engine.ts';
import type { LiveCampaign, Place } from './engine-state.ts';
import { afterOutcome } from './quarantine.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** Moves updates, and does what follows from a move: charge, volume, evidence, and a gateway that may forget. */
export class UpdateMoves {
  readonly #engine: Engine;
  readonly #views: DeviceViews;

  constructor(engine: Engine, views: DeviceViews) {
    this.#engine = engine;
    this.#views = views;
  }

  /** Moves an update by a fact, and does what follows from the move. Returns what became of it. */
  apply(place: Place, fact: DeviceFact, unit: UnitOfWork): UpdateRecord {
    const before = place.update;
    const moved = next(before, fact, this.#views.rulesOf(place.campaign), unit.now);
    if (!moved) return before;
    const after = this.#charged(before, { ...before, ...moved }, unit);
    unit.putUpdate(after);
    this.#countVolume(before, after, unit);
    this.#afterMove(place, before, after, unit);
    return after;
  }

  /** What a battery has given is written to the device whenever its update moves on: it counts in every campaign of the year. */
  #charged(before: UpdateRecord, after: UpdateRecord, unit: UnitOfWork): UpdateRecord {
    const mah = after.energyMah - (after.chargedMah ?? 0);
    if (before.state === after.state || mah <= 0) return after;
    const device = this.#engine.state.devices.get(after.endpoint);
    if (device) unit.putDevice({ ...device, energySpent: spend(device.energySpent, mah, unit.now) });
    return { ...after, chargedMah: after.energyMah, spentMah: (after.spentMah ?? 0) + mah };
  }

  /** What has gone over the air on a SIM counts in its pool, in the same commit. */
  #countVolume({ endpoint, volume: before = 0 }: UpdateRecord, { volume = 0 }: UpdateRecord, unit: UnitOfWork): void {
    if (volume <= before) return;
    const device = this.#engine.state.devices.get(endpoint);
    const pool = device && textFact(device, 'sim.pool');
    if (pool !== undefined) unit.addPoolVolume(pool, volume - before);
  }

  #afterMove({ campaign }: Place, before: UpdateRecord, after: UpdateRecord, unit: UnitOfWork): void {
    if (before.attempt > 0 && isSettled(after)) this.#judgeDevice(campaign, after, unit);
    const device = after.state === 'downloaded' ? this.#engine.state.devices.get(after.endpoint) : undefined;
    if (device) callOff(device, unit);
    if (before.state !== after.state) unit.note(after.namespace, after.endpoint, after.state, noteOf(after));
    const failedAgain = before.failures !== after.failures;
    if (before.attempt > 0 && (isSettled(after) || (after.state === 'waiting' && failedAgain))) {
      const { firmware } = campaign.record.plan;
      const uploadedBy = this.#engine.state.firmwareOf(after.namespace, firmware.name, firmware.version)?.pushedBy ?? 'unknown';
      unit.audit(
        attemptFinished(
          after,
          unit.now,
          { digest: firmware.digest, version: firmware.version, uploadedBy },
          after.state === 'succeeded' ? 'success' : 'failure',
        ),
      );
      unit.send({ type: 'drop', attempt: attemptKey(before), endpoint: before.endpoint, epoch: this.#engine.epoch });
      if (isSettled(after)) unit.send({ type: 'forget', endpoint: after.endpoint });
    } else if (isSettled(after)) {
      unit.audit(
        updateEvent('update-skipped', after, unit.now, {
          state: after.state,
          reason: after.reason?.code ?? null,
          detail: after.detail ?? null,
        }),
      );
    } else if (isInFlight(before) && !isInFlight(after)) {
      unit.send({ type: 'drop', attempt: attemptKey(before), endpoint: before.endpoint, epoch: this.#engine.epoch });
    }
  }

  /** What this outcome means for whatever else is planned for the device. */
  #judgeDevice({ document }: LiveCampaign, update: UpdateRecord, unit: UnitOfWork): void {
    const device = this.#engine.state.devices.get(update.endpoint);
    const judged = device && afterOutcome(device, update, { quarantineAfter: document.spec.retry.quarantineAfter, now: unit.now });
    if (!judged || judged === device) return;
    unit.putDevice(judged);
    if (judged.quarantine === device.quarantine) return;
    const subject = { namespace: update.namespace, campaign: update.campaign, endpoint: update.endpoint };
    unit.audit(draft('device-quarantined', unit.now, subject, { failures: judged.quarantine?.campaigns ?? [] }));
  }
}

/** Of one update. */
export function updateEvent(
  type: 'offer-committed' | 'execute-committed' | 'cancel-committed' | 'update-skipped',
  { namespace, campaign, endpoint }: UpdateRecord,
  now: Instant,
  details: Json,
) {
  return draft(type, now, { namespace, campaign, endpoint }, details);
}

function noteOf(update: UpdateRecord): Json {
  return {
    campaign: update.campaign,
    attempt: update.attempt,
    offset: update.offset,
    failure: update.failure ?? null,
    detail: update.detail ?? null,
    reason: update.reason?.code ?? null,
  };
}
