/** Bytes read as a play: every input means something, so that mutating the bytes changes what happens and not whether. */
export class Script {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Zero behind the end. */
  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  flag(): boolean {
    return (this.byte() & 1) === 1;
  }

  below(count: number): number {
    return this.byte() % count;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  uint16(): number {
    return (this.byte() << 8) | this.byte();
  }

  bytes(count: number): Uint8Array {
    const taken = this.#bytes.slice(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }
}
