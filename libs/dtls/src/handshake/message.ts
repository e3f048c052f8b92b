import { uint } from './writer.ts';

/** HandshakeType of RFC 5246 section 7.4, RFC 6347 section 4.3.2 and RFC 5077 section 3.3. */
export const MESSAGE = {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  hello_verify_request: 3,
  new_session_ticket: 4,
  certificate: 11,
  server_key_exchange: 12,
  certificate_request: 13,
  server_hello_done: 14,
  certificate_verify: 15,
  client_key_exchange: 16,
  finished: 20,
} as const;

const NAME_OF = new Map<number, string>(Object.entries(MESSAGE).map(([name, type]) => [type, name]));
export const messageName = (type: number): string => NAME_OF.get(type) ?? `message ${type}`;

export const MESSAGE_HEADER_BYTES = 12;

/** A whole handshake message. */
export interface HandshakeMessage {
  readonly type: number;
  /** message_seq: its number among all that its sender sends in this handshake. */
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** A piece of one, as it stands in a record. */
export interface Fragment {
  readonly type: number;
  readonly sequence: number;
  /** Of the whole message. */
  readonly length: number;
  readonly offset: number;
  /** A view of the record. */
  readonly bytes: Buffer;
}

export function encodeFragment({ type, sequence, length, offset, bytes }: Fragment): Buffer {
  return Buffer.concat([uint(1, type), uint(3, length), uint(2, sequence), uint(3, offset), uint(3, bytes.length), bytes]);
}

/** As if it were one fragment: the form in which every hash of a handshake takes it (RFC 6347 section 4.2.6). */
export function encodeMessage({ type, sequence, body }: HandshakeMessage): Buffer {
  return encodeFragment({ type, sequence, length: body.length, offset: 0, bytes: Buffer.from(body.buffer, body.byteOffset, body.length) });
}

/**
 * The fragments of a record; several messages may share one. `undefined` where they do not fill it exactly, or one reaches
 * beyond its message.
 */
export function readFragments(content: Buffer): Fragment[] | undefined {
  const fragments: Fragment[] = [];
  for (let at = 0; at < content.length;) {
    if (content.length - at < MESSAGE_HEADER_BYTES) return undefined;
    const length = content.readUIntBE(at + 1, 3);
    const offset = content.readUIntBE(at + 6, 3);
    const size = content.readUIntBE(at + 9, 3);
    const start = at + MESSAGE_HEADER_BYTES;
    if (content.length - start < size || offset + size > length) return undefined;
    fragments.push({
      type: content[at]!,
      length,
      sequence: content.readUInt16BE(at + 4),
      offset,
      bytes: content.subarray(start, start + size),
    });
    at = start + size;
  }
  return fragments.length === 0 ? undefined : fragments;
}
