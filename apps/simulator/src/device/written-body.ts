import { CODE, offsetOf, type CoapResponse, type IncomingRequest } from '@drover/coap';

/** What a small device has room for: two certificates and a key. Bytes. */
const MOST_BYTES = 8192;

/** One Write at a time whose body may come in blocks (Block1, RFC 7959): certificates do not fit into a datagram. */
export class WrittenBody {
  #parts: Uint8Array[] = [];

  /** `write` gets the whole body, and answers a code. */
  take({ options, payload }: Pick<IncomingRequest, 'options' | 'payload'>, write: (body: Uint8Array) => number): CoapResponse {
    const { block1 } = options;
    if (block1 === undefined) return { code: write(payload) };
    if (block1.num === 0) this.#parts = [];
    const here = this.#parts.reduce((sum, { length }) => sum + length, 0);
    if (here !== offsetOf(block1)) return { code: CODE.REQUEST_ENTITY_INCOMPLETE };
    if (here + payload.length > MOST_BYTES) return { code: CODE.REQUEST_ENTITY_TOO_LARGE };
    this.#parts.push(Uint8Array.from(payload));
    if (block1.more) return { code: CODE.CONTINUE, options: { block1 } };
    return { code: write(Buffer.concat(this.#parts.splice(0))), options: { block1 } };
  }
}
