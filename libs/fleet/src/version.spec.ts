import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareVersions, isInRanges, parseVersionRange, versionKey } from './version.ts';

describe('compareVersions', () => {
  it.each([
    ['2.4.1', '2.10.0', -1],
    ['2.4', '2.4.0', 0],
    ['v2.4.1', '2.4.1', 0],
    ['2.4.1-rc.1', '2.4.1', -1],
    ['2.4.1-rc.2', '2.4.1-rc.10', -1],
    ['2.4.1-1', '2.4.1-alpha', -1],
    ['2.4.1', '2.4.1.1', -1],
    ['2.4.1+build7', '2.4.1', 0],
    ['3.0.0-rc.1', '2.9.9', 1],
  ])('%s against %s is %d', (a, b, expected) => {
    expect(compareVersions(a, b)).toBe(expected);
  });
  it.each(['', 'latest', '2.x', '1.2.3.4.5.6.7', '99999999999'])('%j is no version', (text) => {
    expect(versionKey(text)).toBeUndefined();
    expect(compareVersions(text, '1.0')).toBeUndefined();
  });
  it('orders like numbers, part by part', () => {
    const part = fc.nat({ max: 99_999 });
    fc.assert(
      fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (a, b) => {
        const expected = Math.sign(a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
        expect(compareVersions(a.join('.'), b.join('.'))).toBe(expected);
      }),
    );
  });
});

describe('ranges', () => {
  const ranges = [parseVersionRange('>=2.2.0 <2.4.1'), parseVersionRange('1.9.7')];
  it.each([
    ['2.2.0', true],
    ['2.4.0', true],
    ['2.4.1', false],
    ['2.4.1-rc.1', true],
    ['1.9.7', true],
    ['1.9.8', false],
    ['unreadable', undefined],
  ])('%s: %s', (version, expected) => {
    expect(isInRanges(version, ranges)).toBe(expected);
  });
  it('refuses what is no range', () => {
    expect(() => parseVersionRange('~> two')).toThrow(/not a version range/);
  });
});
