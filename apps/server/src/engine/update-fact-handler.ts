import { plus, type Instant } from '@drover/kernel';
import { FAILURE_CLASSES, type FailureClass } from '@drover/campaign';
import { nextContact } from '@drover/schedule';
import { holdsCampaign, type DeviceFact } from '@drover/rollout';
import type { DeviceRecord } from '@drover/persistence';
import type { FromGateway, UpdateFact } from '../link/messages.ts';
import { attemptKey } from './attempt.ts';
import type { ContactHandler } from './contact-handler.ts';
import type { DeviceStepper, Place } from './device-stepper.ts';
import type { Engine } from './engine.ts';
import type { RolloutTicker } from './rollout-ticker.ts';

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
      const translated = translate(fact, { device, at });
      if (fact.type !== 'progress') unit.note(device.namespace, endpoint, `gateway:${fact.type}`, fact);
      if (!translated) return;
      const after = this.#stepper.apply(place, translated, unit);
      if (fact.type === 'version-read' && fact.version !== undefined) {
        unit.putDevice({ ...device, facts: { ...device.facts, firmwareVersion: { value: fact.version, at } } });
      }
      this.#holdIfOurFault({ ...place, update: after }, translated);
      if (after.state !== place.update.state) this.#stepper.step(endpoint, unit);
    });
  }

  onRefusedCommand({ endpoint, attempt, command, why }: Extract<FromGateway, { type: 'refused-command' }>): Promise<void> {
    return this.#engine.change((unit) => {
      const place = this.#engine.state.openUpdatesOf(endpoint).find(({ update }) => attemptKey(update) === attempt);
      if (!place) return;
      unit.note(place.update.namespace, endpoint, 'gateway:refused-command', { command, why });
      // An Execute that was not sent leaves the image where it is; the next decision finds it downloaded.
      if (command === 'execute') this.#stepper.apply(place, { type: 'read-back', version: undefined, state: 2, result: 0 }, unit);
      else if (command === 'offer')
        this.#stepper.apply(
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

  #holdIfOurFault({ campaign, update }: Place, fact: DeviceFact): void {
    if (fact.type !== 'failed' || !holdsCampaign(campaign.document.spec.retry, fact.failure)) return;
    this.#ticker.holdStage(campaign, update.stage, `${fact.failure} on ${update.endpoint}: ${fact.why}`);
  }
}

function translate(fact: UpdateFact, { device, at }: { device: DeviceRecord; at: Instant }): DeviceFact | undefined {
  switch (fact.type) {
    case 'download-started':
      return { type: 'download-started', method: fact.method };
    case 'progress':
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
      return { type: 'read-back', version: fact.version, state: fact.state, result: fact.result };
    default:
      return undefined;
  }
}

function failureClass(name: string): FailureClass {
  return (FAILURE_CLASSES as readonly string[]).includes(name) ? (name as FailureClass) : 'Unknown';
}
