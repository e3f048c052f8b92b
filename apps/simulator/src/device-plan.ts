import { hash32, HOUR, MINUTE, seededRandom } from '@drover/kernel';
import { scaleMix, type Mix } from './profiles/mix.ts';
import { profileOf, type ProfileName } from './profiles/profiles.ts';
import type { Bearer, Coverage } from './radio.ts';
import type { Watched } from './watch/observer.ts';

/** Everything about one device that chance decides, drawn once: the same seed makes the same fleet. */
export interface DevicePlan extends Watched {
  readonly index: number;
  readonly profile: ProfileName;
  /** For the device's own chance: loss, jitter, message ids. */
  readonly seed: number;
  readonly hardware: string;
  readonly operator: { readonly mcc: number; readonly mnc: number };
  readonly cell: number;
  readonly rsrp: number;
  readonly snr: number;
  /** Percent. */
  readonly battery: number;
  /** Campaign ms between registration updates; of a sleeper: between wakes. */
  readonly periodMs: number;
  readonly installMs: number;
  readonly rebootMs: number;
  /** How long a power loss lasts. */
  readonly darkMs: number;
  /** Share of the image at which something goes wrong, if it is that kind of device. */
  readonly faultAt: number;
}

const OPERATORS = [
  { mcc: 262, mnc: 1 },
  { mcc: 262, mnc: 2 },
] as const;
const DEVICES_PER_CELL = 10;
/** Places are drawn to this power: the fullest of 400 cells has three times the mean, the emptiest a fifth less. */
const CROWDING = 1.25;
const WAKE_HOURS: Range = { from: 1, to: 2 };
const FIRST_CELL = 0x1a2b00;
const NB_IOT_SHARE = 0.8;
const UTC_OFFSETS = [0, 60, 120] as const;
/** Middle of what is reported per coverage level, dBm and dB. */
const SIGNAL: Readonly<Record<Coverage, { readonly rsrp: number; readonly snr: number }>> = {
  0: { rsrp: -98, snr: 12 },
  1: { rsrp: -120, snr: 0 },
  2: { rsrp: -131, snr: -8 },
};
const FIRST_IMEI = 35_609_204_000_000;

/** From `from` to `to`, evenly. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface FleetPlan {
  readonly devices: number;
  readonly seed: number;
  readonly mix: Mix;
  /** Without it one for ten devices, all alike. Given, some are crowded. */
  readonly cells?: number;
  /** Hours of campaign time between the wake-ups of a sleeper. */
  readonly wakeHours?: Range;
}

export function planFleet({ devices, seed, mix, cells, wakeHours = WAKE_HOURS }: FleetPlan): DevicePlan[] {
  const profiles = [...scaleMix(mix, devices)].flatMap(([name, count]) => Array.from({ length: count }, () => name));
  const order = shuffled(profiles, seededRandom(seed));
  const cellAt: CellAt =
    cells === undefined
      ? (place) => Math.floor(place * Math.max(1, Math.round(devices / DEVICES_PER_CELL)))
      : (place) => Math.floor(place ** CROWDING * cells);
  return order.map((profile, index) => planDevice({ profile, index, cellAt, wakeHours, seed: hash32(`${seed}/${index}`) }));
}

/** Which cell has the place 0–1 in the fleet. */
type CellAt = (place: number) => number;

interface Draw {
  readonly profile: ProfileName;
  readonly index: number;
  readonly cellAt: CellAt;
  readonly wakeHours: Range;
  readonly seed: number;
}

function planDevice({ profile, index, cellAt, wakeHours, seed }: Draw): DevicePlan {
  const random = seededRandom(seed);
  const between = (from: number, to: number): number => from + (to - from) * random();
  const cellIndex = cellAt(random());
  const operator = OPERATORS[cellIndex % OPERATORS.length]!;
  const cell = FIRST_CELL + cellIndex;
  const bearer: Bearer = random() < NB_IOT_SHARE ? 'NB-IoT' : 'LTE-M';
  const { ce, battery, queueMode } = profileOf(profile);
  return {
    index,
    profile,
    // Signed: V8 keeps a number of 32 bits in the object itself.
    seed: hash32(`${seed}/own`) | 0,
    endpoint: flat(`urn:imei:${imei(FIRST_IMEI + index)}`),
    hardware: random() < 0.7 ? 'B' : 'A',
    operator,
    cell,
    bearer,
    ce,
    carrier: shared(`${operator.mcc}-${operator.mnc}/${cell.toString(16).toUpperCase()}/${bearer}`),
    rsrp: Math.round(SIGNAL[ce].rsrp + between(-2, 2)),
    snr: Math.round(SIGNAL[ce].snr + between(-2, 2)),
    utcOffsetMinutes: UTC_OFFSETS[Math.floor(random() * UTC_OFFSETS.length)]!,
    battery: battery ?? Math.round(between(60, 100)),
    periodMs: Math.round(queueMode ? between(wakeHours.from, wakeHours.to) * HOUR : between(30, 45) * MINUTE),
    installMs: Math.round(between(2, 5) * MINUTE),
    rebootMs: Math.round(between(0.2, 0.6) * MINUTE),
    darkMs: Math.round(between(3, 8) * MINUTE),
    faultAt: between(0.2, 0.8),
  };
}

/** What stands on the device. */
export function serialOf({ index }: Pick<DevicePlan, 'index'>): string {
  return `WM${String(index + 1).padStart(6, '0')}`;
}

/** As one piece: V8 keeps a text that was put together as a tree of its parts. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

const carriers = new Map<string, string>();

/** Devices of one cell and bearer name it by the same text. */
function shared(text: string): string {
  const known = carriers.get(text) ?? flat(text);
  carriers.set(known, known);
  return known;
}

/** Fourteen digits and the check digit of ISO/IEC 7812. */
function imei(body: number): string {
  const digits = String(body);
  const sum = [...digits].reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const list = [...items];
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [list[last], list[other]] = [list[other]!, list[last]!];
  }
  return list;
}
