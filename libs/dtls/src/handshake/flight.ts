import { encodeFragment, MESSAGE_HEADER_BYTES, type HandshakeMessage } from './message.ts';
import { CONTENT, RECORD_HEADER_BYTES } from '../record/record.ts';

/** What one side says before it waits (RFC 6347 section 4.2.4). The protected one is Finished. */
export type FlightItem =
  { readonly kind: 'message'; readonly message: HandshakeMessage; readonly isProtected: boolean } | { readonly kind: 'change-cipher-spec' };

/** Writes records; each call uses a new record number, also when the same flight goes out again. */
export interface RecordWriter {
  plain(type: number, bytes: Buffer): Buffer;
  protect(type: number, bytes: Buffer): Buffer;
  /** Bytes that a protected record is longer than its content. */
  readonly overhead: number;
  /** Most bytes of content in a record. */
  readonly recordLimit: number;
}

const CHANGE_CIPHER_SPEC = Buffer.of(1);
/** A fragment smaller than this is not worth the header it needs: better a new datagram. */
const LEAST_FRAGMENT = 32;

/** Records put into datagrams of at most `mtu` bytes; a message that does not fit is cut into fragments. */
export function packFlight(flight: readonly FlightItem[], writer: RecordWriter, mtu: number): Buffer[] {
  const packing = new Packing(mtu);
  for (const item of flight) {
    if (item.kind === 'change-cipher-spec') packing.put(writer.plain(CONTENT.change_cipher_spec, CHANGE_CIPHER_SPEC));
    else packMessage(item, writer, packing);
  }
  return packing.datagrams();
}

function packMessage(item: Extract<FlightItem, { kind: 'message' }>, writer: RecordWriter, packing: Packing): void {
  const { message, isProtected } = item;
  const overhead = MESSAGE_HEADER_BYTES + (isProtected ? writer.overhead : RECORD_HEADER_BYTES);
  const body = Buffer.from(message.body.buffer, message.body.byteOffset, message.body.length);
  let offset = 0;
  do {
    const left = body.length - offset;
    const room = packing.roomFor(overhead + Math.min(left, LEAST_FRAGMENT)) - overhead;
    // Where a Connection ID leaves no room, a datagram too large for the path may arrive; one of nothing never does.
    const size = Math.min(left, Math.max(room, LEAST_FRAGMENT), writer.recordLimit - MESSAGE_HEADER_BYTES);
    const bytes = body.subarray(offset, offset + size);
    const fragment = encodeFragment({ type: message.type, sequence: message.sequence, length: body.length, offset, bytes });
    packing.put(isProtected ? writer.protect(CONTENT.handshake, fragment) : writer.plain(CONTENT.handshake, fragment));
    offset += size;
  } while (offset < body.length);
}

class Packing {
  readonly #mtu: number;
  readonly #full: Buffer[] = [];
  #open: Buffer[] = [];
  #bytes = 0;

  constructor(mtu: number) {
    this.#mtu = mtu;
  }

  /** Bytes free in the datagram that is being filled; begins a new one where `least` do not fit. */
  roomFor(least: number): number {
    if (this.#mtu - this.#bytes < least) this.#close();
    return this.#mtu - this.#bytes;
  }

  put(record: Buffer): void {
    if (this.#bytes + record.length > this.#mtu) this.#close();
    this.#open.push(record);
    this.#bytes += record.length;
  }

  datagrams(): Buffer[] {
    this.#close();
    return this.#full;
  }

  #close(): void {
    if (this.#open.length > 0) this.#full.push(Buffer.concat(this.#open));
    this.#open = [];
    this.#bytes = 0;
  }
}
