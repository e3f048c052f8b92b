import {
  CODE,
  CoapEndpoint,
  codeText,
  decodeMessage,
  OscoreContext,
  OscoreContexts,
  OscoreTransport,
  type CoapMessage,
  type CoapResponse,
  type IncomingHandle,
  type IncomingRequest,
  type NamedContext,
  type OscoreMark,
  type OscoreOutput,
  type OscoreSecret,
} from '@drover/coap';
import { SeededEntropy } from './endpoint-bench.ts';

class Contexts extends OscoreContexts {
  readonly #all: readonly NamedContext[];

  constructor(all: readonly NamedContext[]) {
    super();
    this.#all = all;
  }

  override find(kid: Uint8Array): NamedContext | undefined {
    return this.#all.find(({ context }) => Buffer.compare(context.keys.recipientId, kid) === 0);
  }

  override named(name: string): NamedContext | undefined {
    return this.#all.find((each) => each.name === name && !this.revoked);
  }

  revoked = false;
}

/** One side of a wire between two who speak OSCORE: what it has sent, been asked and been told. */
export class OscoreSide {
  readonly named: NamedContext;
  readonly transport: OscoreTransport;
  readonly requests: { handle: IncomingHandle; request: IncomingRequest; context: string | undefined; peer: string }[] = [];
  readonly answers: string[] = [];
  readonly notified: number[] = [];
  readonly refusals: string[] = [];
  readonly sent: Uint8Array[] = [];
  mark: OscoreMark | undefined;
  answer: (request: IncomingRequest) => CoapResponse | undefined = () => ({ code: CODE.CONTENT, payload: Buffer.from('2.4.0') });
  now = 1_000_000;
  /** Addresses at which nobody has to show anything; all of them without a list. */
  homes: string[] | undefined;
  /** A disk that takes its time keeps them here. */
  unsaved: number[] | undefined;
  readonly contexts: Contexts;

  constructor(secret: OscoreSecret, seed: number, mark?: OscoreMark) {
    this.mark = mark;
    this.named = { name: `context ${seed}`, context: new OscoreContext(secret, { reserve: mark ? 16 : 0, mark }) };
    this.contexts = new Contexts([this.named]);
    this.transport = new OscoreTransport(
      (sink) => new CoapEndpoint(sink, new SeededEntropy(seed), { takesOscore: true, maxAmplification: 8 }),
      {
        sink: (output) => this.#on(output),
        contexts: this.contexts,
        echoKey: new Uint8Array(32).fill(seed),
        mustShow: (_name, address) => this.homes?.includes(address) === false && !this.transport.isProven(address, this.now),
      },
    );
  }

  #write(mark: { number: number; sendBelow: number }): void {
    this.mark = { sendBelow: mark.sendBelow };
    if (this.unsaved) this.unsaved.push(mark.number);
    else this.save(mark.number);
  }

  save(number: number): void {
    this.transport.saved(this.named.name, number, this.now);
  }

  #on(output: OscoreOutput): void {
    switch (output.type) {
      case 'datagram':
        return void this.sent.push(output.bytes);
      case 'request': {
        const { handle, request, context, peer } = output;
        this.requests.push({ handle, request, context, peer });
        const response = this.answer(request);
        if (response) this.transport.respond(handle, response, this.now);
        return;
      }
      case 'response':
        return void this.answers.push(`${codeText(output.response.code)} ${Buffer.from(output.response.payload).toString()}`);
      case 'notification':
        return void this.notified.push(output.response.options.observe ?? -1);
      case 'failed':
        return void this.answers.push(output.reason);
      case 'mark-wanted':
        return this.#write(output.mark);
      case 'refused':
        return void this.refusals.push(output.error.code);
    }
  }

  get last(): CoapMessage {
    return decodeMessage(this.sent.at(-1)!);
  }

  take(bytes: Uint8Array, from: string): void {
    this.transport.receive(from, bytes, this.now);
  }
}
