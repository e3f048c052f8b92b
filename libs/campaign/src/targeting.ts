import { allOf, evaluate, EVERYTHING, selectorPredicate, unknownSubjects, type Device, type Predicate } from '@drover/fleet';
import type { CampaignSpec } from './spec.ts';

type Targets = Pick<CampaignSpec['targets'], 'where' | 'selector' | 'exclude'>;

/** Who is meant: both halves must hold. */
export function targetPredicate({ where, selector }: Omit<Targets, 'exclude'>): Predicate {
  return allOf([where?.predicate ?? EVERYTHING, selector ? selectorPredicate(selector) : EVERYTHING]);
}

/** Somebody of whom it cannot be said. */
export function undecided(predicate: Predicate, device: Device): { readonly code: 'FACT_UNKNOWN'; readonly detail: string } {
  return { code: 'FACT_UNKNOWN', detail: unknownSubjects(predicate, device).join(', ') };
}

/** An exclusion that cannot be decided protects the device. */
export function excludedBy(
  { exclude }: Pick<Targets, 'exclude'>,
  device: Device,
): { readonly code: 'EXCLUDED'; readonly detail: string } | undefined {
  const found = exclude.find(
    ({ endpoints = [], where }) => endpoints.includes(device.endpoint) || (where && evaluate(where.predicate, device) !== false),
  );
  return found && { code: 'EXCLUDED', detail: found.reason };
}
