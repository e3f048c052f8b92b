import { plus, type Endpoint, type Instant, type Json } from '@drover/kernel';
import { textFact } from '@drover/fleet';
import type { CampaignSpec } from '@drover/campaign';
import { blockCost, linkOf, type Ledger, type TransferCost } from '@drover/schedule';
import { decideDevice, isSettled, next, type DeviceDecision, type DeviceFact, type DeviceView, type UpdateRules } from '@drover/rollout';
import type { DeviceRecord, UpdateRecord } from '@drover/persistence';
import type { OfferOrder } from '../link/messages.ts';
import { attemptKey, pullToken } from './attempt.ts';
import { attemptFinished, draft } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import type { LiveCampaign } from './engine-state.ts';
import { holdOver } from './holds.ts';
import type { TrustDesk } from './trust-desk.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** A review that nothing else asks for comes at least this often, campaign ms. */
const REVIEW_EVERY = 30 * 60_000;

export interface Place {
  readonly key: string;
  readonly campaign: LiveCampaign;
  readonly update: UpdateRecord;
}

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
    return {
      update,
      device,
      pattern: device.pattern,
      isReachable: this.isReachable(device, now),
      imageBytes: campaign.record.plan.firmware.size,
      life: campaign.record.life,
      spec: this.#specFor(campaign.document.spec, device),
      stages: campaign.record.stages,
      hold: holdOver(state, campaign.record),
      trustRefusal: this.#trust.refusalFor(campaign.record, device, now),
      inFlightElsewhere: state.inFlightElsewhere(update.endpoint, key),
      ledger: state.ledger,
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
      this.#plan(place, decision, unit.now);
    }
  }

  /** Moves an update by a fact, and does what follows from the move. Returns what became of it. */
  apply(place: Place, fact: DeviceFact, unit: UnitOfWork): UpdateRecord {
    const before = place.update;
    const moved = next(before, fact, this.rulesOf(place.campaign), unit.now);
    if (!moved) return before;
    const after: UpdateRecord = { ...moved, namespace: before.namespace };
    unit.putUpdate(after);
    this.#afterMove(place, before, after, unit);
    return after;
  }

  rulesOf({ document, record }: LiveCampaign): UpdateRules {
    return { expectedVersion: document.spec.verify.expect ?? record.plan.firmware.version, retry: document.spec.retry };
  }

  #act(place: Place, device: DeviceRecord, decision: DeviceDecision, unit: UnitOfWork): void {
    switch (decision.type) {
      case 'offer':
        return this.#offer(place, device, decision, unit);
      case 'execute': {
        const after = this.apply(place, { type: 'execute-permitted' }, unit);
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
      case 'cancel':
        this.cancel(place, decision.why, unit);
        return;
      case 'wait':
        this.apply(place, { type: 'must-wait', reason: decision.reason }, unit);
        return;
      case 'skip':
        this.apply(place, { type: 'must-skip', reason: decision.reason }, unit);
        return;
      default:
        return;
    }
  }

  cancel(place: Place, why: string, unit: UnitOfWork): void {
    const after = this.apply(place, { type: 'cancel-requested', why }, unit);
    if (after.state !== 'cancelling') return;
    unit.audit(this.#event('cancel-committed', after, unit.now, { attempt: after.attempt, why }));
    unit.send({ type: 'cancel', attempt: attemptKey(after), endpoint: after.endpoint, epoch: this.#engine.epoch });
  }

  #offer(place: Place, device: DeviceRecord, decision: Extract<DeviceDecision, { type: 'offer' }>, unit: UnitOfWork): void {
    const versionBefore = textFact(device, 'firmwareVersion');
    const admitted = this.apply(place, { type: 'admitted', versionBefore }, unit);
    if (admitted.state !== 'offered') return;
    const after = { ...admitted, energyMah: admitted.energyMah + decision.cost.energyMah };
    unit.putUpdate(after);
    holdShare(this.#engine.state.ledger, after, decision);
    unit.audit(
      this.#event('offer-committed', after, unit.now, {
        attempt: after.attempt,
        session: after.sessions,
        digest: place.campaign.record.plan.firmware.digest,
        carrier: decision.carrier,
        share: Math.round(decision.cost.share * 1000) / 1000,
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

  /** What the gateway must know to start, or after a restart to go on with, this update. */
  orderFor(
    { campaign, update }: Place,
    device: DeviceRecord,
    more: Pick<OfferOrder, 'phase' | 'carrier' | 'budget' | 'notAfter'>,
  ): OfferOrder | undefined {
    const { spec } = campaign.document;
    const { firmware } = campaign.record.plan;
    const papers = this.#trust.papersFor(campaign.record);
    if (!papers) return undefined;
    const blockSize = this.#engine.state.classes.blockSize(device, spec.delivery.blockSize.preferred);
    const block = blockCost(linkOf(device, blockSize));
    return {
      ...more,
      attempt: attemptKey(update),
      endpoint: update.endpoint,
      epoch: this.#engine.epoch,
      method: spec.delivery.method,
      digest: firmware.digest,
      size: firmware.size,
      expectedVersion: this.rulesOf(campaign).expectedVersion,
      offset: update.offset,
      pullToken: pullToken(this.#engine.secrets.pull, update.endpoint, firmware.digest),
      blockSize,
      minBlockSize: spec.delivery.blockSize.min,
      inactivityMs: spec.delivery.inactivityTimeout,
      share: block.share,
      blockMs: block.duration,
      ...papers,
      device: { model: textFact(device, 'model'), version: textFact(device, 'firmwareVersion') },
      target: { object: 'Firmware', instance: 0, component: firmware.name },
      protocols: { order: ['coap'], tryNext: true },
      activation: { automaticUpgrade: 'Off', severity: undefined, maximumDeferS: undefined },
      versionFrom: [],
      keepAwakeMs: 0,
      watchBattery: false,
    };
  }

  #afterMove({ campaign }: Place, before: UpdateRecord, after: UpdateRecord, unit: UnitOfWork): void {
    const transferred = before.state === 'offered' || before.state === 'downloading';
    if (transferred && after.state !== 'offered' && after.state !== 'downloading') this.#engine.state.ledger.release(ledgerKey(before));
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
    } else if (after.state === 'waiting' && transferred) {
      unit.send({ type: 'drop', attempt: attemptKey(before), endpoint: before.endpoint, epoch: this.#engine.epoch });
    }
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
  #plan({ key, update }: Place, decision: DeviceDecision, now: Instant): void {
    const at = decision.type === 'wait' && 'nextAt' in decision.reason ? decision.reason.nextAt : plus(now, REVIEW_EVERY);
    this.#engine.state.reviews.get(key)?.set(update.endpoint, Math.max(Math.min(at, plus(now, REVIEW_EVERY)), now + 1) as Instant);
  }
}

/** What a transfer takes of its carrier, until it is released. */
export function holdShare(ledger: Ledger, update: UpdateRecord, { carrier, cost }: { carrier: string; cost: TransferCost }): void {
  const bytesPerSecond = (cost.bytesOnAir * 1000) / Math.max(cost.duration, 1);
  ledger.hold(ledgerKey(update), { carrier, share: cost.share, bytesPerSecond, campaign: update.campaign });
}

export function ledgerKey(update: UpdateRecord): string {
  return `${update.namespace}/${update.campaign}/${update.endpoint}`;
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
