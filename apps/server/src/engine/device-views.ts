import { plus, type Instant } from '@drover/kernel';
import type { CampaignSpec } from '@drover/campaign';
import { linkOf, ownLink, spentIn, type TransferLink } from '@drover/schedule';
import type { DeviceView, UpdateRules } from '@drover/rollout';
import type { DeviceRecord } from '@drover/persistence';
import { ledgerKey } from './airtime-follower.ts';
import { appointmentsLeft } from './appointment-means.ts';
import { runningVersion } from './component-versions.ts';
import { dataUseOf } from './data-use.ts';
import type { EngineState, LiveCampaign, Place } from './engine-state.ts';
import { holdOver } from './holds.ts';
import { quarantineText } from './quarantine.ts';
import type { TrustDesk } from './trust-desk.ts';

/** Gathers what a decision about one device needs. Changes nothing. */
export class DeviceViews {
  readonly #state: EngineState;
  readonly #trust: TrustDesk;

  constructor(state: EngineState, trust: TrustDesk) {
    this.#state = state;
    this.#trust = trust;
  }

  isReachable(device: DeviceRecord, now: Instant): boolean {
    const { registration } = device;
    if (!registration || plus(registration.refreshedAt, registration.lifetimeS * 1000) < now) return false;
    return !registration.queueMode || (this.#state.awakeUntil.get(device.endpoint) ?? 0) > now;
  }

  /** The view behind a decision; also what `why` explains, so both always agree. */
  of({ key, campaign, update }: Place, device: DeviceRecord, now: Instant): DeviceView {
    const state = this.#state;
    const deviceClass = state.classes.of(device);
    return {
      update,
      device,
      pattern: device.pattern,
      coverage: device.coverage,
      transfers: device.transfers,
      sleeps: device.registration?.queueMode ?? true,
      spentThisYearMah: spentIn(device.energySpent, now),
      data: dataUseOf({ campaign, update }, device, state, now),
      appointmentsLeft: appointmentsLeft({ campaign, update }, device, state),
      appointment: device.appointment,
      ledgerKey: ledgerKey(update),
      isReachable: this.isReachable(device, now),
      imageBytes: campaign.record.plan.firmware.size,
      life: campaign.record.life,
      spec: this.#specFor(campaign.document.spec, device),
      stages: campaign.record.stages,
      hold: holdOver(state, campaign.record),
      trustRefusal: this.#trust.refusalFor(campaign, device, now),
      running: runningVersion(campaign.document.spec, device),
      quarantine: quarantineText(device),
      resume: {
        byClass: deviceClass?.spec.update?.resume,
        beganAnew: Object.keys(device.beganAnew ?? {}) as ('Pull' | 'Push')[],
      },
      inFlightElsewhere: state.inFlightElsewhere(update.endpoint, key),
      isOutranked: state.isOutranked(campaign),
      ledger: state.ledger,
      deviceClass: deviceClass?.metadata.name,
      model: state.models.cost,
    };
  }

  /** A device that takes smaller blocks takes more airtime: its admission must count on these. */
  #specFor(spec: CampaignSpec, device: DeviceRecord): CampaignSpec {
    const { blockSize } = spec.delivery;
    const preferred = this.#state.classes.blockSize(device, blockSize.preferred);
    return preferred === blockSize.preferred ? spec : { ...spec, delivery: { ...spec.delivery, blockSize: { ...blockSize, preferred } } };
  }

  /** How its blocks go over the air, in the size that its class and the campaign agree on. */
  linkOf({ campaign }: Pick<Place, 'campaign'>, device: DeviceRecord): TransferLink {
    const { preferred } = campaign.document.spec.delivery.blockSize;
    const { classes, models } = this.#state;
    return ownLink(linkOf(device, classes.blockSize(device, preferred)), device.transfers, models.cost);
  }

  rulesOf({ document, record }: LiveCampaign): UpdateRules {
    const { verify, retry, delivery, activation } = document.spec;
    return {
      expectedVersion: verify.expect ?? record.plan.firmware.version,
      retry,
      resume: delivery.resume,
      verify: { afterReregistration: verify.afterReregistration, contacts: verify.stableFor.contacts },
      maximumDefer: activation.maximumDefer,
    };
  }
}
