import type { FailureClass, GateSpec, Limit } from '@drover/campaign';

/** A stage in numbers. */
export interface Tally {
  readonly size: number;
  /** Devices that had at least one offer. */
  readonly attempted: number;
  readonly succeeded: number;
  readonly failed: Readonly<Partial<Record<FailureClass, number>>>;
  /** Settled or past their limit. */
  readonly over: number;
  /** Over without an offer: they can never be part of a sample. */
  readonly overUnattempted: number;
}

export const EMPTY_TALLY: Tally = { size: 0, attempted: 0, succeeded: 0, failed: {}, over: 0, overUnattempted: 0 };

export interface FailureRule {
  readonly max: Limit;
  readonly minSample: number;
  readonly classes: readonly (FailureClass | 'Any')[];
  readonly action: 'Hold' | 'Abort';
}

/** A gate with every default filled in for its stage. */
export interface Gate {
  readonly success: { readonly min: number; readonly minSample: number };
  readonly failure: readonly FailureRule[];
  readonly promote: 'Automatic' | 'Manual';
}

/** A missing gate is not "no gate": 95 % success, at most 5 % failures and one suspected brick, on a sample of 20 or the stage. */
export function gateFor(spec: GateSpec | undefined, stageSize: number): Gate {
  const sample = Math.min(20, stageSize);
  const failure = spec?.failure ?? [
    { max: { kind: 'percent' as const, fraction: 0.05 }, minSample: sample, classes: ['Any' as const], action: 'Hold' as const },
    { max: { kind: 'count' as const, count: 1 }, minSample: 1, classes: ['SuspectedBrick' as const], action: 'Hold' as const },
  ];
  return {
    success: { min: spec?.success?.min ?? 0.95, minSample: Math.min(spec?.success?.minSample ?? sample, stageSize) },
    failure: failure.map(({ max, minSample, classes, action }) => ({
      max,
      classes,
      action,
      minSample: Math.min(minSample ?? (max.kind === 'count' ? 1 : sample), stageSize),
    })),
    promote: spec?.promote ?? 'Automatic',
  };
}

export type Verdict =
  | { readonly type: 'open'; readonly evidence: string }
  | { readonly type: 'passed'; readonly evidence: string }
  | { readonly type: 'inconclusive'; readonly why: string }
  | { readonly type: 'breached'; readonly action: 'Hold' | 'Abort'; readonly why: string };

/**
 * Judges a stage on devices that were attempted, never on silence.
 *
 * - 1 failure in 10 with `max: 5%`, `minSample: 20` is open: the sample is too small to act on.
 * - 2 failures in 20 are breached; a limit is breached when it is exceeded, so 1 in 20 is not.
 * - 19 successes in 20 with `min: 95%` pass.
 * - All over, 18 in 20, no failure rule hit: inconclusive, a person decides.
 *
 * `forgiven` are failures that a person has looked at and resumed over.
 */
export function assessGate(gate: Gate, tally: Tally, forgiven: Readonly<Partial<Record<FailureClass, number>>> = {}): Verdict {
  const settled = tally.succeeded + sum(tally.failed);
  for (const rule of gate.failure) {
    const count = countOf(rule, tally.failed) - countOf(rule, forgiven);
    if (settled < rule.minSample || !exceeds(count, rule.max, tally.attempted)) continue;
    return {
      type: 'breached',
      action: rule.action,
      why: `${count} of ${tally.attempted} attempted failed (${rule.classes.join(', ')}), at most ${limitText(rule.max)} may`,
    };
  }
  const ratio = settled === 0 ? 0 : tally.succeeded / settled;
  const evidence = `${tally.succeeded} of ${settled} settled succeeded, ${tally.size} in the stage`;
  const possible = Math.min(gate.success.minSample, tally.size - tally.overUnattempted);
  if (settled >= possible && (settled > 0 || tally.over === tally.size) && (ratio >= gate.success.min || tally.attempted === 0))
    return { type: 'passed', evidence };
  if (tally.over === tally.size) return { type: 'inconclusive', why: `${evidence}, ${Math.round(gate.success.min * 100)}% are asked` };
  return { type: 'open', evidence };
}

function countOf(rule: FailureRule, failed: Readonly<Partial<Record<FailureClass, number>>>): number {
  if (rule.classes.includes('Any')) return sum(failed);
  return rule.classes.reduce((total, name) => total + (name === 'Any' ? 0 : (failed[name] ?? 0)), 0);
}

function exceeds(count: number, max: Limit, attempted: number): boolean {
  return max.kind === 'count' ? count > max.count : attempted > 0 && count / attempted > max.fraction;
}

function limitText(max: Limit): string {
  return max.kind === 'count' ? String(max.count) : `${Math.round(max.fraction * 1000) / 10}%`;
}

function sum(counts: Readonly<Partial<Record<FailureClass, number>>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** True when nothing of the stage is left to wait for. */
export function isStageOver(tally: Tally): boolean {
  return tally.over === tally.size;
}
