import { describe, expect, it } from '@jest/globals';
import { DAY, HOUR } from '@drover/kernel';
import { readDocument, type CampaignDocument } from './index.ts';

const smallest = () => ({
  apiVersion: 'drover/v1',
  kind: 'Campaign',
  metadata: { name: 'wm-modem-2-4-1' },
  spec: {
    firmware: { name: 'wm-modem', version: '2.4.1' },
    targets: { where: 'model == "WM-300" && firmwareVersion < "2.4.1"' },
    stages: [
      { name: 'canary', take: 20, soak: '1d' },
      { name: 'fleet', take: '100%' },
    ],
  },
});

/** The smallest campaign with one place changed: `spec.stages.0.take` = value. */
function changed(path: string, value: unknown): unknown {
  const document: Record<string, unknown> = structuredClone(smallest());
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  let place = document;
  for (const step of steps) place = (place[step] ??= {}) as Record<string, unknown>;
  if (value === undefined) delete place[last];
  else place[last] = value;
  return document;
}

it('reads the smallest campaign with safe defaults', () => {
  const { document, faults } = readDocument(smallest());
  expect(faults).toEqual([]);
  const { spec } = document as CampaignDocument;
  expect(spec.power).toEqual({ minBatteryLevel: 0.2, denyStatus: ['BatteryLow', 'BatteryDamaged', 'Fault'], mainsPowered: 'Exempt' });
  expect(spec.bandwidth).toEqual({ maxInFlight: 4000, bytesPerSecond: { total: undefined }, perCell: { airtime: 0.5 } });
  expect(spec.stages[0]).toMatchObject({ name: 'canary', take: { limit: { kind: 'count', count: 20 } }, soak: DAY });
  expect(spec.deadlines.install).toEqual({ contacts: 3, atLeast: 6 * HOUR });
  expect(spec.schedule.timeZone).toBe('Device');
});

describe('faults', () => {
  it.each([
    ['spec.firmwear', {}, 'FIELD_UNKNOWN', ['spec', 'firmwear']],
    ['spec.priority', 700, 'FIELD_NOT_SUPPORTED_YET', ['spec', 'priority']],
    ['spec.firmware.delta', {}, 'FIELD_NOT_SUPPORTED_YET', ['spec', 'firmware', 'delta']],
    ['spec.firmware', undefined, 'FIELD_MISSING', ['spec']],
    ['spec.stages', [], 'VALUE_INVALID', ['spec', 'stages']],
    ['spec.stages', 'all', 'TYPE_WRONG', ['spec', 'stages']],
    ['spec.stages.0.take', '120%', 'VALUE_INVALID', ['spec', 'stages', 0, 'take']],
    ['spec.stages.0.take', 2.5, 'VALUE_INVALID', ['spec', 'stages', 0, 'take']],
    ['spec.stages.0.soak', 5, 'TYPE_WRONG', ['spec', 'stages', 0, 'soak']],
    ['spec.stages.1.name', 'canary', 'VALUE_INVALID', ['spec', 'stages', 1, 'name']],
    [
      'spec.stages.0.gate',
      { failure: [{ max: '1%', action: 'SlowDown' }] },
      'VALUE_NOT_SUPPORTED_YET',
      ['spec', 'stages', 0, 'gate', 'failure', 0, 'action'],
    ],
    ['spec.stages.0.gate', { success: { min: 95 } }, 'TYPE_WRONG', ['spec', 'stages', 0, 'gate', 'success', 'min']],
    ['spec.targets.where', 'modle == "x"', 'WHERE_INVALID', ['spec', 'targets', 'where']],
    ['spec.targets', {}, 'FIELD_MISSING', ['spec', 'targets']],
    ['spec.schedule.timeZone', 'Europe/Berlni', 'VALUE_INVALID', ['spec', 'schedule', 'timeZone']],
    ['spec.schedule.deadline', { at: 'soon' }, 'VALUE_INVALID', ['spec', 'schedule', 'deadline', 'at']],
    [
      'spec.schedule.windows.download',
      [{ start: '25:00', duration: '1h' }],
      'VALUE_INVALID',
      ['spec', 'schedule', 'windows', 'download', 0, 'start'],
    ],
    [
      'spec.schedule.windows.download',
      [{ recur: 'RRULE:FREQ=MONTHLY', start: '00:00', duration: '1h' }],
      'VALUE_INVALID',
      ['spec', 'schedule', 'windows', 'download', 0, 'recur'],
    ],
    ['spec.power.minBatteryLevel', 35, 'TYPE_WRONG', ['spec', 'power', 'minBatteryLevel']],
    ['spec.radio.minRSRP', '-118', 'VALUE_INVALID', ['spec', 'radio', 'minRSRP']],
    ['spec.delivery.method', true, 'TYPE_WRONG', ['spec', 'delivery', 'method']],
    ['spec.delivery.method', 'Pul', 'VALUE_INVALID', ['spec', 'delivery', 'method']],
    ['spec.delivery.blockSize', { preferred: 500 }, 'VALUE_INVALID', ['spec', 'delivery', 'blockSize', 'preferred']],
    ['spec.retry.classes', { Connectionlost: { attempts: 3 } }, 'FIELD_UNKNOWN', ['spec', 'retry', 'classes', 'Connectionlost']],
    ['metadata.name', 'Not A Name', 'VALUE_INVALID', ['metadata', 'name']],
    ['kind', 'Campain', 'KIND_UNKNOWN', ['kind']],
    ['kind', 'Calendar', 'KIND_NOT_SUPPORTED_YET', ['kind']],
    ['apiVersion', 'drover/v2', 'API_VERSION_UNKNOWN', ['apiVersion']],
  ])('%s = %j gives %s', (path, value, code, at) => {
    const { document, faults } = readDocument(changed(path, value));
    expect(document).toBeUndefined();
    expect(faults[0]).toMatchObject({ code, path: at });
  });

  it('reports all of them, with the nearest name', () => {
    const { faults } = readDocument({
      ...smallest(),
      spec: { firmware: { name: 'x', version: '1', digset: 'y' }, targets: { where: 'tru' }, stages: [{}] },
    });
    expect(faults.map(({ code }) => code)).toEqual(['FIELD_UNKNOWN', 'WHERE_INVALID', 'FIELD_MISSING', 'FIELD_MISSING']);
    expect(faults[0]?.message).toContain('did you mean "digest"?');
  });

  it.each([null, 3, 'text', [], {}])('%j is no document', (source) => {
    expect(readDocument(source).document).toBeUndefined();
  });
});
