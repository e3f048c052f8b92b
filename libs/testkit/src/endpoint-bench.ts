import { Entropy, seededRandom } from '@drover/kernel';
import { CoapEndpoint, codeText, decodeMessage, encodeMessage, writeOptions } from '@drover/coap';
import type { CoapMessage, CoapOptions, CoapOutput, CoapRequest, EndpointSettings, MessageType } from '@drover/coap';

/** The same bytes in every run. */
export class SeededEntropy extends Entropy {
  readonly #next: () => number;

  constructor(seed = 7) {
    super();
    this.#next = seededRandom(seed);
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.#next() * 256));
  }
}

export const PEER = '192.0.2.1:5683';
export const READ: CoapRequest = { method: 'GET', path: ['3', '0', '3'], correlation: 'read' };
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const NO_BYTES = new Uint8Array(0);

/** A CoAP endpoint, what it said, and the words of its peers. */
export class EndpointBench {
  readonly outputs: CoapOutput[] = [];
  readonly endpoint: CoapEndpoint;
  now = 1000;
  /** Called with each request of a peer. */
  serve: (output: Extract<CoapOutput, { type: 'request' }>) => void = () => undefined;

  constructor(settings: Partial<EndpointSettings> = {}) {
    const sink = (output: CoapOutput): void => {
      this.outputs.push(output);
      if (output.type === 'request') this.serve(output);
    };
    this.endpoint = new CoapEndpoint(sink, new SeededEntropy(), settings);
  }

  sent(): CoapMessage[] {
    return this.outputs.flatMap((output) => (output.type === 'datagram' ? [decodeMessage(output.bytes)] : []));
  }

  last(): CoapMessage {
    return this.sent().at(-1)!;
  }

  /** Events other than datagrams, in short. */
  events(): string[] {
    return this.outputs.flatMap((output) => {
      if (output.type === 'datagram') return [];
      if (output.type === 'request') return [`request ${output.request.method}`];
      if (output.type === 'failed') return [`failed ${output.reason}`];
      return [`${output.type} ${codeText(output.response.code)} ${text(output.response.payload)}`.trim()];
    });
  }

  receive(message: Partial<CoapMessage> & { type: MessageType; code: number }, from = PEER): void {
    this.endpoint.receive(from, encodeMessage({ messageId: 1, token: NO_BYTES, options: [], payload: NO_BYTES, ...message }), this.now);
  }

  answer(
    request: CoapMessage,
    code: number,
    more: { payload?: string; options?: Partial<CoapOptions>; type?: MessageType; messageId?: number } = {},
  ): void {
    const { messageId, token } = request;
    const options = writeOptions(more.options ?? {});
    this.receive({
      type: more.type ?? 'ACK',
      code,
      messageId: more.messageId ?? messageId,
      token,
      options,
      payload: Buffer.from(more.payload ?? ''),
    });
  }

  /** Lets time pass, firing each timer when it is due. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let next = this.endpoint.nextTimerAt(); next !== undefined && next <= end; next = this.endpoint.nextTimerAt()) {
      this.now = Math.max(this.now, next);
      this.endpoint.advance(this.now);
    }
    this.now = end;
  }
}
