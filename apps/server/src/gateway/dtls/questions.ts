import { classOf, decodeMessage, type CoapMessage } from '@drover/coap';

/** Requests remembered at a time for one session; NSTART is one, so an answer is to one of the last. */
const MOST_PER_SESSION = 8;
/** A shorter one may come again by chance. */
const LEAST_TOKEN_BYTES = 4;

/**
 * Requests of ours to a session that has something to show: that it is where its datagrams come from, or that it is not a
 * recording. An answer with a token that was drawn since then, in a record that is authentic, shows both.
 */
export class Questions {
  /** By session, then by token: where it was sent to. */
  readonly #asked = new Map<string, Map<string, string>>();

  get size(): number {
    return this.#asked.size;
  }

  sent(name: string, bytes: Uint8Array, address: string): void {
    const message = messageIn(bytes);
    if (message === undefined || message.code === 0 || classOf(message.code) !== 0 || message.token.length < LEAST_TOKEN_BYTES) return;
    const tokens = this.#asked.get(name) ?? new Map<string, string>();
    this.#asked.set(name, tokens);
    const token = keyOf(message);
    tokens.delete(token);
    tokens.set(token, address);
    for (const oldest of tokens.keys()) if (tokens.size > MOST_PER_SESSION) tokens.delete(oldest);
  }

  /** The address that the question went to; `undefined` for what is no answer to any of them. */
  answered(name: string, bytes: Uint8Array): string | undefined {
    const tokens = this.#asked.get(name);
    if (tokens === undefined) return undefined;
    const message = messageIn(bytes);
    return message !== undefined && classOf(message.code) >= 2 ? tokens.get(keyOf(message)) : undefined;
  }

  forget(name: string): void {
    this.#asked.delete(name);
  }
}

export function messageIn(bytes: Uint8Array): CoapMessage | undefined {
  try {
    return decodeMessage(bytes);
  } catch {
    return undefined;
  }
}

const keyOf = ({ token }: CoapMessage): string => Buffer.from(token.buffer, token.byteOffset, token.length).toString('hex');
