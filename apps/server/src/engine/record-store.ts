import { Slab, type Reading } from './slab.ts';

/** What the next value of a record is: a number, the same number again, one of a few texts, a text of its own, anything else, an object or its end. */
const WAYS = [0, 1, 2, 3, 4, 5, 6] as const;
const [NUMBER, AGAIN, COMMON, OWN, JSON_TEXT, OBJECT, END] = WAYS;
type Way = (typeof WAYS)[number];

/** Keys and ways of a record in the order in which its values are stored. */
type Shape = readonly { readonly key: string; readonly way: Way; readonly members: Shape | undefined }[];

/** A place on the way through the keys of a record: where each next one leads, and the number of the shape that ends here. */
class Step {
  readonly #next: (Map<string, Step> | undefined)[] = [];
  shape: number | undefined;

  to(way: Way, key: string): Step | undefined {
    return this.#next[way]?.get(key);
  }

  lead(way: Way, key: string, step: Step): void {
    (this.#next[way] ??= new Map()).set(key, step);
  }
}

interface Filling {
  step: Step;
  readonly ways: Way[];
  readonly numbers: number[];
  readonly commons: number[];
  readonly owns: string[];
  /** Of a shape that there was no more room to remember. */
  isStrange: boolean;
}

/** A bound for what strangers may send: beyond it a text is everybody's own, and a shape is found anew. */
const MOST_TEXTS = 100_000;
const MOST_STEPS = 50_000;
const AS_TEXT = 0;
/** Values that are texts of everybody, and the empty list. */
const FIRST_COMMONS: readonly unknown[] = [null, true, false, Object.freeze([])];

/**
 * Plain records of any shape, kept outside the heap and given back equal: a million of them as objects would be gigabytes
 * that the garbage collector has to look through. `unique` names members whose texts no two records share.
 */
export class RecordStore<T extends object> {
  readonly #first = new Step();
  readonly #slab = new Slab();
  /** The first stands for records that are kept as text. */
  readonly #shapes: Shape[] = [[]];
  readonly #commons: unknown[] = [...FIRST_COMMONS];
  readonly #placeOf = new Map<unknown, number>();
  readonly #unique: ReadonlySet<string>;
  readonly #mostSteps: number;
  #steps = 0;

  constructor(unique: readonly string[], { mostSteps = MOST_STEPS }: { mostSteps?: number } = {}) {
    this.#mostSteps = mostSteps;
    this.#unique = new Set(unique);
    for (const [place, value] of FIRST_COMMONS.entries()) this.#placeOf.set(value, place);
  }

  /** The slot of the record; `before` is the slot of the one that it replaces. */
  put(record: T, before?: number): number {
    const filling: Filling = { step: this.#first, ways: [], numbers: [], commons: [], owns: [], isStrange: false };
    this.#fill(record as Record<string, unknown>, filling);
    if (filling.isStrange) return this.#slab.write({ shape: AS_TEXT, numbers: [], commons: [], owns: [JSON.stringify(record)] }, before);
    filling.step.shape ??= this.#shapes.push(describe(record as Record<string, unknown>, filling.ways)) - 1;
    return this.#slab.write({ ...filling, shape: filling.step.shape }, before);
  }

  get(slot: number): T {
    const reading = this.#slab.read(slot);
    if (reading.shape === AS_TEXT) return JSON.parse(reading.text()) as T;
    return this.#build(this.#shapes[reading.shape]!, reading) as T;
  }

  free(slot: number): void {
    this.#slab.free(slot);
  }

  /** Memory that is taken for records, bytes. */
  get bytes(): number {
    return this.#slab.bytes;
  }

  #fill(object: Record<string, unknown>, filling: Filling): void {
    for (const key in object) {
      const value = object[key];
      if (value === undefined) continue;
      const way = this.#wayOf(key, value, filling);
      this.#go(filling, way, key);
      if (way === OBJECT) this.#fill(value as Record<string, unknown>, filling);
    }
    this.#go(filling, END, '');
  }

  #wayOf(key: string, value: unknown, { numbers, commons, owns }: Filling): Way {
    if (typeof value === 'number') {
      if (numbers.length > 0 && Object.is(numbers[numbers.length - 1], value)) return AGAIN;
      numbers.push(value);
      return NUMBER;
    }
    if (isPlain(value)) return OBJECT;
    const common = this.#common(key, value);
    if (common !== undefined) {
      commons.push(common);
      return COMMON;
    }
    owns.push(typeof value === 'string' ? value : JSON.stringify(value));
    return typeof value === 'string' ? OWN : JSON_TEXT;
  }

  #common(key: string, value: unknown): number | undefined {
    if (Array.isArray(value)) return value.length === 0 ? FIRST_COMMONS.length - 1 : undefined;
    const known = this.#placeOf.get(value);
    if (known !== undefined || typeof value !== 'string' || this.#unique.has(key) || this.#commons.length >= MOST_TEXTS) return known;
    const place = this.#commons.push(value) - 1;
    this.#placeOf.set(value, place);
    return place;
  }

  #go(filling: Filling, way: Way, key: string): void {
    filling.ways.push(way);
    const { step } = filling;
    let next = step.to(way, key);
    if (next === undefined) {
      next = new Step();
      if (this.#steps < this.#mostSteps) {
        step.lead(way, key, next);
        this.#steps += 1;
      } else filling.isStrange = true;
    }
    filling.step = next;
  }

  #build(shape: Shape, reading: Reading): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (const { key, way, members } of shape) {
      if (key === '__proto__') ownMember(object, key);
      switch (way) {
        case NUMBER:
          object[key] = reading.number();
          break;
        case AGAIN:
          object[key] = reading.sameNumber();
          break;
        case COMMON:
          object[key] = this.#commons[reading.common()];
          break;
        case OWN:
          object[key] = reading.text();
          break;
        case JSON_TEXT:
          object[key] = JSON.parse(reading.text());
          break;
        default:
          object[key] = this.#build(members!, reading);
      }
    }
    return object;
  }
}

/** Keys in their order, each with the way that was taken. */
function describe(record: Record<string, unknown>, ways: readonly Way[]): Shape {
  let place = 0;
  const membersOf = (object: Record<string, unknown>): Shape => {
    const shape: Shape[number][] = [];
    for (const key in object) {
      if (object[key] === undefined) continue;
      const way = ways[place++]!;
      shape.push({ key, way, members: way === OBJECT ? membersOf(object[key] as Record<string, unknown>) : undefined });
    }
    place += 1;
    return shape;
  };
  return membersOf(record);
}

/** A member of that name like any other. */
function ownMember(object: Record<string, unknown>, key: string): void {
  Object.defineProperty(object, key, { value: undefined, writable: true, enumerable: true, configurable: true });
}

/** An object that is taken apart; lists are kept as text: they are rare, and mostly empty. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
