import { CoapError, decodeFrame, decodeMessage, FrameDecoder, OPTION } from '@drover/coap';
import { nameIn } from '../register-claim.ts';
import type { TracedMessage } from './message-text.ts';

/** A message, or why there is none in these bytes. */
export type Taken = { readonly message: TracedMessage; readonly bytes: number } | { readonly trouble: string; readonly bytes: number };

/** Larger than what we take of any device: a stream is given up by the transport long before. */
const MAX_FRAME = 32_768;

const isStream = (peer: string): boolean => peer.startsWith('tcp:');

/** Takes datagrams and pieces of streams apart, for showing only: it never answers, and never throws. */
export class TracedMessages {
  /** Of the connections of traced devices alone. */
  readonly #decoders = new Map<string, FrameDecoder>();

  received(peer: string, bytes: Uint8Array): Taken[] {
    if (!isStream(peer)) return [taken(bytes, () => decodeMessage(bytes))];
    const decoder = this.#decoders.get(peer) ?? new FrameDecoder(MAX_FRAME);
    this.#decoders.set(peer, decoder);
    return this.#pieces(peer, decoder, bytes);
  }

  /** What we send goes out message by message, also on a stream. */
  sent(peer: string, bytes: Uint8Array): Taken[] {
    return [taken(bytes, () => (isStream(peer) ? decodeFrame(bytes) : decodeMessage(bytes)))];
  }

  forget(peer: string): void {
    this.#decoders.delete(peer);
  }

  #pieces(peer: string, decoder: FrameDecoder, bytes: Uint8Array): Taken[] {
    const found: Taken[] = [];
    try {
      // A copy: what remains of it outlives the socket's buffer.
      decoder.push(bytes.slice());
      for (let message = decoder.next(); message; message = decoder.next()) found.push({ message, bytes: sizeOf(message) });
    } catch (error) {
      this.forget(peer);
      return [...found, { trouble: troubleOf(error), bytes: bytes.length }];
    }
    return found.length === 0 ? [{ trouble: 'a part of a message', bytes: bytes.length }] : found;
  }
}

function taken(bytes: Uint8Array, decode: () => TracedMessage): Taken {
  try {
    return { message: decode(), bytes: bytes.length };
  } catch (error) {
    return { trouble: troubleOf(error), bytes: bytes.length };
  }
}

function troubleOf(error: unknown): string {
  if (!(error instanceof CoapError)) throw error;
  return `no CoAP message: ${error.code}`;
}

/** About: a stream's header is two bytes for most messages. */
function sizeOf({ token, options, payload }: TracedMessage): number {
  const optionBytes = options.reduce((sum, { value }) => sum + 1 + value.length, 0);
  return 2 + token.length + optionBytes + (payload.length === 0 ? 0 : 1 + payload.length);
}

/** Whose message from an unknown address this claims to be: by a pull token, or by the name in a Register. */
export function claimIn(bytes: Uint8Array, peer: string): { readonly token?: string; readonly endpoint?: string } | undefined {
  // Anything but a GET or a POST claims nothing: most datagrams end here.
  if (!isStream(peer) && bytes[1] !== 1 && bytes[1] !== 2) return undefined;
  try {
    const message = isStream(peer) ? firstFrame(bytes) : decodeMessage(bytes);
    return message && claimOf(message);
  } catch (error) {
    if (error instanceof CoapError) return undefined;
    throw error;
  }
}

function firstFrame(bytes: Uint8Array): TracedMessage | undefined {
  const decoder = new FrameDecoder(MAX_FRAME);
  decoder.push(bytes);
  for (let message = decoder.next(); message; message = decoder.next()) if (claimOf(message)) return message;
  return undefined;
}

function claimOf({ code, options }: TracedMessage): { readonly token?: string; readonly endpoint?: string } | undefined {
  const texts = (wanted: number): string[] =>
    options.filter(({ number }) => number === wanted).map(({ value }) => Buffer.from(value).toString('utf8'));
  const [root, second] = texts(OPTION.URI_PATH);
  if (code === 1 && root === 'fw' && second !== undefined) return { token: second };
  if (code !== 2 || root !== 'rd' || second !== undefined) return undefined;
  const endpoint = nameIn(texts(OPTION.URI_QUERY));
  return endpoint === undefined ? undefined : { endpoint };
}
