import { CODE } from '../codes.ts';
import { EchoValues } from '../echo.ts';
import type { CoapOutput, CoapResponse, CoapTransport, IncomingHandle } from '../endpoint-types.ts';
import { readRequest } from '../incoming-request.ts';
import { readOptions } from '../options.ts';
import { OscoreError } from './errors.ts';
import { decodeOscoreOption, sequenceOf } from './option.ts';
import { oscorePeer } from './oscore-peers.ts';
import { isInForce, tellMark, type NamedContext, type OscoreParts } from './oscore-types.ts';
import { innerOptions, innerResponse, openRequest, protectResponse, refusalOf } from './protection.ts';
import type { InnerMessage, RequestBinding } from './sealing.ts';

type Request = Extract<CoapOutput, { type: 'request' }>;

/** A protected request of a peer, and what the transport beneath calls it. */
interface Heard extends NamedContext {
  readonly binding: RequestBinding;
  readonly beneath: IncomingHandle;
}

const UNKNOWN = new OscoreError('OSCORE_UNKNOWN_CONTEXT', 'nobody has given us this context');

/** Protected requests of peers: opened, refused, or challenged. */
export class SealedServing {
  readonly #inner: () => CoapTransport;
  readonly #parts: OscoreParts;
  readonly #echoes: EchoValues;
  readonly #heard = new WeakMap<IncomingHandle, Heard>();
  /** Challenges for want of a number, the newest of each context: it goes out when a mark is saved. */
  readonly #held = new Map<string, Heard>();

  constructor(inner: () => CoapTransport, parts: OscoreParts) {
    this.#inner = inner;
    this.#parts = parts;
    this.#echoes = new EchoValues(parts.echoKey);
  }

  onRequest(output: Request, now: number): void {
    const { oscore } = output.request.options;
    if (oscore === undefined) return this.#parts.sink(output);
    try {
      this.#open(output, oscore, now);
    } catch (error) {
      if (!(error instanceof OscoreError)) throw error;
      this.#refuse(output, error, now);
    }
  }

  beneath(handle: IncomingHandle): IncomingHandle {
    return this.#heard.get(handle)?.beneath ?? handle;
  }

  respond(handle: IncomingHandle, response: CoapResponse, now: number): boolean {
    const heard = this.#heard.get(handle);
    if (heard === undefined) return this.#inner().respond(handle, response, now);
    // One answer to a request: its number makes one nonce.
    this.#heard.delete(handle);
    if (isInForce(heard, this.#parts.contexts)) return this.#respond(heard, { response, ownNumber: false, now });
    this.#refuse({ peer: heard.beneath.peer, handle: heard.beneath }, UNKNOWN, now);
    return false;
  }

  /** A mark was saved: there are numbers again. */
  saved({ name }: NamedContext, now: number): void {
    const held = this.#held.get(name);
    this.#held.delete(name);
    if (held && isInForce(held, this.#parts.contexts)) this.#challenge(held, now);
  }

  #open(output: Request, oscore: Uint8Array, now: number): void {
    const { peer: address, handle, request } = output;
    const { contexts, mustShow } = this.#parts;
    const option = decodeOscoreOption(oscore);
    const named = option.kid && contexts.find(option.kid, option.kidContext);
    if (named === undefined) throw UNKNOWN;
    const { inner, binding } = openRequest(named.context, option, request.payload);
    const { name, context } = named;
    const sequence = sequenceOf(binding.piv);
    const heard = { name, context, binding, beneath: handle };
    if (context.isInDoubt || mustShow?.(name, address) === true) {
      if (!this.#isAnswered(heard, inner, now)) {
        context.received(sequence);
        return this.#challenge(heard, now);
      }
      this.#inner().prove(address, now);
    }
    context.resolveDoubt(sequence);
    context.received(sequence);
    this.#handOut(output, heard, inner, now);
  }

  #handOut({ peer: address, request: outer }: Request, heard: Heard, inner: InnerMessage, now: number): void {
    const { name, beneath } = heard;
    const handle: IncomingHandle = { peer: oscorePeer(name, address), messageId: beneath.messageId, token: beneath.token };
    this.#heard.set(handle, heard);
    const read = readRequest({ code: inner.code, options: innerOptions(inner.options) });
    if (read.type === 'refused') return void this.respond(handle, { code: read.code }, now);
    const { method, options } = read;
    const request = { ...outer, method, options, payload: inner.payload };
    this.#parts.sink({ type: 'request', peer: handle.peer, handle, request, context: name });
  }

  /** Whether it holds what our challenge gave it: then it was made now, and where it comes from. */
  #isAnswered(heard: Heard, inner: InnerMessage, now: number): boolean {
    const { echo } = readOptions({ options: innerOptions(inner.options) }).options;
    return echo !== undefined && this.#echoes.isFresh(echoOwner(heard), echo, now);
  }

  /** With a number of our own: the one of this request may have been used for an answer before. */
  #challenge(heard: Heard, now: number): void {
    const echo = this.#echoes.valueFor(echoOwner(heard), now);
    try {
      this.#respond(heard, { response: { code: CODE.UNAUTHORIZED, options: { echo } }, ownNumber: true, now });
    } catch (error) {
      if (!(error instanceof OscoreError) || heard.context.isSpent) throw error;
      this.#held.set(heard.name, heard);
      tellMark(heard, this.#parts.sink);
    }
  }

  #respond(heard: Heard, { response, ownNumber, now }: { response: CoapResponse; ownNumber: boolean; now: number }): boolean {
    const { code, options = {}, payload } = response;
    const sealed = protectResponse(heard.context, heard.binding, innerResponse(code, options, payload), { ownNumber });
    if (ownNumber) tellMark(heard, this.#parts.sink);
    const { observe } = options;
    const outside = { oscore: sealed.oscore, ...(observe !== undefined && { observe }) };
    const outer = { code: observe === undefined ? CODE.CHANGED : CODE.CONTENT, options: outside, payload: sealed.payload };
    return this.#inner().respond(heard.beneath, outer, now);
  }

  #refuse({ peer, handle }: Pick<Request, 'peer' | 'handle'>, error: OscoreError, now: number): void {
    const { code, text } = refusalOf(error);
    this.#parts.sink({ type: 'refused', peer, error });
    this.#inner().respond(handle, { code, options: { maxAge: 0 }, payload: Buffer.from(text) }, now);
  }
}

const echoOwner = ({ name, beneath }: Heard): string => oscorePeer(name, beneath.peer);
