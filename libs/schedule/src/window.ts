import { DAY, plus, type Duration, type Instant } from '@drover/kernel';
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

/** How far ahead an edge is told, ms: the rarest weekday comes within it. A window that is open for longer has no end. */
const AHEAD = 8 * DAY;
/** What one table holds beyond that, ms: the wake-ups of more than two weeks are looked up in it. */
const KEPT = 16 * DAY;

/** When the rules are open in one zone, over some weeks: spans that neither touch nor overlap, in order. */
interface Timetable {
  readonly from: Instant;
  readonly until: Instant;
  readonly starts: readonly Instant[];
  readonly ends: readonly Instant[];
}

/** By rules and zone. Local time is slow to work out, and thousands of devices ask for the same. */
const TABLES = new WeakMap<readonly WindowRule[], Map<string, Timetable>>();
/** Zones for which one set of rules has tables; devices may claim any offset. */
const MOST_ZONES = 1000;

/** Whether any of the rules is open at `now`, until when, or when the next opens. No rules means always open. */
export function windowState(rules: readonly WindowRule[] | undefined, zone: Zone, now: Instant): WindowState {
  if (!rules || rules.length === 0) return { open: true, closesAt: undefined };
  const { starts, ends } = tableFor(rules, zone, now);
  const next = firstAfter(starts, now);
  const end = next === 0 ? undefined : ends[next - 1];
  if (end !== undefined && end > now) return { open: true, closesAt: end > now + AHEAD ? undefined : end };
  const opensAt = starts[next];
  return { open: false, opensAt: opensAt !== undefined && opensAt <= now + AHEAD ? opensAt : undefined };
}

function tableFor(rules: readonly WindowRule[], zone: Zone, now: Instant): Timetable {
  let tables = TABLES.get(rules);
  if (!tables) TABLES.set(rules, (tables = new Map<string, Timetable>()));
  const known = tables.get(zone.name);
  if (known && known.from <= now && now + AHEAD <= known.until) return known;
  if (tables.size >= MOST_ZONES) tables.clear();
  const table = timetable(rules, zone, now);
  tables.set(zone.name, table);
  return table;
}

function timetable(rules: readonly WindowRule[], zone: Zone, now: Instant): Timetable {
  const from = plus(now, -DAY);
  const until = plus(now, AHEAD + KEPT);
  const spans = rules.flatMap((rule) => spansOf(rule, zone, { from, until })).sort((a, b) => a.from - b.from);
  const [starts, ends]: [Instant[], Instant[]] = [[], []];
  for (const span of spans) {
    const last = ends.at(-1);
    if (last === undefined || span.from > last) {
      starts.push(span.from);
      ends.push(span.to);
    } else if (span.to > last) ends[ends.length - 1] = span.to;
  }
  return { from, until, starts, ends };
}

/** Every occurrence that has a part in this time, and the one after it. */
function spansOf(rule: WindowRule, zone: Zone, { from, until }: { from: Instant; until: Instant }): { from: Instant; to: Instant }[] {
  const spans = [];
  const back = Math.ceil(rule.duration / DAY) + 1;
  const days = Math.ceil((until - from) / DAY) + 1;
  for (let day = -back; day <= days; day++) {
    if (!rule.days.includes(WEEKDAYS[localWeekday(zone, from, day)] ?? '')) continue;
    const start = localInstant(zone, from, day, rule.startMinute);
    spans.push({ from: start, to: plus(start, rule.duration) });
  }
  return spans;
}

/** Place of the first that is later, by bisection. */
function firstAfter(sorted: readonly Instant[], at: Instant): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
