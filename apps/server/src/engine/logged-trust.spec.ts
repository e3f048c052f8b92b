import { beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, isoOf, must, plus } from '@drover/kernel';
import { digestOf } from '@drover/campaign';
import type { Snapshot } from '@drover/persistence';
import { aDeviceRecord } from '@drover/testkit';
import { NOW, TestEngine } from '../../../../test/support/engine.ts';
import { LoggedTrust } from './logged-trust.ts';
import { stateFrom } from './recovery.ts';

let trust: LoggedTrust;
let snapshot: Snapshot;
const note = (type: 'policy-applied' | 'policy-removed' | 'firmware-withdrawn', details: Record<string, string>): void =>
  trust.note({ type, namespace: DEFAULT_NAMESPACE, time: isoOf(NOW), details } as Parameters<LoggedTrust['note']>[0]);

beforeEach(() => {
  const { state } = new TestEngine().withFirmware();
  const lists = {
    devices: [],
    carriers: [],
    calibrations: [],
    poolVolumes: [],
    campaigns: [],
    updates: [],
    approvals: [],
    holds: [],
    tokens: [],
    credentials: [],
    bootstraps: [],
    rotations: [],
    deviceRotations: [],
    dataKeys: [],
    sessions: [],
  };
  snapshot = { ...lists, documents: [...state.documents.values()], firmware: [...state.firmware.values()] } as unknown as Snapshot;
  trust = new LoggedTrust();
  note('policy-applied', { kind: 'ReleasePolicy', name: 'release', digest: digestOf(must(snapshot.documents[0], 'a policy').source) });
});

it('rows that agree with the log are taken as they are', async () => {
  const state = await stateFrom(snapshot, trust, NOW);
  expect([...state.documents.values()]).toEqual(snapshot.documents);
  expect([...state.withdrawnDigests()]).toEqual([]);
});

it.each([
  ['of devices that were never heard', [undefined, undefined], undefined],
  ['of several devices, by the last one', [NOW, undefined, plus(NOW, 5)], plus(NOW, 5)],
])('the last moment in which the server listened: %s', async (_whose, contacts, expected) => {
  const devices = contacts.map((lastContactAt, index) => aDeviceRecord(`d${index}`, {}, { lastContactAt }));
  const state = await stateFrom({ ...snapshot, devices } as unknown as Snapshot, trust, NOW);
  expect(state.lastHeardAt).toBe(expected);
});

describe('against a row edited while the server was down', () => {
  it.each([
    [
      'another key in a release policy',
      (): void => note('policy-applied', { kind: 'ReleasePolicy', name: 'release', digest: 'sha256:other' }),
    ],
    ['a release policy that nobody applied', (): void => void (trust = new LoggedTrust())],
  ])('%s: the start is refused', async (_what, tamper) => {
    tamper();
    await expect(stateFrom(snapshot, trust, NOW)).rejects.toMatchObject({ code: 'POLICY_ALTERED', kind: 'trust' });
  });

  it('a policy that was removed and is back, or that was not and is gone', async () => {
    const [policy] = snapshot.documents;
    const removed = { ...must(policy, 'a policy'), removedAt: NOW };
    await expect(stateFrom({ ...snapshot, documents: [removed] }, trust, NOW)).rejects.toMatchObject({ code: 'POLICY_ALTERED' });
    note('policy-removed', { kind: 'ReleasePolicy', name: 'release', digest: 'sha256:x', reason: 'x' });
    expect([...(await stateFrom({ ...snapshot, documents: [removed] }, trust, NOW)).documents]).toEqual([]);
    await expect(stateFrom(snapshot, trust, NOW)).rejects.toMatchObject({ code: 'POLICY_ALTERED' });
  });

  it('a withdrawal undone, or its row deleted: the image stays withdrawn', async () => {
    const { digest } = must(snapshot.firmware[0], 'an image');
    note('firmware-withdrawn', { digest, reason: 'recalled' });
    expect([...(await stateFrom(snapshot, trust, NOW)).firmware.values()]).toMatchObject([
      { digest, withdrawnAt: NOW, withdrawnReason: 'recalled' },
    ]);
    expect([...(await stateFrom({ ...snapshot, firmware: [] }, trust, NOW)).withdrawnDigests()]).toEqual([digest]);
  });
});
