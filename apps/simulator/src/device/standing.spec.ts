import { describe, expect, it } from '@jest/globals';
import { part, type PartTraits } from '../profiles/profile.ts';
import { newPart, type Part } from './flash.ts';
import type { PartParts } from './part-parts.ts';
import { change, settle } from './standing.ts';
import type { Standing } from './update-event.ts';

/** A part in State 1, what its observers were told, and the timers it has set. */
function downloading(order: PartTraits['order']): { parts: PartParts; part: Part; told: string[]; pass: () => void } {
  const it = newPart(part({ part: { order, start: { state: 1, result: 0 } } }));
  const told: string[] = [];
  const timers: (() => void)[] = [];
  const parts = {
    part: it,
    plan: {},
    observer: { transferOver: () => undefined },
    changed: () => told.push(textOf(it.standing)),
    after: (_ms: number, run: () => void) => timers.push(run),
  } as unknown as PartParts;
  return { parts, part: it, told, pass: () => timers.splice(0).forEach((run) => run()) };
}
const textOf = ({ state, result }: Standing): string => `${state}/${result}`;

describe('State and Result', () => {
  it.each([
    ['together', ['0/5']],
    ['state-first', ['0/0', '0/5']],
    ['result-first', ['1/5', '0/5']],
  ] as const)('are set %s when a download ends', (order, expected) => {
    const { parts, told, pass } = downloading(order);
    expect(change(parts, 'damaged')).toBe(true);
    pass();
    expect(told).toEqual(expected);
  });

  it('are set at once when a download is complete, in every order', () => {
    const { parts, told } = downloading('state-first');
    change(parts, 'verified');
    expect(told).toEqual(['2/0']);
  });

  it('are both set when the next thing happens, or when power comes back', () => {
    const { parts, part: device, told, pass } = downloading('result-first');
    change(parts, 'damaged');
    expect(change(parts, 'uri-written')).toBe(true);
    pass();
    expect(told).toEqual(['1/5', '1/0']);
    change(parts, 'damaged');
    settle(device);
    expect(textOf(device.standing)).toBe('0/5');
  });

  it('stay as they are for what is refused', () => {
    const { parts, told } = downloading('together');
    expect(change(parts, 'executed')).toBe(false);
    expect(told).toEqual([]);
  });
});
