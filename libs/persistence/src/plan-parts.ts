import type { Endpoint } from '@drover/kernel';
import type { PlannedStage, RotationExclusion } from '@drover/campaign';
import { StoreError } from './errors.ts';
import type { PlanPartRecord } from './records.ts';

/** Devices to a part: a plan of a million is read and written in pieces that hold up nobody. */
const IN_ONE = 5000;

interface Parted<E> {
  readonly stages: readonly PlannedStage[];
  readonly excluded: readonly E[];
}

type Of = Pick<PlanPartRecord, 'namespace' | 'campaign' | 'generation'>;

/** The devices of a plan in parts, in order: stage by stage, then those that are left out. */
export function* planPartsOf<E extends RotationExclusion>({ stages, excluded }: Parted<E>, of: Of): Generator<PlanPartRecord<E>> {
  let part = 0;
  for (const [stage, { endpoints }] of stages.entries())
    for (let from = 0; from < endpoints.length; from += IN_ONE)
      yield { ...of, part: part++, stage, endpoints: endpoints.slice(from, from + IN_ONE) };
  for (let from = 0; from < excluded.length; from += IN_ONE) yield { ...of, part: part++, excluded: excluded.slice(from, from + IN_ONE) };
}

/** The plan of a campaign, from its parts in order. Parts that another generation has left behind are no harm. */
export function planOf<E extends RotationExclusion, P extends Parted<E>>(
  record: { readonly plan: P & Parted<E>; readonly planParts?: number; readonly name: string; readonly generation: number },
  parts: readonly PlanPartRecord<E>[],
): P {
  const { plan, planParts, name, generation } = record;
  if (planParts === undefined) return plan;
  const stages = plan.stages.map((): Endpoint[] => []);
  const excluded: E[] = [];
  const own = parts.filter((part) => part.generation === generation && part.part < planParts);
  if (own.length !== planParts) throw new StoreError('ROW_CORRUPT', `the plan of ${name} has ${own.length} of its ${planParts} parts`);
  for (const part of own) {
    for (const endpoint of part.endpoints ?? []) stages[part.stage ?? 0]?.push(endpoint);
    excluded.push(...(part.excluded ?? []));
  }
  return { ...plan, stages: plan.stages.map((stage, index) => ({ ...stage, endpoints: stages[index] ?? [] })), excluded };
}
