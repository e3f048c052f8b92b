import { earliest, Instant, SECOND, type Endpoint } from '@drover/kernel';
import { versionIn } from '@drover/campaign';
import {
  carrierFor,
  contactEnergyMah,
  installEnergyMah,
  nextContact,
  precautionAt,
  radioClass,
  type TransferLink,
  type WaitReason,
} from '@drover/schedule';
import { decideDevice, type DeviceDecision } from '@drover/rollout';
import type { DeviceRecord } from '@drover/persistence';
import type { OfferOrder } from '../link/messages.ts';
import { meansFor, wakeMah } from './appointment-means.ts';
import { appoint } from './appointments.ts';
import { attemptKey } from './attempt.ts';
import { runningVersion } from './component-versions.ts';
import { DeviceViews } from './device-views.ts';
import type { Engine } from './engine.ts';
import { asNow, type Place } from './engine-state.ts';
import { offerOrder } from './offer-order.ts';
import { planReview } from './review-plan.ts';
import type { TrustDesk } from './trust-desk.ts';
import type { UnitOfWork } from './unit-of-work.ts';
import { updateEvent, UpdateMoves } from './update-moves.ts';

/** Brings one device one step further: loads what the decision needs, decides, and turns the decision into changes. */
export class DeviceStepper {
  readonly views: DeviceViews;
  readonly moves: UpdateMoves;
  readonly #engine: Engine;
  readonly #trust: TrustDesk;

  constructor(engine: Engine, trust: TrustDesk) {
    this.#engine = engine;
    this.#trust = trust;
    this.views = new DeviceViews(engine.state, trust);
    this.moves = new UpdateMoves(engine, this.views);
  }

  step(endpoint: Endpoint, unit: UnitOfWork): void {
    const device = this.#engine.state.devices.get(endpoint);
    if (!device) return;
    for (const place of this.#engine.state.openUpdatesOf(endpoint)) {
      const decision = decideDevice(this.views.of(place, device, unit.now), unit.now);
      this.#act(place, device, decision, unit);
      planReview(asNow(place), decision, this.#engine.state, unit.now);
    }
  }

  #act(place: Place, device: DeviceRecord, decision: DeviceDecision, unit: UnitOfWork): void {
    switch (decision.type) {
      case 'offer':
        return this.#offer(place, device, decision, unit);
      case 'look':
        return this.#look(place, device, decision.reason, unit);
      case 'execute': {
        const energyMah = installEnergyMah(this.views.linkOf(place, device), this.#engine.state.models.cost);
        const after = this.moves.apply(place, { type: 'execute-permitted', energyMah }, unit);
        if (after.state !== 'installing') return;
        unit.audit(updateEvent('execute-committed', after, unit.now, { attempt: after.attempt, notAfter: decision.notAfter ?? null }));
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
        this.moves.apply(place, { type: 'session-lost', offset: place.update.offset, reason: decision.reason }, unit);
        return;
      case 'cancel':
        this.cancel(place, decision.why, unit);
        return;
      case 'wait':
        return this.#wait(place, device, decision, unit);
      case 'skip':
        this.moves.apply(place, { type: 'must-skip', reason: decision.reason }, unit);
        return;
      default:
        return;
    }
  }

  #wait(place: Place, device: DeviceRecord, { asks, ...decision }: Extract<DeviceDecision, { type: 'wait' }>, unit: UnitOfWork): void {
    const wakes = asks === true && 'nextAt' in decision.reason ? decision.reason.nextAt : undefined;
    const { state } = this.#engine;
    const means = wakes === undefined ? undefined : meansFor(place, device, state);
    if (wakes === undefined || means === undefined) return void this.moves.apply(place, { ...decision, type: 'must-wait' }, unit);
    const mah = wakeMah(this.views.linkOf(place, device), state.models.cost, means);
    const after = this.moves.apply(place, { ...decision, type: 'must-wait', wakeMah: mah }, unit);
    appoint(after, device, { at: wakes, means }, unit);
  }

  /** Nothing is offered before it is known what would be replaced. */
  #look(place: Place, device: DeviceRecord, reason: WaitReason, unit: UnitOfWork): void {
    const after = this.moves.apply(place, { type: 'look-sent', reason, contactAt: device.pattern?.lastAt ?? unit.now }, unit);
    this.look({ ...place, update: after }, device, unit);
  }

  /** Has the gateway read where the device stands and what it runs, or try once more to cancel; nothing is offered. */
  look(place: Place, device: DeviceRecord, unit: UnitOfWork): void {
    const budget = place.campaign.document.spec.bandwidth.perCell.airtime;
    const phase = place.update.state === 'cancelling' ? 'cancel' : 'install';
    const order = this.orderFor(place, device, { phase, carrier: carrierFor(device).key, budget, notAfter: undefined });
    if (order) unit.send({ type: 'offer', order });
  }

  cancel(place: Place, why: string, unit: UnitOfWork): void {
    const after = this.moves.apply(place, { type: 'cancel-requested', why }, unit);
    if (after.state !== 'cancelling') return;
    unit.audit(updateEvent('cancel-committed', after, unit.now, { attempt: after.attempt, why }));
    unit.send({ type: 'cancel', attempt: attemptKey(after), endpoint: after.endpoint, epoch: this.#engine.epoch });
  }

  #offer(place: Place, device: DeviceRecord, decision: Extract<DeviceDecision, { type: 'offer' }>, unit: UnitOfWork): void {
    const versionBefore = versionIn(runningVersion(place.campaign.document.spec, device));
    const { cost } = this.#engine.state.models;
    const link = this.views.linkOf(place, device);
    const backAt = this.#backAfterLoss(place, device, { ...decision, link });
    const admitted = { type: 'admitted', versionBefore, energyMah: contactEnergyMah(link, cost), transfer: decision.transfer } as const;
    const after = this.moves.apply(place, { ...admitted, ...(backAt !== undefined && { wakeMah: wakeMah(link, cost) }) }, unit);
    if (after.state !== 'offered') return;
    // Before the transfer begins: once it is cut off the device cannot be asked any more.
    if (backAt !== undefined)
      appoint(after, this.#engine.state.devices.get(after.endpoint) ?? device, { at: backAt, means: 'lifetime', isPrecaution: true }, unit);
    unit.audit(
      updateEvent('offer-committed', after, unit.now, {
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
    const { expectedVersion } = this.views.rulesOf(place.campaign);
    return papers && offerOrder(place, device, { ...more, papers, expectedVersion }, this.#engine);
  }
}
