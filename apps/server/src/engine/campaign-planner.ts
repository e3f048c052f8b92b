import type { Digest, Endpoint, Instant, Json, Steps } from '@drover/kernel';
import {
  CampaignError,
  COST_MODEL_KINDS,
  digestOf,
  hasStarted,
  isOver,
  planSteps,
  type CampaignDocument,
  type CredentialRotationDocument,
  type DroverDocument,
  type Plan,
  type RotationPlan,
} from '@drover/campaign';
import type { ImageDigest } from '@drover/firmware-store';
import type { BlobStore } from '@drover/firmware-store/stores';
import { dataWarnings, ForecastSum, usedInMonth, type Forecast } from '@drover/schedule';
import { holdsDevice } from '@drover/rollout';
import type { DeviceRecord } from '@drover/persistence';
import type { BootstrapTemplates } from '../bootstrap/bootstrap-templates.ts';
import type { RotationDesk } from '../rotation/rotation-desk.ts';
import { runningVersion } from './component-versions.ts';
import { ApprovalDesk } from './approval-desk.ts';
import type { Engine } from './engine.ts';
import { devicesIn } from './devices-in.ts';
import { inSlices } from './in-slices.ts';
import { quarantineText } from './quarantine.ts';
import { documentKey, keyOf, type LiveCampaign } from './engine-state.ts';
import { notFound, refusalOf, type TrustDesk } from './trust-desk.ts';

export interface PlannedDocument {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly change: 'create' | 'change' | 'none';
  readonly before: Json | undefined;
  readonly after: Json;
  /** Of a campaign only. */
  readonly plan: Plan | undefined;
  readonly forecast: Forecast | undefined;
  /** Of a rotation of keys only. */
  readonly rotationPlan?: RotationPlan;
  /** What it asks for and cannot have. */
  readonly warnings: readonly string[];
}

interface PlanContext {
  readonly alongside: ReadonlyMap<string, DroverDocument>;
  readonly images: ReadonlyMap<Digest, ImageDigest>;
  /** Those that are applied, and those that would be. */
  readonly templates: BootstrapTemplates;
  readonly now: Instant;
}

type Place = Pick<DroverDocument['metadata'], 'name' | 'namespace'>;

/** Devices looked at between two places where the work can be interrupted. */
const AT_ONCE = 1000;

/** What documents would come to. Changes nothing, and lets everybody else have their turn while it works through a fleet. */
export class CampaignPlanner {
  readonly #engine: Engine;
  readonly #trust: TrustDesk;
  readonly #blobs: BlobStore;
  readonly #rotations: RotationDesk;
  readonly #approvals: ApprovalDesk;

  constructor({ engine, trust, blobs, rotations }: { engine: Engine; trust: TrustDesk; blobs: BlobStore; rotations: RotationDesk }) {
    this.#engine = engine;
    this.#trust = trust;
    this.#blobs = blobs;
    this.#rotations = rotations;
    this.#approvals = new ApprovalDesk(engine);
  }

  async plan(documents: readonly DroverDocument[]): Promise<PlannedDocument[]> {
    this.#requireOneModelEach(documents);
    const context = {
      alongside: policiesIn(documents),
      images: await this.#measure(documents),
      templates: this.#engine.state.templates.with(documents),
      now: this.#engine.clock.now(),
    };
    const planned: PlannedDocument[] = [];
    for (const document of documents) planned.push(await inSlices(this.#planned(document, context)));
    return planned;
  }

  /** Carriers and batteries are the same for everybody: there is one model of each, and who brings another one says which it replaces. */
  #requireOneModelEach(documents: readonly DroverDocument[]): void {
    for (const kind of COST_MODEL_KINDS) {
      const known = this.#engine.state.models.inForce(kind)?.metadata;
      const [first, ...others] = documents.filter((document) => document.kind === kind).map(({ metadata }) => metadata);
      const stranger = [first, ...others].find((each) => each && !isSamePlace(each, known ?? first));
      if (!stranger) continue;
      const there = known ? 'is in force' : 'is applied with it';
      const { namespace, name } = (known ?? first)!;
      throw new CampaignError(
        'MODEL_IN_FORCE',
        `${kind} ${stranger.name}: a server has one ${kind}, and ${name} of namespace ${namespace} ${there}; change that one, or remove it first`,
      );
    }
  }

  knownSource(document: DroverDocument): Json | undefined {
    const { kind, metadata } = document;
    if (document.kind === 'CredentialRotation') return this.#rotations.knownSource(document);
    if (kind === 'Campaign') return this.#engine.state.campaigns.get(keyOf(metadata.namespace, metadata.name))?.record.source;
    return this.#engine.state.documents.get(documentKey(metadata.namespace, kind, metadata.name))?.source;
  }

  /** A campaign that has begun is what was approved: it is aborted, not changed. */
  requireChangeable(current: LiveCampaign | undefined): void {
    if (!current || !hasStarted(current.record.life) || isOver(current.record.life)) return;
    const { name, life } = current.record;
    throw new CampaignError(
      'CAMPAIGN_RUNNING',
      `campaign ${name} is ${life.phase}: changing a started campaign is not supported yet; abort it or use a new name`,
    );
  }

  /** The images these campaigns speak of, read from the store: a damaged one is refused before anybody plans with it. */
  async #measure(documents: readonly DroverDocument[]): Promise<Map<Digest, ImageDigest>> {
    const images = new Map<Digest, ImageDigest>();
    for (const document of documents) {
      if (document.kind !== 'Campaign') continue;
      const { name, version } = document.spec.firmware;
      const record = this.#engine.state.firmwareOf(document.metadata.namespace, name, version);
      if (record && !images.has(record.digest)) images.set(record.digest, await this.#blobs.measure(record.digest));
    }
    return images;
  }

  *#planned(document: DroverDocument, context: PlanContext): Steps<PlannedDocument> {
    const { kind, metadata, source } = document;
    const known = this.knownSource(document);
    const change = known === undefined ? 'create' : digestOf(known) === digestOf(source) ? 'none' : 'change';
    const common = { kind, name: metadata.name, namespace: metadata.namespace, change, before: known, after: source } as const;
    if (document.kind === 'CredentialRotation') return yield* this.#plannedRotation(document, common, context);
    if (kind !== 'Campaign') return { ...common, plan: undefined, forecast: undefined, warnings: [] };
    const current = this.#engine.state.campaigns.get(keyOf(metadata.namespace, metadata.name));
    if (change === 'none' && current)
      return {
        ...common,
        plan: current.record.plan,
        forecast: current.record.forecast,
        warnings: this.#warningsFor(document, current.record.forecast, context.now),
      };
    this.requireChangeable(current);
    const sum = this.#emptySum(document);
    const plan = yield* this.#planFor(document, context, (device) => sum.add(device));
    const forecast = yield* this.#forecastOf(plan, sum, () => this.#emptySum(document));
    return { ...common, plan, forecast, warnings: this.#warningsFor(document, forecast, context.now) };
  }

  *#plannedRotation(
    document: CredentialRotationDocument,
    common: Pick<PlannedDocument, 'kind' | 'name' | 'namespace' | 'change' | 'before' | 'after'>,
    { alongside, templates }: PlanContext,
  ): Steps<PlannedDocument> {
    const { namespace, name } = document.metadata;
    const known = this.#engine.state.rotations.get(namespace, name);
    const unplanned = { ...common, plan: undefined, forecast: undefined, warnings: [] };
    if (common.change === 'none' && known) return { ...unplanned, rotationPlan: known.record.plan };
    const context = { templates, policyDigests: this.#approvals.policyDigests(document, alongside) };
    return { ...unplanned, rotationPlan: yield* this.#rotations.plan(document, context) };
  }

  #warningsFor({ spec }: CampaignDocument, { data }: Forecast, now: Instant): string[] {
    const { pools } = this.#engine.state;
    return data ? dataWarnings(spec.bandwidth.dataCap, data, (pool) => usedInMonth(pools.get(pool), now)) : [];
  }

  *#planFor(document: CampaignDocument, { alongside, images, now }: PlanContext, onCandidate: (device: DeviceRecord) => void): Steps<Plan> {
    const { metadata, spec } = document;
    const { state } = this.#engine;
    const ownKey = keyOf(metadata.namespace, metadata.name);
    const { attemptedBy: scope } = spec.targets;
    const owner = scope === undefined ? undefined : state.campaigns.get(keyOf(metadata.namespace, scope));
    const record = state.firmwareOf(metadata.namespace, spec.firmware.name, spec.firmware.version);
    if (!record) throw notFound(spec.firmware.name, spec.firmware.version);
    if (spec.firmware.digest !== undefined && spec.firmware.digest !== record.digest)
      throw new CampaignError('PLAN_BLOCKED', `the campaign pins ${spec.firmware.digest}, the store has ${record.digest}`);
    // A rollback that would be refused in the hour of need is refused now.
    if (spec.rollback.to) this.#trust.requireStepBack(document, spec.rollback.to.version, now);
    const plannable = this.#trust.verifyPlan(record, now, images.get(record.digest));
    return yield* planSteps<DeviceRecord>({
      document,
      devices: devicesIn(state.devices.values(), metadata.namespace),
      firmware: plannable.firmware,
      running: (device) => (isInFlightIn(owner, device) ? ({ type: 'hidden' } as const) : runningVersion(spec, device)),
      refusalOf: (device) => {
        const refusal = refusalOf(plannable, spec, device);
        return refusal && { code: refusal.code, detail: refusal.message };
      },
      quarantineOf: quarantineText,
      onCandidate,
      attemptedBy: () => attemptedBy(owner),
      // Whoever is still under way in what is taken back belongs to it, and waits until that is resolved.
      openElsewhere: (endpoint) =>
        state.openUpdatesOf(endpoint).find(({ key, campaign }) => key !== ownKey && campaign !== owner)?.campaign.record.name,
      policyDigests: [this.#trust.policyOf(metadata.namespace).digest, ...this.#approvals.policyDigests(document, alongside)],
    });
  }

  /** Summed up while the plan is made; only where some devices are in no stage the others are gone through once more. */
  *#forecastOf(plan: Plan, sum: ForecastSum<DeviceRecord>, assumed: () => ForecastSum<DeviceRecord>): Steps<Forecast> {
    if (plan.excluded.every(({ code }) => code !== 'NOT_IN_ANY_STAGE')) return sum.forecast;
    const again = assumed();
    let seen = 0;
    for (const device of plannedDevices(plan, this.#engine.state.devices)) {
      if (++seen % AT_ONCE === 0) yield;
      again.add(device);
    }
    return again.forecast;
  }

  #emptySum({ metadata, spec }: CampaignDocument): ForecastSum<DeviceRecord> {
    const { classes, models } = this.#engine.state;
    const { preferred } = spec.delivery.blockSize;
    return new ForecastSum({
      imageBytes: this.#engine.state.firmwareOf(metadata.namespace, spec.firmware.name, spec.firmware.version)?.size ?? 0,
      blockSizeFor: (device) => classes.blockSize(device, preferred),
      airtime: spec.bandwidth.perCell.airtime,
      model: models.cost,
      deviceClassOf: (device) => classes.nameOf(device),
    });
  }
}

const isSamePlace = (one: Place, other: Place | undefined): boolean => one.name === other?.name && one.namespace === other.namespace;

function* plannedDevices({ stages }: Plan, devices: { get(endpoint: Endpoint): DeviceRecord | undefined }): Generator<DeviceRecord> {
  for (const { endpoints } of stages)
    for (const endpoint of endpoints) {
      const device = devices.get(endpoint);
      if (device) yield device;
    }
}

/** What it runs at the moment says nothing of what it will run in a moment. */
function isInFlightIn(campaign: LiveCampaign | undefined, { endpoint }: DeviceRecord): boolean {
  const update = campaign?.updates.get(endpoint);
  return update !== undefined && holdsDevice(update);
}

/** Who was offered something, whatever became of it. */
function attemptedBy(campaign: LiveCampaign | undefined): ReadonlySet<Endpoint> | undefined {
  if (!campaign) return undefined;
  return new Set([...campaign.updates.touched()].filter(({ attempt }) => attempt > 0).map(({ endpoint }) => endpoint));
}

function policiesIn(documents: readonly DroverDocument[]): Map<string, DroverDocument> {
  return new Map(
    documents
      .filter(({ kind }) => kind !== 'Campaign')
      .map((document) => [documentKey(document.metadata.namespace, document.kind, document.metadata.name), document]),
  );
}
