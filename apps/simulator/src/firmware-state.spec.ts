import { describe, expect, it } from '@jest/globals';
import { FIRMWARE_EVENTS, FRESH, next } from './firmware-state.ts';

const STATES = ['idle', 'downloading', 'downloaded', 'updating'] as const;

/** `state + event` to `state result`; every pair not listed is refused. */
const MOVES: Record<string, string> = {
  'idle + uri-written': 'downloading 0',
  'idle + push-started': 'idle 0',
  'idle + reset': 'idle 0',
  'idle + verified': 'downloaded 0',
  'idle + damaged': 'idle 5',
  'idle + unsupported': 'idle 6',
  'idle + memory-full': 'idle 3',
  'idle + uri-invalid': 'idle 7',
  'idle + protocol-unsupported': 'idle 9',
  'downloading + reset': 'idle 0',
  'downloading + cancelled': 'idle 10',
  'downloading + verified': 'downloaded 0',
  'downloading + damaged': 'idle 5',
  'downloading + unsupported': 'idle 6',
  'downloading + memory-full': 'idle 3',
  'downloading + connection-lost': 'idle 4',
  'downloading + uri-invalid': 'idle 7',
  'downloaded + reset': 'idle 0',
  'downloaded + cancelled': 'idle 10',
  'downloaded + executed': 'updating 0',
  'updating + installed': 'idle 1',
};

describe('Object 5 of a device', () => {
  it.each(STATES.flatMap((state) => FIRMWARE_EVENTS.map((event) => ({ state, event }))))('$state + $event', ({ state, event }) => {
    const after = next({ state: STATES.indexOf(state), result: 8 }, event);
    expect(after && `${STATES[after.state]} ${after.result}`).toBe(MOVES[`${state} + ${event}`]);
  });

  it('reaches every State from a fresh device', () => {
    const reached = new Map([[FRESH.state, FRESH]]);
    for (const firmware of reached.values()) {
      for (const event of FIRMWARE_EVENTS) {
        const after = next(firmware, event);
        if (after && !reached.has(after.state)) reached.set(after.state, after);
      }
    }
    expect([...reached.keys()].sort()).toEqual([0, 1, 2, 3]);
  });
});
