/** Everything lies at multiples of so many bytes. */
const UNIT = 8;
/** Of one page, in units: 4 MB. */
const PAGE_UNITS = 1 << 19;
/** Numbers and texts of a record, in the order in which they are asked for. */
export interface Values {
  readonly shape: number;
  readonly numbers: readonly number[];
  /** Places in a table, below 2^32. */
  readonly commons: readonly number[];
  readonly owns: readonly string[];
}

/** The same, read back one after the other. */
export interface Reading {
  readonly shape: number;
  number(): number;
  /** The number before once more. */
  sameNumber(): number;
  common(): number;
  text(): string;
}

interface Page {
  readonly doubles: Float64Array;
  readonly words: Uint32Array;
  readonly bytes: Buffer;
}

/** In words of 32 bits: shape, units of the slot, how many numbers, how many places. */
const HEADER_WORDS = 4;
/** Set in the length of a text that does not fit one byte a character. */
const WIDE = 0x8000_0000;

/** Memory outside the heap for records of different length. A slot that is freed is used again for one of its length. */
export class Slab {
  readonly #pages: Page[] = [];
  /** Units → freed slots that have as many. */
  readonly #free = new Map<number, number[]>();
  #next = 0;
  /** Of the page that is being filled. */
  #end = 0;

  get bytes(): number {
    return this.#pages.length * PAGE_UNITS * UNIT;
  }

  /** `before`: the slot whose record this one replaces. */
  write(values: Values, before?: number): number {
    const texts = values.owns.map(sizedText);
    const words = HEADER_WORDS + values.commons.length;
    const textBytes = texts.reduce((sum, { length }) => sum + 4 + Math.ceil(length / 4) * 4, 0);
    const units = Math.ceil((words * 4 + textBytes) / UNIT) + values.numbers.length;
    const slot = this.#slotFor(units, before);
    const page = this.#pages[Math.floor(slot / PAGE_UNITS)]!;
    const start = slot % PAGE_UNITS;
    let word = start * 2;
    page.words[word++] = values.shape;
    word += 1;
    page.words[word++] = values.numbers.length;
    page.words[word++] = values.commons.length;
    let unit = start + HEADER_WORDS / 2;
    for (const value of values.numbers) page.doubles[unit++] = value;
    word = unit * 2;
    for (const place of values.commons) page.words[word++] = place;
    for (const { text, length, isWide } of texts) {
      page.words[word++] = isWide ? length + WIDE : length;
      page.bytes.write(text, word * 4, length, isWide ? 'utf16le' : 'latin1');
      word += Math.ceil(length / 4);
    }
    return slot;
  }

  read(slot: number): Reading {
    const { words, doubles, bytes } = this.#pages[Math.floor(slot / PAGE_UNITS)]!;
    const start = slot % PAGE_UNITS;
    let unit = start + HEADER_WORDS / 2;
    let common = (unit + words[start * 2 + 2]!) * 2;
    let text = common + words[start * 2 + 3]!;
    return {
      shape: words[start * 2]!,
      number: () => doubles[unit++]!,
      sameNumber: () => doubles[unit - 1]!,
      common: () => words[common++]!,
      text: () => {
        const told = words[text++]!;
        const isWide = told >= WIDE;
        const length = isWide ? told - WIDE : told;
        const from = text * 4;
        text += Math.ceil(length / 4);
        return bytes.toString(isWide ? 'utf16le' : 'latin1', from, from + length);
      },
    };
  }

  free(slot: number): void {
    const units = this.#unitsOf(slot);
    const list = this.#free.get(units);
    if (list) list.push(slot);
    else this.#free.set(units, [slot]);
  }

  /** Where it was, if it is as long; else one that was freed, else a new one. */
  #slotFor(units: number, before: number | undefined): number {
    if (before !== undefined) {
      if (this.#unitsOf(before) === units) return before;
      this.free(before);
    }
    const freed = this.#free.get(units)?.pop();
    if (freed !== undefined) return freed;
    if (this.#next + units > this.#end) this.#addPage(units);
    const slot = this.#next;
    this.#next += units;
    this.#pages[Math.floor(slot / PAGE_UNITS)]!.words[(slot % PAGE_UNITS) * 2 + 1] = units;
    return slot;
  }

  #unitsOf(slot: number): number {
    return this.#pages[Math.floor(slot / PAGE_UNITS)]!.words[(slot % PAGE_UNITS) * 2 + 1]!;
  }

  #addPage(units: number): void {
    // A record that is larger than a page has one of its own, which counts as several.
    const count = Math.max(1, Math.ceil(units / PAGE_UNITS));
    const memory = new ArrayBuffer(count * PAGE_UNITS * UNIT);
    const page = { doubles: new Float64Array(memory), words: new Uint32Array(memory), bytes: Buffer.from(memory) };
    this.#next = this.#pages.length * PAGE_UNITS;
    this.#end = this.#next + (count > 1 ? units : PAGE_UNITS);
    for (let each = 0; each < count; each++) this.#pages.push(page);
  }
}

function sizedText(text: string): { readonly text: string; readonly length: number; readonly isWide: boolean } {
  const isWide = /[^\u0000-\u00ff]/.test(text);
  return { text, length: isWide ? text.length * 2 : text.length, isWide };
}
