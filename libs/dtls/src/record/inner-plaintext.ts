/** A record's content with what it is; with a Connection ID the type travels encrypted. */
export interface Content {
  readonly type: number;
  readonly bytes: Buffer;
}

/** DTLSInnerPlaintext (RFC 9146 section 4): content, real type, and zeros that hide its length. */
export function wrap(type: number, content: Uint8Array, padding = 0): Buffer {
  const out = Buffer.alloc(content.length + 1 + padding);
  out.set(content);
  out[content.length] = type;
  return out;
}

/** `undefined` where there is nothing but zeros: then there is no type, and the record is to be refused. */
export function unwrap(plaintext: Buffer): Content | undefined {
  let end = plaintext.length - 1;
  while (end >= 0 && plaintext[end] === 0) end -= 1;
  return end < 0 ? undefined : { type: plaintext[end]!, bytes: plaintext.subarray(0, end) };
}
