import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOUR, instantOf, plus } from '@drover/kernel';
import { MOST_HINTS, NetworkHints, readHints } from './index.ts';

const from = '2026-12-01T18:00:00Z';
const until = '2026-12-01T22:00:00Z';
const evening = { from, until, share: 0.2 };
const at = (hour: number) => plus(instantOf('2026-12-01'), hour * HOUR);

describe('a feed', () => {
  it.each<[string, unknown, string]>([
    ['no object', [], 'the feed'],
    ['no list', { hints: {} }, 'hints'],
    ['no share', { hints: [{ from, until }] }, 'hints[0].share'],
    ['more than all', { hints: [{ ...evening, share: 1.1 }] }, 'hints[0].share'],
    ['no time', { hints: [evening, { ...evening, from: 'tonight' }] }, 'hints[1].from'],
    ['ends before it begins', { hints: [{ ...evening, until: from }] }, 'hints[0].until'],
    ['a slip in a name', { hints: [{ ...evening, operater: '262-1' }] }, 'hints[0].operater'],
    ['an operator by its name', { hints: [{ ...evening, operator: 'Telekom' }] }, 'hints[0].operator'],
    ['a cell that is none', { hints: [{ ...evening, cells: [-1] }] }, 'hints[0].cells'],
    ['too many', { hints: Array.from({ length: MOST_HINTS + 1 }, () => evening) }, 'hints'],
  ])('%s is refused, with the place', (_what, json, where) => {
    expect(() => readHints(json)).toThrow(
      expect.objectContaining({ code: 'HINTS_INVALID', message: expect.stringContaining(`${where}: `) }),
    );
  });

  it('is refused or read, whatever it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        try {
          readHints({ hints: [json] });
        } catch (error) {
          expect(error).toMatchObject({ code: 'HINTS_INVALID' });
        }
      }),
    );
  });
});

describe('the share of a carrier', () => {
  const hints = new NetworkHints();
  hints.put(
    'calendar',
    readHints({
      hints: [evening, { ...evening, operator: '262-1', cells: [0x2a], share: 0.1 }, { ...evening, bearer: 'LTE-M', share: 0 }],
    }),
  );
  it.each([
    ['before', '262-2/2B/NB-IoT', 17.9, 1],
    ['in it', '262-2/2B/NB-IoT', 18, 0.2],
    ['at its end', '262-2/2B/NB-IoT', 22, 1],
    ['the strictest counts', '262-1/2A/NB-IoT', 20, 0.1],
    ['another cell', '262-1/2B/NB-IoT', 20, 0.2],
    ['another operator', '262-2/2A/NB-IoT', 20, 0.2],
    ['a bearer that is closed', '262-2/2A/LTE-M', 20, 0],
  ])('%s', (_when, carrier, hour, share) => {
    expect(hints.shareAt(carrier, at(hour))).toBe(share);
  });

  it('is what the sources say now, not what they said before', () => {
    const changing = new NetworkHints();
    expect(changing.shareAt('262-1/2A/NB-IoT', at(20))).toBe(1);
    changing.put('a', readHints({ hints: [evening] }));
    changing.put('b', readHints({ hints: [{ ...evening, share: 0.4 }] }));
    expect(changing.shareAt('262-1/2A/NB-IoT', at(20))).toBe(0.2);
    changing.put('a', []);
    expect(changing.shareAt('262-1/2A/NB-IoT', at(20))).toBe(0.4);
    expect([...changing.standing(at(23))]).toEqual([]);
  });
});
