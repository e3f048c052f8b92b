import { AuditError } from './errors.ts';
import { EMPTY_ROOT, exponentOf, HASH_BYTES, nodeHash, type Hash } from './merkle.ts';

const FIRST_CAPACITY = 64;

/** All complete subtrees of a growing tree, 64 bytes per leaf, so that any proof costs a handful of hashes. */
export class MerkleTree {
  /** `#levels[k]` holds the roots of the complete subtrees of 2^k leaves, one after the other. */
  readonly #levels: Level[] = [];

  get size(): number {
    return this.#levels[0]?.count ?? 0;
  }

  append(leaf: Hash): void {
    let hash = leaf;
    for (let k = 0; ; k++) {
      const level = (this.#levels[k] ??= new Level());
      level.push(hash);
      if (level.count % 2 === 1) return;
      hash = nodeHash(level.at(level.count - 2), level.at(level.count - 1));
    }
  }

  root(size = this.size): Hash {
    this.#require(size);
    return size === 0 ? EMPTY_ROOT : this.#range(0, size);
  }

  /** RFC 9162, section 2.1.3.1: from the leaf upwards. */
  inclusionProof(index: number, size = this.size): Hash[] {
    this.#require(size);
    if (!Number.isInteger(index) || index < 0 || index >= size)
      throw new AuditError('AUDIT_PROOF_UNAVAILABLE', `no leaf ${index} in ${size}`);
    const proof: Hash[] = [];
    let [start, end] = [0, size];
    while (end - start > 1) {
      const middle = start + splitOf(end - start);
      if (index < middle) {
        proof.push(this.#range(middle, end));
        end = middle;
      } else {
        proof.push(this.#range(start, middle));
        start = middle;
      }
    }
    return proof.reverse();
  }

  /** RFC 9162, section 2.1.4.1: that the tree of `newer` leaves begins with the tree of `older` leaves. */
  consistencyProof(older: number, newer = this.size): Hash[] {
    this.#require(newer);
    if (!Number.isInteger(older) || older < 0 || older > newer)
      throw new AuditError('AUDIT_PROOF_UNAVAILABLE', `no ${older} leaves in ${newer}`);
    if (older === 0) return [];
    const proof: Hash[] = [];
    let [start, end] = [0, newer];
    while (end !== older) {
      const middle = start + splitOf(end - start);
      if (older <= middle) {
        proof.push(this.#range(middle, end));
        end = middle;
      } else {
        proof.push(this.#range(start, middle));
        start = middle;
      }
    }
    // The older tree's own root is known to whoever asks; only a part of it has to be told.
    if (start > 0) proof.push(this.#range(start, end));
    return proof.reverse();
  }

  #range(start: number, end: number): Hash {
    const width = end - start;
    const level = exponentOf(width);
    if (level !== undefined) return this.#level(level).at(start / width);
    const middle = start + splitOf(width);
    return nodeHash(this.#range(start, middle), this.#range(middle, end));
  }

  #level(k: number): Level {
    const level = this.#levels[k];
    if (!level) throw new AuditError('AUDIT_PROOF_UNAVAILABLE', `no subtree of height ${k}`);
    return level;
  }

  #require(size: number): void {
    if (!Number.isInteger(size) || size < 0 || size > this.size) {
      throw new AuditError('AUDIT_PROOF_UNAVAILABLE', `the log has ${this.size} records, not ${size}`);
    }
  }
}

/** Hashes in one block of memory: a million small buffers would cost five times as much. */
class Level {
  count = 0;
  #bytes = new Uint8Array(FIRST_CAPACITY * HASH_BYTES);

  push(hash: Hash): void {
    const at = this.count++ * HASH_BYTES;
    if (at === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(hash, at);
  }

  at(index: number): Hash {
    return this.#bytes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }
}

/** The largest power of two below the width. */
function splitOf(width: number): number {
  let split = 1;
  while (split * 2 < width) split *= 2;
  return split;
}
