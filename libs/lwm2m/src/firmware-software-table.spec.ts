import { expect, it } from '@jest/globals';
import { AT_SOFTWARE, URI } from '../../../test/golden/scripted-device.ts';
import type { FirmwareInput } from './index.ts';

type At = keyof typeof AT_SOFTWARE;

const INPUTS: Record<string, FirmwareInput> = {
  'answer to something else': { type: 'answer', op: { type: 'read', path: '/3/0/9' }, code: '2.05', values: [] },
  'block-acknowledged': { type: 'block-acknowledged', offset: 1024 },
  'block-served': { type: 'block-served', offset: 0, length: 1024 },
  'observed State': { type: 'observed', values: [{ path: '/9/0/7', value: 3 }] },
  "observed another package's State": { type: 'observed', values: [{ path: '/9/4/7', value: 3 }] },
  execute: { type: 'execute' },
  cancel: { type: 'cancel' },
  registered: { type: 'registered' },
  moved: { type: 'moved' },
  contact: { type: 'contact' },
  stay: { type: 'stay' },
  suspend: { type: 'suspend' },
  resume: { type: 'resume' },
  tick: { type: 'tick' },
};

/** Every pair not listed says nothing and stays where it is. */
const MOVES: Record<string, string> = {
  'locating + registered': 'locating: read /9',
  'locating + moved': 'locating: read /9',
  'probing + cancel': 'cancelling: read /9/0',
  'probing + registered': 'probing: read /9/0',
  'probing + moved': 'probing: read /9/0',
  'clearing + cancel': 'cancelling: read /9/0',
  'clearing + registered': 'clearing: execute /9/0/6 1',
  'clearing + moved': 'clearing: execute /9/0/6 1',
  'resetting + cancel': 'cancelling: read /9/0',
  'resetting + registered': 'resetting: execute /9/0/6',
  'resetting + moved': 'resetting: execute /9/0/6',
  'offering + block-served': 'offering: !download-started, !progress 1024',
  'offering + cancel': 'cancelling: serve off, read /9/0',
  'offering + registered': `offering: write /9/0/3 "${URI}"`,
  'offering + moved': `offering: write /9/0/3 "${URI}"`,
  'offering + suspend': 'offering: serve off',
  'downloading + block-served': 'downloading: !download-started, !progress 1024',
  'downloading + observed State': 'downloading: wait settle',
  'downloading + cancel': 'cancelling: serve off, read /9/0',
  'downloading + registered': 'downloading: observe /9/0',
  'downloading + moved': 'downloading: observe /9/0',
  'downloading + stay': 'downloading: read /9/0',
  'downloading + suspend': 'downloading: serve off',
  'downloaded + observed State': 'downloaded: wait settle',
  'downloaded + execute': 'downloaded: read /9/0',
  'downloaded + cancel': 'cancelling: serve off, read /9/0',
  'downloaded + registered': 'downloaded: observe /9/0',
  'downloaded + moved': 'downloaded: observe /9/0',
  'downloaded + suspend': 'downloaded: serve off',
  'executing + cancel': 'cancelling: serve off, read /9/0',
  'executing + registered': 'installing: !execute-unknown, observe /9/0',
  'executing + moved': 'installing: !execute-unknown, observe /9/0',
  'executing + suspend': 'executing: serve off',
  'installing + observed State': 'installing: wait settle',
  'installing + cancel': 'cancelling: serve off, read /9/0',
  'installing + registered': 'installing: observe /9/0',
  'installing + moved': 'installing: observe /9/0',
  'installing + stay': 'installing: read /9/0',
  'installing + suspend': 'installing: serve off',
  'activating + cancel': 'cancelling: serve off, read /9/0',
  'activating + registered': 'activating: read /9/0',
  'activating + moved': 'activating: read /9/0',
  'activating + suspend': 'activating: serve off',
  'cancelling + registered': 'cancelling: execute /9/0/6',
  'cancelling + moved': 'cancelling: execute /9/0/6',
};

const pairs = (Object.keys(AT_SOFTWARE) as At[]).flatMap((at) => Object.keys(INPUTS).map((input) => ({ at, input })));

it.each(pairs)('$at + $input', ({ at, input }) => {
  const script = AT_SOFTWARE[at]();
  expect(script.conversation.phase).toBe(at);
  script.said();
  script.give(INPUTS[input]!);
  const outcome = `${script.conversation.phase}: ${script.said().join(', ')}`;
  expect(outcome).toBe(MOVES[`${at} + ${input}`] ?? `${at}: `);
});

it('lists only pairs that exist', () => {
  const known = pairs.map(({ at, input }) => `${at} + ${input}`);
  expect(Object.keys(MOVES).filter((pair) => !known.includes(pair))).toEqual([]);
});
