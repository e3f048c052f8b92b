import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkAttributes, encodeAttributes, parseAttributes, parseLinks } from './index.ts';
import type { NotificationAttributes } from './index.ts';

const refusal = expect.objectContaining({ code: 'ATTRIBUTE_INVALID', kind: 'input' });

describe('Write-Attributes', () => {
  it.each<[string, NotificationAttributes, string]>([
    ['/3/0/9', { pmin: 60, pmax: 3600 }, 'pmin=60&pmax=3600'],
    ['/3', { pmin: 0 }, 'pmin=0'],
    ['/3/0', { epmin: 1, epmax: 2 }, 'epmin=1&epmax=2'],
    ['/3/0/9', { st: 0.5, gt: 20.5, lt: -5 }, 'gt=20.5&lt=-5&st=0.5'],
    ['/3/0/7/1', { gt: 0.0000001 }, 'gt=0.0000001'],
    ['/3/0/9', { gt: 10, lt: 0, st: 4.9 }, 'gt=10&lt=0&st=4.9'],
    ['/3/0/9', { pmin: 60, pmax: 0 }, 'pmin=60&pmax=0'],
  ])('%s %j', (path, attributes, query) => {
    expect(encodeAttributes(path, attributes).join('&')).toBe(query);
  });

  it('takes attributes back by their name alone', () => {
    expect(encodeAttributes('/3/0/9', { pmax: 60 }, ['pmin', 'st'])).toEqual(['pmin', 'pmax=60', 'st']);
  });

  it.each<[string, string, NotificationAttributes]>([
    ['the root', '/', { pmin: 1 }],
    ['a threshold of an instance', '/3/0', { gt: 1 }],
    ['a threshold of an object', '/3', { st: 1 }],
    ['a negative period', '/3/0/9', { pmin: -1 }],
    ['half a second', '/3/0/9', { pmax: 0.5 }],
    ['a period of more than 32 bits', '/3/0/9', { epmax: 2 ** 32 }],
    ['no number', '/3/0/9', { gt: Number.NaN }],
    ['infinity', '/3/0/9', { lt: Number.POSITIVE_INFINITY }],
    ['a negative step', '/3/0/9', { st: -1 }],
    ['pmax below pmin', '/3/0/9', { pmin: 60, pmax: 59 }],
    ['lt at gt', '/3/0/9', { lt: 5, gt: 5 }],
    ['lt above gt', '/3/0/9', { lt: 6, gt: 5 }],
    ['twice the step from lt to gt', '/3/0/9', { lt: 0, gt: 10, st: 5 }],
    ['epmin at epmax', '/3/0/9', { epmin: 5, epmax: 5 }],
    ['a number of 300 digits', '/3/0/9', { gt: 1e300 }],
    ['nothing', '/3/0/9', {}],
  ])('refuses %s', (_, path, attributes) => {
    expect(() => encodeAttributes(path, attributes)).toThrow(refusal);
  });

  it('refuses to set and unset the same one', () => {
    expect(() => encodeAttributes('/3/0/9', { pmin: 1 }, ['pmin'])).toThrow(refusal);
  });
});

describe('Discover', () => {
  it.each<[string, NotificationAttributes, readonly string[]]>([
    ['</5/0/3>;pmin=1;pmax=600', { pmin: 1, pmax: 600 }, []],
    ['</5/0/8>;dim=4;ver=1.1', {}, []],
    ['</3/0/9>;gt=20.5;lt=-5;st=1;epmin=2;epmax=3', { gt: 20.5, lt: -5, st: 1, epmin: 2, epmax: 3 }, []],
    ['</3/0/9>;pmin="10"', { pmin: 10 }, []],
    ['</3/0/9>;pmin=-1;pmax=soon;st=-2;gt;lt=1e3;epmin=1.5', {}, ['pmin', 'pmax', 'gt', 'lt', 'st', 'epmin']],
  ])('%s', (link, attributes, ignored) => {
    expect(parseAttributes(parseLinks(link)[0]!)).toEqual({ attributes, ignored });
  });
});

it('a device reads what we write', () => {
  const thresholds = fc.record({
    lt: fc.integer({ min: -1000, max: 0 }),
    gt: fc.double({ min: 50, max: 1e9, noNaN: true }),
    st: fc.nat(20),
  });
  const periods = fc.record({ pmin: fc.nat(100), pmax: fc.integer({ min: 100, max: 2 ** 32 - 1 }) }, { requiredKeys: ['pmin'] });
  fc.assert(
    fc.property(thresholds, periods, (some, more) => {
      const attributes = { ...some, ...more };
      checkAttributes('/3/0/9', attributes);
      const [link] = parseLinks(`</3/0/9>;${encodeAttributes('/3/0/9', attributes).join(';')}`);
      expect(parseAttributes(link!)).toEqual({ attributes, ignored: [] });
    }),
  );
});
