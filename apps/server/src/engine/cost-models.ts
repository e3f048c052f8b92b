import {
  CampaignError,
  energyModelOf,
  isCostModelKind,
  radioModelOf,
  readDocument,
  type CostModelKind,
  type EnergyModelDocument,
  type RadioModelDocument,
} from '@drover/campaign';
import {
  BLOCK_KINDS,
  blockKindAt,
  blockKindIndex,
  calibratedFactors,
  DEFAULT_COST_MODEL,
  isBelievable,
  learnBlockTimes,
  type BlockMeasurement,
  type CostModel,
  type TransferLink,
} from '@drover/schedule';
import type { CalibrationRecord, DocumentRecord } from '@drover/persistence';

type ModelDocument = RadioModelDocument | EnergyModelDocument;

/** What costs are counted by now: the documents in force over the built-in figures, and over both what transfers have shown. A value that is replaced and never changed. */
export class CostModels {
  readonly #documents = new Map<CostModelKind, ModelDocument>();
  readonly #measured = new Map<number, CalibrationRecord>();
  #figures: CostModel = DEFAULT_COST_MODEL;
  #cost: CostModel = DEFAULT_COST_MODEL;

  get cost(): CostModel {
    return this.#cost;
  }

  inForce(kind: CostModelKind): ModelDocument | undefined {
    return this.#documents.get(kind);
  }

  /** Whatever was applied: other kinds mean nothing here. */
  put(record: DocumentRecord): void {
    const { kind, removedAt } = record;
    if (!isCostModelKind(kind)) return;
    if (removedAt === undefined) this.#documents.set(kind, modelDocumentOf(record));
    else this.#documents.delete(kind);
    this.#figures = this.#written();
    this.#calibrate();
  }

  /** The figures of the documents and of what is built in, before anything was measured. */
  get figures(): CostModel {
    return this.#figures;
  }

  /** What has been measured, by the place of its kind. */
  get measured(): ReadonlyMap<number, CalibrationRecord> {
    return this.#measured;
  }

  /** As it comes from the database. */
  load(record: CalibrationRecord): void {
    const index = INDEX_OF.get(record.kind);
    if (index === undefined) return;
    this.#measured.set(index, record);
    this.#calibrate();
  }

  /** Learns from blocks of one transfer; what is to be kept of it, if anything. */
  learn(link: TransferLink, measured: BlockMeasurement, at: number): CalibrationRecord | undefined {
    const index = blockKindIndex(link.bearer, link.ce, link.blockSize);
    if (index < 0 || !isBelievable(measured)) return undefined;
    const record = { ...learnBlockTimes(this.#measured.get(index), measured, at), kind: kindName(index) };
    this.#measured.set(index, record);
    this.#calibrate();
    return record;
  }

  #calibrate(): void {
    const factors = calibratedFactors(this.#measured, this.#figures);
    this.#cost = factors === undefined ? this.#figures : { ...this.#figures, factors };
  }

  #written(): CostModel {
    const [radio, energy] = [this.#documents.get('RadioModel'), this.#documents.get('EnergyModel')];
    return {
      radio: radioModelOf(radio?.kind === 'RadioModel' ? radio.spec : undefined),
      energy: energyModelOf(energy?.kind === 'EnergyModel' ? energy.spec : undefined),
    };
  }
}

function kindName(index: number): string {
  const { bearer, ce, blockSize } = blockKindAt(index);
  return `${bearer}/${ce}/${blockSize}`;
}

const INDEX_OF = new Map(Array.from({ length: BLOCK_KINDS }, (_, index) => [kindName(index), index]));

function modelDocumentOf({ kind, name, source }: DocumentRecord): ModelDocument {
  const { document, faults } = readDocument(source);
  if (document?.kind !== 'RadioModel' && document?.kind !== 'EnergyModel')
    throw new CampaignError('SPEC_INVALID', `the stored ${kind} ${name} cannot be read`, faults);
  return document;
}
