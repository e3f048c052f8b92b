import type { Endpoint, Instant } from '@drover/kernel';
import type { RotationPlan } from '@drover/campaign';
import { countedRotation, StageCounts, type DeviceRotation, type Tally } from '@drover/rollout';
import { RecordStore } from '../engine/record-store.ts';

/** One for all books: what is said of one device alone is not worth keeping to share. */
const AT_REST = new RecordStore<DeviceRotation>(['endpoint', 'detail', 'before']);

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
  constructor({ stages }: Pick<RotationPlan, 'stages'>, since: Instant) {
    this.#since = since;
    this.#stages = stages.map(({ endpoints }, stage) => {
      for (const endpoint of endpoints) this.#entries.set(endpoint, -1 - stage);
      const counts = new StageCounts();
      counts.addPending(endpoints.length);
      return counts;
    });
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

  /** When the rotation makes room for another one of its name. */
  forget(): void {
    for (const entry of this.#entries.values()) if (entry >= 0) AT_REST.free(entry);
    this.#entries.clear();
  }
}
