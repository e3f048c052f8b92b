import { CODE } from '../codes.ts';
import { EchoValues } from '../echo.ts';
import type { CoapOutput, CoapResponse, CoapTransport, IncomingHandle } from '../endpoint-types.ts';
import { readRequest } from '../incoming-request.ts';
import { readOptions } from '../options.ts';
import { OscoreError } from './errors.ts';
import { decodeOscoreOption, sequenceOf } from './option.ts';
import { tellMark, type NamedContext, type OscoreContexts, type OscoreSink } from './oscore-types.ts';
import { innerOptions, innerResponse, openRequest, protectResponse, refusalOf } from './protection.ts';
import type { InnerMessage, RequestBinding } from './sealing.ts';

type Request = Extract<CoapOutput, { type: 'request' }>;

/** A protected request of a peer. */
interface Heard extends NamedContext {
  readonly binding: RequestBinding;
}

/** Protected requests of peers: opened, refused, or challenged. */
export class SealedServing {
  readonly #inner: () => CoapTransport;
  readonly #sink: OscoreSink;
  readonly #contexts: OscoreContexts;
  readonly #echoes: EchoValues;
  readonly #heard = new WeakMap<IncomingHandle, Heard>();

  constructor(inner: () => CoapTransport, parts: { sink: OscoreSink; contexts: OscoreContexts; echoKey: Uint8Array }) {
    this.#inner = inner;
    this.#sink = parts.sink;
    this.#contexts = parts.contexts;
    this.#echoes = new EchoValues(parts.echoKey);
  }

  onRequest(output: Request, now: number): void {
    const { oscore } = output.request.options;
    if (oscore === undefined) return this.#sink(output);
    try {
      this.#open(output, oscore, now);
    } catch (error) {
      if (!(error instanceof OscoreError)) throw error;
      this.#refuse(output, error, now);
    }
  }

  respond(handle: IncomingHandle, response: CoapResponse, now: number): boolean {
    const heard = this.#heard.get(handle);
    if (heard === undefined) return this.#inner().respond(handle, response, now);
    return this.#respond(handle, heard, { response, ownNumber: false, now });
  }

  #open(output: Request, oscore: Uint8Array, now: number): void {
    const { peer, handle, request } = output;
    const option = decodeOscoreOption(oscore);
    const named = option.kid && this.#contexts.find(option.kid, option.kidContext);
    if (named === undefined) throw new OscoreError('OSCORE_UNKNOWN_CONTEXT', 'nobody has given us this context');
    const { inner, binding } = openRequest(named.context, option, request.payload);
    const heard = { ...named, binding };
    if (named.context.isInDoubt && !this.#isAnswered(peer, named, inner, now)) return this.#challenge(handle, heard, now);
    named.context.resolveDoubt(sequenceOf(binding.piv));
    named.context.received(sequenceOf(binding.piv));
    this.#inner().prove(peer, now);
    this.#handOut(output, heard, inner, now);
  }

  #handOut({ peer, handle, request: outer }: Request, heard: Heard, inner: InnerMessage, now: number): void {
    this.#heard.set(handle, heard);
    const read = readRequest({ code: inner.code, options: innerOptions(inner.options) });
    if (read.type === 'refused') return void this.respond(handle, { code: read.code }, now);
    const { method, options } = read;
    const request = { ...outer, method, options, payload: inner.payload };
    this.#sink({ type: 'request', peer, handle, request, context: heard.name });
  }

  /** Whether it holds what our challenge gave it: then it was made now, and not recorded before. */
  #isAnswered(peer: string, { name }: NamedContext, inner: InnerMessage, now: number): boolean {
    const { echo } = readOptions({ options: innerOptions(inner.options) }).options;
    return echo !== undefined && this.#echoes.isFresh(`${peer} ${name}`, echo, now);
  }

  /** With a number of our own: the one of this request may have been used for an answer before. */
  #challenge(handle: IncomingHandle, heard: Heard, now: number): void {
    const echo = this.#echoes.valueFor(`${handle.peer} ${heard.name}`, now);
    this.#respond(handle, heard, { response: { code: CODE.UNAUTHORIZED, options: { echo } }, ownNumber: true, now });
  }

  #respond(
    handle: IncomingHandle,
    heard: Heard,
    { response, ownNumber, now }: { response: CoapResponse; ownNumber: boolean; now: number },
  ): boolean {
    const { code, options = {}, payload } = response;
    // One answer to a request: its number makes one nonce.
    this.#heard.delete(handle);
    const sealed = protectResponse(heard.context, heard.binding, innerResponse(code, options, payload), { ownNumber });
    if (ownNumber) tellMark(heard, this.#sink);
    const { observe } = options;
    const outside = { oscore: sealed.oscore, ...(observe !== undefined && { observe }) };
    const outer = { code: observe === undefined ? CODE.CHANGED : CODE.CONTENT, options: outside, payload: sealed.payload };
    return this.#inner().respond(handle, outer, now);
  }

  #refuse({ peer, handle }: Request, error: OscoreError, now: number): void {
    const { code, text } = refusalOf(error);
    this.#sink({ type: 'refused', peer, error });
    this.#inner().respond(handle, { code, options: { maxAge: 0 }, payload: Buffer.from(text) }, now);
  }
}
