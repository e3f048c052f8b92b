import { describe, expect, it } from '@jest/globals';
import { DroverError } from '@drover/kernel';
import type { CellView, ForecastView, OutlookView } from '@drover/contracts';
import type { ApiClient } from './api-client.ts';
import { cellsText, forecastBody } from './commands/forecast.ts';
import type { Context } from './context.ts';
import { followForecast } from './forecast-follow.ts';
import { forecastText } from './forecast-text.ts';

const OUTLOOK: OutlookView = {
  at: '2026-12-01T01:00:00.000Z',
  runs: 20,
  seed: 1,
  sample: { devices: 100, of: 100, carriers: 2, ofCarriers: 2, thinned: 0 },
  horizonHours: 504,
  devices: { remaining: 100, feasible: 97, transferring: 4, withImage: 1, infeasible: { BATTERY_FLOOR: 2, SILENT: 1 } },
  eta: [
    { share: 0.9, hours: { p50: 20, p90: 60 }, at: { p50: '2026-12-01T21:00:00.000Z', p90: '2026-12-03T13:00:00.000Z' } },
    { share: 1, hours: { p50: 70, p90: null }, at: { p50: '2026-12-03T23:00:00.000Z', p90: null } },
  ],
  atDeadline: { p10: 0.9, p50: 0.951 },
  fan: [],
  stages: [
    { name: 'canary', opensHours: { p50: 0, p90: 0 }, short: 1 },
    { name: 'fleet', opensHours: { p50: 12.5, p90: null }, short: 0 },
  ],
  energy: {
    p50Mah: 6.5,
    p95Mah: 25,
    p99Mah: 146,
    p50Days: 2.8,
    p95Days: 10.7,
    p99Days: 62.7,
    mahPerDay: 2.33,
    fleetAh: { p50: 1.2, p90: 1.3 },
    byCoverage: [
      { ce: 0, devices: 90, p50Mah: 6.5, p95Mah: 7, p50Days: 2.8, p95Days: 3 },
      { ce: 1, devices: 0, p50Mah: 0, p95Mah: 0, p50Days: 0, p95Days: 0 },
    ],
  },
  bytes: 29_000_000,
  extraWakes: 0,
  bottlenecks: { count: 1, busiest: [{ carrier: '262-1/1A/NB-IoT', devices: 60, hoursNeeded: 90, hoursLeft: 100, load: 0.9 }] },
  levers: [
    {
      name: 'WIDER_WINDOW',
      what: 'windows two hours wider',
      runs: 5,
      feasible: { before: 97, after: 99 },
      through: { before: 90, after: 90 },
      hours90: { before: null, after: 10 },
      hoursAll: { before: 70, after: 50 },
      fleetAh: { before: 2, after: 1 },
    },
  ],
  method: { stages: 's', assumes: ['the plan is approved now'] },
};
const view = (change: Partial<ForecastView> = {}): ForecastView => ({
  id: 'f1',
  campaign: 'c',
  isPlan: false,
  state: 'done',
  revision: 1,
  askedAt: '2026-12-01T01:00:00.000Z',
  progress: { done: 0, of: 0 },
  outlook: undefined,
  failure: undefined,
  ...change,
});
const textOf = (change: Partial<OutlookView> = {}): string => forecastText({ ...view(), outlook: { ...OUTLOOK, ...change } });

describe('a forecast tells', () => {
  it.each([
    'c: 20 runs from 2026-12-01T01:00:00.000Z, seed 1\n',
    'assumes that the plan is approved now',
    '97 can come through\ncannot: BATTERY_FLOOR 2, SILENT 1',
    '90 %     2026-12-01T21:00Z (20.0 h)  2026-12-03T13:00Z (2.5 d)',
    'all      2026-12-03T23:00Z (2.9 d)   not within 21 days',
    'at the deadline 95.1 % are through, 90.0 % in the slow runs',
    'fleet           12.5 h  never\nthe gate of canary asks for 1 more devices than can come through',
    'p50 6.5, p95 25, p99 146 mAh a device: 2.8, 10.7, 62.7 days of battery life, at 2.33 mAh a day where nothing else is known',
    'p50 / p95 by coverage: CE0 6.5 mAh (2.8 d) / 7 mAh (3 d)',
    '29.00 MB',
    '1 cells are bottlenecks',
    '262-1/1A/NB-IoT  60       90            100         90.0 % !',
    'windows two hours wider  never → 10.0 h  2.9 d → 2.1 d  2 → 1 (-50 %)  97 → 99           90',
  ])('%s', (text) => {
    expect(textOf()).toContain(text);
  });

  it('that it is a sample, where it is one', () => {
    const sample = { devices: 20_000, of: 100_000, carriers: 800, ofCarriers: 4000, thinned: 0 };
    expect(textOf({ sample })).toContain('a sample of 20000 of 100000 devices on 800 of 4000 carriers');
  });

  it('nothing of what there is not', () => {
    const text = textOf({ levers: [], stages: [], atDeadline: undefined, bottlenecks: { count: 0, busiest: [] } });
    for (const word of ['WHAT IF', 'STAGE', 'deadline', 'BUSIEST']) expect(text).not.toContain(word);
  });
});

describe('following one', () => {
  const said: string[] = [];
  /** Answers with these views, one a look. */
  function context(...views: ForecastView[]): Context {
    const next = (): Promise<ForecastView> => Promise.resolve(views.shift()!);
    const api = { post: next, get: next } as unknown as ApiClient;
    return { api, json: false, out: { say: () => undefined, result: () => undefined, progress: (text) => void said.push(text) } };
  }

  it('tells how far it is, and returns what it came to', async () => {
    said.length = 0;
    const views = [view({ state: 'queued' }), view({ state: 'running', progress: { done: 3, of: 20 } }), view({ outlook: OUTLOOK })];
    expect((await followForecast(context(...views), 'campaigns/c/forecast', {})).outlook).toBe(OUTLOOK);
    expect(said).toEqual(['c: waits for its turn']);
  });

  it.each<[Partial<ForecastView>, string, string]>([
    [{ state: 'cancelled' }, 'FORECAST_CANCELLED', 'conflict'],
    [{ state: 'failed', failure: { code: 'FORECAST_FAILED', kind: 'invariant', message: 'm' } }, 'FORECAST_FAILED', 'invariant'],
  ])('%j ends as %s', async (change, code, kind) => {
    const error = await followForecast(context(view(change)), 'x', {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DroverError);
    expect(error).toMatchObject({ code, kind });
  });
});

it.each([
  [{}, {}],
  [
    { runs: '40', seed: '0', deltaSize: '48000' },
    { runs: 40, seed: 0, deltaBytes: 48_000 },
  ],
])('%j is asked as %j', (options, body) => {
  expect(forecastBody(options)).toEqual(body);
});

it.each([{ runs: '-1' }, { runs: '1.5' }, { seed: '' }, { deltaSize: 'big' }, { runs: '1e99' }])('%j is refused', (options) => {
  expect(() => forecastBody(options)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

describe('cells', () => {
  const cell = (change: Partial<CellView> = {}): CellView => ({
    carrier: '262-1/1A/NB-IoT',
    isKnown: true,
    waiting: 30,
    live: 3,
    used: 0.425,
    budget: 0.5,
    promised: [0.5, 0.25],
    transfers: undefined,
    isCrowded: false,
    isHot: true,
    ...change,
  });

  it.each<[string, readonly CellView[], number, boolean, string]>([
    [
      'one that is hot',
      [cell()],
      1,
      false,
      '262-1/1A/NB-IoT  30       3     0.42  0.50    0.50 0.25              -           -        -     hot',
    ],
    ['one that does not name itself', [cell({ isHot: false, isKnown: false })], 1, false, 'cell unknown'],
    ['some of many', [cell()], 12, false, 'and 11 more'],
    ['none', [], 0, false, 'no cell is used or waited for'],
    ['none that is hot', [], 0, true, 'no cell is hot'],
  ])('%s', (_name, cells, total, hot, text) => {
    expect(cellsText({ at: '', total, cells }, hot)).toContain(text);
  });
});
