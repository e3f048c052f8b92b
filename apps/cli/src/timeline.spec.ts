import { expect, it } from '@jest/globals';
import type { TraceView } from '@drover/contracts';
import { classText } from './class-text.ts';
import { mergeTimelines, timelineText, traceNote } from './timeline.ts';

const at = (second: number): string => `2026-12-01T01:00:0${second}.000Z`;
const entry = (second: number, direction: 'in' | 'out', text: string) => ({
  at: at(second),
  direction,
  address: '192.0.2.1:5683',
  bytes: 20,
  text,
});
const trace: TraceView = {
  until: at(9),
  isRunning: true,
  dropped: 0,
  entries: [entry(1, 'in', 'CON 0.02 POST'), entry(3, 'out', 'ACK 2.01')],
};
const noted = [
  { at: at(1), kind: 'register', detail: { address: '192.0.2.1:5683' } },
  { at: at(2), kind: 'offered', detail: {} },
];

it('datagrams stand among the rest in order of time, before what they led to', () => {
  const merged = mergeTimelines(noted, trace);
  expect(merged.map(({ kind }) => kind)).toEqual(['datagram', 'register', 'offered', 'datagram']);
  expect(merged[0]).toEqual({
    at: at(1),
    kind: 'datagram',
    detail: { direction: 'in', address: '192.0.2.1:5683', bytes: 20, text: 'CON 0.02 POST' },
  });
});

it('reads as a line each', () => {
  expect(timelineText(mergeTimelines(noted, trace))).toBe(
    [
      `${at(1)}  datagram  <- 192.0.2.1:5683 20 bytes: CON 0.02 POST`,
      `${at(1)}  register  {"address":"192.0.2.1:5683"}`,
      `${at(2)}  offered   {}`,
      `${at(3)}  datagram  -> 192.0.2.1:5683 20 bytes: ACK 2.01`,
    ].join('\n'),
  );
});

it('control characters from a device are shown, not obeyed', () => {
  expect(timelineText(mergeTimelines([], { entries: [entry(1, 'in', 'a\u001b[2J')] }))).toContain('a\\u001b[2J');
});

it.each<[Partial<TraceView>, string]>([
  [{}, `2 datagrams; recorded until ${at(9)}`],
  [{ isRunning: false, dropped: 7 }, `2 datagrams; 7 older ones had to go; recorded up to ${at(9)}`],
])('%j says what is not shown', (change, expected) => {
  expect(traceNote({ ...trace, ...change })).toBe(expected);
});

it.each<[Partial<Parameters<typeof classText>[0]>, string]>([
  [{}, 'no device class\nawake  20s  default\nlearned: nothing yet'],
  [{ class: 'a', alsoFit: ['b'] }, 'device class a (b would fit too)\nawake  20s  default\nlearned: nothing yet'],
  [{ learned: undefined }, 'no device class\nawake  20s  default\nlearned: not known, the gateway does not answer'],
  [
    { learned: [{ what: 'format to read-many', value: 'TLV' }] },
    'no device class\nawake  20s  default\nlearned, and counts only where no class says otherwise\nformat to read-many  TLV',
  ],
])('how a device is treated: %j', (change, expected) => {
  expect(
    classText({ class: undefined, alsoFit: [], values: [{ field: 'awake', value: '20s', from: 'default' }], learned: [], ...change }),
  ).toBe(expected);
});
