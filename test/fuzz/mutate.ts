import type { Random } from './random.ts';

/** Where lengths, counts and ids turn: the ends of CoAP's nibbles, of CBOR's heads, of signed and unsigned integers. */
const EDGES = [0, 1, 2, 7, 8, 12, 13, 14, 15, 16, 23, 24, 25, 31, 32, 63, 64, 100, 127, 128, 129, 192, 223, 224, 240, 254, 255];
const WIDE = [
  0, 1, 255, 256, 268, 269, 270, 1024, 1152, 4096, 32767, 32768, 65534, 65535, 65536, 65804, 65805, 0x7fffffff, 0x80000000, 0xffffffff,
];

export interface Material {
  readonly random: Random;
  readonly corpus: readonly Uint8Array[];
  readonly tokens: readonly Uint8Array[];
  readonly maxBytes: number;
}

type Mutator = (bytes: Uint8Array, material: Material) => Uint8Array;

/** Some of them several times over: a fault often needs two things to be wrong at once. */
export function mutate(from: Uint8Array, material: Material): Uint8Array {
  const { random, maxBytes } = material;
  let bytes: Uint8Array = from.slice();
  for (let rounds = 1 + random.below(1 << random.below(4)); rounds > 0; rounds--) {
    bytes = random.pick(MUTATORS)(bytes, material);
    if (bytes.length > maxBytes) bytes = bytes.slice(0, maxBytes);
  }
  return bytes;
}

const place = (bytes: Uint8Array, random: Random): number => random.below(bytes.length + 1);

function replaced(bytes: Uint8Array, start: number, end: number, by: Uint8Array): Uint8Array {
  const made = new Uint8Array(start + by.length + bytes.length - end);
  made.set(bytes.subarray(0, start));
  made.set(by, start);
  made.set(bytes.subarray(end), start + by.length);
  return made;
}

/** In place: `mutate` works on a copy. */
function changeByte(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = random.below(bytes.length);
  bytes[at] = change(bytes[at]!);
  return bytes;
}

const flipBit: Mutator = (bytes, { random }) => changeByte(bytes, random, (byte) => byte ^ (1 << random.below(8)));
const setByte: Mutator = (bytes, { random }) => changeByte(bytes, random, () => random.uint32() >>> 11);
const edgeByte: Mutator = (bytes, { random }) => changeByte(bytes, random, () => random.pick(EDGES));
const nudge: Mutator = (bytes, { random }) => changeByte(bytes, random, (byte) => byte + random.below(9) - 4);

const edgeWord: Mutator = (bytes, { random }) => {
  const width = random.pick([2, 3, 4, 8]);
  if (bytes.length < width) return bytes;
  const at = random.below(bytes.length - width + 1);
  const value = random.pick(WIDE);
  for (let byte = 0; byte < width; byte++) bytes[at + byte] = Math.floor(value / 256 ** (width - 1 - byte));
  return bytes;
};

const remove: Mutator = (bytes, { random }) => {
  if (bytes.length === 0) return bytes;
  const start = random.below(bytes.length);
  return replaced(bytes, start, Math.min(bytes.length, start + 1 + random.small(64)), new Uint8Array(0));
};

const insert: Mutator = (bytes, { random }) => {
  const at = place(bytes, random);
  return replaced(bytes, at, at, random.bytes(1 + random.small(16)));
};

const repeatByte: Mutator = (bytes, { random }) => {
  const at = place(bytes, random);
  return replaced(bytes, at, at, new Uint8Array(1 + random.small(300)).fill(random.chance(2) ? random.pick(EDGES) : (bytes[at] ?? 0)));
};

const duplicate: Mutator = (bytes, { random }) => {
  if (bytes.length === 0) return bytes;
  const start = random.below(bytes.length);
  const part = bytes.slice(start, start + 1 + random.small(128));
  const at = random.chance(2) ? start : place(bytes, random);
  return replaced(bytes, at, at, part);
};

const move: Mutator = (bytes, { random }) => {
  if (bytes.length < 2) return bytes;
  const start = random.below(bytes.length);
  const part = bytes.slice(start, start + 1 + random.small(64));
  const rest = replaced(bytes, start, start + part.length, new Uint8Array(0));
  const at = place(rest, random);
  return replaced(rest, at, at, part);
};

const truncate: Mutator = (bytes, { random }) => bytes.slice(0, place(bytes, random));

const token: Mutator = (bytes, { random, tokens }) => {
  if (tokens.length === 0) return bytes;
  const word = random.pick(tokens);
  const at = place(bytes, random);
  return replaced(bytes, at, random.chance(2) ? at : Math.min(bytes.length, at + word.length), word);
};

const splice: Mutator = (bytes, { random, corpus }) => {
  const other = random.pick(corpus);
  return replaced(bytes, place(bytes, random), bytes.length, other.subarray(place(other, random)));
};

const graft: Mutator = (bytes, { random, corpus }) => {
  const other = random.pick(corpus);
  const start = place(other, random);
  const part = other.subarray(start, start + 1 + random.small(64));
  const at = place(bytes, random);
  return replaced(bytes, at, random.chance(2) ? at : Math.min(bytes.length, at + part.length), part);
};

const digits: Mutator = (bytes, { random }) => {
  const at = bytes.findIndex((byte, index) => byte >= 0x30 && byte <= 0x39 && random.chance(1 + (index & 3)));
  if (at < 0) return bytes;
  return replaced(bytes, at, at + 1, Buffer.from(String(random.pick(WIDE))));
};

const MUTATORS: readonly Mutator[] = [
  flipBit,
  flipBit,
  setByte,
  edgeByte,
  nudge,
  edgeWord,
  remove,
  insert,
  repeatByte,
  duplicate,
  move,
  truncate,
  token,
  token,
  splice,
  graft,
  digits,
];
