import { describe, expect, it } from '@jest/globals';
import { DAY, HOUR, MINUTE } from '@drover/kernel';
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
  expect(spec.power).toEqual({
    minBatteryLevel: 0.2,
    denyStatus: ['BatteryLow', 'BatteryDamaged', 'Fault'],
    mainsPowered: 'Exempt',
    energyBudget: { perDevice: undefined, perYear: undefined },
  });
  expect(spec.bandwidth).toEqual({ maxInFlight: 4000, bytesPerSecond: {}, perCell: { airtime: 0.5, max: {} }, perSite: {}, dataCap: {} });
  expect(spec.stages[0]).toMatchObject({ name: 'canary', take: { limit: { kind: 'count', count: 20 } }, soak: DAY });
  expect(spec.deadlines.install).toEqual({ contacts: 3, atLeast: 6 * HOUR });
  expect(spec.schedule.timeZone).toBe('Device');
});

it('reads what a device is told about the delivery and the installation, with defaults that cost it nothing', () => {
  const { spec } = readDocument(smallest()).document as CampaignDocument;
  expect(spec.delivery).toEqual({
    object: 'Firmware',
    instance: 0,
    method: 'Auto',
    protocolOrder: ['coap', 'coap+tcp', 'https', 'http'],
    blockSize: { preferred: 512, min: 64 },
    inactivityTimeout: 45 * MINUTE,
    resume: { enabled: true, maxSessions: 60, maxSpan: 21 * DAY },
    keepAwake: { allowed: false, max: 10 * MINUTE },
  });
  expect(spec.activation).toEqual({ automaticUpgradeAtDownload: 'Off' });
  expect(spec.verify).toEqual({ versionFrom: [], afterReregistration: true, stableFor: { contacts: 1 } });
  expect([spec.purpose, spec.rollback, spec.retry.quarantineAfter]).toEqual(['Feature', { mode: 'None' }, 3]);
});

describe('one field against another', () => {
  const install = { windows: { install: [{ start: '10:00', duration: '4h' }] } };
  it.each<[string, Record<string, unknown>, string | undefined]>([
    ['installs by itself', { activation: { automaticUpgradeAtDownload: 'On' } }, undefined],
    [
      'installs by itself, with a window',
      { activation: { automaticUpgradeAtDownload: 'On' }, schedule: install },
      'automaticUpgradeAtDownload',
    ],
    [
      'software that installs by itself',
      { activation: { automaticUpgradeAtDownload: 'On' }, delivery: { object: 'Software' } },
      'automaticUpgradeAtDownload',
    ],
    ['the severity of software', { activation: { severity: 'Critical' }, delivery: { object: 'Software' } }, 'severity'],
    ['the deferral of software', { activation: { maximumDefer: '1h' }, delivery: { object: 'Software' } }, 'maximumDefer'],
    ['the severity of a component', { activation: { severity: 'Critical' }, delivery: { object: 'AdvancedFirmware' } }, undefined],
    ['the package of another instance as its only version', { verify: { versionFrom: ['/5/1/7'] }, delivery: { instance: 1 } }, undefined],
    ['the package as the last hint', { verify: { versionFrom: ['/3/0/19', '/5/0/7'] } }, undefined],
    ['the priority of what closes a hole', { purpose: 'Security', priority: 699 }, 'priority'],
    ['the scope of a rollback alone', { targets: { attemptedBy: 'c' } }, undefined],
    [
      'an automatic rollback',
      { rollback: { mode: 'Automatic', to: { version: '2.3.9' }, when: { failure: { max: '3%', minSample: 500 } } } },
      undefined,
    ],
  ])('%s', (_name, spec, at) => {
    const { faults } = readDocument({ ...smallest(), spec: { ...smallest().spec, ...spec } });
    expect(faults.map(({ path }) => path.at(-1))).toEqual(at === undefined ? [] : [at]);
  });
});

describe('faults', () => {
  it.each([
    ['spec.firmwear', {}, 'FIELD_UNKNOWN', ['spec', 'firmwear']],
    ['spec.priority', 1001, 'VALUE_INVALID', ['spec', 'priority']],
    ['spec.purpose', 'Fun', 'VALUE_INVALID', ['spec', 'purpose']],
    ['spec.delivery', { object: 'Firmwear' }, 'VALUE_INVALID', ['spec', 'delivery', 'object']],
    ['spec.delivery', { instance: 65_535 }, 'VALUE_INVALID', ['spec', 'delivery', 'instance']],
    ['spec.delivery', { protocolOrder: ['coaps'] }, 'VALUE_NOT_SUPPORTED_YET', ['spec', 'delivery', 'protocolOrder', 0]],
    ['spec.delivery', { protocolOrder: ['coap', 'coap'] }, 'VALUE_INVALID', ['spec', 'delivery', 'protocolOrder', 1]],
    ['spec.delivery', { resume: { maxSessions: 0 } }, 'VALUE_INVALID', ['spec', 'delivery', 'resume', 'maxSessions']],
    ['spec.delivery', { keepAwake: { max: '2h' } }, 'VALUE_INVALID', ['spec', 'delivery', 'keepAwake', 'max']],
    ['spec.delivery', { uriToken: {} }, 'FIELD_NOT_SUPPORTED_YET', ['spec', 'delivery', 'uriToken']],
    ['spec.activation', { trigger: 'Manual' }, 'FIELD_NOT_SUPPORTED_YET', ['spec', 'activation', 'trigger']],
    ['spec.activation', { automaticUpgradeAtDownload: true }, 'TYPE_WRONG', ['spec', 'activation', 'automaticUpgradeAtDownload']],
    ['spec.activation', { maximumDefer: '1500ms' }, 'VALUE_INVALID', ['spec', 'activation', 'maximumDefer']],
    [
      'spec.retry',
      { classes: { Integrity: { nextProtocol: true } } },
      'VALUE_INVALID',
      ['spec', 'retry', 'classes', 'Integrity', 'nextProtocol'],
    ],
    ['spec.retry', { quarantineAfter: 0 }, 'VALUE_INVALID', ['spec', 'retry', 'quarantineAfter']],
    ['spec.verify', { versionFrom: ['/5/0/7'] }, 'VALUE_INVALID', ['spec', 'verify', 'versionFrom', 0]],
    ['spec.verify', { versionFrom: ['/5/0/7', '/3/0/3'] }, 'VALUE_INVALID', ['spec', 'verify', 'versionFrom', 0]],
    ['spec.verify', { versionFrom: ['/3/0/3', '/3/0/3'] }, 'VALUE_INVALID', ['spec', 'verify', 'versionFrom', 1]],
    ['spec.verify', { versionFrom: ['/5/0/1'] }, 'VALUE_INVALID', ['spec', 'verify', 'versionFrom', 0]],
    ['spec.verify', { versionFrom: ['/0/0/5'] }, 'VALUE_INVALID', ['spec', 'verify', 'versionFrom', 0]],
    ['spec.verify', { probes: [] }, 'FIELD_NOT_SUPPORTED_YET', ['spec', 'verify', 'probes']],
    ['spec.rollback', { mode: 'Manual' }, 'FIELD_MISSING', ['spec', 'rollback']],
    ['spec.rollback', { mode: 'Automatic', to: { version: '1' } }, 'FIELD_MISSING', ['spec', 'rollback']],
    ['spec.rollback', { when: { failure: { max: '3%' } } }, 'VALUE_INVALID', ['spec', 'rollback', 'when']],
    ['spec.rollback', { mode: 'Manual', to: { version: '2.4.1' } }, 'VALUE_INVALID', ['spec', 'rollback', 'to', 'version']],
    ['spec.rollback', { to: { version: '2.3.9' } }, 'VALUE_INVALID', ['spec', 'rollback', 'to']],
    ['metadata.ownerReferences', [{ kind: 'Firmware', name: 'x' }], 'VALUE_INVALID', ['metadata', 'ownerReferences', 0, 'kind']],
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
