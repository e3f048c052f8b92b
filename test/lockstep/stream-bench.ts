import { Entropy, seededRandom } from '@drover/kernel';
import { CoapStreams, codeText, decodeFrame, encodeFrame, SIGNAL, writeOptions } from '@drover/coap';
import type { CoapOptions, CoapRequest, StreamMessage, StreamOutput, StreamSettings } from '@drover/coap';

export class SeededEntropy extends Entropy {
  readonly #next = seededRandom(7);
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.#next() * 256));
  }
}

export const PEER = 'tcp:192.0.2.1:49152';
export const READ: CoapRequest = { method: 'GET', path: ['3', '0', '3'], correlation: 'read' };
export const NO_BYTES = new Uint8Array(0);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
export const CSM: Said = {
  code: SIGNAL.CSM,
  raw: [
    [2, Uint8Array.of(0x40, 0x00)],
    [4, NO_BYTES],
  ],
};

/** What a peer says: options by name, or raw ones where signalling gives the numbers another meaning. */
export interface Said {
  readonly code: number;
  readonly token?: Uint8Array;
  readonly options?: Partial<CoapOptions>;
  readonly raw?: readonly (readonly [number, Uint8Array])[];
  readonly payload?: string;
}

/** Streams, what they said, and the words of their peers. */
export class StreamBench {
  readonly outputs: StreamOutput[] = [];
  readonly streams: CoapStreams;
  now = 1000;
  serve: (output: Extract<StreamOutput, { type: 'request' }>) => void = () => undefined;

  constructor(settings: Partial<StreamSettings> = {}) {
    const sink = (output: StreamOutput): void => {
      this.outputs.push(output);
      if (output.type === 'request') this.serve(output);
    };
    this.streams = new CoapStreams(sink, new SeededEntropy(), settings);
  }

  /** A connection that is past its greeting, and nothing said since. */
  static open(settings: Partial<StreamSettings> = {}, csm: Said = CSM): StreamBench {
    const bench = new StreamBench(settings);
    bench.streams.opened(PEER, bench.now, 'server');
    bench.says(csm);
    bench.outputs.length = 0;
    return bench;
  }

  says({ code, token = NO_BYTES, options = {}, raw, payload = '' }: Said, peer = PEER): void {
    const list = raw?.map(([number, value]) => ({ number, value })) ?? writeOptions(options, 7);
    this.streams.receive(peer, encodeFrame({ code, token, options: list, payload: Buffer.from(payload) }), this.now);
  }

  sent(): StreamMessage[] {
    return this.outputs.flatMap((output) => (output.type === 'datagram' ? [decodeFrame(output.bytes)] : []));
  }

  last(): StreamMessage {
    return this.sent().at(-1)!;
  }

  /** Everything in short: `> 7.01` is what we send. */
  log(): string[] {
    return this.outputs.map((output) => {
      if (output.type === 'datagram') {
        const { code, payload } = decodeFrame(output.bytes);
        return `> ${codeText(code)} ${text(payload)}`.trim();
      }
      if (output.type === 'close') return 'close';
      if (output.type === 'request') return `request ${output.request.method}`;
      if (output.type === 'failed') return `failed ${output.reason}`;
      return `${output.type} ${codeText(output.response.code)} ${text(output.response.payload)}`.trim();
    });
  }

  answer(code: number, more: { payload?: string; options?: Partial<CoapOptions> } = {}): void {
    this.says({ code, token: this.last().token, ...more });
  }

  pass(ms: number): void {
    const end = this.now + ms;
    for (let next = this.streams.nextTimerAt(); next !== undefined && next <= end; next = this.streams.nextTimerAt()) {
      this.now = Math.max(this.now, next);
      this.streams.advance(this.now);
    }
    this.now = end;
  }
}
