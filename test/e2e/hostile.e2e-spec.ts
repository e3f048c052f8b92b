import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { must } from '@drover/kernel';
import type { CampaignView, WhyView } from '@drover/contracts';
import { World, type Ran } from './world.ts';

jest.setTimeout(120_000);

/** An operator who means harm, and somebody with a hand on the server's disk. */
let world: World;
let operator: string;
const DEVICES = 4;
const campaign = (name: string, firmware = '{name: wm-modem, version: 2.4.1}'): string =>
  `apiVersion: drover/v1\nkind: Campaign\nmetadata: {name: ${name}}\nspec:\n  firmware: ${firmware}\n  targets: {where: 'has(model)'}\n  retry: {maxAttempts: 1}\n  stages: [{name: all, take: 100%, gate: {success: {min: "0%"}, failure: [{max: 99}]}}]\n`;

beforeAll(async () => {
  world = new World(600, '2026-12-01T20:00:00Z');
  await world.startServer();
  await world.startFleet(DEVICES, { pull: 2, push: 2 });
  await world.release('2.4.1', 16_384);
  operator = ((await world.must(['token', 'create', 'mallory', '--role', 'operator'])) as { secret: string }).secret;
});
afterAll(() => world.close());

const as = (args: readonly string[]): Promise<Ran> => world.drover(args, operator);
const codeOf = ({ errors }: Ran): string => (JSON.parse(errors) as { error: { code: string } }).error.code;
const apply = (text: string): Promise<Ran> => as(['apply', '-f', world.write('hostile.yaml', text)]);
const why = async (name: string): Promise<WhyView[]> => {
  const devices = (await world.api('GET', 'devices?limit=100')) as { endpoint: string }[];
  const all = await Promise.all(devices.map(async ({ endpoint }) => (await world.api('GET', `devices/${endpoint}/why`)) as WhyView[]));
  return all.flat().filter((each) => each.campaign === name);
};
const nobodyRuns = async (version: string): Promise<void> =>
  expect((await world.report()).devices.filter((device) => device.version === version)).toEqual([]);

/** Changes rows the way somebody with a copy of sqlite would. */
async function editRows(sql: string, ...values: unknown[]): Promise<void> {
  await world.killServer();
  const database = new Database(world.path('data/drover.sqlite'));
  expect(database.prepare(sql).run(...values).changes).toBeGreaterThan(0);
  database.close();
}

describe('with an operator token', () => {
  it.each([
    ['approve', ['approve', 'any', '--plan', `sha256:${'0'.repeat(64)}`]],
    ['create tokens', ['token', 'create', 'me', '--role', 'administrator']],
    ['read the audit log', ['audit', 'tail']],
    ['export evidence', ['evidence', 'export', '--campaign', 'any', '-o', 'out.jsonl']],
  ])('may not %s', async (_what, args) => {
    const refused = await as(args);
    expect([refused.status, codeOf(refused)]).toEqual([7, 'NOT_PERMITTED']);
  });

  it('cannot make its own key a publisher, nor weaken the policy, nor shadow it with one called "default"', async () => {
    await world.must(['firmware', 'keygen', 'mallory']);
    for (const name of ['release', 'default']) {
      await world.must(['firmware', 'policy', name, '--role', 'publisher=mallory.pub', '--out', 'mallory.yaml']);
      const refused = await as(['apply', '-f', 'mallory.yaml']);
      expect([refused.status, codeOf(refused)]).toEqual([7, 'POLICY_PROTECTED']);
    }
    // Unchanged, beside a campaign, it may be sent along: that is how Git applies a folder.
    expect((await as(['apply', '-f', 'release-policy.yaml'])).status).toBe(0);
  });

  it('cannot push what its own key signed, nor another image under a name that exists', async () => {
    writeFileSync(world.path('evil.bin'), Buffer.alloc(4096, 7));
    const created = new Date(world.now()).toISOString();
    const sign = (key: string, version: string) =>
      world.must([
        'firmware',
        'sign',
        'evil.bin',
        '--key',
        key,
        '--name',
        'wm-modem',
        '--version',
        version,
        '--sequence',
        '9',
        '--models',
        'WM-300',
        '--created',
        created,
      ]);
    await sign('mallory', '6.6.6');
    const unsigned = await as(['firmware', 'push', 'evil.bin']);
    expect([unsigned.status, codeOf(unsigned)]).toEqual([5, 'ARTIFACT_UNSIGNED']);
    await sign('publisher', '2.4.1');
    const twin = await as(['firmware', 'push', 'evil.bin']);
    expect([twin.status, codeOf(twin)]).toEqual([4, 'FIRMWARE_EXISTS']);
  });

  it('cannot pin what is not in the store, nor plan what nobody signed, nor reach a model the image is not for', async () => {
    const pinned = await apply(campaign('pinned', `{name: wm-modem, version: 2.4.1, digest: "sha256:${'0'.repeat(64)}"}`));
    expect([pinned.status, codeOf(pinned)]).toEqual([4, 'PLAN_BLOCKED']);
    const unknown = await apply(campaign('unknown', '{name: wm-modem, version: 6.6.6}'));
    expect([unknown.status, codeOf(unknown)]).toEqual([3, 'ARTIFACT_NOT_FOUND']);
    await world.must([
      'firmware',
      'sign',
      'evil.bin',
      '--key',
      'publisher',
      '--name',
      'other',
      '--version',
      '6.6.6',
      '--sequence',
      '1',
      '--models',
      'XX-1',
      '--created',
      new Date(world.now()).toISOString(),
    ]);
    expect((await as(['firmware', 'push', 'evil.bin'])).status).toBe(0);
    const incompatible = await apply(campaign('incompatible', '{name: other, version: 6.6.6}'));
    expect([incompatible.status, codeOf(incompatible)]).toEqual([4, 'PLAN_EMPTY']);
    expect(incompatible.errors).toContain('ARTIFACT_INCOMPATIBLE');
  });
});

describe('with a hand on the disk', () => {
  it('a blob replaced before the plan is refused by it', async () => {
    const blob = blobOf(await digestOf('2.4.1'));
    const good = readFileSync(blob);
    writeFileSync(blob, Buffer.alloc(good.length, 9), { flag: 'r+' });
    const { status, errors } = await apply(campaign('blob'));
    expect([status, errors]).toEqual([5, expect.stringMatching(/ARTIFACT_(ALTERED|DIGEST_MISMATCH|DAMAGED)|BLOB_/)]);
    writeFileSync(blob, good);
  });

  it('a blob replaced after the plan is refused at the last door: the campaign ends and says so', async () => {
    const { id } = (await world.must(['hold', 'place', '--fleet', '--reason', 'wait'])) as { id: string };
    expect((await apply(campaign('door'))).status).toBe(0);
    const blob = blobOf(await digestOf('2.4.1'));
    const good = readFileSync(blob);
    writeFileSync(blob, Buffer.alloc(good.length, 9));
    await world.must(['hold', 'lift', id]);
    await world.until(async () => ((await world.api('GET', 'campaigns/door')) as CampaignView).phase === 'finished', 'the campaign to end');
    expect(((await world.api('GET', 'campaigns/door')) as CampaignView).totals).toMatchObject({
      succeeded: 0,
      failed: { Refused: DEVICES },
    });
    for (const each of await why('door')) expect(each).toMatchObject({ code: 'Refused', evidence: expect.stringContaining('ARTIFACT_') });
    await nobodyRuns('2.4.1');
    writeFileSync(blob, good);
  });

  it('a firmware row that names another image is refused', async () => {
    await world.release('2.4.2', 16_384);
    const [first, second] = [await digestOf('2.4.1'), await digestOf('2.4.2')];
    await editRows(`UPDATE firmware SET body = json_set(body, '$.digest', ?) WHERE version = '2.4.2'`, first);
    await world.startServer();
    const { status, errors } = await apply(campaign('row', '{name: wm-modem, version: 2.4.2}'));
    expect([status, errors]).toEqual([5, expect.stringContaining('ARTIFACT_ALTERED')]);
    await editRows(`UPDATE firmware SET body = json_set(body, '$.digest', ?) WHERE version = '2.4.2'`, second);
    await world.startServer();
  });

  it('a withdrawal undone in its row stays a withdrawal', async () => {
    await world.must(['firmware', 'withdraw', 'wm-modem', '2.4.2', '--reason', 'recalled']);
    await editRows(`UPDATE firmware SET body = json_remove(body, '$.withdrawnAt', '$.withdrawnReason') WHERE version = '2.4.2'`);
    await world.startServer();
    const { status, errors } = await apply(campaign('undone', '{name: wm-modem, version: 2.4.2}'));
    expect([status, errors]).toEqual([5, expect.stringContaining('ARTIFACT_WITHDRAWN')]);
  });

  it('a release policy exchanged in its row keeps the server from starting', async () => {
    const evil = readFileSync(world.path('mallory.pub'), 'utf8');
    const source = {
      apiVersion: 'drover/v1',
      kind: 'ReleasePolicy',
      metadata: { name: 'release' },
      spec: { roles: { publisher: { keys: [evil], threshold: 1 } } },
    };
    await editRows(`UPDATE document SET body = json_set(body, '$.source', json(?)) WHERE kind = 'ReleasePolicy'`, JSON.stringify(source));
    await expect(world.startServer()).rejects.toThrow('ended with');
  });
});

async function digestOf(version: string): Promise<string> {
  const records = (await world.api('GET', 'firmware')) as { version: string; digest: string }[];
  return must(
    records.find((each) => each.version === version),
    version,
  ).digest;
}

function blobOf(digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return world.path(join('data/firmware/sha256', hex.slice(0, 2), hex.slice(2)));
}
