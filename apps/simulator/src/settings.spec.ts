import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@drover/platform';
import { DEFAULT_MIX } from './profiles/mix.ts';
import { expectedOutcome } from './profiles/profiles.ts';
import { SETTINGS } from './settings.ts';

const read = (...args: string[]) => readConfig(SETTINGS, args, {});

describe('the settings', () => {
  it('have a default for everything', () => {
    expect(read()).toMatchObject({ server: '127.0.0.1:5683', devices: 200, mix: DEFAULT_MIX, limits: { minBatteryLevel: 0, airtime: 1 } });
  });

  it('read a server, a clock, a mix and limits', () => {
    const limits = { downloadWindow: { startMinute: 1290, durationMs: 36_000_000 }, minBatteryLevel: 0.35, maxCoverage: 1, airtime: 0.5 };
    const clock = { campaignOrigin: 1000, wallOrigin: 2000, scale: 600 };
    const given = read(
      ...['--server', 'coap://localhost:7000', '--clock', JSON.stringify(clock)],
      ...['--mix', '{"pull": 0.5, "push": 0.5}', '--limits', JSON.stringify(limits)],
    );
    expect(given).toMatchObject({ server: '127.0.0.1:7000', clock, mix: { pull: 0.5, push: 0.5 }, limits });
  });

  it('read trouble, memory and a share of the fleet', () => {
    expect(read('--chaos', '{"loss": 0.1, "skew": 50}', '--memory', 'full', '--share', '10-20')).toMatchObject({
      chaos: { loss: 0.1, skew: 50 },
      memory: 'full',
      share: { from: 10, to: 20 },
    });
  });

  it('read cells and how often sleepers wake', () => {
    expect(read()).toMatchObject({ cells: 0, wakeHours: { from: 1, to: 2 } });
    expect(read('--cells', '400', '--wake-hours', '0.5-6', '--switch-on-s', '40')).toMatchObject({
      cells: 400,
      wakeHours: { from: 0.5, to: 6 },
      switchOnS: 40,
    });
  });

  it.each([
    ['--server', 'http://localhost'],
    ['--server', 'localhost:5683'],
    ['--clock', '{"scale": 0}'],
    ['--clock', '[]'],
    ['--mix', '{"pul": 1}'],
    ['--mix', '{"pull": 0}'],
    ['--mix', '{'],
    ['--limits', '{"airtime": "50%"}'],
    ['--limits', '{"downloadWindow": null}'],
    ['--limits', '{"downloadWindow": {"startMinute": 5}}'],
    ['--limits', '{"digest": 5}'],
    ['--devices', '0'],
    ['--chaos', '{"loss": 2}'],
    ['--chaos', '{"luck": 0.5}'],
    ['--memory', 'some'],
    ['--cells', '1.5'],
    ['--wake-hours', '6'],
    ['--wake-hours', '6-1'],
    ['--wake-hours', '0-1'],
    ['--share', '7'],
    ['--share', '7-7'],
    ['--limits', '{"digests": [5]}'],
  ])('refuse %s %s', (option, value) => {
    expect(() => read(option, value)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(option) }),
    );
  });
});

describe('the expected outcome', () => {
  it.each([
    ['poor-coverage', { maxCoverage: 1 }, 'skipped'],
    ['poor-coverage', {}, 'succeeded'],
    ['low-battery', { minBatteryLevel: 0.35 }, 'skipped'],
    ['low-battery', { minBatteryLevel: 0.1 }, 'succeeded'],
    ['integrity-failure', {}, 'Integrity'],
    ['ce1', { maxCoverage: 1 }, 'succeeded'],
  ] as const)('of %s under %j is %s', (profile, limits, outcome) => {
    expect(expectedOutcome(profile, { minBatteryLevel: 0, airtime: 1, ...limits })).toBe(outcome);
  });
});
