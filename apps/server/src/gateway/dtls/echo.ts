import { CODE, ECHO_KEY_BYTES, EchoValues, encodeMessage, readOptions, writeOptions, type CoapMessage } from '@drover/coap';
import type { Entropy } from '@drover/kernel';

/** CoAP's own question for freshness (RFC 9175 section 2): asked before a request is looked at, so that a recording changes nothing. */
export class Echo {
  readonly #values: EchoValues;

  constructor(entropy: Entropy) {
    this.#values = new EchoValues(entropy.bytes(ECHO_KEY_BYTES));
  }

  isAnsweredBy(session: string, message: CoapMessage, now: number): boolean {
    const { echo } = readOptions(message).options;
    return echo !== undefined && this.#values.isFresh(session, echo, now);
  }

  /** 4.01, on the acknowledgement where one is due. */
  challenge(session: string, { type, messageId, token }: CoapMessage, now: number): Uint8Array {
    const options = writeOptions({ echo: this.#values.valueFor(session, now) });
    return encodeMessage({
      type: type === 'CON' ? 'ACK' : 'NON',
      messageId,
      code: CODE.UNAUTHORIZED,
      token,
      options,
      payload: new Uint8Array(0),
    });
  }
}
