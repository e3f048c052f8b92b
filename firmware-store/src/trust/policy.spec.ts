import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { describePublicKey, printPublicKey } from './keys.ts';
import { parseReleasePolicy, releasePolicyDigest, type PolicyFault } from './policy.ts';

const newKey = () => printPublicKey(describePublicKey(generateKeyPairSync('ed25519').publicKey));
const [a, b] = [newKey(), newKey()];
const GOOD = { name: 'two-roles', roles: { publisher: { keys: [a], threshold: 1 }, qa: { keys: [b], threshold: 1 } } };

const faultsOf = (json: unknown): string[] => {
  try {
    parseReleasePolicy(json);
    return [];
  } catch (error) {
    const { code, details } = error as { code: string; details: { faults: PolicyFault[] } };
    expect(code).toBe('RELEASE_POLICY_INVALID');
    return details.faults.map(({ path }) => path);
  }
};

it('defaults to no downgrade and no age', () => {
  const policy = parseReleasePolicy(GOOD);
  expect(policy.downgrade).toEqual({ rule: 'Never' });
  expect(policy.maxManifestAge).toBeUndefined();
  expect(policy.roles.map(({ name, threshold, keys }) => [name, threshold, keys.length])).toEqual([
    ['publisher', 1, 1],
    ['qa', 1, 1],
  ]);
});

it.each([
  [null, ['', 'name', 'roles']],
  [[], ['', 'name', 'roles']],
  [{ ...GOOD, name: 'No Name' }, ['name']],
  [{ ...GOOD, roles: {} }, ['roles']],
  [{ ...GOOD, rolls: {} }, ['rolls']],
  [{ ...GOOD, roles: { qa: { keys: [a, a], threshold: 2 } } }, ['roles.qa.keys[1]']],
  [{ ...GOOD, roles: { qa: { keys: [a], threshold: 1 }, publisher: { keys: [b, a], threshold: 1 } } }, ['roles.publisher.keys[1]']],
  [{ ...GOOD, roles: { qa: { keys: [a], threshold: 2 } } }, ['roles.qa.threshold']],
  [{ ...GOOD, roles: { qa: { keys: [a], threshold: 0 } } }, ['roles.qa.threshold']],
  [{ ...GOOD, roles: { qa: { keys: ['x'], threshold: 1, colour: 'red' } } }, ['roles.qa.colour', 'roles.qa.keys[0]']],
  [{ ...GOOD, roles: { qa: 7 } }, ['roles.qa.keys', 'roles.qa.threshold']],
  [{ ...GOOD, maxManifestAge: 90 }, ['maxManifestAge']],
  [{ ...GOOD, downgrade: 'Sometimes' }, ['downgrade']],
  [{ ...GOOD, downgrade: 'AllowListed' }, ['downgradeTo']],
  [{ ...GOOD, downgrade: 'AllowListed', downgradeTo: ['Kiwi'] }, ['downgradeTo']],
  [{ ...GOOD, downgradeTo: ['2.3.9'] }, ['downgradeTo']],
])('finds every fault of row %#', (json, paths) => {
  expect(faultsOf(json)).toEqual(paths);
});

it('digests the meaning, not the writing', () => {
  const digest = releasePolicyDigest(parseReleasePolicy(GOOD));
  const rewritten = { roles: { qa: GOOD.roles.qa, publisher: { threshold: 1, keys: [`\n${a}`] } }, name: GOOD.name, downgrade: 'Never' };
  expect(releasePolicyDigest(parseReleasePolicy(rewritten))).toBe(digest);
  expect(releasePolicyDigest(parseReleasePolicy({ ...GOOD, downgrade: 'Allowed' }))).not.toBe(digest);
});
