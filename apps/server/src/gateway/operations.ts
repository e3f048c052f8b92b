import {
  BlockAssembly,
  classOf,
  CODE,
  codeText,
  type CoapEndpoint,
  type CoapRequest,
  type IncomingResponse,
  type RequestHandle,
} from '@drover/coap';
import { CONTENT_FORMAT, decodeContent, encodeContent, Lwm2mError, mayBeSent, type ResourceValue, type Value } from '@drover/lwm2m';
import type { Registered } from './registry.ts';

/** One LwM2M operation on a device, by path. */
export type Operation =
  | { readonly type: 'read' | 'observe' | 'discover'; readonly path: string }
  | { readonly type: 'write'; readonly path: string; readonly format: number; readonly value: Value }
  | { readonly type: 'execute'; readonly path: string };

export type Outcome =
  | { readonly type: 'answer'; readonly code: string; readonly values: readonly ResourceValue[]; readonly text: string }
  | { readonly type: 'no-answer' };

export interface OperationListener {
  readonly done: (outcome: Outcome) => void;
  readonly notified?: (values: readonly ResourceValue[]) => void;
}

/** What comes back in a request's handle: who to tell. */
export interface Correlated {
  readonly onResponse: (response: IncomingResponse, retransmissions: number) => void;
  readonly onFailed: () => void;
  readonly onNotification?: (response: IncomingResponse) => void;
}

const PREFERRED_FORMATS = [
  CONTENT_FORMAT.SENML_CBOR,
  CONTENT_FORMAT.TLV,
  CONTENT_FORMAT.SENML_JSON,
  CONTENT_FORMAT.LWM2M_CBOR,
  CONTENT_FORMAT.LWM2M_JSON,
];

/** Turns operations into requests and their answers into values, whatever format the device answers in. */
export class Operations {
  readonly #coap: CoapEndpoint;
  readonly #now: () => number;
  readonly #bodies = new BlockAssembly({ maxBodyBytes: 16_384 });

  constructor(coap: CoapEndpoint, now: () => number) {
    this.#coap = coap;
    this.#now = now;
  }

  perform(device: Registered, operation: Operation, listener: OperationListener): RequestHandle {
    return this.#send(device, operation, listener, { accept: acceptFor(device, operation) });
  }

  cancel(handle: RequestHandle): void {
    this.#coap.cancelRequest(handle, this.#now());
  }

  #send(device: Registered, operation: Operation, listener: OperationListener, more: Partial<CoapRequest>): RequestHandle {
    const correlation: Correlated = {
      onResponse: (response) => this.#onResponse(device, operation, listener, { response, more }),
      onFailed: () => listener.done({ type: 'no-answer' }),
      onNotification: (response) => listener.notified?.(valuesOf(response, operation.path) ?? []),
    };
    return this.#coap.request(device.peer, { ...requestOf(device, operation), ...more, correlation }, this.#now());
  }

  #onResponse(
    device: Registered,
    operation: Operation,
    listener: OperationListener,
    { response, more }: { response: IncomingResponse; more: Partial<CoapRequest> },
  ): void {
    // A device that does not know the format we asked for may answer in its own.
    if (response.code === CODE.NOT_ACCEPTABLE && more.accept !== undefined && operation.type !== 'discover') {
      this.#send(device, operation, listener, { ...more, accept: undefined });
      return;
    }
    const { block2 } = response.options;
    const whole =
      classOf(response.code) === 2 && block2 && (block2.more || block2.num > 0) ? this.#assemble(device, operation, response) : response;
    if (whole === 'more' && block2) {
      this.#send(device, operation, listener, {
        ...more,
        observe: undefined,
        block2: { num: block2.num + 1, more: false, szx: block2.szx },
      });
      return;
    }
    if (whole === 'more' || whole === 'broken') return listener.done({ type: 'answer', code: '5.00', values: [], text: '' });
    const values = operation.type === 'discover' ? [] : valuesOf(whole, operation.path);
    // An answer that cannot be read is an answer all the same: the device is awake and does not speak our language.
    listener.done({
      type: 'answer',
      code: values === undefined ? '5.00' : codeText(whole.code),
      values: values ?? [],
      text: operation.type === 'discover' ? Buffer.from(whole.payload).toString('utf8') : '',
    });
  }

  #assemble(device: Registered, operation: Operation, response: IncomingResponse): IncomingResponse | 'more' | 'broken' {
    const { block2: block, contentFormat, etag } = response.options;
    if (!block) return 'broken';
    const outcome = this.#bodies.add(
      { peer: device.peer, path: operation.path },
      { block, payload: response.payload, contentFormat, etag },
      this.#now(),
    );
    if (outcome.type === 'continue') return 'more';
    return outcome.type === 'complete' ? { ...response, payload: outcome.body } : 'broken';
  }
}

function requestOf(device: Registered, operation: Operation): CoapRequest {
  const root = device.rootPath === '/' ? [] : device.rootPath.split('/').slice(1);
  const path = [...root, ...operation.path.split('/').slice(1)];
  switch (operation.type) {
    case 'read':
    case 'discover':
      return { method: 'GET', path };
    case 'observe':
      return { method: 'GET', path, observe: 0 };
    case 'execute':
      return { method: 'POST', path };
    case 'write':
      return {
        method: 'PUT',
        path,
        contentFormat: operation.format,
        payload: encodeContent(operation.format, [{ path: operation.path, value: operation.value }], operation.path),
      };
  }
}

function acceptFor(device: Registered, { type, path }: Operation): number | undefined {
  if (type === 'discover') return CONTENT_FORMAT.LINK;
  if (type !== 'read' && type !== 'observe') return undefined;
  const speaker = { version: device.lwm2mVersion, announced: device.contentFormats };
  const announced = PREFERRED_FORMATS.find((format) => device.contentFormats.includes(format) && mayBeSent(format, speaker));
  if (announced !== undefined) return announced;
  // 1.0 knows TLV for everything above one resource; later versions may answer in what they like best.
  return device.lwm2mVersion === '1.0' && path.split('/').length < 4 ? CONTENT_FORMAT.TLV : undefined;
}

/** Undefined where the payload cannot be read. */
function valuesOf(response: IncomingResponse, path: string): readonly ResourceValue[] | undefined {
  if (classOf(response.code) !== 2 || response.payload.length === 0) return [];
  try {
    return decodeContent(response.options.contentFormat ?? CONTENT_FORMAT.TEXT, response.payload, path);
  } catch (error) {
    if (error instanceof Lwm2mError) return undefined;
    throw error;
  }
}
