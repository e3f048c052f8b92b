import { expect, it } from '@jest/globals';
import { beginInstalled, next, type Action, type FirmwareFact, type FirmwareOrder, type ResourceValue } from './index.ts';

const order: FirmwareOrder = {
  attempt: 'a',
  method: 'Auto',
  uris: [{ scheme: 'coap', uri: 'coap://fw/1' }],
  size: 4096,
  expectedVersion: '2.1.0',
  activation: { automaticUpgrade: 'Off' },
  inactivityMs: 60_000,
};

/** What is said to a device that answers every read from these values, until it has nothing to answer. */
function told(values: Record<string, number | string>, resultBefore = 0): string[] {
  const log: string[] = [];
  let step = beginInstalled({ ...order, resultBefore }, 0);
  for (let round = 0; round < 5; round++) {
    log.push(
      ...step.facts.map((fact: FirmwareFact) => `!${fact.type}`),
      ...step.actions.map((action: Action) => ('path' in action ? `${action.type} ${action.path}` : action.type)),
    );
    const settles = step.actions.some((action) => action.type === 'wait-until' && action.why === 'settle');
    if (settles) {
      step = next(step.conversation, { type: 'tick' }, 5000);
      log.push(...step.actions.map((action: Action) => ('path' in action ? `${action.type} ${action.path}` : action.type)));
    }
    const op = step.actions.find((action) => action.type === 'read');
    if (op?.type !== 'read') return log;
    const answer: ResourceValue[] = Object.entries(values).map(([path, value]) => ({ path, value }));
    step = next(step.conversation, { type: 'answer', op, code: '2.05', values: answer }, 1000);
  }
  return log;
}

it.each([
  ['still updating: waits', { '/5/0/3': 3, '/5/0/5': 0 }, ['read /5/0', '!state', '!install-started', 'wait-until']],
  ['Execute never arrived: back to downloaded, and sends nothing by itself', { '/5/0/3': 2, '/5/0/5': 0 }, ['read /5/0', '!state']],
  [
    'installed meanwhile: reads the version',
    { '/5/0/3': 0, '/5/0/5': 1, '/3/0/3': '2.1.0' },
    ['read /5/0', '!state', 'read /3/0/3', '!version-read'],
  ],
  [
    'back with the old version: looks twice, and offers nothing',
    { '/5/0/3': 0, '/5/0/5': 0, '/3/0/3': '2.0.0' },
    ['read /5/0', '!state', 'read /3/0/3', 'wait-until', 'read /5/0', 'read /3/0/3', '!version-read'],
  ],
])('%s', (_name, values, expected) => {
  expect(told(values as Record<string, number | string>)).toEqual(expected);
});

it.each([
  ['was there before Execute says nothing about it', 8, ['read /5/0', '!state']],
  ['is new tells how it ended', 0, ['read /5/0', '!state', '!failed']],
])('a Result that %s', (_name, resultBefore, expected) => {
  expect(told({ '/5/0/3': 2, '/5/0/5': 8 }, resultBefore)).toEqual(expected);
});

it('an image that has gone meanwhile ends the attempt, and is not offered again', () => {
  const values = (state: number): ResourceValue[] => [
    { path: '/5/0/3', value: state },
    { path: '/5/0/5', value: 0 },
  ];
  const op = { type: 'read', path: '/5/0' } as const;
  const downloaded = next(beginInstalled(order, 0).conversation, { type: 'answer', op, code: '2.05', values: values(2) }, 1);
  const asked = next(downloaded.conversation, { type: 'execute' }, 2);
  const gone = next(asked.conversation, { type: 'answer', op, code: '2.05', values: values(0) }, 3);
  expect(gone.facts.at(-1)).toMatchObject({ type: 'failed', class: 'ConnectionLost' });
  expect(gone.actions).toEqual([]);
});
