import { hash } from 'node:crypto';

/** The tree of RFC 9162, section 2.1, over SHA-256: hashing, the growing edge, and the two verifications. */
export type Hash = Uint8Array;

export const HASH_BYTES = 32;
export const EMPTY_ROOT: Hash = sha256('');

/** In one go: an audit record takes a few of these, and an object of OpenSSL for each would be most of what it costs. */
export function sha256(data: Uint8Array | string): Hash {
  return hash('sha256', data, 'buffer');
}

// Leaves and nodes are hashed differently, so that a node can never be passed off as a leaf.
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(entry: Uint8Array): Hash {
  return sha256(Buffer.concat([LEAF, entry]));
}

export function nodeHash(left: Hash, right: Hash): Hash {
  return sha256(Buffer.concat([NODE, left, right]));
}

/** Roots of the complete subtrees that make up a tree, largest first: all that is needed to grow it. */
export interface TreeEdge {
  readonly size: number;
  readonly hashes: readonly Hash[];
}

export const EMPTY_EDGE: TreeEdge = { size: 0, hashes: [] };

export function appendLeaf({ size, hashes }: TreeEdge, leaf: Hash): TreeEdge {
  const next = [...hashes];
  let last = leaf;
  // As in binary addition: each trailing one of the size is a subtree that is now complete with its twin.
  for (let rest = size; rest % 2 === 1; rest = half(rest)) last = nodeHash(next.pop() ?? EMPTY_ROOT, last);
  return { size: size + 1, hashes: [...next, last] };
}

export function rootOf({ hashes }: TreeEdge): Hash {
  return hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right));
}

export interface InclusionClaim {
  readonly leaf: Hash;
  readonly index: number;
  readonly size: number;
  readonly root: Hash;
}

/** RFC 9162, section 2.1.3.2. */
export function verifyInclusion({ leaf, index, size, root }: InclusionClaim, proof: readonly Hash[]): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      for (; fn % 2 === 0 && fn !== 0; fn = half(fn)) sn = half(sn);
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equal(hash, root);
}

export interface TreeState {
  readonly size: number;
  readonly root: Hash;
}

/** Whether the newer tree begins with the older one. RFC 9162, section 2.1.4.2. */
export function verifyConsistency(older: TreeState, newer: TreeState, proof: readonly Hash[]): boolean {
  if (!isCount(older.size) || !isCount(newer.size) || older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && equal(older.root, newer.root);
  if (older.size === 0) return proof.length === 0 && equal(older.root, EMPTY_ROOT);

  const path = exponentOf(older.size) !== undefined ? [older.root, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let [fn, sn] = [older.size - 1, newer.size - 1];
  for (; fn % 2 === 1; fn = half(fn)) sn = half(sn);
  let [olderHash, newerHash] = [first, first];
  for (const sibling of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      olderHash = nodeHash(sibling, olderHash);
      newerHash = nodeHash(sibling, newerHash);
      for (; fn % 2 === 0 && fn !== 0; fn = half(fn)) sn = half(sn);
    } else {
      newerHash = nodeHash(newerHash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && equal(olderHash, older.root) && equal(newerHash, newer.root);
}

/** Not a shift: those work on 32 bits. */
function half(value: number): number {
  return Math.floor(value / 2);
}

/** `k` where the value is 2^k; undefined where it is no power of two. Exact, as a logarithm is not. */
export function exponentOf(value: number): number | undefined {
  let [rest, exponent] = [value, 0];
  for (; rest > 1 && rest % 2 === 0; rest = half(rest)) exponent++;
  return rest === 1 ? exponent : undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function equal(a: Hash, b: Hash): boolean {
  return Buffer.compare(a, b) === 0;
}
