import { CampaignError, isOver } from '@drover/campaign';
import { isInFlight, isSettled, retried } from '@drover/rollout';
import type { DeviceRecord, UpdateRecord } from '@drover/persistence';
import { draft, type Actor } from './audit-drafts.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Engine } from './engine.ts';
import { keyOf, type LiveCampaign, type Place } from './engine-state.ts';
import { quarantineText, released } from './quarantine.ts';

interface Word {
  readonly reason: string;
  readonly actor: Actor;
}

/** What a person decides about one device of a campaign. Works while the campaign is paused; each is one audit event. */
export class UpdateDesk {
  readonly #engine: Engine;
  readonly #stepper: DeviceStepper;

  constructor(engine: Engine, stepper: DeviceStepper) {
    this.#engine = engine;
    this.#stepper = stepper;
  }

  /** Once more, with a fresh budget. */
  retry(campaign: LiveCampaign, device: DeviceRecord, { reason, actor }: Word): Promise<void> {
    return this.#engine.change((unit) => {
      const place = this.#placeIn(campaign, device);
      const quarantine = quarantineText(device);
      if (quarantine !== undefined) throw refused(place.update, `${quarantine}; release it first`);
      const { update } = place;
      const again = retried(update, `by ${actor.id}: ${reason}`, unit.now);
      if (!again) throw refused(update, 'there is nothing to retry');
      unit.putUpdate({ ...update, ...again });
      const details = { reason, state: update.state, failure: update.failure ?? null, attempt: update.attempt };
      unit.audit(draft('device-retried', unit.now, { ...subjectOf(update), actor }, details));
      unit.note(update.namespace, update.endpoint, 'retry', { campaign: update.campaign, by: actor.id });
      this.#stepper.step(update.endpoint, unit);
    });
  }

  /** Left out from here on; what is under way is cancelled by the protocol. */
  skip(campaign: LiveCampaign, device: DeviceRecord, { reason, actor }: Word): Promise<void> {
    return this.#engine.change((unit) => {
      const place = this.#placeIn(campaign, device);
      const { update } = place;
      if (isSettled(update) || update.state === 'cancelling') throw refused(update, 'there is nothing to skip');
      const why = `by ${actor.id}: ${reason}`;
      unit.audit(draft('device-skipped', unit.now, { ...subjectOf(update), actor }, { reason, state: update.state }));
      if (isInFlight(update)) this.#stepper.cancel(place, why, unit);
      else this.#stepper.moves.apply(place, { type: 'skip-requested', why }, unit);
    });
  }

  /** Ends a quarantine: whatever has failed on the device so far counts no more. */
  release(device: DeviceRecord, { reason, actor }: Word): Promise<void> {
    return this.#engine.change((unit) => {
      if (!device.quarantine) throw new CampaignError('TRANSITION_REFUSED', `${device.endpoint} is in no quarantine`);
      const { namespace, endpoint, quarantine } = device;
      unit.putDevice(released(device));
      unit.audit(draft('device-released', unit.now, { namespace, endpoint, actor }, { reason, campaigns: quarantine.campaigns }));
      this.#stepper.step(endpoint, unit);
    });
  }

  #placeIn(campaign: LiveCampaign, device: DeviceRecord): Place {
    const { record } = campaign;
    const update = campaign.updates.get(device.endpoint);
    if (!update) throw new CampaignError('UPDATE_NOT_FOUND', `campaign ${record.name} does not have ${device.endpoint}`);
    if (isOver(record.life) || record.life.phase === 'aborting')
      throw new CampaignError('TRANSITION_REFUSED', `campaign ${record.name} is ${record.life.phase}: its devices stay as they are`);
    return { key: keyOf(record.namespace, record.name), campaign, update };
  }
}

function subjectOf({ namespace, campaign, endpoint }: UpdateRecord) {
  return { namespace, campaign, endpoint };
}

function refused({ endpoint, campaign, state }: UpdateRecord, why: string): CampaignError {
  return new CampaignError('TRANSITION_REFUSED', `${endpoint} is ${state} in campaign ${campaign}: ${why}`);
}
