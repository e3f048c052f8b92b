/**
 * Where each value of a record belongs: its keys once for all records that have the same ones. A member is an object, the
 * next text (or whatever else is no number), the next number, or the same number as the one before it.
 */
type Shape = readonly (readonly [key: string, member: Member])[];
type Member = Shape | 'other' | 'number' | 'again';

/** A record without its keys. Numbers lie side by side in an array of doubles: no object for each. */
export interface Packed {
  readonly shape: Shape;
  readonly others: readonly unknown[];
  readonly numbers: readonly number[];
}

/** What a key leads to: a number, the same number again, something else, an object; the end of an object has no key. */
const WAYS = [0, 1, 2, 3, 4] as const;
const [NUMBER, AGAIN, OTHER, OBJECT, END] = WAYS;
type Way = (typeof WAYS)[number];

/** A place on the way through the keys of a record: where each next step leads, and the shape of a record that ends here. */
class Step {
  readonly #next: (Map<string, Step> | undefined)[] = [];
  shape: Shape | undefined;

  to(what: Way, key: string): Step | undefined {
    return this.#next[what]?.get(key);
  }

  lead(what: Way, key: string, step: Step): void {
    (this.#next[what] ??= new Map()).set(key, step);
  }
}

interface Filling {
  step: Step;
  readonly others: unknown[];
  readonly numbers: number[];
}

/** Texts of which one copy serves all records, and steps: a bound for what strangers may send. */
const MOST_TEXTS = 100_000;
const MOST_STEPS = 50_000;

/**
 * Packs plain records of any shape and gives them back equal, for a memory that holds a million of them: a record that
 * takes 2 kB as an object takes a third of that. `unique` names members whose texts no two records share.
 */
export class RecordPacker<T extends object> {
  readonly #first = new Step();
  #steps = 0;
  readonly #texts = new Map<string, string>();
  readonly #unique: ReadonlySet<string>;

  constructor(unique: readonly string[]) {
    this.#unique = new Set(unique);
  }

  pack(record: T): Packed {
    const filling: Filling = { step: this.#first, others: [], numbers: [] };
    this.#fill(record as Record<string, unknown>, filling);
    const { step, others, numbers } = filling;
    step.shape ??= describe(record as Record<string, unknown>, { last: undefined });
    // Exact in length: an array that has grown keeps room for more.
    return { shape: step.shape, others: others.slice(), numbers: numbers.slice() };
  }

  unpack({ shape, others, numbers }: Packed): T {
    return build(shape, { others, numbers, other: 0, number: 0 }) as T;
  }

  #fill(object: Record<string, unknown>, filling: Filling): void {
    for (const key in object) {
      const value = object[key];
      if (value === undefined) continue;
      if (typeof value === 'number') filling.step = this.#after(filling.step, pushNumber(value, filling.numbers), key);
      else if (isPlain(value)) {
        filling.step = this.#after(filling.step, OBJECT, key);
        this.#fill(value, filling);
      } else {
        filling.step = this.#after(filling.step, OTHER, key);
        filling.others.push(typeof value === 'string' && !this.#unique.has(key) ? this.#shared(value) : value);
      }
    }
    filling.step = this.#after(filling.step, END, '');
  }

  #after(step: Step, what: Way, key: string): Step {
    const known = step.to(what, key);
    if (known) return known;
    const next = new Step();
    // Beyond the bound nothing is remembered: such a record describes itself.
    if (this.#steps < MOST_STEPS) {
      step.lead(what, key, next);
      this.#steps += 1;
    }
    return next;
  }

  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < MOST_TEXTS) this.#texts.set(text, text);
    return text;
  }
}

function pushNumber(value: number, numbers: number[]): typeof NUMBER | typeof AGAIN {
  if (numbers.length > 0 && Object.is(numbers[numbers.length - 1], value)) return AGAIN;
  numbers.push(value);
  return NUMBER;
}

/** Keys in their order, with the same decisions as the filling. */
function describe(object: Record<string, unknown>, seen: { last: number | undefined }): Shape {
  const shape: [string, Member][] = [];
  for (const key in object) {
    const value = object[key];
    if (value === undefined) continue;
    if (typeof value === 'number') {
      shape.push([key, Object.is(seen.last, value) ? 'again' : 'number']);
      seen.last = value;
    } else shape.push([key, isPlain(value) ? describe(value, seen) : 'other']);
  }
  return shape;
}

interface Reading {
  readonly others: readonly unknown[];
  readonly numbers: readonly number[];
  other: number;
  number: number;
}

function build(shape: Shape, reading: Reading): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, member] of shape) {
    if (key === '__proto__') own(object, key);
    if (member === 'other') object[key] = reading.others[reading.other++];
    else if (member === 'number') object[key] = reading.numbers[reading.number++];
    else if (member === 'again') object[key] = reading.numbers[reading.number - 1];
    else object[key] = build(member, reading);
  }
  return object;
}

/** A member of that name like any other. */
function own(object: Record<string, unknown>, key: string): void {
  Object.defineProperty(object, key, { value: undefined, writable: true, enumerable: true, configurable: true });
}

/** An object that is taken apart. Lists stay as they are: they are rare, and mostly empty. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
