import { DAY, Instant, MINUTE } from '@drover/kernel';
import { textFact, type Device } from '@drover/fleet';

/** A time zone as a function: minutes east of UTC at an instant. */
export interface Zone {
  readonly name: string;
  readonly offsetMinutes: (at: Instant) => number;
}

/** Names that were asked for, also those that are none: devices may claim anything, and again with each contact. */
const ZONES = new Map<string, Zone | undefined>();
const MOST_NAMES = 2000;
const UTC: Zone = { name: 'UTC', offsetMinutes: () => 0 };

function ianaZone(name: string): Zone | undefined {
  if (ZONES.has(name)) return ZONES.get(name);
  if (ZONES.size >= MOST_NAMES) ZONES.clear();
  const zone = newZone(name);
  ZONES.set(name, zone);
  return zone;
}

function newZone(name: string): Zone | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    return { name, offsetMinutes: (at) => offsetIn(format, at) };
  } catch {
    return undefined;
  }
}

function offsetIn(format: Intl.DateTimeFormat, at: Instant): number {
  const text = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  return fixedOffset(text.replace('GMT', '')) ?? 0;
}

/** `+02:00`, `UTC+2`, `-0530` in minutes. */
function fixedOffset(text: string): number | undefined {
  const match = /^(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?(?::\d{2})?$/.exec(text.trim());
  if (!match) return /^(UTC|GMT|Z)$/.test(text.trim()) ? 0 : undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return match[1] === '-' ? -minutes : minutes;
}

/**
 * Zone of a campaign's `timeZone` for one device: `Device` is its own IANA zone, else its own offset, else the site's;
 * `Site` is the site's; anything else is the zone itself. Where nothing is known it is UTC.
 */
export function zoneFor(timeZone: string, device: Device): Zone {
  const site = () => ianaZone(textFact(device, 'timeZone') ?? 'UTC') ?? UTC;
  if (timeZone === 'Site') return site();
  if (timeZone !== 'Device') return ianaZone(timeZone) ?? UTC;
  const own = textFact(device, 'device.timeZone');
  const offset = fixedOffset(textFact(device, 'device.utcOffset') ?? '');
  return (
    (own && ianaZone(own)) ||
    (offset === undefined ? site() : { name: `UTC${offset < 0 ? '' : '+'}${offset / 60}`, offsetMinutes: () => offset })
  );
}

/** Local midnight of the day that holds `at`, shifted by whole days, then by minutes, as an instant. Right across clock changes. */
export function localInstant(zone: Zone, at: Instant, days: number, minutes: number): Instant {
  const localNow = at + zone.offsetMinutes(at) * MINUTE;
  const wanted = Math.floor(localNow / DAY) * DAY + days * DAY + minutes * MINUTE;
  const guess = Instant(wanted - zone.offsetMinutes(Instant(wanted)) * MINUTE);
  return Instant(wanted - zone.offsetMinutes(guess) * MINUTE);
}

/** 0 Monday … 6 Sunday of the local day that holds `at`, shifted by whole days. */
export function localWeekday(zone: Zone, at: Instant, days: number): number {
  const localNow = at + zone.offsetMinutes(at) * MINUTE;
  return (((Math.floor(localNow / DAY) + days + 3) % 7) + 7) % 7;
}
