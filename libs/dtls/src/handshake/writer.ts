/** A number of `size` bytes, most significant first. */
export function uint(size: 1 | 2 | 3 | 4, value: number): Buffer {
  const out = Buffer.allocUnsafe(size);
  out.writeUIntBE(value, 0, size);
  return out;
}

/** The parts, behind their common length. */
export function vector(size: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([uint(size, length), ...parts]);
}

export function numbers(size: 1 | 2, each: 1 | 2, values: readonly number[]): Buffer {
  return vector(size, ...values.map((value) => uint(each, value)));
}
