import {
  type BlockAssembly,
  classOf,
  CODE,
  nextBlock,
  onAnswer,
  startUpload,
  szxOfSize,
  type BlockUpload,
  type CoapEndpoint,
  type CoapRequest,
  type IncomingResponse,
  type RequestHandle,
} from '@drover/coap';

/** What comes back in a request's handle: who to tell. */
export interface Correlated {
  readonly onResponse: (response: IncomingResponse, retransmissions: number) => void;
  readonly onFailed: () => void;
  readonly onNotification?: (response: IncomingResponse) => void;
}

/** Whatever carries requests: datagrams or a stream. */
export type Requester = Pick<CoapEndpoint, 'request' | 'cancelRequest' | 'cancelObservation' | 'setTiming'>;

/** An answer in one piece, silence, or blocks that do not fit together. */
export type ExchangeEnd =
  { readonly type: 'answer'; readonly response: IncomingResponse } | { readonly type: 'no-answer' } | { readonly type: 'broken' };

export interface ExchangeParts {
  readonly coap: Requester;
  readonly now: () => number;
  /** Shared by all exchanges, so that all unfinished answers together are bounded. */
  readonly bodies: BlockAssembly;
}

interface Listener {
  readonly ended: (end: ExchangeEnd) => void;
  /** Whole as well. */
  readonly notified?: (response: IncomingResponse) => void;
}

/** Largest body that goes out in one piece, bytes: one block. */
const ONE_PIECE = 1024;
/** Below this there is nothing to cut into blocks, bytes. */
const SMALLEST_BODY = 64;
/** An answer that changed while we fetched it is fetched from its beginning again, so often. */
const FRESH_STARTS = 2;

let exchanges = 0;

/** One request and its whole answer: a large body goes out by Block1, a large answer comes in by Block2 (RFC 7959). */
export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #peer: string;
  readonly #request: CoapRequest;
  readonly #listener: Listener;
  /** Of this exchange alone: two answers for the same path must not be taken for one. */
  readonly #key = `exchange ${exchanges++}`;
  #freshStarts = FRESH_STARTS;
  #first: RequestHandle | undefined;
  #current: RequestHandle | undefined;
  #inBlocks = false;
  #ended = false;
  #cancelled = false;

  constructor(parts: ExchangeParts, peer: string, request: CoapRequest, listener: Listener) {
    this.#parts = parts;
    this.#peer = peer;
    this.#request = request;
    this.#listener = listener;
  }

  start(): void {
    const { payload } = this.#request;
    if (payload !== undefined && payload.length > ONE_PIECE) return this.#push(startUpload({ size: payload.length }));
    this.#first = this.#send({}, (response) => this.#answered(response));
  }

  /** Forgets it without a word, the observation too. */
  cancel(): void {
    this.#cancelled = true;
    const { coap, now, bodies } = this.#parts;
    for (const handle of new Set([this.#first, this.#current])) if (handle) coap.cancelRequest(handle, now());
    bodies.forget({ peer: this.#peer, path: this.#key });
  }

  /** Ends an observation by a word to the device; only silence about it after that. */
  endObservation(): void {
    const { coap, now } = this.#parts;
    this.#cancelled = true;
    if (this.#first) coap.cancelObservation(this.#first, now());
  }

  #send(change: Partial<CoapRequest>, onResponse: (response: IncomingResponse, retransmissions: number) => void): RequestHandle {
    const correlation: Correlated = {
      onResponse: (response, retransmissions) => {
        if (!this.#cancelled) onResponse(response, retransmissions);
      },
      onFailed: () => this.#end({ type: 'no-answer' }),
      onNotification: (response) => this.#notified(response),
    };
    const { coap, now } = this.#parts;
    this.#current = coap.request(this.#peer, { ...this.#request, ...change, correlation }, now());
    return this.#current;
  }

  #push(upload: BlockUpload): void {
    this.#inBlocks = true;
    const { payload = new Uint8Array(0) } = this.#request;
    const { offset, length, block1, size1 } = nextBlock(upload);
    this.#send({ payload: payload.subarray(offset, offset + length), block1, size1 }, (response, retransmissions) => {
      const { code, options } = response;
      const outcome = onAnswer(upload, { code, block1: options.block1, size1: options.size1, retransmissions });
      if (outcome.type === 'continue' || outcome.type === 'restart') return this.#push(outcome.upload);
      this.#answered(response);
    });
  }

  #answered(response: IncomingResponse): void {
    const { code, options } = response;
    const { payload } = this.#request;
    // It may be the size of the message that is too much, not that of the body: a hint says so.
    if (code === CODE.REQUEST_ENTITY_TOO_LARGE && options.block1 && payload && payload.length > SMALLEST_BODY && !this.#inBlocks)
      return this.#push(startUpload({ size: payload.length, szx: Math.min(options.block1.szx, szxOfSize(payload.length)) }));
    this.#take(response, (whole) => this.#end({ type: 'answer', response: whole }));
  }

  /** Gives the response on, or fetches what is missing of it first. */
  #take(response: IncomingResponse, whole: (response: IncomingResponse) => void): void {
    const { block2, contentFormat, etag, size2 } = response.options;
    if (classOf(response.code) !== 2 || !block2 || (!block2.more && block2.num === 0)) return whole(response);
    const { bodies, now } = this.#parts;
    const part = { block: block2, payload: response.payload, contentFormat, etag, announcedSize: size2 };
    const outcome = bodies.add({ peer: this.#peer, path: this.#key }, part, now());
    switch (outcome.type) {
      case 'complete':
        return whole({ ...response, payload: outcome.body });
      case 'continue':
        return this.#fetch({ num: block2.num + 1, szx: block2.szx }, whole);
      case 'refused':
        if (outcome.code !== CODE.REQUEST_ENTITY_INCOMPLETE || this.#freshStarts-- <= 0) return this.#end({ type: 'broken' });
        return this.#fetch({ num: 0, szx: block2.szx }, whole);
    }
  }

  /** A FETCH says again what it wants; a body that changes something is not sent twice. */
  #fetch({ num, szx }: { num: number; szx: number }, whole: (response: IncomingResponse) => void): void {
    const { method } = this.#request;
    const isQuestion = method === 'GET' || method === 'FETCH';
    const change = { observe: undefined, block1: undefined, block2: { num, more: false, szx } };
    const body = isQuestion ? {} : { payload: undefined, contentFormat: undefined };
    this.#send({ ...change, ...body }, (response) => this.#take(response, whole));
  }

  #notified(response: IncomingResponse): void {
    if (!this.#cancelled) this.#take(response, (whole) => this.#listener.notified?.(whole));
  }

  #end(end: ExchangeEnd): void {
    if (this.#ended || this.#cancelled) return;
    this.#ended = true;
    this.#parts.bodies.forget({ peer: this.#peer, path: this.#key });
    this.#listener.ended(end);
  }
}
