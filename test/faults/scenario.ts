import { DAY, HOUR, isoOf, MINUTE, seededRandom, type Instant } from '@drover/kernel';
import type { Chaos, DailyWindow } from '@drover/simulator';

export type UpdateObject = 'Firmware' | 'Software' | 'AdvancedFirmware';

/** What a profile of the simulator has to tell before it can be drawn for a fleet. */
export interface Candidate {
  readonly name: string;
  readonly object: UpdateObject;
  /** A resource of Object 19; all devices of a fleet are of one class, so these are drawn together or not at all. */
  readonly pushTo?: string;
}

/** Something that happens to the server, or is done by a person, at a time after the campaign was applied, wall ms. */
export type Disturbance =
  | { readonly type: 'kill'; readonly atMs: number; readonly downMs: number }
  /** The database may not grow: what is not committed ends the server, which comes back with room again. */
  | { readonly type: 'full-disk'; readonly atMs: number; readonly forMs: number }
  /** The gateway cannot write its copy of an image. */
  | { readonly type: 'broken-cache'; readonly atMs: number; readonly forMs: number }
  /** Each commit waits for somebody else's lock. */
  | { readonly type: 'slow-disk'; readonly atMs: number; readonly forMs: number; readonly commitMs: number }
  | { readonly type: 'hold'; readonly atMs: number; readonly forMs: number }
  | { readonly type: 'pause'; readonly atMs: number; readonly forMs: number };

/** What every device of a fleet meets, beside what its own profile does to it. */
export type Weather = Partial<Chaos>;

export interface Scenario {
  readonly seed: number;
  /** Campaign seconds per wall second. */
  readonly scale: number;
  readonly origin: Instant;
  readonly object: UpdateObject;
  /** Over DTLS, with a key for each device, and no port without security. */
  readonly isSecured: boolean;
  /** Where a push goes instead of the package: what the class of this fleet says. */
  readonly pushTo: string | undefined;
  readonly mix: Readonly<Record<string, number>>;
  readonly weather: Weather;
  readonly disturbances: readonly Disturbance[];
  readonly downloadWindow: DailyWindow | undefined;
  readonly installWindow: DailyWindow | undefined;
  readonly imageBytes: number;
  readonly stableContacts: number;
  /** Campaign ms that a download may take. */
  readonly downloadMs: number;
  /** Campaign ms from its beginning after which whatever was never offered is skipped. */
  readonly deadlineMs: number;
}

export const DEVICES = 20;
/** Campaign seconds per wall second. */
const SCALE = 2400;
/** Share of the fleets of Object 5 whose class says that a push goes by Object 19. */
const BY_OBJECT_19 = 0.05;
export const EXPECTED_VERSION = '2.4.1';

type Random = () => number;
const within = (random: Random, from: number, to: number): number => from + (to - from) * random();
/** There is no `coap+tcp` without TLS where devices have keys, and the simulated ones have no TLS. */
const NEEDS_PLAIN_TCP = 'pulls-by-tcp';
const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)]!;

/** Everything that one seed decides. The same seed makes the same scenario, whatever the machine. */
export function scenarioOf(seed: number, candidates: readonly Candidate[]): Scenario {
  const random = seededRandom(seed * 7919 + 17);
  const isSecured = seed % 2 === 0;
  const object = pick<UpdateObject>(random, [
    'Firmware',
    'Firmware',
    'Firmware',
    'Firmware',
    'Firmware',
    'Firmware',
    'Software',
    'AdvancedFirmware',
  ]);
  const weather = weatherOf(random);
  const downloadWindow = random() < 0.7 ? { startMinute: 21 * 60, durationMs: 10 * HOUR } : undefined;
  const installWindow = random() < 0.6 ? { startMinute: 22 * 60, durationMs: 10 * HOUR } : undefined;
  const isBy19 = object === 'Firmware' && random() < BY_OBJECT_19;
  const pushTo = isBy19 ? candidates.find((candidate) => candidate.pushTo !== undefined)?.pushTo : undefined;
  const mix = mixOf(
    random,
    candidates.filter((each) => each.object === object && each.pushTo === pushTo && !(isSecured && each.name === NEEDS_PLAIN_TCP)),
  );
  const stableContacts = pick(random, [1, 1, 2]);
  return {
    seed,
    scale: SCALE,
    origin: (Date.parse('2026-12-01T20:00:00Z') + Math.floor(random() * 4) * DAY) as Instant,
    object,
    isSecured,
    pushTo,
    mix,
    weather,
    disturbances: disturbancesOf(random, (40 * HOUR) / SCALE),
    downloadWindow,
    installWindow,
    imageBytes: 1024 * Math.floor(within(random, 4, 24)) + Math.floor(random() * 1024),
    // A fall-back is only seen as one by a campaign that looks again.
    stableContacts: Object.keys(mix).some((name) => name.startsWith('falls-back')) ? 2 : stableContacts,
    deadlineMs: isRough(weather) ? 72 * HOUR : 40 * HOUR,
    downloadMs: isRough(weather) ? 60 * HOUR : 24 * HOUR,
  };
}

/** Where datagrams are lost, a transfer takes as long as protocol timers make it, whatever the campaign's clock says. */
function isRough({ loss = 0, powerLossAtBlock = 0 }: Weather): boolean {
  return loss > 0 || powerLossAtBlock > 0;
}

function mixOf(random: Random, candidates: readonly Candidate[]): Record<string, number> {
  const mix: Record<string, number> = {};
  if (candidates.length === 0) return mix;
  for (let device = 0; device < DEVICES; device++) {
    const { name } = pick(random, candidates);
    mix[name] = (mix[name] ?? 0) + 1;
  }
  return mix;
}

function weatherOf(random: Random): Weather {
  const some = (share: number, to: number): number => (random() < share ? within(random, 0, to) : 0);
  return {
    loss: some(0.4, 0.15),
    duplicate: some(0.5, 0.2),
    reorder: some(0.5, 0.2),
    delay: some(0.5, 0.3),
    // Most of a minute of campaign time.
    delayMs: 20,
    rebind: some(0.4, 0.3),
    powerLossAtBlock: some(0.4, 0.02),
    powerLossPerDay: some(0.3, 2),
    skew: some(0.4, 20),
  };
}

/** Within the first part of the night, where most of the campaign happens. */
function disturbancesOf(random: Random, spanMs: number): Disturbance[] {
  const count = Math.floor(within(random, 1, 5));
  const list = Array.from({ length: count }, (): Disturbance => {
    const atMs = within(random, 500, spanMs * 0.5);
    const forMs = within(random, 500, 3000);
    switch (pick(random, ['kill', 'kill', 'kill', 'full-disk', 'broken-cache', 'slow-disk', 'hold', 'pause'] as const)) {
      case 'kill':
        return { type: 'kill', atMs, downMs: within(random, 50, 1500) };
      case 'slow-disk':
        return { type: 'slow-disk', atMs, forMs, commitMs: Math.floor(within(random, 30, 250)) };
      case 'full-disk':
        return { type: 'full-disk', atMs, forMs };
      case 'broken-cache':
        return { type: 'broken-cache', atMs: within(random, 0, 2000), forMs };
      case 'hold':
        return { type: 'hold', atMs, forMs };
      case 'pause':
        return { type: 'pause', atMs, forMs };
    }
  });
  return list.sort((a, b) => a.atMs - b.atMs);
}

/**
 * What all devices of a fleet are said to be. On a line as short as the one within a machine an answer takes milliseconds, and a
 * compressed clock makes hours of a timeout that is meant for a radio.
 */
export function classOf({ pushTo }: Scenario, model: string): unknown {
  return {
    apiVersion: 'drover/v1',
    kind: 'DeviceClass',
    metadata: { name: 'faults' },
    spec: {
      match: { model: [model] },
      coap: { ackTimeout: '500ms', busyRetry: '5m' },
      ...(pushTo !== undefined && { update: { pushTo } }),
    },
  };
}

/** The campaign of a scenario, as the API takes it, begun at `at`. */
export function campaignOf(
  { object, deadlineMs, downloadMs, weather, downloadWindow, installWindow, stableContacts }: Scenario,
  component: string,
  at: Instant,
): unknown {
  return {
    apiVersion: 'drover/v1',
    kind: 'Campaign',
    metadata: { name: 'faults' },
    spec: {
      firmware: { name: component, version: EXPECTED_VERSION },
      targets: { where: 'true' },
      delivery: { object, protocolOrder: ['coap', 'coap+tcp', 'http'], blockSize: { preferred: 512 }, inactivityTimeout: '30m' },
      schedule: {
        timeZone: 'Device',
        deadline: { at: isoOf((at + deadlineMs) as Instant), behavior: 'FinishInFlight' },
        windows: {
          ...(downloadWindow && { download: [windowText(downloadWindow)] }),
          ...(installWindow && { install: [windowText(installWindow)] }),
        },
      },
      power: { minBatteryLevel: '35%' },
      radio: { maxCoverageEnhancementLevel: 1, onViolation: 'Defer' },
      bandwidth: { maxInFlight: 100, perCell: { airtime: '60%' } },
      stages: [
        { name: 'all', take: '100%', gate: { success: { min: '0%' }, failure: [{ max: '100%', classes: ['Any'], action: 'Hold' }] } },
      ],
      retry: { maxAttempts: 4, backoff: { initial: '15m', factor: 2, max: '1h', jitter: '20%' } },
      deadlines: {
        contact: { missed: 4, atLeast: '8h' },
        download: { contacts: 20, atLeast: `${downloadMs / HOUR}h` },
        install: { contacts: 1, atLeast: '2h' },
        confirm: { contacts: 1, atLeast: isRough(weather) ? '20h' : '3h' },
      },
      verify: { stableFor: { contacts: stableContacts } },
    },
  };
}

function windowText({ startMinute, durationMs }: DailyWindow): { start: string; duration: string } {
  const two = (value: number): string => String(value).padStart(2, '0');
  return { start: `${two(Math.floor(startMinute / 60))}:${two(startMinute % 60)}`, duration: `${durationMs / MINUTE}m` };
}
