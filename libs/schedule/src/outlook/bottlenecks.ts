import { DAY, HOUR } from '@drover/kernel';
import { costAhead } from './feasibility.ts';
import { HoursAhead } from './hours-ahead.ts';
import { rounded } from './quantiles.ts';
import { HAS_IMAGE, type OutlookSnapshot } from './snapshot.ts';

/** Load from which on a carrier is a bottleneck: chance and uneven arrival take the rest. */
export const BOTTLENECK_LOAD = 0.8;
/** What a campaign without a deadline is measured by. */
export const USUAL_DEADLINE_MS = 7 * DAY;
/** As many as anybody looks at. */
const MOST_LISTED = 20;

export interface CarrierLoadAhead {
  readonly carrier: string;
  readonly devices: number;
  /** All that its devices still need, at what the campaign may take of it, h. */
  readonly hoursNeeded: number;
  /** Until the deadline, within their windows, h. */
  readonly hoursLeft: number;
  /** One by the other; undefined where nothing is left. */
  readonly load: number | undefined;
}

interface Sums {
  devices: number;
  airtimeMs: number;
  openMs: number;
}

/** The carriers by load, the highest first, and how many are bottlenecks. Arithmetic over everybody who can come through, no simulation. */
export function bottlenecksOf(
  snapshot: OutlookSnapshot,
  barriers: Uint8Array,
): { readonly count: number; readonly busiest: readonly CarrierLoadAhead[] } {
  const hours = snapshot.windows.map((open) => new HoursAhead(open));
  const sums = new Map<number, Sums>();
  for (let device = 0; device < snapshot.size; device++) {
    if (barriers[device]! > 0 || snapshot.progress[device] === HAS_IMAGE) continue;
    const carrier = snapshot.carrier[device]!;
    const sum = sums.get(carrier) ?? { devices: 0, airtimeMs: 0, openMs: 0 };
    const { airtime } = costAhead(snapshot, device);
    sums.set(carrier, {
      devices: sum.devices + 1,
      airtimeMs: sum.airtimeMs + airtime,
      openMs: sum.openMs + airtime * hours[snapshot.download[device]!]!.part,
    });
  }
  const all = [...sums].map(([carrier, sum]) => loadOf(snapshot, carrier, sum)).sort((a, b) => rankOf(b) - rankOf(a) || byName(a, b));
  return { count: all.filter((each) => rankOf(each) > BOTTLENECK_LOAD).length, busiest: all.slice(0, MOST_LISTED) };
}

function loadOf({ campaign, carriers, budget }: OutlookSnapshot, carrier: number, { devices, airtimeMs, openMs }: Sums): CarrierLoadAhead {
  const meanBudget = budget.subarray(carrier * 24, carrier * 24 + 24).reduce((sum, each) => sum + each, 0) / 24;
  const spanMs = Math.max(0, (campaign.deadlineMs ?? campaign.startsMs + USUAL_DEADLINE_MS) - campaign.startsMs);
  const hoursLeft = (spanMs / HOUR) * (airtimeMs === 0 ? 1 : openMs / airtimeMs);
  const hoursNeeded = airtimeMs / HOUR / Math.max(meanBudget, 1e-6);
  return {
    carrier: carriers[carrier] ?? '',
    devices,
    hoursNeeded: rounded(hoursNeeded),
    hoursLeft: rounded(hoursLeft),
    load: hoursLeft > 0 ? rounded(hoursNeeded / hoursLeft, 3) : undefined,
  };
}

function rankOf({ load, hoursNeeded }: CarrierLoadAhead): number {
  return load ?? (hoursNeeded > 0 ? Number.POSITIVE_INFINITY : 0);
}

const byName = (a: CarrierLoadAhead, b: CarrierLoadAhead): number => (a.carrier < b.carrier ? -1 : 1);
