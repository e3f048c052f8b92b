import type { Json } from '@drover/kernel';
import type { CampaignDocument, Plan } from '@drover/campaign';
import type { Forecast } from '@drover/schedule';
import { UPDATE_OBJECT } from '@drover/lwm2m';
import { planPartsOf, type CampaignRecord, type PlanPartRecord } from '@drover/persistence';
import type { AuditDraft } from '@drover/audit';
import { draft, type Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import { keyOf, LiveCampaign } from './engine-state.ts';
import { stagedRecordOf } from './staged-record.ts';
import type { UnitOfWork } from './unit-of-work.ts';
import { UpdateBook, type Beginning } from './update-book.ts';

export interface Wanted {
  readonly document: CampaignDocument;
  readonly plan: Plan;
  readonly forecast: Forecast;
  readonly actor: Actor;
}

/** A campaign that needs no more than one small commit to be there. */
export interface Prepared {
  readonly key: string;
  readonly campaign: LiveCampaign;
  /** Not on the disk yet: of a plan so small that they go with the campaign. */
  readonly parts: readonly PlanPartRecord[];
  readonly events: readonly AuditDraft[];
}

/** Devices of a plan that is committed in one piece with its campaign; a larger one is written before it, part by part. */
const SMALL = 5000;

/** Makes campaigns of plans. The devices of a large plan are on the disk, in parts, before the row that makes them count. */
export class CampaignMaker {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async prepare({ document, plan, forecast, actor }: Wanted): Promise<Prepared> {
    const { metadata, source } = document;
    const key = keyOf(metadata.namespace, metadata.name);
    const now = this.#engine.clock.now();
    const generation = (this.#engine.state.campaigns.get(key)?.record.generation ?? 0) + 1;
    const parts = [...planPartsOf(plan, { namespace: metadata.namespace, campaign: metadata.name, generation })];
    const record: CampaignRecord = {
      ...stagedRecordOf(document, { plan, planParts: parts.length, generation, actor, now }),
      forecast,
    };
    const common = { namespace: metadata.namespace, campaign: metadata.name, actor };
    const applied = draft('campaign-applied', now, common, { generation, specDigest: plan.specDigest, source });
    const campaign = new LiveCampaign(record, document, await UpdateBook.planned(beginningOf(record, document), plan));
    if (sizeOf(plan) <= SMALL)
      return { key, campaign, parts, events: [applied, draft('campaign-planned', now, common, planDetails(plan))] };
    for (const part of parts)
      await this.#engine.change((unit) => {
        unit.changes.planParts.push(part);
        unit.audit(draft('campaign-planned', unit.now, common, { ...planDetails(plan, part), part: part.part, parts: parts.length }));
      });
    return { key, campaign, parts: [], events: [applied] };
  }

  create({ key, campaign, parts, events }: Prepared, unit: UnitOfWork): void {
    const { namespace, name, generation } = campaign.record;
    unit.changes.dropUpdatesOf.push({ namespace, campaign: name, generation });
    unit.changes.planParts.push(...parts);
    this.#engine.state.addCampaign(key, campaign, unit.now);
    unit.putCampaign(campaign.record);
    events.forEach((event) => unit.audit(event));
  }
}

/** What the updates of a campaign begin with, whether or not a row of theirs has been written. */
export function beginningOf({ namespace, name, createdAt }: CampaignRecord, { spec: { delivery } }: CampaignDocument): Beginning {
  return { namespace, campaign: name, object: UPDATE_OBJECT[delivery.object], instance: delivery.instance, since: createdAt };
}

const sizeOf = ({ stages, excluded }: Plan): number => stages.reduce((sum, { endpoints }) => sum + endpoints.length, excluded.length);

/** What the log says of a plan, or of a part of it. */
function planDetails({ digest, firmware, stages, excluded, policyDigests }: Plan, part?: PlanPartRecord): Record<string, Json> {
  const listed = part
    ? stages.flatMap(({ name }, index) => (index === part.stage ? [{ name, endpoints: part.endpoints ?? [] }] : []))
    : stages;
  return {
    planDigest: digest,
    firmware: { ...firmware },
    stages: listed.map(({ name, endpoints }) => ({ name, endpoints })),
    excluded: (part ? (part.excluded ?? []) : excluded).map((exclusion) => ({ ...exclusion })),
    policyDigests,
  };
}
