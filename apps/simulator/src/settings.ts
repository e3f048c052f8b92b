import { Instant } from '@drover/kernel';
import { number, oneOf, REAL_TIME, text, type ClockSetting, type Setting } from '@drover/platform';
import type { Range } from './device-plan.ts';
import { NO_LIMITS, type DailyWindow, type Limits } from './watch/limits.ts';
import { CALM, type Chaos } from './wire/chaos.ts';
import { DEFAULT_MIX, type Mix } from './profiles/mix.ts';
import { isProfileName, PROFILES } from './profiles/profiles.ts';

const server: Setting<string> = {
  fallback: '127.0.0.1:5683',
  meaning: 'coaps://host:port of the LwM2M server, with --keys; coap://host:port without, or with keys for OSCORE',
  read: (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const usualPort = url?.protocol === 'coaps:' ? '5684' : '5683';
    if ((url?.protocol !== 'coap:' && url?.protocol !== 'coaps:') || url.hostname === '')
      throw new TypeError(`expected coaps://host:port or coap://host:port, got "${value}"`);
    return `${url.hostname === 'localhost' ? '127.0.0.1' : url.hostname}:${url.port || usualPort}`;
  },
};

const bootstrap: Setting<string | undefined> = {
  fallback: undefined,
  meaning: 'coaps://host:port of a bootstrap server: the keys are those of a factory, and where to register is given there',
  read: (value) => server.read(value),
};

const clock: Setting<ClockSetting> = {
  fallback: REAL_TIME,
  meaning: 'campaign clock as the server has it: {"campaignOrigin", "wallOrigin", "scale"}',
  read: (value) => {
    const given = fieldsOf(value, ['campaignOrigin', 'wallOrigin', 'scale']);
    const { campaignOrigin = 0, wallOrigin = 0, scale = 1 } = numbersOf(given);
    if (scale <= 0) throw new TypeError('scale must be above 0');
    return { campaignOrigin: Instant(campaignOrigin), wallOrigin, scale };
  },
};

const limits: Setting<Limits> = {
  fallback: NO_LIMITS,
  meaning:
    'what the observer judges by: {"downloadWindow", "installWindow", "minBatteryLevel", "maxCoverage", "airtime", "digest", "digests", "deliveryMs"}',
  read: (value) => {
    const { downloadWindow, installWindow, digest, digests, ...rest } = fieldsOf(value, [
      'deliveryMs',
      'downloadWindow',
      'installWindow',
      'minBatteryLevel',
      'maxCoverage',
      'airtime',
      'digest',
      'digests',
    ]);
    if (digest !== undefined && typeof digest !== 'string') throw new TypeError('digest is a text');
    if (digests !== undefined && !isTexts(digests)) throw new TypeError('digests is a list of texts');
    const windows = { downloadWindow: windowOf(downloadWindow), installWindow: windowOf(installWindow) };
    return { ...NO_LIMITS, ...numbersOf(rest), ...windows, digest, digests };
  },
};

const mix: Setting<Mix> = {
  fallback: DEFAULT_MIX,
  meaning: 'profile → share or count',
  read: (value) => {
    const given = numbersOf(fieldsOf(value, Object.keys(PROFILES)));
    if (!Object.values(given).some((weight) => weight > 0)) throw new TypeError('no profile has a share');
    return Object.fromEntries(Object.entries(given).filter(([name]) => isProfileName(name))) as Mix;
  },
};

const chaos: Setting<Partial<Chaos>> = {
  fallback: {},
  meaning: `what goes wrong, everywhere: {${Object.keys(CALM)
    .map((key) => `"${key}"`)
    .join(', ')}}`,
  read: (value) => {
    const given = numbersOf(fieldsOf(value, Object.keys(CALM)));
    const share = SHARES.find((key) => (given[key] ?? 0) > 1);
    if (share !== undefined) throw new TypeError(`${share} is a share from 0 to 1`);
    return given;
  },
};

const wakeHours: Setting<Range> = {
  fallback: { from: 1, to: 2 },
  meaning: 'from-to: hours of campaign time between the wake-ups of a sleeper',
  read: (value) => {
    const parts = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(value);
    const [from, to] = [Number(parts?.[1]), Number(parts?.[2])];
    if (!(from > 0 && from <= to)) throw new TypeError(`expected from-to, got "${value}"`);
    return { from, to };
  },
};

const share: Setting<{ readonly from: number; readonly to: number } | undefined> = {
  fallback: undefined,
  meaning: 'from-to: which of the fleet this process holds; the simulator gives it to the processes it starts itself',
  read: (value) => {
    const parts = /^(\d+)-(\d+)$/.exec(value);
    const [from, to] = [Number(parts?.[1]), Number(parts?.[2])];
    if (!(from < to)) throw new TypeError(`expected from-to, got "${value}"`);
    return { from, to };
  },
};

/** Everything the simulator can be told. */
export const SETTINGS = {
  server,
  bootstrap,
  devices: number(200, 'size of the fleet', { min: 1, max: 100_000, whole: true }),
  keys: text(
    '',
    'file with the key of each device, CSV: endpoint, identity, key in hex; with it devices speak DTLS, or OSCORE where it holds contexts',
  ),
  makeKeys: text('', 'writes a key by chance for each device into a new file, as drover credentials import reads it, and ends'),
  security: oneOf(['dtls', 'oscore'], 'dtls', 'what makeKeys makes keys for'),
  seed: number(1, 'the same seed makes the same fleet', { min: 0, max: 2 ** 32 - 1, whole: true }),
  clock,
  limits,
  mix,
  chaos,
  ackTimeoutMs: number(2000, 'first timeout of a device, wall ms: what a radio needs is hours of a compressed clock', {
    min: 10,
    max: 60_000,
  }),
  memory: oneOf(['counters', 'full'], 'counters', 'what a device remembers of its offers, Executes and installations'),
  processes: number(0, 'how many to spread the fleet over; 0 is as many as the limit of open files asks for', {
    min: 0,
    max: 64,
    whole: true,
  }),
  share,
  cells: number(0, 'how many cells the fleet is on, some of them crowded; 0 is one for ten devices, all alike', {
    min: 0,
    max: 100_000,
    whole: true,
  }),
  wakeHours,
  switchOnS: number(0, 'how long it takes to switch the fleet on, wall s; 0 is a second, and more for many', { min: 0, max: 86_400 }),
  measure: number(0, 'registers so many devices with a server of its own, prints what one costs, and ends', {
    min: 0,
    max: 100_000,
    whole: true,
  }),
  report: text('', 'file for the report at the end'),
} as const;

const SHARES = ['loss', 'duplicate', 'reorder', 'delay', 'rebind', 'powerLossAtBlock', 'powerLossAtBootstrap'] as const;

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function fieldsOf(value: string, known: readonly string[]): Record<string, unknown> {
  const parsed: unknown = JSON.parse(value);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new TypeError('expected a JSON object');
  const strange = Object.keys(parsed).find((key) => !known.includes(key));
  if (strange !== undefined) throw new TypeError(`unknown "${strange}"; there are ${known.join(', ')}`);
  return parsed as Record<string, unknown>;
}

function numbersOf(fields: Readonly<Record<string, unknown>>): Record<string, number> {
  for (const [key, value] of Object.entries(fields))
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new TypeError(`${key} is a number from 0 on`);
  return fields as Record<string, number>;
}

function windowOf(value: unknown): DailyWindow | undefined {
  if (value === undefined) return undefined;
  const { startMinute, durationMs } = numbersOf(value as Record<string, unknown>);
  if (startMinute === undefined || durationMs === undefined) throw new TypeError('a window has "startMinute" and "durationMs"');
  return { startMinute, durationMs };
}
