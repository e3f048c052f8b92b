import {
  CoapEndpoint,
  CODE,
  codeOfText,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  methodOf,
  readOptions,
  writeOptions,
  type CoapOptions,
  type CoapOutput,
  type IncomingResponse,
} from '@drover/coap';
import { Endpoint, Entropy, Instant } from '@drover/kernel';
import type { Registered } from '../../apps/server/src/gateway/registry.ts';

interface Correlated {
  readonly onResponse: (response: IncomingResponse, retransmissions: number) => void;
  readonly onFailed: () => void;
  readonly onNotification?: (response: IncomingResponse) => void;
}

class CountingEntropy extends Entropy {
  #count = 0;
  bytes(count: number): Uint8Array {
    return Buffer.alloc(count, ++this.#count);
  }
}

/** What the device is asked: `PUT /1/0/1`, with its options and its token. */
export interface Question {
  readonly text: string;
  readonly options: CoapOptions;
  readonly payload: Uint8Array;
  readonly token: Uint8Array;
}

export interface Answer {
  /** `2.05`; `ack` acknowledges and says no more, `silence` not even that. */
  readonly code: string | 'ack' | 'silence';
  readonly options?: Partial<CoapOptions>;
  readonly payload?: Uint8Array;
}

/** Answers by what was asked and how often anything was asked before. */
export type Script = (question: Question, index: number) => Answer;

/** A device in memory, its messages real bytes and its time the test's: for what a device says, and for what it never says. */
export class WireDevice {
  readonly asked: Question[] = [];
  readonly coap: CoapEndpoint;
  script: Script;
  #now = 1_000_000;
  #messageId = 1;
  readonly #wire: Uint8Array[] = [];

  constructor(script: Script) {
    this.script = script;
    this.coap = new CoapEndpoint((output) => this.#onOutput(output), new CountingEntropy());
  }

  readonly now = (): number => this.#now;

  get texts(): string[] {
    return this.asked.map(({ text }) => text);
  }

  /** Delivers what is on its way, and whatever follows from it. */
  settle(): void {
    for (let bytes = this.#wire.shift(); bytes; bytes = this.#wire.shift()) this.#hear(bytes);
  }

  pass(ms: number): void {
    for (const end = this.#now + ms; this.#now < end;) {
      this.#now = Math.min(end, Math.max(this.#now + 1, this.coap.nextTimerAt() ?? end));
      this.coap.advance(this.#now);
      this.settle();
    }
  }

  notify({ token }: Pick<Question, 'token'>, observe: number | undefined, { code, options, payload }: Answer): void {
    const message = { type: 'NON', code: codeOfText(code) ?? CODE.INTERNAL, messageId: this.#messageId++, token } as const;
    const bytes = encodeMessage({ ...message, options: writeOptions({ ...options, observe }), payload: payload ?? new Uint8Array(0) });
    this.coap.receive(DEVICE, bytes, this.#now);
    this.settle();
  }

  #hear(bytes: Uint8Array): void {
    const { type, code, messageId, token, payload, ...rest } = decodeMessage(bytes);
    const method = methodOf(code);
    if (type === 'ACK' || type === 'RST' || method === undefined) return;
    const { options } = readOptions(rest);
    const question = { text: `${method} /${options.uriPath.join('/')}`, options, payload: payload.slice(), token: token.slice() };
    const answer = this.script(question, this.asked.push(question) - 1);
    if (answer.code === 'silence') return;
    const reply =
      answer.code === 'ack'
        ? emptyMessage('ACK', messageId)
        : encodeMessage({
            type: 'ACK',
            code: codeOfText(answer.code) ?? CODE.INTERNAL,
            messageId,
            token,
            options: writeOptions(answer.options ?? {}),
            payload: answer.payload ?? new Uint8Array(0),
          });
    this.coap.receive(DEVICE, reply, this.#now);
  }

  #onOutput(output: CoapOutput): void {
    if (output.type === 'datagram') return void this.#wire.push(output.bytes);
    if (output.type === 'request') return;
    const told = output.handle.correlation as Correlated | undefined;
    if (output.type === 'response') told?.onResponse(output.response, output.retransmissions);
    else if (output.type === 'notification') told?.onNotification?.(output.response);
    else if (output.type === 'failed') told?.onFailed();
  }
}

const DEVICE = '127.0.0.1:5683';

/** Its registration. */
export function registered(change: Partial<Registered> = {}): Registered {
  return {
    endpoint: Endpoint('d'),
    lifetimeS: 300,
    lwm2mVersion: '1.1',
    binding: 'U',
    queueMode: false,
    objects: [],
    rootPath: '/',
    links: '',
    contentFormats: [],
    location: 'x',
    peer: DEVICE,
    refreshedAt: Instant(0),
    ...change,
  };
}
