import { DroverError, must, type Instant } from '@drover/kernel';
import { readDocument } from '@drover/campaign';
import type { PlannedDocument } from '../engine/campaign-planner.ts';
import { UpdateBook } from '../engine/update-book.ts';
import type { OutlookSource } from './snapshot-maker.ts';

/** The one campaign of a plan: two of them would be forecast as if the other were not there. */
export function soleCampaign(planned: readonly PlannedDocument[]): PlannedDocument {
  const [campaign, second] = planned.filter(({ kind }) => kind === 'Campaign');
  if (!campaign || second) throw new DroverError('FORECAST_OF_ONE', 'input', 'a forecast is made of exactly one campaign');
  return campaign;
}

/** A plan as if it had just been applied. */
export function plannedSource({ plan: made, name, after }: PlannedDocument, now: Instant): OutlookSource {
  const { document } = readDocument(after);
  const plan = must(made, 'the plan of a campaign');
  if (document?.kind !== 'Campaign') throw new DroverError('UNREACHABLE', 'invariant', `${name} was planned and cannot be read`);
  const { namespace } = document.metadata;
  const updates = UpdateBook.of({ namespace, campaign: name, since: now }, plan);
  const stages = document.spec.stages.map(() => ({ state: 'closed' as const }));
  return { record: { namespace, name: document.metadata.name, plan, life: { phase: 'scheduled' }, stages }, document, updates };
}
