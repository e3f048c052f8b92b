import type { Endpoint } from '@drover/kernel';
import type { CoapTransport } from '@drover/coap';
import type { CampaignClock } from '@drover/platform';
import type { ClassSetting } from '../link/device-classes.ts';
import type { AttemptKey, FromGateway, UpdateFact } from '../link/messages.ts';
import type { CarrierWatch } from './carrier-watch.ts';
import type { DeviceClasses } from './device-classes.ts';
import type { FactValues } from './facts-of-values.ts';
import type { UriFor } from './firmware-order.ts';
import type { LearnedBlocks } from './learned-blocks.ts';
import type { Operations } from './operations.ts';
import type { Pacer } from './pacer.ts';
import type { Registered, Registry } from './registry.ts';

/** What all conversations share. */
export interface GatewayServices {
  readonly coap: CoapTransport;
  readonly operations: Operations;
  readonly pacer: Pacer;
  readonly carriers: CarrierWatch;
  readonly clock: CampaignClock;
  readonly registry: Registry;
  readonly classes: DeviceClasses;
  readonly blocks: LearnedBlocks;
  /** Of devices whose class says nothing else. */
  readonly awakeMs: number;
  readonly uriFor: UriFor;
  readonly tell: (message: FromGateway) => void;
}

/** What one conversation has to do with the rest of the gateway. Two references and two names: there may be a fleet of them. */
export class ConversationParts {
  readonly #services: GatewayServices;
  readonly #endpoint: Endpoint;
  readonly #attempt: AttemptKey;

  constructor(services: GatewayServices, endpoint: Endpoint, attempt: AttemptKey) {
    this.#services = services;
    this.#endpoint = endpoint;
    this.#attempt = attempt;
  }

  get coap(): CoapTransport {
    return this.#services.coap;
  }

  get operations(): Operations {
    return this.#services.operations;
  }

  get pacer(): Pacer {
    return this.#services.pacer;
  }

  get carriers(): CarrierWatch {
    return this.#services.carriers;
  }

  get clock(): CampaignClock {
    return this.#services.clock;
  }

  get awakeMs(): number {
    return this.classOf().awakeMs ?? this.#services.awakeMs;
  }

  get uriFor(): UriFor {
    return this.#services.uriFor;
  }

  /** What is configured for this kind of device, now. */
  classOf(): ClassSetting {
    return this.#services.classes.of(this.#endpoint);
  }

  device(): Registered | undefined {
    return this.#services.registry.of(this.#endpoint, this.clock.now());
  }

  /** The device has answered something since it registered where it is now. */
  isConfirmed(): boolean {
    return this.#services.registry.isConfirmed(this.#endpoint);
  }

  /** The device asked for blocks of this size, and larger ones were offered. */
  noteBlockSize(bytes: number): void {
    this.#services.blocks.note(this.#endpoint, bytes);
  }

  emit(fact: UpdateFact): void {
    this.#services.tell({ type: 'update', endpoint: this.#endpoint, attempt: this.#attempt, at: this.clock.now(), fact });
  }

  /** Something about the device itself, learnt on the way. */
  learnt(facts: FactValues): void {
    this.#services.tell({ type: 'facts', endpoint: this.#endpoint, at: this.clock.now(), facts });
  }

  /** An Execute that was allowed, and not sent. */
  refuseExecute(why: string): void {
    const [endpoint, attempt] = [this.#endpoint, this.#attempt];
    this.#services.tell({ type: 'refused-command', endpoint, attempt, at: this.clock.now(), command: 'execute', why });
  }
}
