import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, Digest, durationOf, durationText, Endpoint, instantOf, isoOf, Name, nearest, seededRandom } from './index.ts';

const codeOf = (action: () => unknown): string | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe('ids', () => {
  it.each(['urn:imei:490154203237518', 'meter 7', 'ü'.repeat(127)])('accepts endpoint %s', (text) => {
    expect(Endpoint(text)).toBe(text);
  });
  it.each(['', 'ü'.repeat(128), 'a\nb', 'a\u0000'])('refuses endpoint %j', (text) => {
    expect(codeOf(() => Endpoint(text))).toBe('ENDPOINT_INVALID');
  });
  it.each(['', 'A', '-a', 'a'.repeat(64), 'a/b', '../x'])('refuses name %j', (text) => {
    expect(codeOf(() => Name(text))).toBe('NAME_INVALID');
  });
  it('refuses a digest of another algorithm', () => {
    expect(codeOf(() => Digest(`md5:${'0'.repeat(32)}`))).toBe('DIGEST_INVALID');
  });
});

describe('time', () => {
  it.each([
    ['15s', 15_000],
    ['45m', 2_700_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['250ms', 250],
  ])('%s is %d ms', (text, ms) => {
    expect(durationOf(text)).toBe(ms);
  });
  it.each(['', '15', '7 d', 's', '-3s', '5y', '1h x'])('refuses duration %j', (text) => {
    expect(codeOf(() => durationOf(text))).toBe('DURATION_INVALID');
  });
  it.each(['tomorrow', '2026-13-01', '2026-12-01T10:00', '2026-12-01T10:00:00', '1'])('refuses time %j', (text) => {
    expect(codeOf(() => instantOf(text))).toBe('TIME_INVALID');
  });
  it('reads offsets', () => {
    expect(isoOf(instantOf('2026-12-01T02:00:00+02:00'))).toBe('2026-12-01T00:00:00.000Z');
  });
  it.each([
    [93_784_000, '1d 2h'],
    [61_000, '1m 1s'],
    [250, '250ms'],
  ])('%d reads %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

describe('canonicalJson', () => {
  it('gives one text for one value, whatever the order of keys', () => {
    const shuffled = (value: Record<string, number>): Record<string, number> => Object.fromEntries(Object.entries(value).reverse());
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          fc.integer(),
        ),
        (value) => {
          expect(canonicalJson(value)).toBe(canonicalJson(shuffled(value)));
        },
      ),
    );
  });
  it('refuses what JSON cannot hold', () => {
    expect(codeOf(() => canonicalJson(Number.NaN))).toBe('UNREACHABLE');
  });
});

it('suggests the nearest name, or none', () => {
  expect(nearest('firmwareVersoin', ['firmwareVersion', 'model'])).toBe('firmwareVersion');
  expect(nearest('zebra', ['firmwareVersion', 'model'])).toBeUndefined();
});

it('repeats a seed', () => {
  const [a, b] = [seededRandom(42), seededRandom(42)];
  expect([a(), a(), a()]).toEqual([b(), b(), b()]);
});
