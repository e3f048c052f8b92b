import { DAY, earliest, plus, type Duration, type Instant } from '@drover/kernel';
import { localInstant, localWeekday, type Zone } from './local-time.ts';

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

/** As the campaign language writes it: days, local start, length. */
export interface WindowRule {
  readonly days: readonly string[];
  /** Minutes after local midnight. */
  readonly startMinute: number;
  readonly duration: Duration;
}

export type WindowState =
  { readonly open: true; readonly closesAt: Instant | undefined } | { readonly open: false; readonly opensAt: Instant | undefined };

/** Whether any of the rules is open at `now`, until when, or when the next opens. No rules means always open. */
export function windowState(rules: readonly WindowRule[] | undefined, zone: Zone, now: Instant): WindowState {
  if (!rules || rules.length === 0) return { open: true, closesAt: undefined };
  const spans = rules.flatMap((rule) => spansAround(rule, zone, now));
  let end: Instant | undefined;
  // Windows that touch or overlap are one: walk to the end of the chain.
  for (let reached: Instant = now, grew = true; grew;) {
    grew = false;
    for (const span of spans) {
      if (span.from <= reached && span.to > reached) {
        reached = span.to;
        end = reached;
        grew = true;
      }
    }
  }
  if (end !== undefined) return { open: true, closesAt: end };
  return { open: false, opensAt: earliest(...spans.map(({ from }) => (from > now ? from : undefined))) };
}

/** Occurrences from a week before to eight days after: longest window and rarest weekday both fit. */
function spansAround(rule: WindowRule, zone: Zone, now: Instant): { from: Instant; to: Instant }[] {
  const spans = [];
  const back = Math.ceil(rule.duration / DAY);
  for (let day = -back; day <= 8; day++) {
    if (!rule.days.includes(WEEKDAYS[localWeekday(zone, now, day)] ?? '')) continue;
    const from = localInstant(zone, now, day, rule.startMinute);
    spans.push({ from, to: plus(from, rule.duration) });
  }
  return spans;
}
