import { BlockAssembly, type RequestHandle } from '@drover/coap';
import {
  BUILT_IN,
  FormatMemory,
  LIMITS,
  type DeviceOperation,
  type ObjectModels,
  type Operation as FirmwareOperation,
  type ResourceValue,
} from '@drover/lwm2m';
import { NO_CLASS } from './device-classes.ts';
import { CompositeRead } from './operations/composite-read.ts';
import type { Requester } from './operations/exchange.ts';
import { Performance, type PerformanceListener, type PerformanceParts, type Performed } from './operations/performance.ts';
import type { Registered } from './registry.ts';

export type { Correlated } from './operations/exchange.ts';

/** One LwM2M operation on a device, by path. */
export type Operation = DeviceOperation | FirmwareOperation;

/** An answer by its code, for whoever decides by codes. */
export type Outcome =
  { readonly type: 'answer'; readonly code: string; readonly values: readonly ResourceValue[] } | { readonly type: 'no-answer' };

export interface OperationListener {
  readonly done: (outcome: Outcome) => void;
  readonly notified?: (values: readonly ResourceValue[]) => void;
}

/** Something that is being done on a device, and can be given up. */
export interface Running {
  cancel(): void;
  /** Tells the device that its notifications are not wanted any more. */
  endObservation(): void;
}

export interface OperationsSettings {
  readonly models?: ObjectModels;
  /** How long a composite request may stay without its answer, protocol ms. */
  readonly compositeWaitMs?: number;
  readonly classOf?: PerformanceParts['classOf'];
  readonly pauseFor?: PerformanceParts['pauseFor'];
}

/** Turns operations into requests and their answers into values, in whatever format a device speaks and answers. */
export class Operations {
  readonly #parts: PerformanceParts;

  constructor(coap: Requester, now: () => number, settings: OperationsSettings = {}) {
    const { models = BUILT_IN, compositeWaitMs, classOf = () => NO_CLASS, pauseFor = () => 0 } = settings;
    const bodies = new BlockAssembly({ maxBodyBytes: LIMITS.bytes });
    this.#parts = { coap, now, models, bodies, compositeWaitMs, classOf, pauseFor, memory: new FormatMemory() };
  }

  /** What it came to, with names, types and meanings. */
  run(device: Registered, operation: DeviceOperation, listener: PerformanceListener): Running {
    if (operation.type === 'read-composite') {
      const reading = new CompositeRead(this.#parts, device, operation.paths, listener);
      reading.start();
      return { cancel: () => reading.cancel(), endObservation: () => reading.cancel() };
    }
    const performance = new Performance(this.#parts, device, operation, listener);
    performance.start();
    return performance;
  }

  perform(device: Registered, operation: Operation, listener: OperationListener): RequestHandle {
    const performance = new Performance(this.#parts, device, operation, {
      ended: (performed) => listener.done(outcomeOf(performed)),
      notified: (notification) => listener.notified?.(notification.type === 'done' ? notification.values : []),
    });
    performance.start();
    return performance;
  }

  /** Formats that devices have shown to like, and whether they answer composite requests. */
  get memory(): FormatMemory {
    return this.#parts.memory;
  }

  cancel(handle: RequestHandle): void {
    if (handle instanceof Performance) handle.cancel();
  }
}

/** An answer that cannot be read is an answer all the same: the device is awake and does not speak our language. */
function outcomeOf(performed: Performed): Outcome {
  switch (performed.type) {
    case 'no-answer':
      return performed;
    case 'refused':
      return { type: 'answer', code: '4.00', values: [] };
    case 'failed':
      return { type: 'answer', code: performed.failure === 'ANSWER_UNREADABLE' ? '5.00' : performed.code, values: [] };
    case 'done':
      return { type: 'answer', code: performed.code, values: performed.values };
  }
}
