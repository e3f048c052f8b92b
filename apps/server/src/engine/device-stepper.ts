import { earliest, Instant, plus, SECOND, type Endpoint, type Json } from '@drover/kernel';
import { textFact } from '@drover/fleet';
import { versionIn, type CampaignSpec } from '@drover/campaign';
import {
  APPOINTMENT_GRACE_MS,
  carrierFor,
  contactEnergyMah,
  installEnergyMah,
  linkOf,
  nextContact,
  ownLink,
  precautionAt,
  radioClass,
  spend,
  spentIn,
  type TransferLink,
  type WaitCode,
  type WaitReason,
} from '@drover/schedule';
import {
  decideDevice,
  isInFlight,
  isSettled,
  next,
  type DeviceDecision,
  type DeviceFact,
  type DeviceView,
  type UpdateRules,
} from '@drover/rollout';
import type { DeviceRecord, UpdateRecord } from '@drover/persistence';
import type { OfferOrder } from '../link/messages.ts';
import { ledgerKey } from './airtime-follower.ts';
import { appointmentsLeft, meansFor, wakeMah } from './appointment-means.ts';
import { appoint, callOff } from './appointments.ts';
import { attemptKey } from './attempt.ts';
import { attemptFinished, draft } from './audit-drafts.ts';
import { dataUseOf } from './data-use.ts';
import { nextDeadlineIn } from './deadlines.ts';
import { runningVersion } from './component-versions.ts';
import type { Engine } from './engine.ts';
import { asNow, type LiveCampaign, type Place } from './engine-state.ts';
import { holdOver } from './holds.ts';
import { offerOrder } from './offer-order.ts';
import { afterOutcome, quarantineText } from './quarantine.ts';
import type { TrustDesk } from './trust-desk.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** A review that nothing else asks for comes at least this often, campaign ms. */
const REVIEW_EVERY = 30 * 60_000;

/** Ended by a contact, or by something that happens to the whole campaign, and every device is looked at then. */
const OF_EVENTS: readonly WaitCode[] = ['ASLEEP', 'STAGE_GATE', 'PROMOTION', 'CAMPAIGN_PAUSED', 'APPROVAL', 'HOLD', 'NOT_BEFORE'];

/** Brings one device one step further: loads what the decision needs, decides, and turns the decision into changes. */
export class DeviceStepper {
  readonly #engine: Engine;
  readonly #trust: TrustDesk;

  constructor(engine: Engine, trust: TrustDesk) {
    this.#engine = engine;
    this.#trust = trust;
  }

  isReachable(device: DeviceRecord, now: Instant): boolean {
    const { registration } = device;
    if (!registration || plus(registration.refreshedAt, registration.lifetimeS * 1000) < now) return false;
    return !registration.queueMode || (this.#engine.state.awakeUntil.get(device.endpoint) ?? 0) > now;
  }

  /** The view behind a decision; also what `why` explains, so both always agree. */
  viewOf({ key, campaign, update }: Place, device: DeviceRecord, now: Instant): DeviceView {
    const { state } = this.#engine;
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
    const preferred = this.#engine.state.classes.blockSize(device, blockSize.preferred);
    return preferred === blockSize.preferred ? spec : { ...spec, delivery: { ...spec.delivery, blockSize: { ...blockSize, preferred } } };
  }

  step(endpoint: Endpoint, unit: UnitOfWork): void {
    const device = this.#engine.state.devices.get(endpoint);
    if (!device) return;
    for (const place of this.#engine.state.openUpdatesOf(endpoint)) {
      const decision = decideDevice(this.viewOf(place, device, unit.now), unit.now);
      this.#act(place, device, decision, unit);
      this.#plan(asNow(place), decision, unit.now);
    }
  }

  /** Moves an update by a fact, and does what follows from the move. Returns what became of it. */
  apply(place: Place, fact: DeviceFact, unit: UnitOfWork): UpdateRecord {
    const before = place.update;
    const moved = next(before, fact, this.rulesOf(place.campaign), unit.now);
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

  #act(place: Place, device: DeviceRecord, decision: DeviceDecision, unit: UnitOfWork): void {
    switch (decision.type) {
      case 'offer':
        return this.#offer(place, device, decision, unit);
      case 'look':
        return this.#look(place, device, decision.reason, unit);
      case 'execute': {
        const energyMah = installEnergyMah(this.linkOf(place, device), this.#engine.state.models.cost);
        const after = this.apply(place, { type: 'execute-permitted', energyMah }, unit);
        if (after.state !== 'installing') return;
        unit.audit(this.#event('execute-committed', after, unit.now, { attempt: after.attempt, notAfter: decision.notAfter ?? null }));
        unit.send({
          type: 'execute',
          attempt: attemptKey(after),
          endpoint: after.endpoint,
          epoch: this.#engine.epoch,
          notAfter: decision.notAfter,
        });
        return;
      }
      case 'stop':
        this.apply(place, { type: 'session-lost', offset: place.update.offset, reason: decision.reason }, unit);
        return;
      case 'cancel':
        this.cancel(place, decision.why, unit);
        return;
      case 'wait':
        return this.#wait(place, device, decision, unit);
      case 'skip':
        this.apply(place, { type: 'must-skip', reason: decision.reason }, unit);
        return;
      default:
        return;
    }
  }

  #wait(place: Place, device: DeviceRecord, { asks, ...decision }: Extract<DeviceDecision, { type: 'wait' }>, unit: UnitOfWork): void {
    const wakes = asks === true && 'nextAt' in decision.reason ? decision.reason.nextAt : undefined;
    const { state } = this.#engine;
    const means = wakes === undefined ? undefined : meansFor(place, device, state);
    if (wakes === undefined || means === undefined) return void this.apply(place, { ...decision, type: 'must-wait' }, unit);
    const mah = wakeMah(this.linkOf(place, device), state.models.cost, means);
    const after = this.apply(place, { ...decision, type: 'must-wait', wakeMah: mah }, unit);
    appoint(after, device, { at: wakes, means }, unit);
  }

  /** Nothing is offered before it is known what would be replaced. */
  #look(place: Place, device: DeviceRecord, reason: WaitReason, unit: UnitOfWork): void {
    const after = this.apply(place, { type: 'look-sent', reason, contactAt: device.pattern?.lastAt ?? unit.now }, unit);
    this.look({ ...place, update: after }, device, unit);
  }

  /** Has the gateway read where the device stands and what it runs, or try once more to cancel; nothing is offered. */
  look(place: Place, device: DeviceRecord, unit: UnitOfWork): void {
    const budget = place.campaign.document.spec.bandwidth.perCell.airtime;
    const phase = place.update.state === 'cancelling' ? 'cancel' : 'install';
    const order = this.orderFor(place, device, { phase, carrier: carrierFor(device).key, budget, notAfter: undefined });
    if (order) unit.send({ type: 'offer', order });
  }

  /** How its blocks go over the air, in the size that its class and the campaign agree on. */
  linkOf({ campaign }: Pick<Place, 'campaign'>, device: DeviceRecord): TransferLink {
    const { preferred } = campaign.document.spec.delivery.blockSize;
    const { classes, models } = this.#engine.state;
    return ownLink(linkOf(device, classes.blockSize(device, preferred)), device.transfers, models.cost);
  }

  cancel(place: Place, why: string, unit: UnitOfWork): void {
    const after = this.apply(place, { type: 'cancel-requested', why }, unit);
    if (after.state !== 'cancelling') return;
    unit.audit(this.#event('cancel-committed', after, unit.now, { attempt: after.attempt, why }));
    unit.send({ type: 'cancel', attempt: attemptKey(after), endpoint: after.endpoint, epoch: this.#engine.epoch });
  }

  #offer(place: Place, device: DeviceRecord, decision: Extract<DeviceDecision, { type: 'offer' }>, unit: UnitOfWork): void {
    const versionBefore = versionIn(runningVersion(place.campaign.document.spec, device));
    const { cost } = this.#engine.state.models;
    const link = this.linkOf(place, device);
    const backAt = this.#backAfterLoss(place, device, { ...decision, link });
    const admitted = { type: 'admitted', versionBefore, energyMah: contactEnergyMah(link, cost), transfer: decision.transfer } as const;
    const after = this.apply(place, { ...admitted, ...(backAt !== undefined && { wakeMah: wakeMah(link, cost) }) }, unit);
    if (after.state !== 'offered') return;
    // Before the transfer begins: once it is cut off the device cannot be asked any more.
    if (backAt !== undefined)
      appoint(after, this.#engine.state.devices.get(after.endpoint) ?? device, { at: backAt, means: 'lifetime', isPrecaution: true }, unit);
    unit.audit(
      this.#event('offer-committed', after, unit.now, {
        attempt: after.attempt,
        session: after.sessions,
        digest: place.campaign.record.plan.firmware.digest,
        carrier: decision.carrier,
        share: Math.round(decision.transfer.share * 1000) / 1000,
        notAfter: decision.notAfter ?? null,
      }),
    );
    const order = this.orderFor({ ...place, update: after }, device, {
      phase: 'transfer',
      carrier: decision.carrier,
      budget: decision.budget,
      notAfter: decision.notAfter,
    });
    if (order) unit.send({ type: 'offer', order });
  }

  /** When a sleeper is asked to come back should its transfer be cut off, if it is worth asking. */
  #backAfterLoss(
    { campaign, update }: Place,
    device: DeviceRecord,
    { transfer, notAfter, link }: Pick<Extract<DeviceDecision, { type: 'offer' }>, 'transfer' | 'notAfter'> & { link: TransferLink },
  ): Instant | undefined {
    const { state } = this.#engine;
    // A device that is disabled cannot take a block.
    if (meansFor({ campaign, update }, device, state) !== 'lifetime') return undefined;
    const end = earliest(notAfter, campaign.document.spec.schedule.deadline?.at);
    const at = precautionAt(transfer.booking, {
      sessionMs: radioClass(link.bearer, link.ce, state.models.cost.radio).sessionS * SECOND,
      endsAt: end ?? Number.POSITIVE_INFINITY,
      wakesAt: (from) => nextContact(device.pattern, Instant(from - 1)),
    });
    return at === undefined ? undefined : Instant(Math.round(at));
  }

  orderFor(
    place: Place,
    device: DeviceRecord,
    more: Pick<OfferOrder, 'phase' | 'carrier' | 'budget' | 'notAfter'>,
  ): OfferOrder | undefined {
    const papers = this.#trust.papersFor(place.campaign.record);
    const { expectedVersion } = this.rulesOf(place.campaign);
    return papers && offerOrder(place, device, { ...more, papers, expectedVersion }, this.#engine);
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
        this.#event('update-skipped', after, unit.now, {
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

  #event(
    type: 'offer-committed' | 'execute-committed' | 'cancel-committed' | 'update-skipped',
    update: UpdateRecord,
    now: Instant,
    details: Json,
  ) {
    return draft(type, now, { namespace: update.namespace, campaign: update.campaign, endpoint: update.endpoint }, details);
  }

  /** When to look at this update again without a contact. */
  #plan(place: Place, decision: DeviceDecision, now: Instant): void {
    const { campaign, update } = place;
    const latest = plus(now, REVIEW_EVERY);
    if (decision.type !== 'wait') return campaign.reviews.plan(update.endpoint, latest);
    const { reason, promise } = decision;
    if (!OF_EVENTS.includes(reason.code))
      return campaign.reviews.plan(
        update.endpoint,
        Instant(Math.max(now + 1, Math.min(latest, 'nextAt' in reason ? reason.nextAt : latest))),
      );
    // Whoever does not come to what was promised gives it back.
    const noShow = promise && Instant(promise.from + APPOINTMENT_GRACE_MS + 1);
    const deadline = earliest(nextDeadlineIn(place, this.#engine.state), noShow);
    if (deadline === undefined) campaign.reviews.cancel(update.endpoint);
    else campaign.reviews.plan(update.endpoint, Instant(Math.max(now + 1, deadline)));
  }
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
