import { beforeEach, describe, expect, it } from '@jest/globals';
import { Digest, instantOf, must, type Digest as DigestText } from '@drover/kernel';
import type { FirmwareRecord } from '@drover/persistence';
import { aDeviceRecord, aRelease } from '@drover/testkit';
import { NOW, TestEngine } from '../../../../test/support/engine.ts';
import type { LiveCampaign } from './engine-state.ts';

const OTHER_DIGEST: DigestText = Digest(`sha256:${'0'.repeat(64)}`);
let test: TestEngine;
let campaign: LiveCampaign;

beforeEach(async () => {
  test = new TestEngine().withFirmware().withDevices('d');
  campaign = await test.running();
});

const refusal = (device = aDeviceRecord(), now = NOW) => test.trust.refusalFor(campaign, device, now);
/** A row that somebody wrote behind our back. */
const tamper = (change: Partial<FirmwareRecord>) =>
  test.state.putFirmware({ ...must(test.state.firmwareOf('default', 'fw', '2.0.0'), 'the image'), ...change });

it('refuses nothing of what the right people signed', () => {
  expect(refusal()).toBeUndefined();
});

describe('refuses', () => {
  it('an image that was withdrawn, from the same moment', () => {
    expect(refusal()).toBeUndefined();
    tamper({ withdrawnAt: NOW, withdrawnReason: 'bricks' });
    expect(refusal()).toMatch(/^ARTIFACT_WITHDRAWN/);
  });

  it('an image that is gone', () => {
    test.state.firmware.clear();
    expect(refusal()).toMatch(/^ARTIFACT_NOT_FOUND/);
  });

  it('a row whose digest was changed to another image’s', () => {
    tamper({ digest: OTHER_DIGEST });
    expect(refusal()).toMatch(/^ARTIFACT_ALTERED/);
  });

  it('a row whose envelope was replaced by a stranger’s', () => {
    tamper({ envelope: Buffer.from(aRelease(test.release.image).envelope).toString('base64') });
    expect(refusal()).toMatch(/^ARTIFACT_UNSIGNED/);
  });

  it('a row whose envelope is of an older version', () => {
    tamper({ envelope: Buffer.from('no envelope').toString('base64') });
    expect(refusal()).toMatch(/^ARTIFACT_ENVELOPE_INVALID/);
  });

  it('a signature that has expired since the last look', async () => {
    const expiring = new TestEngine();
    Object.assign(expiring, { release: aRelease(expiring.release.image, { expiresAt: instantOf('2026-12-02T00:00:00Z') }) });
    expiring.withFirmware().withDevices('d');
    const started = await expiring.running();
    expect(expiring.trust.refusalFor(started, aDeviceRecord(), NOW)).toBeUndefined();
    expect(expiring.trust.refusalFor(started, aDeviceRecord(), instantOf('2026-12-02T00:00:00Z'))).toMatch(/^ARTIFACT_EXPIRED/);
  });

  it('a device that the image is not made for', () => {
    expect(refusal(aDeviceRecord('d', { model: 'OTHER' }))).toMatch(/^ARTIFACT_INCOMPATIBLE/);
  });

  it('a step back', () => {
    expect(refusal(aDeviceRecord('d', { firmwareVersion: '3.0.0' }))).toMatch(/^ARTIFACT_ROLLBACK/);
  });

  it('everything once the policy is gone', () => {
    test.state.documents.clear();
    expect(refusal()).toMatch(/^POLICY_NOT_FOUND/);
  });
});

describe('the policy of a namespace', () => {
  it('is the only one', () => {
    expect(test.trust.policyOf('default').policy.name).toBe('release');
  });

  it('is the one called default where there are several', () => {
    test.withPolicy('default');
    expect(test.trust.policyOf('default').policy.name).toBe('default');
  });

  it('is none where nobody can say which', () => {
    test.withPolicy('another');
    expect(() => test.trust.policyOf('default')).toThrow(expect.objectContaining({ code: 'POLICY_NOT_FOUND' }));
  });

  it('is not that of another namespace', () => {
    expect(() => test.trust.policyOf('other')).toThrow(expect.objectContaining({ code: 'POLICY_NOT_FOUND' }));
  });
});

it('hands the gateway the envelope and the policy that it checks again', () => {
  expect(test.trust.papersFor(campaign.record)).toEqual({
    envelope: Buffer.from(test.release.envelope).toString('base64'),
    policy: JSON.stringify({ name: 'release', roles: test.release.policy.roles }),
  });
});
