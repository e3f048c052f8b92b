import { describe, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { evaluate, mergeFacts, parseWhere, selectorPredicate, unknownSubjects, type Device, type Facts } from './index.ts';

const at = Instant(1_000);
const facts: Facts = {
  model: { value: 'WM-300', at },
  firmwareVersion: { value: '2.4.0', at },
  'battery.level': { value: 80, at },
  'power.mains': { value: false, at },
  softwareVersion: { value: 'unreadable', at },
};
const device: Device = {
  namespace: DEFAULT_NAMESPACE,
  endpoint: Endpoint('urn:imei:490154203237518'),
  labels: { product: 'wm-300', 'asset.class': 'C' },
  facts,
  firstSeenAt: at,
  lastContactAt: at,
};

describe('where', () => {
  it.each([
    ['model == "WM-300" && firmwareVersion < "2.4.1"', true],
    ['firmwareVersion < "2.10"', true],
    ['"2.10" > firmwareVersion', true],
    ['firmwareVersion == "2.4"', true],
    ['battery.level >= 35', true],
    ['battery.level > 80.5', false],
    ['!(battery.level < 35)', true],
    ['power.mains', false],
    ['!power.mains', true],
    ['model in ["WM-100", "WM-300"]', true],
    ['labels["product"] == "wm-300" && labels.asset.class == "C"', true],
    ['endpoint.startsWith("urn:imei:")', true],
    ['model.contains("-3") && model.endsWith("00")', true],
    ['has(radio.ce)', false],
    ['radio.ce == 0', undefined],
    ['radio.ce == 0 || model == "WM-300"', true],
    ['radio.ce == 0 && model == "WM-300"', undefined],
    ['radio.ce == 0 && model == "other"', false],
    ['!(radio.ce == 0)', undefined],
    ['softwareVersion > "1.0"', undefined],
    ['radio.rsrp > -118', undefined],
    ['labels["none"] == "x"', false],
    ['labels["none"] != "x"', true],
    ['labels["none"] in ["x"]', false],
    ['labels["none"].contains("x")', false],
    ['true', true],
  ])('%s is %s', (text, expected) => {
    expect(evaluate(parseWhere(text), device)).toBe(expected);
  });

  it.each([
    ['model = "x"', 'PREDICATE_SYNTAX'],
    ['model ==', 'PREDICATE_SYNTAX'],
    ['modle == "x"', 'FACT_NAME_UNKNOWN'],
    ['model == 3', 'PREDICATE_TYPE'],
    ['battery.level == "high"', 'PREDICATE_TYPE'],
    ['firmwareVersion < "new"', 'PREDICATE_TYPE'],
    ['model', 'PREDICATE_TYPE'],
    ['model == serial', 'PREDICATE_TYPE'],
    ['1 == 1', 'PREDICATE_UNSUPPORTED'],
    ['size(model) > 3', 'PREDICATE_UNSUPPORTED'],
    ['model.matches("W.*")', 'PREDICATE_UNSUPPORTED'],
    ['model == "x" ? true : false', 'PREDICATE_UNSUPPORTED'],
    ['power.mains < true', 'PREDICATE_TYPE'],
    [`model == "${'x'.repeat(5000)}"`, 'PREDICATE_TOO_LARGE'],
    ['('.repeat(1900) + 'true' + ')'.repeat(1900), 'PREDICATE_SYNTAX'],
    ['!'.repeat(3000) + 'true', 'PREDICATE_SYNTAX'],
    ['!'.repeat(65) + 'true', 'PREDICATE_TOO_LARGE'],
  ])('refuses %.40s with %s', (text, code) => {
    expect(() => parseWhere(text)).toThrow(expect.objectContaining({ code }));
  });

  it('suggests the nearest fact and says where', () => {
    expect(() => parseWhere('model == "x" && firmwareVersoin < "2"')).toThrow(
      expect.objectContaining({ position: 16, message: expect.stringContaining('"firmwareVersion"') }),
    );
  });

  it('names what is unknown', () => {
    expect(unknownSubjects(parseWhere('radio.ce == 0 && labels["x"] == "y" && model == "z"'), device)).toEqual(['radio.ce']);
  });
});

describe('selector', () => {
  it.each([
    [{ matchLabels: { product: 'wm-300' } }, true],
    [{ matchLabels: { product: 'wm-400' } }, false],
    [{ matchExpressions: [{ key: 'model', operator: 'In', values: ['WM-300'] }] }, true],
    [{ matchExpressions: [{ key: 'none', operator: 'NotIn', values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'product', operator: 'NotIn', values: ['wm-300'] }] }, false],
    [{ matchExpressions: [{ key: 'none', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'none', operator: 'DoesNotExist' }] }, true],
    [{}, true],
  ] as const)('%j is %s', (selector, expected) => {
    expect(evaluate(selectorPredicate(selector), device)).toBe(expected);
  });
});

it('keeps the newer of two readings', () => {
  const later = { model: { value: 'WM-301', at: Instant(2_000) } };
  expect(mergeFacts(facts, later).model?.value).toBe('WM-301');
  expect(mergeFacts(later, facts).model?.value).toBe('WM-301');
});
