import { isoOf, must, type Digest, type Endpoint, type Instant, type Json } from '@drover/kernel';
import {
  CampaignError,
  digestOf,
  isOver,
  planCampaign,
  readDocument,
  requireAcceptable,
  type ApprovalPolicySpec,
  type CampaignDocument,
  type DroverDocument,
  type Plan,
} from '@drover/campaign';
import type { Device } from '@drover/fleet';
import type { ImageDigest } from '@drover/firmware-store';
import type { BlobStore } from '@drover/firmware-store/stores';
import { forecast, type Forecast } from '@drover/schedule';
import { UPDATE_OBJECT } from '@drover/lwm2m';
import { holdsDevice, newUpdate } from '@drover/rollout';
import type { ApprovalRecord, CampaignRecord, DeviceRecord, DocumentRecord } from '@drover/persistence';
import { draft, type Actor } from './audit-drafts.ts';
import { tellClasses } from './class-teller.ts';
import { runningVersion } from './component-versions.ts';
import type { Engine } from './engine.ts';
import { quarantineText } from './quarantine.ts';
import { documentKey, keyOf, type LiveCampaign } from './engine-state.ts';
import { notFound, refusalOf, type TrustDesk } from './trust-desk.ts';
import type { UnitOfWork } from './unit-of-work.ts';

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
}

interface PlanContext {
  readonly alongside: ReadonlyMap<string, DroverDocument>;
  readonly images: ReadonlyMap<Digest, ImageDigest>;
  readonly now: Instant;
}

const isStarted = ({ life }: CampaignRecord): boolean =>
  !['awaiting-approval', 'denied', 'scheduled'].includes(life.phase) &&
  life.resumeTo !== 'scheduled' &&
  life.resumeTo !== 'awaiting-approval';

/** Documents in, plans and running campaigns out. Everything Git says passes here; nothing here lifts a person's hold. */
export class Campaigns {
  readonly #engine: Engine;
  readonly #trust: TrustDesk;
  readonly #blobs: BlobStore;

  constructor(engine: Engine, trust: TrustDesk, blobs: BlobStore) {
    this.#engine = engine;
    this.#trust = trust;
    this.#blobs = blobs;
  }

  /** What applying these documents would do. Changes nothing. */
  async plan(documents: readonly DroverDocument[]): Promise<PlannedDocument[]> {
    const images = await this.#measure(documents);
    const now = this.#engine.clock.now();
    return documents.map((document) => this.#planned(document, { alongside: policiesIn(documents), images, now }));
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

  /** Applies policies first, then campaigns. `expected` are plan digests of a saved plan: any other plan is refused. */
  async apply(documents: readonly DroverDocument[], actor: Actor, expected: readonly string[] | undefined): Promise<PlannedDocument[]> {
    const ordered = [...documents].sort((a, b) => Number(a.kind === 'Campaign') - Number(b.kind === 'Campaign'));
    const planned = await this.plan(ordered);
    for (const { plan, change, name } of planned) {
      if (!plan || change === 'none') continue;
      if (expected && !expected.includes(plan.digest))
        throw new CampaignError(
          'PLAN_STALE',
          `campaign ${name} would be planned as ${plan.digest} now, which is not in the saved plan: targets, firmware or policies moved`,
        );
      if (plan.stages.every(({ endpoints }) => endpoints.length === 0))
        throw new CampaignError('PLAN_EMPTY', `campaign ${name} reaches no device`, plan.excluded.slice(0, 20));
    }
    await this.#engine.change((unit) => {
      ordered.forEach((document, index) => {
        const outcome = planned[index];
        if (!outcome || outcome.change === 'none') return;
        if (document.kind === 'Campaign' && outcome.plan && outcome.forecast)
          this.#create(document, { ...outcome, plan: outcome.plan, forecast: outcome.forecast }, { unit, actor });
        else this.#putPolicy(document, { unit, actor });
      });
    });
    if (planned.some(({ kind, change }) => kind === 'DeviceClass' && change !== 'none')) await tellClasses(this.#engine);
    return planned;
  }

  /** Policies say whom to trust: whoever may only run campaigns can send them along unchanged, and no other way. */
  requireNoPolicyChange(documents: readonly DroverDocument[]): void {
    for (const document of documents) {
      if (document.kind === 'Campaign') continue;
      const known = this.#knownSource(document);
      if (known === undefined || digestOf(known) !== digestOf(document.source))
        throw new CampaignError(
          'POLICY_PROTECTED',
          `${document.kind} ${document.metadata.name} would change, and only an administrator changes policies`,
        );
    }
  }

  live(namespace: string, name: string): LiveCampaign {
    const campaign = this.#engine.state.campaigns.get(keyOf(namespace, name));
    if (!campaign) throw new CampaignError('CAMPAIGN_NOT_FOUND', `no campaign is called "${name}"`);
    return campaign;
  }

  decide(campaign: LiveCampaign, decision: Pick<ApprovalRecord, 'planDigest' | 'decision' | 'remark'>, actor: Actor): Promise<void> {
    const { record, document } = campaign;
    return this.#engine.change((unit) => {
      const key = keyOf(record.namespace, record.name);
      const policy = this.#engine.state.approvalPolicyFor(document);
      const earlier = this.#engine.state.approvals.get(key) ?? [];
      const approval: ApprovalRecord = { ...decision, namespace: record.namespace, campaign: record.name, by: actor.id, at: unit.now };
      if (record.life.phase !== 'awaiting-approval' && record.life.resumeTo !== 'awaiting-approval')
        throw new CampaignError('TRANSITION_REFUSED', `campaign ${record.name} is ${record.life.phase} and waits for no approval`);
      requireAcceptable(approval, policy && approvalPolicyOf(policy), { planDigest: record.plan.digest, author: record.author, earlier });
      this.#engine.state.approvals.set(key, [...earlier, approval]);
      unit.changes.approvals.push(approval);
      unit.audit(
        draft(
          'approval-given',
          unit.now,
          { namespace: record.namespace, campaign: record.name, actor },
          { planDigest: approval.planDigest, decision: approval.decision, remark: approval.remark },
        ),
      );
    });
  }

  #planned(document: DroverDocument, context: PlanContext): PlannedDocument {
    const { kind, metadata, source } = document;
    const known = this.#knownSource(document);
    const change = known === undefined ? 'create' : digestOf(known) === digestOf(source) ? 'none' : 'change';
    const common = { kind, name: metadata.name, namespace: metadata.namespace, change, before: known, after: source } as const;
    if (kind !== 'Campaign') return { ...common, plan: undefined, forecast: undefined };
    const current = this.#engine.state.campaigns.get(keyOf(metadata.namespace, metadata.name));
    if (change === 'none' && current) return { ...common, plan: current.record.plan, forecast: current.record.forecast };
    if (current && isStarted(current.record) && !isOver(current.record.life)) {
      throw new CampaignError(
        'CAMPAIGN_RUNNING',
        `campaign ${metadata.name} is ${current.record.life.phase}: changing a started campaign is not supported yet; abort it or use a new name`,
      );
    }
    const plan = this.#planFor(document, context);
    return { ...common, plan, forecast: this.#forecastFor(document, plan) };
  }

  #planFor(document: CampaignDocument, { alongside, images, now }: PlanContext): Plan {
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
    return planCampaign({
      document,
      devices: [...state.devices.values()].filter(({ namespace }) => namespace === metadata.namespace),
      firmware: plannable.firmware,
      running: (device) => (isInFlightIn(owner, device) ? ({ type: 'hidden' } as const) : runningVersion(spec, this.#recordOf(device))),
      refusalOf: (device) => {
        const refusal = refusalOf(plannable, spec, this.#recordOf(device));
        return refusal && { code: refusal.code, detail: refusal.message };
      },
      quarantineOf: (device) => quarantineText(this.#recordOf(device)),
      attemptedBy: () => attemptedBy(owner),
      // Whoever is still under way in what is taken back belongs to it, and waits until that is resolved.
      openElsewhere: (endpoint) =>
        state.openUpdatesOf(endpoint).find(({ key, campaign }) => key !== ownKey && campaign !== owner)?.campaign.record.name,
      policyDigests: [this.#trust.policyOf(metadata.namespace).digest, ...this.#approvalPolicyDigest(document, alongside)],
    });
  }

  #recordOf({ endpoint }: Device): DeviceRecord {
    return must(this.#engine.state.devices.get(endpoint), 'a device of the inventory');
  }

  #approvalPolicyDigest({ metadata, spec }: CampaignDocument, alongside: ReadonlyMap<string, DroverDocument>) {
    const wanted = spec.approvals.start?.policyRef;
    if (wanted === undefined) return [];
    const key = documentKey(metadata.namespace, 'ApprovalPolicy', wanted);
    const applied = alongside.get(key)?.source ?? this.#engine.state.documents.get(key)?.source;
    if (applied === undefined) throw new CampaignError('POLICY_NOT_FOUND', `no ApprovalPolicy is called "${wanted}"`);
    return [digestOf(applied)];
  }

  #forecastFor({ spec }: CampaignDocument, plan: Plan): Forecast {
    const devices = plan.stages.flatMap(({ endpoints }) => endpoints.flatMap((endpoint) => this.#engine.state.devices.get(endpoint) ?? []));
    const { preferred } = spec.delivery.blockSize;
    const blockSizeFor = (device: Device): number => this.#engine.state.classes.blockSize(device, preferred);
    return forecast(devices, plan.firmware.size, { blockSizeFor, airtime: spec.bandwidth.perCell.airtime });
  }

  #knownSource({ kind, metadata }: DroverDocument): Json | undefined {
    if (kind === 'Campaign') return this.#engine.state.campaigns.get(keyOf(metadata.namespace, metadata.name))?.record.source;
    return this.#engine.state.documents.get(documentKey(metadata.namespace, kind, metadata.name))?.source;
  }

  #create(
    document: CampaignDocument,
    { plan, forecast: cost }: { plan: Plan; forecast: Forecast },
    { unit, actor }: { unit: UnitOfWork; actor: Actor },
  ): void {
    const { metadata, spec, source } = document;
    const key = keyOf(metadata.namespace, metadata.name);
    const earlier = this.#engine.state.campaigns.get(key)?.record;
    const record: CampaignRecord = {
      namespace: metadata.namespace,
      name: metadata.name,
      generation: (earlier?.generation ?? 0) + 1,
      source,
      author: actor.id,
      plan,
      forecast: cost,
      life: { phase: spec.approvals.start ? 'awaiting-approval' : 'scheduled' },
      stages: spec.stages.map(() => ({ state: 'closed' })),
      createdAt: unit.now,
      startedAt: undefined,
      endedAt: undefined,
    };
    const updates = plan.stages.flatMap(({ endpoints }, stage) =>
      endpoints.map((endpoint) => ({
        ...newUpdate(metadata.name, endpoint, stage, unit.now),
        namespace: metadata.namespace,
        object: UPDATE_OBJECT[spec.delivery.object],
        instance: spec.delivery.instance,
      })),
    );
    unit.changes.dropUpdatesOf.push({ namespace: metadata.namespace, campaign: metadata.name });
    this.#engine.state.addCampaign(
      key,
      {
        record,
        document,
        updates: new Map(updates.map((update) => [update.endpoint, update])),
        tallies: [],
        isDirty: true,
      },
      unit.now,
    );
    unit.changes.updates.push(...updates);
    unit.putCampaign(record);
    const common = { namespace: metadata.namespace, campaign: metadata.name, actor };
    unit.audit(draft('campaign-applied', unit.now, common, { generation: record.generation, specDigest: plan.specDigest, source }));
    unit.audit(draft('campaign-planned', unit.now, common, planDetails(plan)));
  }

  #putPolicy(document: DroverDocument, { unit, actor }: { unit: UnitOfWork; actor: Actor }): void {
    const { kind, metadata, source } = document;
    const key = documentKey(metadata.namespace, kind, metadata.name);
    const record: DocumentRecord = {
      namespace: metadata.namespace,
      kind,
      name: metadata.name,
      generation: (this.#engine.state.documents.get(key)?.generation ?? 0) + 1,
      digest: digestOf(source),
      source,
      appliedAt: unit.now,
      appliedBy: actor.id,
    };
    unit.putDocument(record);
    unit.audit(
      draft(
        'policy-applied',
        unit.now,
        { namespace: metadata.namespace, actor },
        { kind, name: metadata.name, digest: record.digest, source, at: isoOf(unit.now) },
      ),
    );
  }
}

/** What it runs at the moment says nothing of what it will run in a moment. */
function isInFlightIn(campaign: LiveCampaign | undefined, { endpoint }: Device): boolean {
  const update = campaign?.updates.get(endpoint);
  return update !== undefined && holdsDevice(update);
}

/** Who was offered something, whatever became of it. */
function attemptedBy(campaign: LiveCampaign | undefined): ReadonlySet<Endpoint> | undefined {
  if (!campaign) return undefined;
  return new Set([...campaign.updates.values()].filter(({ attempt }) => attempt > 0).map(({ endpoint }) => endpoint));
}

function policiesIn(documents: readonly DroverDocument[]): Map<string, DroverDocument> {
  return new Map(
    documents
      .filter(({ kind }) => kind !== 'Campaign')
      .map((document) => [documentKey(document.metadata.namespace, document.kind, document.metadata.name), document]),
  );
}

function planDetails(plan: Plan): Json {
  return {
    planDigest: plan.digest,
    firmware: { ...plan.firmware },
    stages: plan.stages.map(({ name, endpoints }) => ({ name, endpoints })),
    excluded: plan.excluded.map((exclusion) => ({ ...exclusion })),
    policyDigests: plan.policyDigests,
  } as Json;
}

/** A stored campaign read back by today's rules. */
export function documentOf(record: CampaignRecord): CampaignDocument {
  const { document, faults } = readDocument(record.source);
  if (!document || document.kind !== 'Campaign')
    throw new CampaignError('SPEC_INVALID', `the stored campaign ${record.name} cannot be read`, faults);
  return document;
}

/** An applied approval policy, with the language's defaults. */
export function approvalPolicyOf(record: DocumentRecord): ApprovalPolicySpec {
  const { document } = readDocument(record.source);
  if (document?.kind !== 'ApprovalPolicy') throw new CampaignError('SPEC_INVALID', `the stored policy ${record.name} cannot be read`);
  return document.spec;
}
