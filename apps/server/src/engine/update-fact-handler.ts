import { plus, type Instant } from '@drover/kernel';
import { FAILURE_CLASSES, type FailureClass } from '@drover/campaign';
import { hasDataCap, measuredEnergyMah, measuredVolume, nextContact, type CostModel, type TransferLink } from '@drover/schedule';
import { holdsCampaign, type DeviceFact } from '@drover/rollout';
import type { DeviceRecord } from '@drover/persistence';
import type { FromGateway, UpdateFact } from '../link/messages.ts';
import { attemptKey } from './attempt.ts';
import { learnBlocks } from './block-learner.ts';
import { withVersionRead } from './component-versions.ts';
import type { ContactHandler } from './contact-handler.ts';
import type { DeviceStepper } from './device-stepper.ts';
import type { Place } from './engine-state.ts';
import type { Engine } from './engine.ts';
import type { RolloutTicker } from './rollout-ticker.ts';
import type { UnitOfWork } from './unit-of-work.ts';

type UpdateMessage = Extract<FromGateway, { type: 'update' }>;

/** Translates what a conversation learnt into facts about the update; a fact of another attempt is dropped. */
export class UpdateFactHandler {
  readonly #engine: Engine;
  readonly #stepper: DeviceStepper;
  readonly #contacts: ContactHandler;
  readonly #ticker: RolloutTicker;

  constructor(parts: { engine: Engine; stepper: DeviceStepper; contacts: ContactHandler; ticker: RolloutTicker }) {
    this.#engine = parts.engine;
    this.#stepper = parts.stepper;
    this.#contacts = parts.contacts;
    this.#ticker = parts.ticker;
  }

  onUpdate({ endpoint, attempt, at, fact }: UpdateMessage): Promise<void> {
    return this.#engine.change((unit) => {
      const place = this.#engine.state.openUpdatesOf(endpoint).find(({ update }) => attemptKey(update) === attempt);
      const device = this.#engine.state.devices.get(endpoint);
      if (!place || !device) return;
      if (fact.type !== 'session-lost') this.#contacts.stayAwake(endpoint, at);
      if (fact.type === 'blocks-seen') return learnBlocks(place, fact, at, { state: this.#engine.state, unit });
      const link = this.#stepper.views.linkOf(place, device);
      const translated = translate(fact, { device, at, link, model: this.#engine.state.models.cost });
      if (fact.type === 'began-anew') this.#learnBeganAnew(place, device, unit);
      if (fact.type !== 'progress') unit.note(device.namespace, endpoint, `gateway:${fact.type}`, fact);
      if (!translated) return;
      const after = this.#stepper.moves.apply(place, translated, unit);
      if (fact.type === 'version-read') this.#learnVersion(place, fact, at, unit);
      this.#holdIfOurFault({ ...place, update: after }, translated);
      // A look that was asked for before the offer changes no state: what waits for it goes on. Progress may use up a cap on data.
      const mayChange =
        fact.type === 'version-read' || (fact.type === 'progress' && hasDataCap(place.campaign.document.spec.bandwidth.dataCap));
      if (after.state !== place.update.state || mayChange) this.#stepper.step(endpoint, unit);
    });
  }

  onRefusedCommand({ endpoint, attempt, command, why }: Extract<FromGateway, { type: 'refused-command' }>): Promise<void> {
    return this.#engine.change((unit) => {
      const place = this.#engine.state.openUpdatesOf(endpoint).find(({ update }) => attemptKey(update) === attempt);
      if (!place) return;
      unit.note(place.update.namespace, endpoint, 'gateway:refused-command', { command, why });
      // An Execute that was not sent leaves the image where it is; the next decision finds it downloaded.
      if (command === 'execute') this.#stepper.moves.apply(place, { type: 'execute-not-sent' }, unit);
      else if (command === 'offer')
        this.#stepper.moves.apply(
          place,
          {
            type: 'session-lost',
            offset: place.update.offset,
            reason: { code: 'WINDOW_CLOSED', evidence: why, nextAt: plus(unit.now, 60_000) },
          },
          unit,
        );
    });
  }

  /** It had part of the image and began at byte 0 all the same: its next transfers must fit whole. */
  #learnBeganAnew({ update }: Place, device: DeviceRecord, unit: UnitOfWork): void {
    if (update.method === undefined || device.beganAnew?.[update.method] !== undefined) return;
    unit.putDevice({ ...device, beganAnew: { ...device.beganAnew, [update.method]: unit.now } });
  }

  #learnVersion({ campaign, update }: Place, fact: Extract<UpdateFact, { type: 'version-read' }>, at: Instant, unit: UnitOfWork): void {
    const device = this.#engine.state.devices.get(update.endpoint);
    if (device) unit.putDevice(withVersionRead(device, campaign.document.spec, fact, at));
  }

  #holdIfOurFault({ campaign, update }: Place, fact: DeviceFact): void {
    if (fact.type !== 'failed' || !holdsCampaign(campaign.document.spec.retry, fact.failure)) return;
    void this.#ticker.holdStage(campaign, update.stage, `${fact.failure} on ${update.endpoint}: ${fact.why}`);
  }
}

interface Heard {
  readonly device: DeviceRecord;
  readonly at: Instant;
  readonly link: TransferLink;
  readonly model: CostModel;
}

function translate(fact: UpdateFact, { device, at, link, model }: Heard): DeviceFact | undefined {
  const contactAt = device.pattern?.lastAt ?? at;
  switch (fact.type) {
    case 'download-started':
      return { type: 'download-started', method: fact.method };
    case 'progress':
      return { ...fact, energyMah: measuredEnergyMah(fact, link, model), volume: measuredVolume(fact, model) };
    case 'began-anew':
      return { type: 'began-anew' };
    case 'cancel-refused':
      return { type: 'cancel-refused', contactAt };
    case 'download-finished':
    case 'install-started':
    case 'cancelled':
      return fact;
    case 'session-lost':
      return {
        type: 'session-lost',
        offset: fact.offset,
        reason: { code: 'ASLEEP', evidence: `the transfer stopped at byte ${fact.offset}`, nextAt: nextContact(device.pattern, at) },
      };
    case 'refused':
    case 'failed':
      return { type: 'failed', failure: failureClass(fact.class), why: fact.why };
    case 'state':
      return { type: 'read-back', version: undefined, state: fact.state, result: fact.result };
    case 'version-read':
      return { type: 'read-back', version: fact.version, state: fact.state, result: fact.result, contactAt };
    default:
      return undefined;
  }
}

function failureClass(name: string): FailureClass {
  return (FAILURE_CLASSES as readonly string[]).includes(name) ? (name as FailureClass) : 'Unknown';
}
