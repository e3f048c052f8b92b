import { describe, expect, it } from '@jest/globals';
import { EMPTY, nextSoftware } from './software-state.ts';
import { UPDATE_EVENTS } from './update-event.ts';

const STATES = ['initial', 'started', 'downloaded', 'delivered', 'installed'] as const;
const ENDS = {
  received: 'downloaded 1',
  verified: 'delivered 3',
  damaged: 'initial 53',
  unsupported: 'initial 54',
  'memory-full': 'initial 51',
  'flash-full': 'initial 50',
  'connection-lost': 'initial 52',
  'uri-invalid': 'initial 56',
  'uri-unknown': 'initial 57',
  'protocol-unsupported': 'initial 56',
};

/** `state + event` to `state result`; every pair not listed is refused. */
const MOVES: Record<string, string> = {
  ...Object.fromEntries(
    ['initial', 'started'].flatMap((state) => Object.entries(ENDS).map(([event, end]) => [`${state} + ${event}`, end])),
  ),
  'initial + uri-written': 'started 1',
  'initial + push-started': 'initial 0',
  'started + forgotten': 'initial 0',
  'downloaded + verified': 'delivered 3',
  'downloaded + damaged': 'initial 53',
  'downloaded + unsupported': 'initial 54',
  'downloaded + forgotten': 'initial 0',
  'delivered + executed': 'delivered 3',
  'delivered + installed': 'installed 2',
  'delivered + install-failed': 'delivered 58',
  'delivered + reset': 'initial 0',
  'delivered + forgotten': 'initial 0',
  'installed + reset': 'initial 0',
};

describe('Object 9 of a device', () => {
  it.each(STATES.flatMap((state) => UPDATE_EVENTS.map((event) => ({ state, event }))))('$state + $event', ({ state, event }) => {
    const after = nextSoftware({ state: STATES.indexOf(state), result: 99 }, event);
    expect(after && `${STATES[after.state]} ${after.result}`).toBe(MOVES[`${state} + ${event}`]);
  });

  it('reaches every Update State from an empty instance', () => {
    const reached = new Map([[EMPTY.state, EMPTY]]);
    for (const standing of reached.values()) {
      for (const event of UPDATE_EVENTS) {
        const after = nextSoftware(standing, event);
        if (after && !reached.has(after.state)) reached.set(after.state, after);
      }
    }
    expect([...reached.keys()].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});
