import type { Clock } from '@drover/kernel';
import type { Changes, Urgency } from '@drover/persistence';
import type { AuditDraft } from '@drover/audit';
import type { Logger } from '@drover/platform';
import type { EngineLink } from '../link/link.ts';
import type { LookCommand } from '../link/looks.ts';
import type { ToGateway } from '../link/messages.ts';
import type { EngineState } from './engine-state.ts';
import { UnitOfWork } from './unit-of-work.ts';

type Question = Extract<LookCommand, { type: 'look' }>;

/** The one writer, as the engine sees it. */
export abstract class ChangeWriter {
  abstract commit(changes: Changes, events: readonly AuditDraft[], urgency?: Urgency): Promise<void>;
}

export interface EngineSecrets {
  readonly pull: Uint8Array;
}

/** What every part of the engine works with. One pattern for all: change, commit, then act. */
export class Engine {
  readonly state: EngineState;
  readonly clock: Clock;
  readonly log: Logger;
  readonly epoch: number;
  readonly secrets: EngineSecrets;
  readonly #writer: ChangeWriter;
  readonly #link: EngineLink;

  constructor(parts: {
    state: EngineState;
    clock: Clock;
    log: Logger;
    epoch: number;
    secrets: EngineSecrets;
    writer: ChangeWriter;
    link: EngineLink;
  }) {
    this.state = parts.state;
    this.clock = parts.clock;
    this.log = parts.log;
    this.epoch = parts.epoch;
    this.secrets = parts.secrets;
    this.#writer = parts.writer;
    this.#link = parts.link;
  }

  /**
   * Runs `decide` at once, queues what it changed for the writer, and sends its messages after the commit: an intent
   * is durable before a byte leaves. Resolves when it is; contacts and progress that nothing follows from may take a moment.
   */
  async change<T>(decide: (unit: UnitOfWork) => T): Promise<T> {
    const unit = new UnitOfWork(this.state, this.clock.now());
    const result = decide(unit);
    if (!unit.isEmpty) await this.#writer.commit(unit.changes, unit.events, unit.urgency);
    for (const message of unit.messages) this.#link.send(message);
    return result;
  }

  /** At once, of what is on the disk already. */
  tell(message: ToGateway): void {
    this.#link.send(message);
  }

  /** At once: a question changes nothing, so nothing has to be on the disk before it. */
  ask(question: Question): void {
    this.#link.send(question);
  }
}
