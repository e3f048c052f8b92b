import type { Endpoint } from '@drover/kernel';
import { CampaignError, isOver, readDocument, type CredentialRotationDocument } from '@drover/campaign';
import type { Tally } from '@drover/rollout';
import type { RotationRecord } from '@drover/persistence';
import type { Staged, StagedChange, StagedUnit } from '../engine/staged.ts';
import { RotationBook } from './rotation-book.ts';

/** A rotation with what is derived from its rows. */
export class LiveRotation implements Staged {
  record: RotationRecord;
  readonly document: CredentialRotationDocument;
  readonly book: RotationBook;
  /** Something has changed for all of its devices since they were last gone through. */
  isToBeReviewed = true;
  #round: Iterator<Endpoint> | undefined;

  constructor(record: RotationRecord, book = RotationBook.of(record.plan, record.createdAt)) {
    this.record = record;
    this.document = documentOf(record);
    this.book = book;
  }

  get spec(): CredentialRotationDocument['spec'] {
    return this.document.spec;
  }

  get tallies(): readonly Tally[] {
    return this.book.tallies;
  }

  get title(): string {
    return `rotation ${this.record.name}`;
  }

  /** No campaign can have that name. */
  get subject(): string {
    return `rotation:${this.record.name}`;
  }

  change(change: StagedChange, unit: StagedUnit): void {
    unit.putRotation({ ...this.record, ...change });
  }

  reviewSoon(): void {
    this.#round = undefined;
    this.isToBeReviewed = true;
  }

  reviewAllSoon(): void {
    this.reviewSoon();
  }

  /** The next ones on the way round, again and again. */
  nextOnes(count: number): Endpoint[] {
    this.#round ??= this.#everyone();
    const found: Endpoint[] = [];
    while (found.length < count) {
      const { done, value } = this.#round.next();
      if (done) {
        this.#round = undefined;
        this.isToBeReviewed = false;
        break;
      }
      found.push(value);
    }
    return found;
  }

  /** Of stages that have opened; all of them when it is being aborted. */
  *#everyone(): Generator<Endpoint> {
    for (const [index, { endpoints }] of this.record.plan.stages.entries())
      if (this.record.stages[index]?.state !== 'closed' || this.record.life.phase === 'aborting') yield* endpoints;
  }
}

/** By today's rules. */
function documentOf({ name, source }: RotationRecord): CredentialRotationDocument {
  const { document, faults } = readDocument(source);
  if (document?.kind !== 'CredentialRotation')
    throw new CampaignError('SPEC_INVALID', `the stored rotation ${name} cannot be read`, faults);
  return document;
}

const keyOf = ({ namespace, name }: Pick<RotationRecord, 'namespace' | 'name'>): string => `${namespace}/${name}`;

/** All rotations of keys. */
export class RotationShelf {
  readonly #all = new Map<string, LiveRotation>();

  add(rotation: LiveRotation): void {
    this.get(rotation.record.namespace, rotation.record.name)?.book.forget();
    this.#all.set(keyOf(rotation.record), rotation);
  }

  get(namespace: string, name: string): LiveRotation | undefined {
    return this.#all.get(`${namespace}/${name}`);
  }

  putRecord(record: RotationRecord): void {
    const rotation = this.#all.get(keyOf(record));
    if (rotation) rotation.record = record;
  }

  all(): Iterable<LiveRotation> {
    return this.#all.values();
  }

  active(): LiveRotation[] {
    return [...this.#all.values()].filter(({ record }) => !isOver(record.life));
  }

  /** The one under way that has this device. */
  of(endpoint: Endpoint): LiveRotation | undefined {
    for (const rotation of this.#all.values()) if (!isOver(rotation.record.life) && rotation.book.has(endpoint)) return rotation;
    return undefined;
  }
}
