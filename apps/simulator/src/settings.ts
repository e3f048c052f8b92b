import { Instant } from '@drover/kernel';
import { number, REAL_TIME, text, type ClockSetting, type Setting } from '@drover/platform';
import { NO_LIMITS, type DailyWindow, type Limits } from './limits.ts';
import { DEFAULT_MIX, type Mix } from './mix.ts';
import { isProfileName, PROFILES } from './profiles.ts';

const server: Setting<string> = {
  fallback: '127.0.0.1:5683',
  meaning: 'coap://host:port of the LwM2M server',
  read: (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url?.protocol !== 'coap:' || url.hostname === '') throw new TypeError(`expected coap://host:port, got "${value}"`);
    return `${url.hostname === 'localhost' ? '127.0.0.1' : url.hostname}:${url.port || '5683'}`;
  },
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
  meaning: 'what the observer judges by: {"downloadWindow", "installWindow", "minBatteryLevel", "maxCoverage", "airtime", "digest"}',
  read: (value) => {
    const { downloadWindow, installWindow, digest, ...rest } = fieldsOf(value, [
      'downloadWindow',
      'installWindow',
      'minBatteryLevel',
      'maxCoverage',
      'airtime',
      'digest',
    ]);
    if (digest !== undefined && typeof digest !== 'string') throw new TypeError('digest is a text');
    return { ...NO_LIMITS, ...numbersOf(rest), downloadWindow: windowOf(downloadWindow), installWindow: windowOf(installWindow), digest };
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

/** Everything the simulator can be told. */
export const SETTINGS = {
  server,
  devices: number(200, 'size of the fleet', { min: 1, max: 100_000, whole: true }),
  seed: number(1, 'the same seed makes the same fleet', { min: 0, max: 2 ** 32 - 1, whole: true }),
  clock,
  limits,
  mix,
  report: text('', 'file for the report at the end'),
} as const;

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
