import { expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE } from '@drover/kernel';
import { appendEvents, EMPTY_LOG, logRoot, recordHash, restoreLog } from './chain.ts';
import type { AuditDraft, AuditRecord } from './event.ts';

const aDraft = (change: Partial<AuditDraft> = {}): AuditDraft =>
  ({
    namespace: DEFAULT_NAMESPACE,
    time: '2026-12-01T00:00:00.000Z',
    actor: { type: 'person', id: 'anna', authn: 'token:anna' },
    source: 'engine',
    category: 'Update',
    type: 'stage-opened',
    subject: 'wm-modem',
    campaign: 'wm-modem',
    result: 'info',
    details: { stage: 'canary', spare: undefined },
    ...change,
  }) as AuditDraft;

const DRAFTS = [aDraft(), aDraft({ campaign: undefined }), aDraft({ campaign: 'other' }), aDraft(), aDraft()];
const { state, appended } = appendEvents(EMPTY_LOG, DRAFTS);
const records = appended.map(({ record }) => record);

it('gives each record its place in the log and in its campaign', () => {
  expect(records.map(({ seq, campaignSeq }) => [seq, campaignSeq])).toEqual([
    [0, 1],
    [1, undefined],
    [2, 1],
    [3, 2],
    [4, 3],
  ]);
  expect(records.slice(1).map(({ prevHash }) => prevHash)).toEqual(records.slice(0, -1).map(({ hash }) => hash));
  expect(state.edge.size).toBe(5);
});

it('changes nothing it was given, and depends on nothing else', () => {
  expect(EMPTY_LOG.campaigns.size).toBe(0);
  expect(appendEvents(EMPTY_LOG, DRAFTS)).toEqual({ state, appended });
  const first = appendEvents(EMPTY_LOG, DRAFTS.slice(0, 2));
  const second = appendEvents(first.state, DRAFTS.slice(2));
  expect([...first.appended, ...second.appended]).toEqual(appended);
  expect(logRoot(second.state)).toBe(logRoot(state));
});

it('the stored text of a record is the record', () => {
  expect(appended.map(({ text }) => JSON.parse(text) as unknown)).toEqual(records);
  expect(appended.map(({ text }) => text)).toEqual(records.map((record) => JSON.stringify(record)));
});

it('is restored from what a database gives back', async () => {
  const stored = records.map((record) => JSON.parse(JSON.stringify(record)) as AuditRecord);
  const restored = await restoreLog(stored);
  expect(restored).toEqual(state);
  expect(stored.map(recordHash)).toEqual(records.map(({ hash }) => hash));
});

it.each<[string, (log: AuditRecord[]) => unknown[]]>([
  ['a changed detail', (log) => [...log.slice(0, 4), { ...log[4], details: { stage: 'fleet' } }]],
  [
    'a rehashed record',
    (log) => log.map((record, at) => (at === 1 ? { ...record, subject: 'x', hash: recordHash({ ...record, subject: 'x' }) } : record)),
  ],
  ['a missing record', (log) => log.filter((_, at) => at !== 2)],
  ['two swapped records', (log) => [log[1], log[0], ...log.slice(2)]],
])('refuses to go on from a log with %s', async (_name, tamper) => {
  await expect(restoreLog(tamper([...records]) as AuditRecord[])).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN', kind: 'invariant' });
});

it.each([
  ['an unknown type', { type: 'constructor' }],
  ['missing details', { type: 'hold-placed', details: { id: '1', scope: 'fleet' } }],
])('refuses %s', (_name, change) => {
  expect(() => appendEvents(EMPTY_LOG, [aDraft(change as Partial<AuditDraft>)])).toThrow(
    expect.objectContaining({ code: 'AUDIT_EVENT_INVALID' }),
  );
});
