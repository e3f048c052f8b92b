import { durationOf, type Duration } from '@drover/kernel';
import { leaf, mapping, Misread, required, withDefault, type Schema } from './schema.ts';
import { duration } from './leaves.ts';

/** Days as RRULE writes them, Monday first. */
export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** A stretch of local time that comes back: from `startMinute` of each listed day, for `duration`. */
export interface RecurringWindow {
  /** Days on which it opens; all seven for a daily window. */
  readonly days: readonly Weekday[];
  /** Minutes after local midnight, 0–1439. */
  readonly startMinute: number;
  /** More than zero, at most a week. */
  readonly duration: Duration;
}

const recurrence: Schema<readonly Weekday[]> = leaf({ type: 'string', pattern: '^RRULE:FREQ=' }, (value) => {
  const match = /^RRULE:FREQ=(DAILY|WEEKLY)(?:;BYDAY=([A-Z,]+))?$/.exec(String(value));
  if (!match)
    throw new Misread('VALUE_INVALID', `expected RRULE:FREQ=DAILY or RRULE:FREQ=WEEKLY;BYDAY=MO,TU,…; other rules are not supported yet`);
  const days = match[2]?.split(',') ?? [];
  const stranger = days.find((day) => !(WEEKDAYS as readonly string[]).includes(day));
  if (stranger !== undefined) throw new Misread('VALUE_INVALID', `"${stranger}" is no weekday; expected ${WEEKDAYS.join(', ')}`);
  if (match[1] === 'WEEKLY' && days.length === 0) throw new Misread('VALUE_INVALID', 'FREQ=WEEKLY needs BYDAY');
  return days.length === 0 ? WEEKDAYS : (days as Weekday[]);
});

const clockTime: Schema<number> = leaf({ type: 'string', pattern: '^[0-2][0-9]:[0-5][0-9]$' }, (value) => {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(String(value));
  if (!match) throw new Misread('VALUE_INVALID', 'expected a local time such as "00:30", in quotes');
  return Number(match[1]) * 60 + Number(match[2]);
});

const parts = mapping({
  recur: withDefault(recurrence, WEEKDAYS as readonly Weekday[]),
  start: required(clockTime),
  duration: required(duration),
});

export const recurringWindow: Schema<RecurringWindow> = {
  json: parts.json,
  read: (value, path, faults) => {
    const read = parts.read(value, path, faults);
    if (!read) return undefined;
    if (read.duration <= 0 || read.duration > durationOf('7d')) {
      faults.push({ code: 'VALUE_INVALID', path: [...path, 'duration'], message: 'a window lasts more than 0 and at most 7d' });
      return undefined;
    }
    return { days: read.recur, startMinute: read.start, duration: read.duration };
  },
};
