import { isoOf, must } from '@drover/kernel';
import { CampaignError, digestOf, readDocument, type CampaignDocument, type DroverDocument } from '@drover/campaign';
import type { BlobStore } from '@drover/firmware-store/stores';
import type { CampaignRecord, DocumentRecord } from '@drover/persistence';
import { draft, type Actor } from './audit-drafts.ts';
import { CampaignMaker } from './campaign-maker.ts';
import { CampaignPlanner, type PlannedDocument } from './campaign-planner.ts';
import { tellClasses } from './class-teller.ts';
import type { Engine } from './engine.ts';
import { documentKey, keyOf, type LiveCampaign } from './engine-state.ts';
import type { RotationDesk } from '../rotation/rotation-desk.ts';
import type { TrustDesk } from './trust-desk.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** Documents in, plans and running campaigns out. Everything Git says passes here; nothing here lifts a person's hold. */
export class Campaigns {
  readonly #engine: Engine;
  readonly #planner: CampaignPlanner;
  readonly #maker: CampaignMaker;
  readonly #rotations: RotationDesk;
  /** Two that plan for the same devices would not see each other. */
  #applying: Promise<unknown> = Promise.resolve();

  constructor(parts: { engine: Engine; trust: TrustDesk; blobs: BlobStore; rotations: RotationDesk }) {
    this.#engine = parts.engine;
    this.#planner = new CampaignPlanner(parts);
    this.#maker = new CampaignMaker(parts.engine);
    this.#rotations = parts.rotations;
  }

  /** What applying these documents would do. Changes nothing. */
  plan(documents: readonly DroverDocument[]): Promise<PlannedDocument[]> {
    return this.#planner.plan(documents);
  }

  /** Applies policies and templates first, then campaigns and rotations. `expected` are plan digests of a saved plan: any other plan is refused. */
  apply(documents: readonly DroverDocument[], actor: Actor, expected: readonly string[] | undefined): Promise<PlannedDocument[]> {
    const applied = this.#applying.then(() => this.#apply(documents, actor, expected));
    this.#applying = applied.catch(() => undefined);
    return applied;
  }

  async #apply(documents: readonly DroverDocument[], actor: Actor, expected: readonly string[] | undefined): Promise<PlannedDocument[]> {
    const ordered = [...documents].sort((a, b) => Number(goesByStages(a)) - Number(goesByStages(b)));
    const planned = await this.plan(ordered);
    planned.forEach((each) => requireWanted(each, expected));
    const commits = await this.#prepare(ordered, planned, actor);
    await this.#engine.change((unit) => commits.forEach((commit) => commit(unit)));
    if (planned.some(({ kind, change }) => kind === 'DeviceClass' && change !== 'none')) await tellClasses(this.#engine);
    return planned;
  }

  /** What one small commit has left to do. Checked in it once more: a campaign may have begun while all this was prepared. */
  async #prepare(documents: readonly DroverDocument[], planned: readonly PlannedDocument[], actor: Actor): Promise<Commit[]> {
    const commits: Commit[] = [];
    for (const [index, document] of documents.entries()) {
      const { change, plan, rotationPlan, forecast } = must(planned[index], 'an outcome for each document');
      if (change === 'none') continue;
      if (document.kind === 'Campaign' && plan && forecast) {
        const prepared = await this.#maker.prepare({ document, plan, forecast, actor });
        commits.push((unit) => {
          this.#planner.requireChangeable(this.#engine.state.campaigns.get(prepared.key));
          this.#maker.create(prepared, unit);
        });
      } else if (document.kind === 'CredentialRotation' && rotationPlan) {
        const prepared = await this.#rotations.prepare({ document, plan: rotationPlan, actor });
        commits.push((unit) => {
          this.#rotations.requireChangeable(document);
          this.#rotations.create(prepared, actor, unit);
        });
      } else commits.push((unit) => this.#putPolicy(document, { unit, actor }));
    }
    return commits;
  }

  /** Policies say whom to trust: whoever may only run campaigns can send them along unchanged, and no other way. */
  requireNoPolicyChange(documents: readonly DroverDocument[]): void {
    for (const document of documents) {
      if (document.kind === 'Campaign') continue;
      const known = this.#planner.knownSource(document);
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

type Commit = (unit: UnitOfWork) => void;

const goesByStages = ({ kind }: DroverDocument): boolean => kind === 'Campaign' || kind === 'CredentialRotation';

/** As it was saved, where it was, and for somebody. */
function requireWanted(
  { kind, name, change, plan: firmware, rotationPlan }: PlannedDocument,
  expected: readonly string[] | undefined,
): void {
  const plan = firmware ?? rotationPlan;
  if (!plan || change === 'none') return;
  const title = `${kind === 'Campaign' ? 'campaign' : 'rotation'} ${name}`;
  if (expected && !expected.includes(plan.digest))
    throw new CampaignError(
      'PLAN_STALE',
      `${title} would be planned as ${plan.digest} now, which is not in the saved plan: targets, firmware or policies moved`,
    );
  if (plan.stages.every(({ endpoints }) => endpoints.length === 0))
    throw new CampaignError('PLAN_EMPTY', `${title} reaches no device`, plan.excluded.slice(0, 20));
}

/** A stored campaign read back by today's rules. */
export function documentOf(record: CampaignRecord): CampaignDocument {
  const { document, faults } = readDocument(record.source);
  if (!document || document.kind !== 'Campaign')
    throw new CampaignError('SPEC_INVALID', `the stored campaign ${record.name} cannot be read`, faults);
  return document;
}
