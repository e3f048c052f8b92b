import { CODE, codeOfMethod } from '../codes.ts';
import type { CoapOutput, CoapRequest, CoapTransport, IncomingResponse, Renewed, RequestHandle } from '../endpoint-types.ts';
import { NO_BYTES } from '../message.ts';
import { readOptions } from '../options.ts';
import { requestOptions } from '../request-options.ts';
import { OscoreError } from './errors.ts';
import { tellMark, type NamedContext, type OscoreSink } from './oscore-types.ts';
import { openResponse, protectRequest } from './protection.ts';
import type { RequestBinding } from './sealing.ts';

type Answer = Extract<CoapOutput, { type: 'response' | 'notification' }>;

/** A protected request of ours, as long as something may answer it. */
interface Asked extends NamedContext {
  readonly request: CoapRequest;
  readonly binding: RequestBinding;
  /** The request that its caller knows: this one may be its repetition. */
  readonly handle: RequestHandle;
  /** Number of the newest notification. */
  sequence: number;
}

const OBSERVE_RANGE = 0x1_00_00_00;
/** An answer without a number of its own is older than every notification. */
const BEFORE_ALL = -1;

/** Our requests to peers that are secured. */
export class SealedRequests {
  readonly #inner: () => CoapTransport;
  readonly #sink: OscoreSink;
  /** By the handle of the transport beneath. */
  readonly #asked = new WeakMap<RequestHandle, Asked>();
  /** The handle beneath, of a request that was repeated or renewed, by the one that its caller knows. */
  readonly #beneath = new WeakMap<RequestHandle, RequestHandle>();

  constructor(inner: () => CoapTransport, sink: OscoreSink) {
    this.#inner = inner;
    this.#sink = sink;
  }

  ask(peer: string, named: NamedContext, request: CoapRequest, now: number): RequestHandle {
    const { sealed, binding } = this.#protect(named, request, request.observe) ?? {};
    if (sealed === undefined || binding === undefined) {
      const handle = { peer, correlation: request.correlation };
      this.#sink({ type: 'failed', handle, reason: 'overflow' });
      return handle;
    }
    const { confirmable, ackTimeoutMs, responseTimeoutMs, correlation, observe } = request;
    const method = observe === undefined ? 'POST' : 'FETCH';
    const outer = { method, path: [], confirmable, ackTimeoutMs, responseTimeoutMs, correlation, observe, ...sealed } as CoapRequest;
    const handle = this.#inner().request(peer, outer, now);
    this.#asked.set(handle, { ...named, request, binding, handle, sequence: BEFORE_ALL });
    return handle;
  }

  /** The handle that the transport beneath knows. */
  beneath(handle: RequestHandle): RequestHandle {
    return this.#beneath.get(handle) ?? handle;
  }

  /** An observation ended (`observe` 1) or renewed: sealed anew, because a number is used once. */
  again(
    handle: RequestHandle,
    observe: 0 | 1,
    ask: (beneath: RequestHandle, anew: Renewed | undefined) => RequestHandle | undefined,
  ): RequestHandle | undefined {
    const beneath = this.beneath(handle);
    const asked = this.#asked.get(beneath);
    if (asked === undefined) return ask(beneath, undefined);
    const { sealed, binding } = this.#protect(asked, asked.request, observe) ?? {};
    if (sealed === undefined || binding === undefined) return undefined;
    const renewed = ask(beneath, sealed);
    if (renewed === undefined) return undefined;
    this.#asked.set(renewed, { ...asked, binding, handle: renewed, sequence: BEFORE_ALL });
    // Notifications are told under the old handle, and from now on they are sealed for the new request.
    if (observe === 0) this.#asked.set(beneath, { ...asked, binding });
    return renewed;
  }

  /** What an answer says inside; undefined where there is nothing to tell. */
  opened(answer: Answer, now: number): CoapOutput | undefined {
    const asked = this.#asked.get(answer.handle);
    if (asked === undefined) return answer;
    const { handle } = asked;
    const { oscore } = answer.response.options;
    const inside = oscore && openedBy(asked, oscore, answer.response);
    if (answer.type === 'notification') {
      if (inside === undefined || inside.sequence <= asked.sequence) return undefined;
      asked.sequence = inside.sequence;
      return { ...answer, handle, response: inside.response };
    }
    if (inside === undefined) return { type: 'failed', handle, reason: 'unprotected' };
    if (this.#repeatWithEcho(asked, inside.response, now)) return undefined;
    asked.sequence = inside.sequence;
    return { ...answer, handle, response: inside.response };
  }

  failed(output: Extract<CoapOutput, { type: 'failed' }>): CoapOutput {
    const asked = this.#asked.get(output.handle);
    return asked === undefined ? output : { ...output, handle: asked.handle };
  }

  /** The device has forgotten what it has received and asks who we are (RFC 8613 appendix B.1.2): once more, with what it gave. */
  #repeatWithEcho(asked: Asked, { code, options: { echo } }: IncomingResponse, now: number): boolean {
    const { handle, request } = asked;
    if (code !== CODE.UNAUTHORIZED || echo === undefined || request.echo !== undefined) return false;
    const beneath = this.ask(handle.peer, asked, { ...request, echo: echo.slice() }, now);
    const again = this.#asked.get(beneath);
    if (again === undefined) return true;
    this.#asked.set(beneath, { ...again, handle });
    this.#beneath.set(handle, beneath);
    return true;
  }

  #protect(named: NamedContext, request: CoapRequest, observe: 0 | 1 | undefined) {
    const { method, payload = NO_BYTES } = request;
    const inner = { code: codeOfMethod(method), options: requestOptions(request, observe), payload };
    try {
      const made = protectRequest(named.context, inner);
      tellMark(named, this.#sink);
      return made;
    } catch (error) {
      if (error instanceof OscoreError && error.code === 'OSCORE_SEQUENCE_EXHAUSTED') return undefined;
      throw error;
    }
  }
}

/** Undefined for what was not sealed for this request, or cannot be read. */
function openedBy(
  { context, binding }: Asked,
  oscore: Uint8Array,
  { payload, options: outside }: IncomingResponse,
): { response: IncomingResponse; sequence: number } | undefined {
  try {
    const { inner, sequence = BEFORE_ALL } = openResponse(context, binding, { oscore, payload });
    const { options, badCritical } = readOptions(inner);
    if (badCritical !== undefined) return undefined;
    // It observes only if it says so inside too; the order is that of the numbers that nobody can forge.
    const observe =
      options.observe === undefined || outside.observe === undefined ? {} : { observe: Math.max(0, sequence) % OBSERVE_RANGE };
    const { observe: _, ...others } = options;
    return { response: { code: inner.code, options: { ...others, ...observe }, payload: inner.payload }, sequence };
  } catch (error) {
    if (error instanceof OscoreError) return undefined;
    throw error;
  }
}
