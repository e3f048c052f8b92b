import type { FormatChoice } from './format-choice.ts';

/** Reading and writing, one value and many, lists of paths: a device may know different formats for each. */
export type FormatUse = 'read-one' | 'read-many' | 'write-one' | 'write-bytes' | 'write-many' | 'composite';

type Habits = { readonly formats: ReadonlyMap<FormatUse, FormatChoice>; readonly composite?: boolean; readonly model?: string };

const NOTHING: Habits = { formats: new Map() };
const MAX_NAME = 255;

/**
 * What worked, by device and by model: the next device of a model is spoken to as the last one liked it. Bounded; what was
 * not looked at for longest goes first. A loss costs a round trip, so nothing of it is kept elsewhere.
 */
export class FormatMemory {
  readonly #max: number;
  readonly #devices = new Map<string, Habits>();
  readonly #models = new Map<string, Habits>();

  constructor(max = 20_000) {
    this.#max = max;
  }

  get size(): number {
    return this.#devices.size + this.#models.size;
  }

  /** The device has told its model number (/3/0/1). */
  isOf(endpoint: string, model: string): void {
    if (model !== '') this.#put(this.#devices, endpoint, { ...this.#of(endpoint), model: model.slice(0, MAX_NAME) });
  }

  worked(endpoint: string, use: FormatUse, format: FormatChoice): void {
    this.#learn(endpoint, (habits) => ({ ...habits, formats: new Map([...habits.formats, [use, format]]) }));
  }

  formatFor(endpoint: string, use: FormatUse): FormatChoice | undefined {
    return this.#of(endpoint).formats.get(use) ?? this.#ofModel(endpoint).formats.get(use);
  }

  /** Whether composite requests are answered; a device that swallows one without a word must not be asked that way again. */
  noteComposite(endpoint: string, works: boolean): void {
    this.#learn(endpoint, (habits) => ({ ...habits, composite: works }));
  }

  /** Undefined where nobody has tried. */
  knowsComposite(endpoint: string): boolean | undefined {
    return this.#of(endpoint).composite ?? this.#ofModel(endpoint).composite;
  }

  /** All that is known of a device, its own before that of its model. */
  known(endpoint: string): { readonly formats: ReadonlyMap<FormatUse, FormatChoice>; readonly composite: boolean | undefined } {
    const formats = new Map([...this.#ofModel(endpoint).formats, ...this.#of(endpoint).formats]);
    return { formats, composite: this.knowsComposite(endpoint) };
  }

  #learn(endpoint: string, change: (habits: Habits) => Habits): void {
    const { model } = this.#of(endpoint);
    this.#put(this.#devices, endpoint, change(this.#of(endpoint)));
    if (model !== undefined) this.#put(this.#models, model, change(this.#ofModel(endpoint)));
  }

  #of(endpoint: string): Habits {
    return this.#devices.get(endpoint) ?? NOTHING;
  }

  #ofModel(endpoint: string): Habits {
    const { model } = this.#of(endpoint);
    return (model === undefined ? undefined : this.#models.get(model)) ?? NOTHING;
  }

  /** At the end: the map stays in order of use. */
  #put(map: Map<string, Habits>, key: string, habits: Habits): void {
    map.delete(key);
    map.set(key, habits);
    const oldest = map.size > this.#max ? map.keys().next().value : undefined;
    if (oldest !== undefined) map.delete(oldest);
  }
}
