import type { Digest, Json, Steps } from '@drover/kernel';
import {
  CampaignError,
  digestOf,
  hasStarted,
  isOver,
  rotationPlanSteps,
  type CredentialRotationDocument,
  type RotationPlan,
} from '@drover/campaign';
import { planPartsOf, type DeviceRecord, type RotationPartRecord, type RotationRecord } from '@drover/persistence';
import { draft, type Actor } from '../engine/audit-drafts.ts';
import { devicesIn } from '../engine/devices-in.ts';
import type { Engine } from '../engine/engine.ts';
import { stagedRecordOf } from '../engine/staged-record.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import type { BootstrapTemplates } from '../bootstrap/bootstrap-templates.ts';
import { LiveRotation } from './live-rotation.ts';
import { RotationBook } from './rotation-book.ts';
import { unfitness } from './rotation-facts.ts';
import type { Unfit } from './rotation-fitness.ts';

/** Devices of a plan that is committed in one piece with its rotation; a larger one is written before it, part by part. */
const SMALL = 5000;

/** A rotation that needs one small commit to be there. */
export interface PreparedRotation {
  readonly rotation: LiveRotation;
  readonly parts: readonly RotationPartRecord[];
}

interface WantedRotation {
  readonly document: CredentialRotationDocument;
  readonly plan: RotationPlan;
  readonly actor: Actor;
}

/** What is applied together with it, and counts. */
export interface RotationContext {
  readonly templates: BootstrapTemplates;
  readonly policyDigests: readonly Digest[];
}

/** Plans rotations of keys, and makes them of plans. */
export class RotationDesk {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Rejects with `ROTATION_NOT_FOUND`. */
  live(namespace: string, name: string): LiveRotation {
    const rotation = this.#engine.state.rotations.get(namespace, name);
    if (!rotation) throw new CampaignError('ROTATION_NOT_FOUND', `no rotation is called ${JSON.stringify(name.slice(0, 80))}`);
    return rotation;
  }

  knownSource({ metadata: { namespace, name } }: Pick<CredentialRotationDocument, 'metadata'>): Json | undefined {
    return this.#engine.state.rotations.get(namespace, name)?.record.source;
  }

  /** What has begun is aborted, not changed. */
  requireChangeable({ metadata: { namespace, name } }: Pick<CredentialRotationDocument, 'metadata'>): void {
    const { life } = this.#engine.state.rotations.get(namespace, name)?.record ?? {};
    if (life === undefined || isOver(life) || !hasStarted(life)) return;
    throw new CampaignError('CAMPAIGN_RUNNING', `rotation ${name} is ${life.phase}: abort it, or use a new name`);
  }

  /** Templates that are applied together with it count. */
  *plan(document: CredentialRotationDocument, { templates, policyDigests }: RotationContext): Steps<RotationPlan> {
    this.requireChangeable(document);
    const { devices } = this.#engine.state;
    const refusalOf = (device: DeviceRecord): Unfit | undefined => this.#refusalOf(device, document, templates);
    const inNamespace = devicesIn(devices.values(), document.metadata.namespace);
    return yield* rotationPlanSteps({ document, devices: inNamespace, policyDigests, refusalOf });
  }

  #refusalOf(device: DeviceRecord, { metadata }: CredentialRotationDocument, templates: BootstrapTemplates): Unfit | undefined {
    const { rotations, credentials, classes } = this.#engine.state;
    const unfit = unfitness(device, { credentials, classes, templates }, this.#engine.clock.now());
    if (unfit) return unfit;
    const other = rotations.of(device.endpoint)?.record.name;
    return other === undefined || other === metadata.name
      ? undefined
      : { code: 'OTHER_ROTATION', detail: `still open in rotation ${other}` };
  }

  async prepare({ document, plan, actor }: WantedRotation): Promise<PreparedRotation> {
    const { namespace, name } = document.metadata;
    const now = this.#engine.clock.now();
    const generation = (this.#engine.state.rotations.get(namespace, name)?.record.generation ?? 0) + 1;
    const parts = [...planPartsOf(plan, { namespace, campaign: name, generation })];
    const record: RotationRecord = stagedRecordOf(document, { plan, planParts: parts.length, generation, actor, now });
    const rotation = new LiveRotation(record, await RotationBook.planned(plan, record.createdAt));
    if (isSmall(plan)) return { rotation, parts };
    for (const part of parts) await this.#engine.change((unit) => void unit.changes.rotationParts.push(part));
    return { rotation, parts: [] };
  }

  create({ rotation, parts }: PreparedRotation, actor: Actor, unit: UnitOfWork): void {
    const { record, subject } = rotation;
    const { namespace, generation, plan, source } = record;
    unit.changes.rotationParts.push(...parts);
    this.#engine.state.rotations.add(rotation);
    unit.putRotation(record);
    const common = { namespace, campaign: subject, actor };
    unit.audit(draft('campaign-applied', unit.now, common, { generation, specDigest: digestOf(source), source }));
    unit.audit(draft('campaign-planned', unit.now, common, planDetails(plan)));
  }
}

const isSmall = ({ stages, excluded }: Pick<RotationPlan, 'stages' | 'excluded'>): boolean =>
  stages.reduce((sum, { endpoints }) => sum + endpoints.length, excluded.length) <= SMALL;

/** Of a large plan the numbers, and the digest that binds the rest. */
function planDetails({ digest, stages, excluded }: RotationPlan): { planDigest: Json; stages: Json; excluded: Json } {
  const isWhole = isSmall({ stages, excluded });
  return {
    planDigest: digest,
    stages: stages.map(({ name, endpoints }) => ({ name, devices: endpoints.length, ...(isWhole && { endpoints }) })),
    excluded: isWhole ? excluded.map((each) => ({ ...each })) : excluded.length,
  };
}
