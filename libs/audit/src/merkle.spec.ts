import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { appendLeaf, EMPTY_EDGE, leafHash, rootOf, verifyConsistency, verifyInclusion, type Hash } from './merkle.ts';
import { MerkleTree } from './merkle-tree.ts';

/** RFC 9162, section 2.1.1, word by word and as slowly as it is written there. */
const H = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const k = (n: number): number => (n <= 2 ? 1 : 2 * k(Math.ceil(n / 2)));
const MTH = (d: Uint8Array[]): Buffer => {
  if (d.length === 0) return H();
  if (d.length === 1) return H(Buffer.of(0), d[0] ?? Buffer.of());
  return H(Buffer.of(1), MTH(d.slice(0, k(d.length))), MTH(d.slice(k(d.length))));
};
const PATH = (m: number, d: Uint8Array[]): Buffer[] => {
  if (d.length === 1) return [];
  const split = k(d.length);
  return m < split ? [...PATH(m, d.slice(0, split)), MTH(d.slice(split))] : [...PATH(m - split, d.slice(split)), MTH(d.slice(0, split))];
};
const SUBPROOF = (m: number, d: Uint8Array[], b: boolean): Buffer[] => {
  if (m === d.length) return b ? [] : [MTH(d)];
  const split = k(d.length);
  return m <= split
    ? [...SUBPROOF(m, d.slice(0, split), b), MTH(d.slice(split))]
    : [...SUBPROOF(m - split, d.slice(split), false), MTH(d.slice(0, split))];
};

const entry = (index: number) => Buffer.from(`entry ${index}`);
const entries = (n: number) => Array.from({ length: n }, (_, index) => entry(index));
const treeOf = (n: number) => {
  const tree = new MerkleTree();
  for (const data of entries(n)) tree.append(leafHash(data));
  return tree;
};
const flipped = (hash: Hash, bit: number) => {
  const copy = Uint8Array.from(hash);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};
const plain = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Buffer.from(hash).toString('hex'));
const MAX = 70;

it('has the root of the RFC at every size, grown or looked up', () => {
  const tree = treeOf(MAX);
  let edge = EMPTY_EDGE;
  for (let n = 0; n <= MAX; n++) {
    const expected = plain([MTH(entries(n))]);
    expect(plain([rootOf(edge)])).toEqual(expected);
    expect(plain([tree.root(n)])).toEqual(expected);
    expect(edge.hashes.length).toBeLessThanOrEqual(7);
    edge = appendLeaf(edge, leafHash(entry(n)));
  }
});

it('proves each leaf as the RFC does, at every size', () => {
  const tree = treeOf(MAX);
  for (let n = 1; n <= MAX; n++) {
    for (let m = 0; m < n; m++) expect(plain(tree.inclusionProof(m, n))).toEqual(plain(PATH(m, entries(n))));
  }
});

it('proves each older tree as the RFC does', () => {
  const tree = treeOf(40);
  for (let n = 1; n <= 40; n++) {
    for (let m = 1; m <= n; m++) expect(plain(tree.consistencyProof(m, n))).toEqual(plain(SUBPROOF(m, entries(n), true)));
  }
});

const sizes = fc.integer({ min: 1, max: 600 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1), fc.nat(2 ** 20)));
const big = treeOf(600);

describe('whatever the size', () => {
  it('an inclusion proof holds, and no changed bit, other place or other length does', () => {
    fc.assert(
      fc.property(sizes, ([size, index, chance]) => {
        const [leaf, root, proof] = [leafHash(entry(index)), big.root(size), big.inclusionProof(index, size)];
        const claim = { leaf, index, size, root };
        expect(verifyInclusion(claim, proof)).toBe(true);
        const bit = chance % 256;
        expect(verifyInclusion({ ...claim, leaf: flipped(leaf, bit) }, proof)).toBe(false);
        expect(verifyInclusion({ ...claim, root: flipped(root, bit) }, proof)).toBe(false);
        for (const at of proof.keys())
          expect(
            verifyInclusion(
              claim,
              proof.map((hash, i) => (i === at ? flipped(hash, bit) : hash)),
            ),
          ).toBe(false);
        expect(verifyInclusion(claim, [...proof, root])).toBe(false);
        if (proof.length > 0) expect(verifyInclusion(claim, proof.slice(1))).toBe(false);
        if (size > 1) expect(verifyInclusion({ ...claim, index: (index + 1) % size }, proof)).toBe(false);
        expect(verifyInclusion({ ...claim, index: size }, proof)).toBe(false);
      }),
    );
  });

  it('a consistency proof holds, and no changed bit does', () => {
    fc.assert(
      fc.property(sizes, ([size, less, chance]) => {
        const [older, newer] = [
          { size: size - less, root: big.root(size - less) },
          { size, root: big.root(size) },
        ];
        const proof = big.consistencyProof(older.size, size);
        expect(verifyConsistency(older, newer, proof)).toBe(true);
        const bit = chance % 256;
        expect(verifyConsistency({ ...older, root: flipped(older.root, bit) }, newer, proof)).toBe(false);
        expect(verifyConsistency(older, { ...newer, root: flipped(newer.root, bit) }, proof)).toBe(false);
        for (const at of proof.keys())
          expect(
            verifyConsistency(
              older,
              newer,
              proof.map((hash, i) => (i === at ? flipped(hash, bit) : hash)),
            ),
          ).toBe(false);
        expect(verifyConsistency(older, newer, [...proof, newer.root])).toBe(false);
        if (proof.length > 0) expect(verifyConsistency(older, newer, proof.slice(1))).toBe(false);
      }),
    );
  });
});

it('counts beyond 32 bits', () => {
  const claim = { leaf: leafHash(entry(0)), index: 2 ** 40, size: 2 ** 40 + 1, root: leafHash(entry(0)) };
  expect(verifyInclusion(claim, [])).toBe(false);
  const sibling = leafHash(entry(1));
  expect(verifyInclusion({ ...claim, root: H(Buffer.of(1), sibling, claim.leaf) }, [sibling])).toBe(true);
});

it.each([
  ['no such leaf', () => big.inclusionProof(600)],
  ['a leaf before the first', () => big.inclusionProof(-1)],
  ['a tree that is not grown yet', () => big.root(601)],
  ['an older tree that is newer', () => big.consistencyProof(7, 6)],
])('refuses to prove %s', (_name, action) => {
  expect(action).toThrow(expect.objectContaining({ code: 'AUDIT_PROOF_UNAVAILABLE' }));
});
