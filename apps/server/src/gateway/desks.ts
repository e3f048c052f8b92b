import type { Duration, Entropy } from '@drover/kernel';
import { BUILT_IN } from '@drover/lwm2m';
import { monotonicMs } from '@drover/platform';
import { CarrierDesk } from './carrier-desk.ts';
import { CommandDesk } from './command-desk.ts';
import { ContactDesk } from './contact-desk.ts';
import { ConversationParts, type GatewayServices } from './conversation-parts.ts';
import type { DeviceClasses } from './device-classes.ts';
import { DeviceReader } from './device-reader.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { imageUris } from './image-uris.ts';
import { LearnedBlocks } from './learned-blocks.ts';
import { LookDesk } from './look-desk.ts';
import { Operations } from './operations.ts';
import { OperatorDesk } from './operations/operator-desk.ts';
import { Pauses } from './pauses.ts';
import { PullDesk } from './pull-desk.ts';
import { HELD_MS } from './pull-gate.ts';
import { RegistrationHandler } from './registration-handler.ts';
import { RegistrationWatch } from './registration-watch.ts';
import type { Registry } from './registry.ts';
import type { TraceDesk } from './trace/trace-desk.ts';
import type { Wire } from './wire.ts';

/** What all desks stand on. */
export interface DeskParts extends GatewayParts {
  readonly entropy: Entropy;
  readonly registry: Registry;
  readonly classes: DeviceClasses;
  readonly trace: TraceDesk;
  readonly wire: Wire;
}

/** Makes all desks of a gateway, and gives each what it needs of the others; nothing else is done here. */
export class Desks {
  readonly carriers: CarrierDesk;
  readonly operators: OperatorDesk;
  readonly reader: DeviceReader;
  readonly pulls: PullDesk;
  readonly looks: LookDesk;
  readonly commands: CommandDesk;
  readonly contacts: ContactDesk;
  readonly registrations: RegistrationWatch;
  readonly #parts: DeskParts;
  readonly #operations: Operations;
  readonly #pauses = new Pauses();
  readonly #blocks = new LearnedBlocks();

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { registry, entropy, takeover, wire } = parts;
    const guard = wire.secured?.guard;
    const registrations = new RegistrationHandler(registry, entropy, { takeover, guard });
    this.carriers = new CarrierDesk(parts);
    this.#operations = this.#makeOperations();
    this.operators = this.#operatorDesk();
    this.reader = this.#deviceReader();
    this.pulls = this.#pullDesk();
    this.looks = this.#lookDesk();
    this.commands = this.#commandDesk();
    const { operators, reader, commands } = this;
    const coap = wire.coap;
    this.contacts = new ContactDesk({ ...parts, coap, registrations, pauses: this.#pauses, reader, operators, commands, guard });
    this.registrations = new RegistrationWatch({ ...parts, registrations, operators, reader });
  }

  #makeOperations(): Operations {
    const { wire, models, classes } = this.#parts;
    return new Operations(wire.coap, monotonicMs, {
      models,
      classOf: (endpoint) => classes.of(endpoint),
      pauseFor: (endpoint) => this.#pauses.left(endpoint, monotonicMs()),
    });
  }

  #operatorDesk(): OperatorDesk {
    const { models = BUILT_IN, clock, registry, tell } = this.#parts;
    return new OperatorDesk({
      operations: this.#operations,
      models,
      clock: () => clock.now(),
      device: (endpoint) => registry.of(endpoint, clock.now()),
      tell,
    });
  }

  #deviceReader(): DeviceReader {
    const { wire, classes, tell, clock } = this.#parts;
    return new DeviceReader({
      operations: this.#operations,
      tell,
      clock: () => clock.now(),
      versionFrom: ({ endpoint }) => classes.of(endpoint).versionFrom,
      // Poor coverage answers late: a first timeout of three seconds would only send copies over a weak radio.
      covered: ({ peer }, ce) => wire.coap.setCoverage(peer, Math.min(ce, 2) as 0 | 1 | 2, monotonicMs()),
    });
  }

  #pullDesk(): PullDesk {
    const { wire, tell, clock, wake } = this.#parts;
    return new PullDesk({
      coap: wire.coap,
      conversationByToken: (token) => this.commands.conversationByToken(token),
      ownerOf: (token) => this.commands.ownerOf(token),
      refuses: (peer, owner) => wire.secured?.guard.refuses(peer, owner),
      unserved: (endpoint) => tell({ type: 'contact', endpoint, kind: 'pull', at: clock.now(), registration: undefined }),
      wake,
      heldMs: clock.wallMs(HELD_MS as Duration),
    });
  }

  #lookDesk(): LookDesk {
    const { wire, registry, clock, trace, tell } = this.#parts;
    return new LookDesk({
      memory: this.#operations.memory,
      blocks: this.#blocks,
      trace,
      timeoutOf: (endpoint) => {
        const device = registry.of(endpoint, clock.now());
        return device && wire.coap.timeoutOf(device.peer);
      },
      tell,
    });
  }

  #commandDesk(): CommandDesk {
    const services = this.#services();
    return new CommandDesk({
      ...this.#parts,
      tokenGone: (token) => this.pulls.forget(token),
      conversationParts: (endpoint, attempt) => new ConversationParts(services, endpoint, attempt),
    });
  }

  #services(): GatewayServices {
    const { pacer, watch } = this.carriers;
    return {
      ...this.#parts,
      coap: this.#parts.wire.coap,
      operations: this.#operations,
      pacer,
      carriers: watch,
      blocks: this.#blocks,
      uriFor: imageUris(this.#parts),
    };
  }
}
