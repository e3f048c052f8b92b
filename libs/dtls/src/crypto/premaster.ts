/** RFC 4279 section 2: as many zeros as the key is long, and the key, each with its length. */
export function pskPremaster(psk: Uint8Array): Buffer {
  return pskPremasterOver(Buffer.alloc(psk.length), psk);
}

/** RFC 5489 section 2: the shared point of the ECDH takes the place of the zeros. */
export function pskPremasterOver(shared: Uint8Array, psk: Uint8Array): Buffer {
  const out = Buffer.alloc(4 + shared.length + psk.length);
  out.writeUInt16BE(shared.length, 0);
  out.set(shared, 2);
  out.writeUInt16BE(psk.length, 2 + shared.length);
  out.set(psk, 4 + shared.length);
  return out;
}
