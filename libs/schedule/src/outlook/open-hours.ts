import { DAY, HOUR, MINUTE, plus, type Instant } from '@drover/kernel';
import { localWeekday, type Zone } from '../local-time.ts';
import type { WindowRule } from '../window.ts';
import { WEEK_HOURS } from './snapshot.ts';

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const DAY_MINUTES = DAY / MINUTE;
const WEEK_MINUTES = 7 * DAY_MINUTES;
/** As many tables as fit the index of a column. */
const MOST_TABLES = 256;

/** Which of the hours after `at` are open, each judged by its middle. No rules means always open. */
export function openHours(rules: readonly WindowRule[] | undefined, zone: Zone, at: Instant): Uint8Array {
  if (!rules || rules.length === 0) return new Uint8Array(WEEK_HOURS).fill(1);
  const spans = rules.flatMap((rule) => spansOf(rule));
  const local = withinWeek(zone, at);
  return Uint8Array.from({ length: WEEK_HOURS }, (_, hour) => {
    const minute = minuteOfWeek(local, plus(at, (hour + 0.5) * HOUR));
    return Number(spans.some(({ from, length }) => (minute - from + WEEK_MINUTES) % WEEK_MINUTES < length));
  });
}

function spansOf({ days, startMinute, duration }: WindowRule): { from: number; length: number }[] {
  return days.map((day) => ({ from: WEEKDAYS.indexOf(day) * DAY_MINUTES + startMinute, length: duration / MINUTE }));
}

/** Asking a zone for its offset is slow, and a clock is not changed twice in a week: the same at both ends is the same between. */
function withinWeek(zone: Zone, at: Instant): Zone {
  const [first, last] = [zone.offsetMinutes(at), zone.offsetMinutes(plus(at, WEEK_HOURS * HOUR))];
  return first === last ? { name: zone.name, offsetMinutes: () => first } : zone;
}

/** Minutes since Monday began, local. */
function minuteOfWeek(zone: Zone, at: Instant): number {
  const local = at + zone.offsetMinutes(at) * MINUTE;
  return localWeekday(zone, at, 0) * DAY_MINUTES + (local - Math.floor(local / DAY) * DAY) / MINUTE;
}

/** Tables of open hours, each kept once; the first is always open. */
export class HourTables {
  readonly tables: Uint8Array[] = [new Uint8Array(WEEK_HOURS).fill(1)];
  readonly #known = new Map<string, number>([[textOf(this.tables[0]!), 0]]);

  /** Where this table is; the first one where there is no room for one more, which is too good rather than too bad. */
  indexOf(table: Uint8Array): number {
    const text = textOf(table);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.tables.length === MOST_TABLES) return 0;
    this.#known.set(text, this.tables.length);
    return this.tables.push(table) - 1;
  }
}

const textOf = (table: Uint8Array): string => table.join('');

/** Tables with so many hours more before and after each open one. */
export function widenedTables(tables: readonly Uint8Array[], hours: number): Uint8Array[] {
  return tables.map((table) =>
    table.map((_, hour) => {
      for (let off = -hours; off <= hours; off++) if (table[(hour + off + WEEK_HOURS) % WEEK_HOURS] === 1) return 1;
      return 0;
    }),
  );
}
