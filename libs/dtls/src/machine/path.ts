interface Candidate {
  readonly address: string;
  /** Bytes that may still be sent there. */
  credit: number;
}

/**
 * Where a session with a Connection ID is (RFC 9146 section 6). The newest authentic record moves our answers to where it came
 * from, but anybody on the way can send it on from elsewhere before it arrives: so only a multiple of what came from there
 * goes there, and the old address is kept, until the caller has seen an answer from there to something that was sent there.
 */
export class Path {
  #proven: string;
  #candidate?: Candidate;
  readonly #maxAmplification: number;

  constructor(proven: string, maxAmplification: number) {
    this.#proven = proven;
    this.#maxAmplification = maxAmplification;
  }

  get address(): string {
    return this.#candidate?.address ?? this.#proven;
  }

  get proven(): string {
    return this.#proven;
  }

  /** An authentic record of `bytes` bytes. */
  arrived(address: string, bytes: number, isNewest: boolean): void {
    const credit = this.#maxAmplification * bytes;
    if (this.#candidate?.address === address) this.#candidate.credit += credit;
    else if (isNewest) this.#candidate = address === this.#proven ? undefined : { address, credit };
  }

  /** `false`: it must not go out. */
  spend(bytes: number): boolean {
    if (this.#candidate === undefined) return true;
    if (this.#candidate.credit < bytes) return false;
    this.#candidate.credit -= bytes;
    return true;
  }

  /** Ignored for an address that the session has left again. */
  prove(address: string): void {
    if (this.#candidate?.address !== address) return;
    this.#proven = address;
    this.#candidate = undefined;
  }
}
