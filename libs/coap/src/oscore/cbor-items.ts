/** The few shapes of CBOR that key derivation and authentication need (RFC 8949 section 3), in their shortest form. */
export type CborItem = number | string | Uint8Array | null | readonly CborItem[];

const [UINT, BYTES, TEXT, ARRAY, NULL] = [0, 2, 3, 4, 0xf6];
/** Longest of what stands here is a Partial IV, an ID or a context of an ID. */
const MOST = 0xffff;

export function cborOf(item: CborItem): Uint8Array {
  if (item === null) return Uint8Array.of(NULL);
  if (typeof item === 'number') return head(UINT, item);
  if (typeof item === 'string') return Buffer.concat([head(TEXT, Buffer.byteLength(item)), Buffer.from(item)]);
  if (item instanceof Uint8Array) return Buffer.concat([head(BYTES, item.length), item]);
  return Buffer.concat([head(ARRAY, item.length), ...item.map(cborOf)]);
}

function head(major: number, value: number): Uint8Array {
  if (value < 24) return Uint8Array.of((major << 5) | value);
  if (value < 0x100) return Uint8Array.of((major << 5) | 24, value);
  if (value > MOST) throw new RangeError(`${value} does not fit`);
  return Uint8Array.of((major << 5) | 25, value >> 8, value & 0xff);
}
