import type { Endpoint } from '@drover/kernel';
import type { Plan } from '@drover/campaign';
import { countedUpdate, isInFlight, newUpdate, StageCounts, UPDATE_STATES, type Tally } from '@drover/rollout';
import type { UpdateRecord } from '@drover/persistence';
import { RecordStore } from './record-store.ts';

/** What every update of one campaign begins with. */
export type Beginning = Pick<UpdateRecord, 'namespace' | 'campaign' | 'object' | 'instance' | 'since'>;

/** One for all books: their updates are alike. What is said of one device alone is not worth keeping to share. */
const AT_REST = new RecordStore<UpdateRecord>(['endpoint', 'evidence', 'detail', 'why']);

/** Devices taken into a book in one turn of the event loop, about 10 ms. */
const AT_ONCE = 20_000;

/**
 * The updates of one campaign. A device to which nothing has happened yet has no row and no object: the plan says that it
 * is there and in which stage, and its update is made when somebody asks. Counts keep step with every change.
 */
export class UpdateBook {
  readonly #beginning: Beginning;
  /** An update that is in flight; the slot of one that is not; or, below 0, the stage of a device to which nothing has happened. */
  readonly #entries = new Map<Endpoint, UpdateRecord | number>();
  readonly #inFlight = new Set<Endpoint>();
  readonly #stages: readonly StageCounts[];

  constructor(beginning: Beginning, stages: number) {
    this.#beginning = beginning;
    this.#stages = Array.from({ length: stages }, () => new StageCounts());
  }

  /** All at once: for a start, when nobody waits. */
  static of(beginning: Beginning, { stages }: Pick<Plan, 'stages'>): UpdateBook {
    const book = new UpdateBook(beginning, stages.length);
    stages.forEach(({ endpoints }, stage) => book.#plan(endpoints, stage));
    return book;
  }

  /** Of a campaign that has just been planned, a slice at a time. */
  static async planned(beginning: Beginning, { stages }: Pick<Plan, 'stages'>): Promise<UpdateBook> {
    const book = new UpdateBook(beginning, stages.length);
    for (const [stage, { endpoints }] of stages.entries()) {
      for (let from = 0; from < endpoints.length; from += AT_ONCE) {
        book.#plan(endpoints.slice(from, from + AT_ONCE), stage);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return book;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(endpoint: Endpoint): UpdateRecord | undefined {
    const entry = this.#entries.get(endpoint);
    return entry === undefined ? undefined : this.#updateOf(endpoint, entry);
  }

  /** Undefined also where nothing has happened yet. */
  touchedOf(endpoint: Endpoint): UpdateRecord | undefined {
    const entry = this.#entries.get(endpoint);
    return entry === undefined || (typeof entry === 'number' && entry < 0) ? undefined : this.#updateOf(endpoint, entry);
  }

  /** Of a device that the plan has. */
  put(update: UpdateRecord): void {
    const entry = this.#entries.get(update.endpoint);
    const before = entry === undefined ? undefined : this.#updateOf(update.endpoint, entry);
    const slot = typeof entry === 'number' && entry >= 0 ? entry : undefined;
    if (before) this.#stages[before.stage]?.change(countedUpdate(before), undefined);
    this.#stages[update.stage]?.change(undefined, countedUpdate(update));
    const isBusy = isInFlight(update);
    if (isBusy && slot !== undefined) AT_REST.free(slot);
    this.#entries.set(update.endpoint, isBusy ? update : AT_REST.put(update, slot));
    if (isBusy) this.#inFlight.add(update.endpoint);
    else this.#inFlight.delete(update.endpoint);
  }

  /** Everybody, in the order of the plan. */
  *all(): Generator<UpdateRecord> {
    for (const [endpoint, entry] of this.#entries) yield this.#updateOf(endpoint, entry);
  }

  /** Those to which something has happened. */
  *touched(): Generator<UpdateRecord> {
    for (const [endpoint, entry] of this.#entries) if (typeof entry !== 'number' || entry >= 0) yield this.#updateOf(endpoint, entry);
  }

  /** Those that hold a conversation, or wait for the device's own work. */
  inFlight(): UpdateRecord[] {
    return [...this.#inFlight].flatMap((endpoint) => this.get(endpoint) ?? []);
  }

  get stages(): readonly StageCounts[] {
    return this.#stages;
  }

  /** When the campaign makes room for another of its name. */
  forget(): void {
    for (const entry of this.#entries.values()) if (typeof entry === 'number' && entry >= 0) AT_REST.free(entry);
    this.#entries.clear();
  }

  /** Somebody of a stage is neither settled nor under way. */
  get isAnyWaiting(): boolean {
    return this.#stages.some((stage) => stage.isAnyWaiting);
  }

  /** Bytes that have been moved over the air, over all stages. */
  get volume(): number {
    return this.#stages.reduce((sum, { volume }) => sum + volume, 0);
  }

  get tallies(): Tally[] {
    return this.#stages.map(({ tally }) => tally);
  }

  /** Updates in each state, over all stages. */
  get outcome(): Record<string, number> {
    const outcome: Record<string, number> = {};
    for (const state of UPDATE_STATES) {
      const count = this.#stages.reduce((sum, stage) => sum + stage.inState(state), 0);
      if (count > 0) outcome[state] = count;
    }
    return outcome;
  }

  #plan(endpoints: readonly Endpoint[], stage: number): void {
    for (const endpoint of endpoints) this.#entries.set(endpoint, -1 - stage);
    this.#stages[stage]?.addPending(endpoints.length);
  }

  #updateOf(endpoint: Endpoint, entry: UpdateRecord | number): UpdateRecord {
    if (typeof entry !== 'number') return entry;
    return entry >= 0 ? AT_REST.get(entry) : this.#untouched(endpoint, -1 - entry);
  }

  #untouched(endpoint: Endpoint, stage: number): UpdateRecord {
    const { namespace, campaign, object, instance, since } = this.#beginning;
    return { ...newUpdate(campaign, endpoint, stage, since), namespace, object, instance };
  }
}
