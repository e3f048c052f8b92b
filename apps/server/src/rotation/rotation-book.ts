import type { Endpoint, Instant } from '@drover/kernel';
import type { RotationPlan } from '@drover/campaign';
import { countedRotation, ROTATION_STATES, StageCounts, type DeviceRotation, type Tally } from '@drover/rollout';
import { RecordStore } from '../engine/record-store.ts';

/** One for all books: what is said of one device alone is not worth keeping to share. */
const AT_REST = new RecordStore<DeviceRotation>(['endpoint', 'detail', 'before']);

/** Devices taken into a book in one turn of the event loop, about 10 ms. */
const AT_ONCE = 20_000;

/**
 * The devices of one rotation. One to which nothing has happened has no record: the plan says that it is there and in which stage.
 * Counts keep step with every change.
 */
export class RotationBook {
  readonly #since: Instant;
  /** The slot of a record; or, below 0, the stage of a device to which nothing has happened. */
  readonly #entries = new Map<Endpoint, number>();
  readonly #stages: readonly StageCounts[];

  /** `since`: when the rotation was made. */
  private constructor(stages: number, since: Instant) {
    this.#since = since;
    this.#stages = Array.from({ length: stages }, () => new StageCounts());
  }

  /** All at once: for a start, when nobody waits. */
  static of({ stages }: Pick<RotationPlan, 'stages'>, since: Instant): RotationBook {
    const book = new RotationBook(stages.length, since);
    stages.forEach(({ endpoints }, stage) => book.#plan(endpoints, stage));
    return book;
  }

  /** Of a rotation that has just been planned, a slice at a time. */
  static async planned({ stages }: Pick<RotationPlan, 'stages'>, since: Instant): Promise<RotationBook> {
    const book = new RotationBook(stages.length, since);
    for (const [stage, { endpoints }] of stages.entries())
      for (let from = 0; from < endpoints.length; from += AT_ONCE) {
        book.#plan(endpoints.slice(from, from + AT_ONCE), stage);
        await new Promise((resolve) => setImmediate(resolve));
      }
    return book;
  }

  #plan(endpoints: readonly Endpoint[], stage: number): void {
    for (const endpoint of endpoints) this.#entries.set(endpoint, -1 - stage);
    this.#stages[stage]?.addPending(endpoints.length);
  }

  has(endpoint: Endpoint): boolean {
    return this.#entries.has(endpoint);
  }

  get(endpoint: Endpoint): DeviceRotation | undefined {
    const entry = this.#entries.get(endpoint);
    if (entry === undefined) return undefined;
    if (entry >= 0) return AT_REST.get(entry);
    return { endpoint, stage: -1 - entry, state: 'pending', since: this.#since, asked: 0, sessionsBefore: 0, before: [] };
  }

  /** Of a device that the plan has. */
  put(device: DeviceRotation): void {
    const entry = this.#entries.get(device.endpoint);
    const before = this.get(device.endpoint);
    if (entry === undefined || before === undefined) return;
    this.#stages[device.stage]?.change(countedRotation(before), countedRotation(device));
    this.#entries.set(device.endpoint, AT_REST.put(device, entry >= 0 ? entry : undefined));
  }

  /** In the order of the plan. */
  *all(): Generator<DeviceRotation> {
    for (const endpoint of this.#entries.keys()) yield this.get(endpoint)!;
  }

  get size(): number {
    return this.#entries.size;
  }

  get stages(): readonly StageCounts[] {
    return this.#stages;
  }

  get tallies(): Tally[] {
    return this.#stages.map(({ tally }) => tally);
  }

  get inFlight(): number {
    return this.#stages.reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  /** Devices in each state. */
  get outcome(): Record<string, number> {
    const outcome = ROTATION_STATES.map((state) => [state, this.#stages.reduce((sum, stage) => sum + stage.inState(state), 0)] as const);
    return Object.fromEntries(outcome.filter(([, count]) => count > 0));
  }

  /** When the rotation makes room for another one of its name. */
  forget(): void {
    for (const entry of this.#entries.values()) if (entry >= 0) AT_REST.free(entry);
    this.#entries.clear();
  }
}
