import { DroverError, type Endpoint, type Instant } from '@drover/kernel';
import {
  operationFrom,
  plainOf,
  ruleAgainst,
  type ObjectModels,
  type OperationOutcome,
  type PlainValue,
  type TypedValue,
} from '@drover/lwm2m';
import type { OperationCommand, OperationReport, OperationResult } from '../../link/operations.ts';
import type { Registered } from '../registry.ts';
import type { Operations, Running } from '../operations.ts';
import type { Performed } from './performance.ts';

export interface OperatorDeskParts {
  readonly operations: Pick<Operations, 'run'>;
  readonly models: ObjectModels;
  readonly clock: () => Instant;
  readonly device: (endpoint: Endpoint) => Registered | undefined;
  readonly tell: (report: OperationReport) => void;
}

/** Observations that people hold, on one device and on all: the endpoint has room for no more than sixteen per device. */
const MAX_PER_DEVICE = 4;
const MAX_OBSERVATIONS = 1000;

interface Held {
  readonly endpoint: Endpoint;
  readonly running: Running;
  observing: boolean;
}

/**
 * Operations that people ask for. The engine has checked and recorded them; what may never be done is looked at again here,
 * at the last door. Observations end with the registration, and nobody makes them again.
 */
export class OperatorDesk {
  readonly #parts: OperatorDeskParts;
  readonly #held = new Map<string, Held>();

  constructor(parts: OperatorDeskParts) {
    this.#parts = parts;
  }

  get held(): number {
    return this.#held.size;
  }

  handle(command: OperationCommand): void {
    if (command.type === 'operate') this.#operate(command);
    else this.#end(command.id);
  }

  /** A device that registers again, or is gone, has forgotten what we observe (Core section 6.4.1). */
  forget(endpoint: Endpoint, why: string): void {
    for (const [id, held] of this.#held) {
      if (held.endpoint !== endpoint || !held.observing) continue;
      this.#held.delete(id);
      held.running.cancel();
      this.#parts.tell({ type: 'operation-notified', id, endpoint, at: this.#parts.clock(), values: [], ended: why });
    }
  }

  #operate(command: Extract<OperationCommand, { type: 'operate' }>): void {
    const { id, endpoint } = command;
    const device = this.#parts.device(endpoint);
    try {
      if (!device) throw new DroverError('DEVICE_UNREGISTERED', 'transport', `${endpoint} is not registered`);
      if (this.#parts.clock() > command.notAfter) throw new DroverError('OPERATION_EXPIRED', 'transport', 'its time has passed');
      this.#perform(command, device);
    } catch (error) {
      if (!(error instanceof DroverError)) throw error;
      this.#tell(id, endpoint, failed(error));
    }
  }

  #perform({ id, endpoint, order }: Extract<OperationCommand, { type: 'operate' }>, device: Registered): void {
    const operation = operationFrom(order, this.#parts.models.for(device.objects));
    const broken = ruleAgainst(operation);
    if (broken) throw new DroverError(broken.code, 'denied', broken.why);
    if (operation.type.startsWith('observe')) this.#requireRoom(endpoint);
    let isOver = false;
    const running = this.#parts.operations.run(device, operation, {
      ended: (performed) => {
        const isObserving = performed.type === 'done' && performed.observing === true;
        const held = this.#held.get(id);
        if (held && isObserving) held.observing = true;
        else {
          isOver = true;
          this.#held.delete(id);
        }
        this.#tell(id, endpoint, this.#resultOf(performed));
      },
      notified: (notification, ended) => this.#notified(id, notification, ended),
    });
    // What fails at once has ended before there is anything to hold.
    if (!isOver) this.#held.set(id, { endpoint, running, observing: false });
  }

  #requireRoom(endpoint: Endpoint): void {
    const observing = [...this.#held.values()].filter((held) => held.observing);
    const there = observing.filter((held) => held.endpoint === endpoint).length;
    if (there >= MAX_PER_DEVICE || observing.length >= MAX_OBSERVATIONS)
      throw new DroverError(
        'TOO_MANY_OBSERVATIONS',
        'conflict',
        `${there} observations of ${endpoint} are open, ${observing.length} of all`,
      );
  }

  #notified(id: string, notification: OperationOutcome, ended: boolean): void {
    const held = this.#held.get(id);
    if (!held) return;
    const isLast = ended || notification.type === 'failed';
    if (isLast) this.#held.delete(id);
    this.#parts.tell({
      type: 'operation-notified',
      id,
      endpoint: held.endpoint,
      at: this.#parts.clock(),
      values: notification.type === 'done' ? this.#plain(notification.values) : [],
      ...(isLast && {
        ended: notification.type === 'failed' ? `${notification.code}: ${notification.meaning}` : 'the device has ended it',
      }),
    });
  }

  #end(id: string): void {
    const held = this.#held.get(id);
    if (!held) return;
    this.#held.delete(id);
    if (held.observing) held.running.endObservation();
    else held.running.cancel();
  }

  #tell(id: string, endpoint: Endpoint, result: OperationResult): void {
    this.#parts.tell({ type: 'operated', id, endpoint, at: this.#parts.clock(), result });
  }

  #resultOf(performed: Performed): OperationResult {
    switch (performed.type) {
      case 'no-answer':
        return performed;
      case 'refused':
        return { type: 'failed', failure: performed.code, kind: 'input', message: performed.why };
      case 'failed':
        return { type: 'failed', failure: performed.failure, kind: performed.kind, message: performed.meaning, answer: performed.code };
      case 'done':
        return { ...performed, values: this.#plain(performed.values) };
    }
  }

  #plain(values: readonly TypedValue[]): PlainValue[] {
    const nowS = Math.floor(this.#parts.clock() / 1000);
    return values.map((value) => plainOf(value, nowS));
  }
}

function failed({ code, kind, message }: DroverError): OperationResult {
  return { type: 'failed', failure: code, kind, message };
}
