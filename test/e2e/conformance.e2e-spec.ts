import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { OperationView, WhyView } from '@drover/contracts';
import { makeImage } from '@drover/simulator';
import { World } from './world.ts';

jest.setTimeout(120_000);

// The list of `docs/devices.md` for those who build devices, gone through with devices that pass it: what a check looks at here
// is what it looks at there.

const MIX = { pull: 7, 'resumes-after-registering': 1, 'push-starts-over': 1, 'keeps-state-in-ram': 1 };
const DEVICES = Object.values(MIX).reduce((sum, count) => sum + count, 0);
const SIZE = 48 * 1024;
/** On its way for long enough to do something about it. */
const LONG = 1024 * 1024;

let world: World;
const pulls: string[] = [];
const others = new Map<string, string>();

const why = async (device: string, campaign: string): Promise<WhyView | undefined> =>
  ((await world.api('GET', `devices/${device}/why`)) as WhyView[]).find((each) => each.campaign === campaign);
const events = async (device: string): Promise<{ kind: string; detail: Record<string, unknown> }[]> =>
  (await world.api('GET', `devices/${device}/timeline?limit=1000`)) as { kind: string; detail: Record<string, unknown> }[];
const valuesAt = async (device: string, path: string): Promise<Map<string, unknown>> => {
  const { answer } = (await world.must(['device', 'read', device, path])) as OperationView;
  return new Map(answer?.values.map((each) => [each.path, each.value]));
};
const stateOf = async (device: string): Promise<unknown[]> => {
  const values = await valuesAt(device, '/5/0');
  return [values.get('/5/0/3'), values.get('/5/0/5')];
};
const versionOf = async (device: string): Promise<unknown> => (await valuesAt(device, '/3/0/3')).get('/3/0/3');

async function update(device: string, name: string, { version = '2.4.1', spec = '' } = {}): Promise<void> {
  const text = `apiVersion: drover/v1
kind: Campaign
metadata: {name: ${name}}
spec:
  firmware: {name: wm-modem, version: ${version}}
  targets: {where: 'endpoint == "${device}"'}
  bandwidth: {perCell: {airtime: "100%"}}
  retry: {maxAttempts: 1, classes: {Integrity: {attempts: 0}}}
${spec}
  stages: [{name: all, take: 100%, gate: {success: {min: "0%"}, failure: [{max: 99}]}}]
`;
  await world.must(['apply', '-f', world.write(`${name}.yaml`, text)]);
}

const isIn = (device: string, name: string, is: (seen: WhyView) => boolean, what: string): Promise<void> =>
  world.until(async () => {
    const seen = await why(device, name);
    return seen !== undefined && is(seen);
  }, `${name}: ${what}`);
const inTheMiddle = (device: string, name: string): Promise<void> =>
  isIn(device, name, ({ state, offset }) => state === 'downloading' && offset > 0, 'the middle of the image');
const ends = (device: string, name: string, state: string): Promise<void> =>
  isIn(device, name, (seen) => ['succeeded', 'failed', 'cancelled'].includes(seen.state), `the end, ${state}`);

/** A release of an image that is not as it should be: signed by the operator all the same. */
async function releaseOf(version: string, image: Buffer): Promise<void> {
  const file = world.path(`wm-modem-${version}.bin`);
  writeFileSync(file, image);
  const created = new Date(world.now() - 60_000).toISOString();
  const sign = ['firmware', 'sign', file, '--key', 'publisher', '--name', 'wm-modem', '--version', version, '--sequence', '2'];
  await world.must([...sign, '--models', 'WM-300', '--created', created]);
  await world.must(['firmware', 'push', file]);
}

beforeAll(async () => {
  world = new World(300, '2026-12-01T20:00:00Z');
  await world.startServer();
  await world.startFleet(DEVICES, MIX);
  await world.release('2.4.1', SIZE);
  await world.release('2.4.2', LONG);
  const { devices } = await world.report();
  for (const { endpoint, profile } of devices)
    if (profile === 'pull') pulls.push(endpoint);
    else others.set(profile, endpoint);
});
afterAll(() => world.close());

it('an update: succeeded, and one Execute in the timeline', async () => {
  const device = pulls[0]!;
  await update(device, 'plain');
  await ends(device, 'plain', 'succeeded');
  expect((await why(device, 'plain'))?.state).toBe('succeeded');
  const installs = (await events(device)).filter(({ kind, detail }) => kind === 'installing' && detail['campaign'] === 'plain');
  expect(installs).toHaveLength(1);
  expect(await versionOf(device)).toBe('2.4.1');
});

it('a hold in the middle of the image: no block meanwhile, and on at the same block', async () => {
  const device = pulls[1]!;
  await update(device, 'held', { version: '2.4.2' });
  await inTheMiddle(device, 'held');
  const { id } = (await world.must(['hold', 'place', '--campaign', 'held', '--reason', 'test'])) as { id: string };
  await isIn(device, 'held', ({ code }) => code === 'HOLD', 'to be held');
  const stopped = (await why(device, 'held'))!;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect((await why(device, 'held'))?.taken.blocks).toBe(stopped.taken.blocks);
  await world.must(['hold', 'lift', id, '--reason', 'over']);
  await ends(device, 'held', 'succeeded');
  const { attempts } = (await why(device, 'held'))!;
  expect(attempts[0]).toMatchObject({ outcome: 'succeeded', blocks: LONG / 512 });
});

it.each([
  ['resumes-after-registering', false],
  ['push-starts-over', true],
])('power off in the middle of the image (%s): goes on, or starts over and is told', async (profile, isAnew) => {
  const device = others.get(profile)!;
  await update(device, profile);
  await ends(device, profile, 'succeeded');
  expect((await why(device, profile))?.state).toBe('succeeded');
  const kinds = (await events(device)).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'register').length).toBeGreaterThan(2);
  const { blocks } = (await why(device, profile))!.attempts[0]!;
  expect(blocks > SIZE / 512 + 2).toBe(isAnew);
});

describe('an image that must not be installed', () => {
  const good = (version: string): Buffer => makeImage({ version, size: SIZE, seed: 3 });

  it('with one byte changed after the header: Result 5, State 0, the old version keeps running', async () => {
    const image = good('2.4.8');
    image[SIZE - 100]! ^= 1;
    await releaseOf('2.4.8', image);
    const device = pulls[2]!;
    await update(device, 'damaged', { version: '2.4.8' });
    await ends(device, 'damaged', 'failed');
    expect((await why(device, 'damaged'))?.failure).toBe('Integrity');
    expect(await stateOf(device)).toEqual([0, 5]);
    expect(await versionOf(device)).toBe('2.4.0');
  });

  it('for another model: Result 6', async () => {
    await releaseOf('2.4.9', Buffer.from(good('2.4.9').toString('latin1').replace('WM-300', 'WM-900'), 'latin1'));
    const device = pulls[3]!;
    await update(device, 'foreign', { version: '2.4.9' });
    await ends(device, 'foreign', 'failed');
    expect((await why(device, 'foreign'))?.failure).toBe('UnsupportedPackage');
    expect((await stateOf(device))[1]).toBe(6);
  });
});

describe('a campaign that is aborted', () => {
  const abort = async (device: string, name: string): Promise<void> => {
    await world.must(['abort', name, '--reason', 'test']);
    await ends(device, name, 'cancelled');
    expect((await why(device, name))?.state).toBe('cancelled');
    const [state, result] = await stateOf(device);
    expect(state).toBe(0);
    expect([0, 10]).toContain(result);
    expect(await versionOf(device)).toBe('2.4.0');
  };

  it('in State 1', async () => {
    const device = pulls[4]!;
    await update(device, 'early', { version: '2.4.2' });
    await inTheMiddle(device, 'early');
    await abort(device, 'early');
  });

  it('in State 2', async () => {
    const device = pulls[5]!;
    const start = new Date(world.now() + 8 * 3_600_000).toISOString().slice(11, 16);
    const spec = `  schedule: {timeZone: UTC, windows: {install: [{start: "${start}", duration: 1h}]}}`;
    await update(device, 'late', { spec });
    await isIn(device, 'late', ({ state }) => state === 'downloaded', 'State 2');
    await abort(device, 'late');
  });
});

it('power off after Execute was answered: registers with the new version', async () => {
  const device = others.get('keeps-state-in-ram')!;
  await update(device, 'unpowered');
  await ends(device, 'unpowered', 'succeeded');
  expect(await stateOf(device)).toEqual([0, 0]);
  expect(await versionOf(device)).toBe('2.4.1');
});

it('sleep in the middle of the image, for longer than the lifetime: goes on after the next Register', async () => {
  const device = pulls[6]!;
  await update(device, 'asleep', { version: '2.4.2' });
  await inTheMiddle(device, 'asleep');
  const lapsed = async (): Promise<boolean> => (await events(device)).some(({ kind }) => kind === 'lapsed');
  await world.whileAllSleep(() => world.until(lapsed, 'its registration to lapse', 90_000));
  await ends(device, 'asleep', 'succeeded');
  expect((await why(device, 'asleep'))?.state).toBe('succeeded');
});

it('the page has the checks that this suite goes through', () => {
  const page = readFileSync(new URL('../../docs/devices.md', import.meta.url), 'utf8');
  const list = page.slice(page.indexOf('| check | passes when |')).split('\n');
  expect(list.filter((line) => line.startsWith('| ')).length - 2).toBe(8);
});
