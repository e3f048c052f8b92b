import { codeText, type IncomingResponse, type RequestHandle } from '@drover/coap';
import {
  anotherFormatMayHelp,
  idsOf,
  operationOutcome,
  operationRequest,
  pathOf,
  type DeviceOperation,
  type FormatChoice,
  type FormatMemory,
  type FormatUse,
  type ObjectModels,
  type OperationOutcome,
  type OperationRefused,
  type OperationRequest,
} from '@drover/lwm2m';
import type { Endpoint } from '@drover/kernel';
import type { ClassSetting } from '../../link/device-classes.ts';
import type { Registered } from '../registry.ts';
import { Exchange, type ExchangeEnd, type ExchangeParts } from './exchange.ts';

/** What an operation came to. `observing`: the device will tell of changes. */
export type Performed = (OperationOutcome & { readonly observing?: boolean }) | OperationRefused | { readonly type: 'no-answer' };

export interface PerformanceListener {
  readonly ended: (performed: Performed) => void;
  readonly notified?: (notification: OperationOutcome, ended: boolean) => void;
}

export interface PerformanceParts extends ExchangeParts {
  readonly models: ObjectModels;
  readonly memory: FormatMemory;
  readonly compositeWaitMs?: number;
  /** What is configured for a kind of device: it counts before what was learned. */
  readonly classOf: (endpoint: Endpoint) => ClassSetting;
  /** Real ms that a device wants to be left alone for now. */
  readonly pauseFor: (endpoint: Endpoint) => number;
}

/** Some stacks acknowledge a composite request and never answer it: a sleeper must be left time for single reads. */
const COMPOSITE_WAIT_MS = 20_000;

/** `Model Number`: devices of one model speak alike. */
const MODEL_NUMBER = '/3/0/1';

/** One operation on one device: its request, and where the device refuses a format, the next one. */
export class Performance implements RequestHandle {
  readonly #parts: PerformanceParts;
  readonly #device: Registered;
  readonly #operation: DeviceOperation;
  readonly #listener: PerformanceListener;
  readonly #models: ObjectModels;
  readonly #refused: FormatChoice[] = [];
  #exchange: Exchange | undefined;
  #pause: NodeJS.Timeout | undefined;

  constructor(parts: PerformanceParts, device: Registered, operation: DeviceOperation, listener: PerformanceListener) {
    this.#parts = parts;
    this.#device = device;
    this.#operation = operation;
    this.#listener = listener;
    this.#models = parts.models.for(device.objects);
  }

  get peer(): string {
    return this.#device.peer;
  }

  get correlation(): undefined {
    return undefined;
  }

  start(): void {
    const pauseMs = this.#parts.pauseFor(this.#device.endpoint);
    if (pauseMs <= 0) this.#begin();
    else this.#pause = setTimeout(() => this.#begin(), pauseMs);
  }

  #begin(): void {
    const request = this.#request();
    if (request.type === 'refused') return this.#listener.ended(request);
    this.#send(request);
  }

  cancel(): void {
    clearTimeout(this.#pause);
    this.#exchange?.cancel();
  }

  endObservation(): void {
    clearTimeout(this.#pause);
    this.#exchange?.endObservation();
  }

  get #use(): FormatUse {
    const { type } = this.#operation;
    if (type.endsWith('-composite')) return 'composite';
    const isOne = idsOf(pathOf(this.#operation)).length >= 3;
    if (type === 'read' || type === 'observe') return isOne ? 'read-one' : 'read-many';
    if (type !== 'write') return 'write-many';
    return this.#operation.type === 'write' && this.#operation.value instanceof Uint8Array ? 'write-bytes' : 'write-one';
  }

  #request(): OperationRequest | OperationRefused {
    const { endpoint, lwm2mVersion, contentFormats, rootPath } = this.#device;
    const { formats, composite } = this.#parts.classOf(endpoint);
    if (this.#use === 'composite' && composite === false) return NOT_COMPOSITE;
    const worked = this.#parts.memory.formatFor(endpoint, this.#use);
    const target = { lwm2mVersion, contentFormats, rootPath, models: this.#models };
    return operationRequest(this.#operation, target, { worked, preferred: formats, refused: this.#refused });
  }

  #send(request: OperationRequest): void {
    const { type: _, format, observe, ...rest } = request;
    const patience = request.method === 'FETCH' ? { responseTimeoutMs: this.#parts.compositeWaitMs ?? COMPOSITE_WAIT_MS } : {};
    const coapRequest = { ...rest, ...(observe === 0 && { observe }), ...patience };
    const { coap, now, classOf } = this.#parts;
    coap.setTiming(this.#device.peer, classOf(this.#device.endpoint).timing, now());
    this.#exchange = new Exchange(this.#parts, this.#device.peer, coapRequest, {
      ended: (end) => this.#answered(end, format),
      notified: (response) => this.#listener.notified?.(this.#outcomeOf(response), response.options.observe === undefined),
    });
    this.#exchange.start();
  }

  #answered(end: ExchangeEnd, format: FormatChoice | undefined): void {
    if (end.type === 'no-answer') return this.#listener.ended(end);
    if (end.type === 'broken') return this.#listener.ended(BROKEN);
    const outcome = this.#outcomeOf(end.response);
    if (outcome.type === 'failed' && format !== undefined && anotherFormatMayHelp(this.#operation, outcome.code)) {
      this.#refused.push(format);
      const next = this.#request();
      if (next.type === 'request') return this.#send(next);
    }
    if (outcome.type === 'done') this.#learn(outcome, format);
    const observing = this.#operation.type.startsWith('observe') && end.response.options.observe !== undefined;
    this.#listener.ended(outcome.type === 'done' && observing ? { ...outcome, observing } : outcome);
  }

  #learn({ values }: Extract<OperationOutcome, { type: 'done' }>, format: FormatChoice | undefined): void {
    const { memory } = this.#parts;
    const model = values.find(({ path }) => path === MODEL_NUMBER)?.value;
    if (typeof model === 'string') memory.isOf(this.#device.endpoint, model);
    if (format !== undefined) memory.worked(this.#device.endpoint, this.#use, format);
  }

  #outcomeOf({ code, options, payload }: IncomingResponse): OperationOutcome {
    const { contentFormat, locationPath } = options;
    const answer = { code: codeText(code), contentFormat, payload, locationPath };
    return operationOutcome(this.#operation, answer, { models: this.#models, rootPath: this.#device.rootPath });
  }
}

const NOT_COMPOSITE: OperationRefused = {
  type: 'refused',
  code: 'OPERATION_UNAVAILABLE',
  why: 'the class of the device says that it knows no composite requests',
};

const BROKEN: OperationOutcome = {
  type: 'failed',
  code: '2.05',
  failure: 'ANSWER_UNREADABLE',
  kind: 'transport',
  meaning: 'the blocks of the answer do not fit together, or are too many',
};
