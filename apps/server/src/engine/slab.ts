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

interface Page {
  readonly doubles: Float64Array;
  readonly words: Uint32Array;
  readonly bytes: Buffer;
}

/** In words of 32 bits: shape, units of the slot, how many numbers, how many places. */
const HEADER_WORDS = 4;
/** Set in the length of a text that does not fit one byte a character. */
const WIDE = 0x8000_0000;

/** Numbers and texts of a record, read back one after the other. */
class Reading {
  shape = 0;
  #page: Page | undefined;
  #unit = 0;
  #common = 0;
  #text = 0;

  begin(page: Page, start: number): void {
    const { words } = page;
    this.#page = page;
    this.shape = words[start * 2]!;
    this.#unit = start + HEADER_WORDS / 2;
    this.#common = (this.#unit + words[start * 2 + 2]!) * 2;
    this.#text = this.#common + words[start * 2 + 3]!;
  }

  number(): number {
    return this.#page!.doubles[this.#unit++]!;
  }

  /** The number before once more. */
  sameNumber(): number {
    return this.#page!.doubles[this.#unit - 1]!;
  }

  common(): number {
    return this.#page!.words[this.#common++]!;
  }

  text(): string {
    const { words, bytes } = this.#page!;
    const told = words[this.#text++]!;
    const isWide = told >= WIDE;
    const length = isWide ? told - WIDE : told;
    const from = this.#text * 4;
    this.#text += Math.ceil(length / 4);
    return bytes.toString(isWide ? 'utf16le' : 'latin1', from, from + length);
  }
}

export type { Reading };

/** Memory outside the heap for records of different length. A slot that is freed is used again for one of its length. */
export class Slab {
  readonly #pages: Page[] = [];
  readonly #reading = new Reading();
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

  /** Good until the next one is read, and as long as nothing is written. */
  read(slot: number): Reading {
    this.#reading.begin(this.#pages[Math.floor(slot / PAGE_UNITS)]!, slot % PAGE_UNITS);
    return this.#reading;
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
