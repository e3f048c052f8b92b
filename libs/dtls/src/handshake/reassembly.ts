import { DtlsError } from '../errors.ts';
import { MESSAGE, messageName, type Fragment, type HandshakeMessage } from './message.ts';

/** Numbers ahead of the next one for which fragments are kept: a flight has at most so many messages. */
const MOST_AHEAD = 8;
/** Bytes of a message that is neither a hello nor a certificate. */
const MOST_OF_OTHERS = 1024;
const MOST_OF_A_HELLO = 2048;

/** Messages of a flight beside one certificate, if all are as long as they may be. */
const MOST_BESIDE_A_CERTIFICATE = 4 * MOST_OF_OTHERS;

interface Partial {
  readonly type: number;
  readonly body: Buffer;
  /** One bit for each byte of the body: 1 where it has arrived. */
  readonly arrived: Uint8Array;
  missing: number;
}

/**
 * Puts messages together from fragments in any order, doubled or overlapping (RFC 6347 section 4.2.3), and hands them out in
 * the order of their numbers. Bounded: by the type of a message in bytes, and in messages by what a flight can have.
 */
export class Reassembly {
  readonly #partials = new Map<number, Partial>();
  readonly #mostOfACertificate: number;
  #next: number;

  /** @param firstSequence number of the first message to come */
  constructor(firstSequence: number, mostOfACertificate: number) {
    this.#next = firstSequence;
    this.#mostOfACertificate = mostOfACertificate;
  }

  /** Number of the message that comes next. */
  get next(): number {
    return this.#next;
  }

  /** Bytes kept. */
  get kept(): number {
    return [...this.#partials.values()].reduce((sum, { body, arrived }) => sum + body.length + arrived.length, 0);
  }

  /** `old`: of a message that was handed out already, so the peer repeats itself. `ignored`: too far ahead to be kept, or empty. */
  add(fragment: Fragment): 'taken' | 'old' | 'ignored' {
    if (fragment.sequence < this.#next) return 'old';
    if (fragment.sequence >= this.#next + MOST_AHEAD) return 'ignored';
    if (fragment.bytes.length === 0 && fragment.length > 0) return 'ignored';
    const partial = this.#partials.get(fragment.sequence) ?? this.#begin(fragment);
    if (partial === undefined) return 'ignored';
    if (partial.type !== fragment.type || partial.body.length !== fragment.length) {
      throw new DtlsError('DTLS_ILLEGAL_PARAMETER', 'two fragments of one message disagree about it');
    }
    fill(partial, fragment);
    return 'taken';
  }

  /** The next message, once all of it is there. */
  take(): HandshakeMessage | undefined {
    const partial = this.#partials.get(this.#next);
    if (partial === undefined || partial.missing > 0) return undefined;
    this.#partials.delete(this.#next);
    this.#next += 1;
    return { type: partial.type, sequence: this.#next - 1, body: partial.body };
  }

  /** `undefined` where there is no room for more: nobody has shown who it is yet, and a byte of each of many messages must not fill our memory. */
  #begin({ type, length, sequence }: Fragment): Partial | undefined {
    if (length > this.#mostOf(type)) throw new DtlsError('DTLS_ILLEGAL_PARAMETER', `${messageName(type)} of ${length} bytes`);
    // The next message always has its place, or others ahead of it could keep it out for good.
    const hasRoom = this.kept + length <= this.#mostOfACertificate + MOST_BESIDE_A_CERTIFICATE;
    if (!hasRoom && sequence !== this.#next) return undefined;
    const partial = { type, body: Buffer.alloc(length), arrived: new Uint8Array((length + 7) >> 3), missing: length };
    this.#partials.set(sequence, partial);
    return partial;
  }

  #mostOf(type: number): number {
    if (type === MESSAGE.certificate) return this.#mostOfACertificate;
    return type === MESSAGE.client_hello || type === MESSAGE.server_hello || type === MESSAGE.new_session_ticket
      ? MOST_OF_A_HELLO
      : MOST_OF_OTHERS;
  }
}

/** What has arrived stays: later fragments do not overwrite it. */
function fill(partial: Partial, { offset, bytes }: Fragment): void {
  const { arrived, body } = partial;
  for (let i = 0; i < bytes.length; i++) {
    const at = offset + i;
    const bit = 1 << (at & 7);
    if ((arrived[at >> 3]! & bit) !== 0) continue;
    arrived[at >> 3]! |= bit;
    body[at] = bytes[i]!;
    partial.missing -= 1;
  }
}
