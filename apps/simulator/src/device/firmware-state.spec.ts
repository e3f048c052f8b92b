import { describe, expect, it } from '@jest/globals';
import { FRESH, nextFirmware } from './firmware-state.ts';
import { UPDATE_EVENTS } from './update-event.ts';

const STATES = ['idle', 'downloading', 'downloaded', 'updating'] as const;
const ENDS = {
  verified: 'downloaded 0',
  damaged: 'idle 5',
  unsupported: 'idle 6',
  'memory-full': 'idle 3',
  'flash-full': 'idle 2',
  'connection-lost': 'idle 4',
  'uri-invalid': 'idle 7',
  'uri-unknown': 'idle 7',
  'protocol-unsupported': 'idle 9',
  conflicting: 'idle 12',
  forgotten: 'idle 0',
};

/** `state + event` to `state result`; every pair not listed is refused. */
const MOVES: Record<string, string> = {
  ...Object.fromEntries(
    ['idle', 'downloading'].flatMap((state) => Object.entries(ENDS).map(([event, end]) => [`${state} + ${event}`, end])),
  ),
  'idle + uri-written': 'downloading 0',
  'idle + push-started': 'idle 0',
  'idle + reset': 'idle 0',
  'downloading + reset': 'idle 0',
  'downloading + cancelled': 'idle 10',
  'downloaded + reset': 'idle 0',
  'downloaded + cancelled': 'idle 10',
  'downloaded + executed': 'updating 0',
  'downloaded + deferred': 'downloaded 11',
  'downloaded + forgotten': 'idle 0',
  'updating + installed': 'idle 1',
  'updating + install-failed': 'downloaded 8',
  'updating + install-failed-for-good': 'idle 8',
  'updating + forgotten': 'idle 0',
};

describe('Object 5 of a device', () => {
  it.each(STATES.flatMap((state) => UPDATE_EVENTS.map((event) => ({ state, event }))))('$state + $event', ({ state, event }) => {
    const after = nextFirmware({ state: STATES.indexOf(state), result: 8 }, event);
    expect(after && `${STATES[after.state]} ${after.result}`).toBe(MOVES[`${state} + ${event}`]);
  });

  it('reaches every State from a fresh device', () => {
    const reached = new Map([[FRESH.state, FRESH]]);
    for (const standing of reached.values()) {
      for (const event of UPDATE_EVENTS) {
        const after = nextFirmware(standing, event);
        if (after && !reached.has(after.state)) reached.set(after.state, after);
      }
    }
    expect([...reached.keys()].sort()).toEqual([0, 1, 2, 3]);
  });
});
