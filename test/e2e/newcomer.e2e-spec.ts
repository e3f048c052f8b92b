import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { CampaignView } from '@drover/contracts';
import { makeImage } from '@drover/simulator';
import { World, type Ran } from './world.ts';

jest.setTimeout(120_000);

/** Somebody who has never seen it: what the README says works, and every slip is answered with a sentence and its status. */
const EXAMPLES = join(import.meta.dirname, '../../examples');
const IMAGE = 'wm-modem-2.4.1.bin';
let world: World;
let device: string;

beforeAll(async () => {
  world = new World(600, '2026-12-01T20:00:00Z', { isSecured: true });
  await world.startServer();
  await world.startFleet(6, { pull: 4, push: 2 });
  device = ((await world.api('GET', 'devices')) as { endpoint: string }[])[0]?.endpoint ?? '';
});
afterAll(() => world.close());

const errorOf = ({ errors }: Ran): { code: string; message: string } =>
  (JSON.parse(errors) as { error: { code: string; message: string } }).error;

it('the first campaign of the README runs with the image beside it', async () => {
  cpSync(join(EXAMPLES, 'first-campaign', IMAGE), world.path('image.bin'));
  expect(readFileSync(world.path('image.bin'))).toEqual(makeImage({ version: '2.4.1', size: 16_384, seed: 1 }));
  await world.must(['firmware', 'keygen', 'publisher']);
  await world.must(['firmware', 'policy', 'my-release', '--role', 'publisher=publisher.pub', '--out', 'release-policy.yaml']);
  await world.must(['apply', '-f', 'release-policy.yaml']);
  const signing = ['--key', 'publisher', '--name', 'wm-modem', '--version', '2.4.1', '--sequence', '1', '--models', 'WM-300'];
  await world.must(['firmware', 'sign', 'image.bin', ...signing, '--created', new Date(world.now()).toISOString()]);
  await world.must(['firmware', 'push', 'image.bin']);
  await world.must(['plan', '-f', join(EXAMPLES, 'first-campaign')]);
  await world.must(['apply', '-f', join(EXAMPLES, 'first-campaign')]);
  await world.must(['watch', 'my-first-campaign']);
  expect(((await world.api('GET', 'campaigns/my-first-campaign')) as CampaignView).totals).toMatchObject({ devices: 6, succeeded: 6 });
  await world.must(['why', device]);
  await world.must(['evidence', 'export', '--campaign', 'my-first-campaign', '-o', 'evidence.jsonl']);
  await world.must(['evidence', 'verify', 'evidence.jsonl', '--key', world.path('data/keys/audit-ed25519.pub.pem')]);
});

it('every command that lists or shows prints JSON alone', async () => {
  const commands = [
    'status',
    'status my-first-campaign',
    'hold list',
    'device list',
    `device show ${device}`,
    `device timeline ${device}`,
    `why ${device}`,
  ];
  for (const line of [
    ...commands,
    'firmware list',
    'token list',
    'audit tail',
    'evidence key',
    'validate -f release-policy.yaml',
    'diff -f release-policy.yaml',
  ]) {
    const ran = await world.drover(line.split(' '));
    expect([line, ran.status, ran.errors]).toEqual([line, 0, '']);
    expect(ran.value).toBeDefined();
  }
});

it.each<[status: number, code: string, line: string]>([
  [3, 'CAMPAIGN_NOT_FOUND', 'status nonesuch'],
  [3, 'CAMPAIGN_NOT_FOUND', 'watch nonesuch'],
  [3, 'CAMPAIGN_NOT_FOUND', 'pause nonesuch'],
  [3, 'CAMPAIGN_NOT_FOUND', 'evidence export --campaign nonesuch -o out.jsonl'],
  [3, 'CAMPAIGN_NOT_FOUND', 'hold place --campaign nonesuch --reason x'],
  [3, 'ARTIFACT_NOT_FOUND', 'hold place --firmware sha256:00 --reason x'],
  [3, 'DEVICE_NOT_FOUND', 'why nonesuch'],
  [3, 'DEVICE_NOT_FOUND', 'device show nonesuch'],
  [3, 'FILE_NOT_FOUND', 'apply -f nonesuch'],
  [3, 'FILE_NOT_FOUND', 'apply nonesuch'],
  [3, 'FILE_NOT_FOUND', 'firmware push nonesuch'],
  [3, 'FILE_NOT_FOUND', 'firmware sign nonesuch --key publisher --name a --version 1 --sequence 1 --models x'],
  [3, 'FILE_NOT_FOUND', 'firmware policy p --role a=nonesuch --out p.yaml'],
  [3, 'FILE_NOT_FOUND', 'device import nonesuch'],
  [3, 'FILE_NOT_FOUND', 'evidence verify nonesuch --key publisher.pub'],
  [3, 'FILE_NOT_FOUND', 'evidence verify evidence.jsonl --key nonesuch'],
  [3, 'FILE_NOT_FOUND', 'evidence verify nonesuch --key nonesuch'],
  [3, 'FILE_NOT_FOUND', 'evidence export --campaign my-first-campaign -o no/such/folder'],
  [2, 'FILE_UNUSABLE', 'device import .'],
  [2, 'USAGE', 'hold place --reason x'],
  [2, 'USAGE', 'hold place --campaign a --fleet --reason x'],
  [2, 'USAGE', 'watch my-first-campaign --interval soon'],
  [2, 'USAGE', 'firmware policy p --role publisher --out p.yaml'],
  [2, 'USAGE', 'firmware policy p --role a=publisher.pub --threshold a=2 --out p.yaml'],
  [2, 'USAGE', 'firmware policy p --role a=publisher.pub --threshold b=1 --out p.yaml'],
  [2, 'USAGE', 'status --server nonsense'],
  [6, 'SERVER_UNREACHABLE', 'status --server http://127.0.0.1:1'],
  [7, 'TOKEN_INVALID', 'status --token wrong'],
])('%i %s: drover %s', async (status, code, line) => {
  const ran = await world.drover(line.split(' '));
  expect([ran.status, errorOf(ran).code, ran.text]).toEqual([status, code, '']);
  expect(errorOf(ran).message).not.toMatch(/\n|Error:/);
});

it.each(['', 'nonsense', 'plan', 'watch', 'hold', 'status --bogus', 'token create x --role king', 'firmware keygen k --algorithm RSA'])(
  'usage: drover %s',
  async (line) => {
    expect((await world.drover(line.split(' ').filter((word) => word !== ''))).status).toBe(2);
  },
);

it('a token file that is not there is named, not passed over', async () => {
  const ran = await world.drover(['status', '--token-file', 'nonesuch'], '');
  expect([ran.status, errorOf(ran).code]).toEqual([3, 'FILE_NOT_FOUND']);
  writeFileSync(world.path('token'), `${world.token}\n`);
  expect((await world.drover(['status', '--token-file', 'token'], '')).status).toBe(0);
});
