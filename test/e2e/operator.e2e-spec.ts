import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { must } from '@drover/kernel';
import type { CampaignView, WhyView } from '@drover/contracts';
import type { Report } from '@drover/simulator';
import { World } from './world.ts';

jest.setTimeout(120_000);

/** An operator at three in the morning. Each situation has devices of its own, told apart by a label. */
const GROUPS: Record<string, Record<string, number>> = {
  paused: { pull: 3 },
  held: { pull: 1, push: 1 },
  aborted: { pull: 3 },
  withdrawn: { pull: 2, push: 1 },
  gate: { 'integrity-failure': 2, pull: 2 },
  windows: { pull: 1 },
  twice: { pull: 2 },
  cancelled: { pull: 2 },
  stopped: { pull: 2 },
  silent: { 'silent-after-execute': 1 },
};
const SMALL = 16_384;
const BIG = 393_216;
/** Takes longer than a window of twenty minutes on any bearer. */
const HUGE = 1_048_576;
const MINUTE = 60_000;

let world: World;
const group = new Map<string, string[]>();

beforeAll(async () => {
  world = new World(600, '2026-12-01T20:00:00Z');
  await world.startServer();
  const mix: Record<string, number> = {};
  for (const profiles of Object.values(GROUPS)) for (const [name, count] of Object.entries(profiles)) mix[name] = (mix[name] ?? 0) + count;
  const size = Object.values(mix).reduce((sum, count) => sum + count, 0);
  await world.startFleet(size, mix, { minBatteryLevel: 0.2 });
  await labelled(await world.report());
  for (const [version, bytes] of [
    ['2.4.1', SMALL],
    ['2.4.2', BIG],
    ['2.4.3', BIG],
    ['2.4.4', HUGE],
    ['2.4.5', HUGE],
  ] as const)
    await world.release(version, bytes);
});
afterAll(() => world.close());

async function labelled({ devices }: Report): Promise<void> {
  const free = [...devices];
  const imported = [];
  for (const [name, profiles] of Object.entries(GROUPS))
    for (const [profile, count] of Object.entries(profiles))
      for (let taken = 0; taken < count; taken++) {
        const { endpoint } = must(
          free.splice(
            free.findIndex((each) => each.profile === profile),
            1,
          )[0],
          profile,
        );
        group.set(name, [...(group.get(name) ?? []), endpoint]);
        imported.push({ endpoint, labels: { group: name } });
      }
  await world.api('POST', 'devices/import', { devices: imported });
}

const of = (name: string): readonly string[] => must(group.get(name), name);

function campaign(name: string, more: { version?: string; group?: string; spec?: string; stages?: string }): string {
  const {
    version = '2.4.2',
    spec = '',
    stages = '    - {name: all, take: 100%, gate: {success: {min: "0%"}, failure: [{max: 99}]}}',
  } = more;
  return `apiVersion: drover/v1
kind: Campaign
metadata: {name: ${name}}
spec:
  firmware: {name: wm-modem, version: ${version}}
  targets: {selector: {matchLabels: {group: ${more.group ?? name}}}}
  bandwidth: {perCell: {airtime: "100%"}}
  retry: {maxAttempts: 1}
${spec}
  stages:
${stages}
`;
}
/** The same campaign with at most so many transfers at once. */
const narrow = (text: string, count: number): string => text.replace('bandwidth: {', `bandwidth: {maxInFlight: ${count}, `);
const apply = (...documents: string[]): Promise<unknown> =>
  world.must(['apply', '-f', world.write('campaigns.yaml', documents.join('---\n'))]);
const view = async (name: string): Promise<CampaignView> => (await world.api('GET', `campaigns/${name}`)) as CampaignView;
const why = async (device: string, name: string): Promise<WhyView> =>
  must(
    ((await world.api('GET', `devices/${device}/why`)) as WhyView[]).find((each) => each.campaign === name),
    `${device} in ${name}`,
  );
const whys = (devices: readonly string[], name: string): Promise<WhyView[]> => Promise.all(devices.map((device) => why(device, name)));
const ended = (name: string, phase = 'finished', ms?: number): Promise<void> =>
  world.until(async () => (await view(name)).phase === phase, `${name} to be ${phase}`, ms);
const underWay = (devices: readonly string[], name: string, atLeast = devices.length): Promise<void> =>
  world.until(
    async () => (await whys(devices, name)).filter(({ state, offset }) => state === 'downloading' && offset > 0).length >= atLeast,
    `${name} to transfer`,
  );
const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Whatever a device waits for has a code, evidence, and an end: a time or a person. */
const isExplained = ({ code, evidence, nextAt, person }: WhyView): boolean =>
  code !== '' && evidence !== '' && (nextAt !== undefined || person !== undefined);
const hhmm = (at: number): string => new Date(at).toISOString().slice(11, 16);

async function attemptsOf(name: string): Promise<{ bytes: number; outcome: string; method: string }[]> {
  await world.must(['evidence', 'export', '--campaign', name, '-o', `${name}.jsonl`]);
  const lines = readFileSync(world.path(`${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines
    .map((line) => JSON.parse(line).record)
    .filter((record) => record?.type === 'attempt-finished')
    .map(({ details }) => details);
}

it('windows: begins a download whose window closes on it', async () => {
  const now = world.now();
  const at = (minutes: number, duration: string): string => `{start: "${hhmm(now + minutes * MINUTE)}", duration: ${duration}}`;
  await apply(
    campaign('windows', {
      version: '2.4.4',
      spec: `  schedule:\n    timeZone: UTC\n    windows:\n      download: [${at(-5, '25m')}, ${at(60, '10h')}]\n      install: [${at(240, '10h')}]`,
    }),
  );
  const [device = ''] = of('windows');
  await world.until(async () => (await why(device, 'windows')).code === 'WINDOW_CLOSED', 'the window to close on the transfer');
  const stopped = await why(device, 'windows');
  expect(stopped).toMatchObject({
    state: 'waiting',
    attempt: 1,
    evidence: expect.stringContaining('download window'),
    nextAt: expect.any(String),
  });
  expect(stopped.offset).toBeGreaterThan(0);
  expect(stopped.offset).toBeLessThan(HUGE);
  expect(stopped.offset % 512).toBe(0);
});

it('pause: what transfers finishes, nothing else is offered, nothing is installed; abort accounts for each', async () => {
  await apply(narrow(campaign('paused', {}), 2));
  await world.until(async () => (await view('paused')).totals.inFlight === 2, 'two offers');
  await world.must(['pause', 'paused', '--reason', 'drill']);
  await world.until(
    async () => (await whys(of('paused'), 'paused')).filter(({ state }) => state === 'downloaded').length === 2,
    'two downloads to finish',
  );
  await pass(700); // Seven hours: an installation would be over.
  const reasons = await whys(of('paused'), 'paused');
  expect(reasons.map(({ state }) => state).sort()).toEqual(['downloaded', 'downloaded', 'waiting']);
  for (const each of reasons) expect(each).toMatchObject({ code: 'CAMPAIGN_PAUSED', person: 'resume' });
  await world.must(['abort', 'paused', '--reason', 'drill over']);
  await ended('paused', 'aborted');
  expect((await view('paused')).totals).toMatchObject({ devices: 3, cancelled: 3, inFlight: 0, waiting: 0, succeeded: 0 });
  for (const each of await whys(of('paused'), 'paused'))
    expect(each).toMatchObject({ code: 'CANCELLED', evidence: 'the campaign was aborted' });
});

it.each(['campaign', 'firmware'] as const)(
  'hold over the %s: no block within a second, and on at the offset when lifted',
  async (scope) => {
    const name = `held-${scope}`;
    const version = scope === 'campaign' ? '2.4.2' : '2.4.3';
    await apply(campaign(name, { version, group: 'held' }));
    await underWay(of('held'), name);
    const target = scope === 'campaign' ? name : (await view(name)).firmware.digest;
    const { id } = (await world.must(['hold', 'place', `--${scope}`, target, '--reason', 'storm'])) as { id: string };
    await pass(600); // Progress is told twice a second.
    const stopped = await whys(of('held'), name);
    const blocks = (await world.report()).devices.reduce((sum, device) => sum + device.blocks, 0);
    for (const each of stopped) expect(each).toMatchObject({ code: 'HOLD', evidence: 'first-administrator: storm', person: 'lift-hold' });
    await pass(1000);
    expect((await whys(of('held'), name)).map(({ offset }) => offset)).toEqual(stopped.map(({ offset }) => offset));
    expect(blocks).toBeGreaterThan(0);
    await world.must(['hold', 'lift', id, '--reason', 'calm']);
    await ended(name);
    const attempts = await attemptsOf(name);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['success', 'success']);
    // A pull goes on at its offset: hardly a byte is sent twice. A push is forgotten by the device after four minutes.
    expect(attempts.find(({ method }) => method === 'Pull')?.bytes).toBeLessThan(BIG * 1.05);
    expect(attempts.find(({ method }) => method === 'Push')?.bytes).toBeLessThan(BIG * 2);
  },
);

it('abort: what installs is waited out, what transfers is cancelled, and everybody is accounted for', async () => {
  await apply(narrow(campaign('aborted', { version: '2.4.1' }), 1));
  await world.until(async () => (await whys(of('aborted'), 'aborted')).some(({ state }) => state === 'installing'), 'an installation');
  await world.must(['abort', 'aborted', '--reason', 'enough']);
  await ended('aborted', 'aborted');
  const { totals } = await view('aborted');
  expect(totals.succeeded + totals.cancelled).toBe(3);
  expect(totals).toMatchObject({ succeeded: expect.any(Number), inFlight: 0, waiting: 0 });
  expect(totals.succeeded).toBeGreaterThan(0);
  expect(totals.cancelled).toBeGreaterThan(0);
});

it('withdraw: not another block, and each device ends with that as its evidence', async () => {
  await apply(campaign('withdrawn', { version: '2.4.5' }));
  await underWay(of('withdrawn'), 'withdrawn', 2);
  await world.must(['firmware', 'withdraw', 'wm-modem', '2.4.5', '--reason', 'bricks meters']);
  await ended('withdrawn');
  for (const each of await whys(of('withdrawn'), 'withdrawn')) {
    expect(['cancelled', 'skipped']).toContain(each.state);
    expect(each.evidence).toContain('ARTIFACT_WITHDRAWN');
    expect(each.offset).toBeLessThan(HUGE);
  }
  const { devices } = await world.report();
  expect(devices.filter(({ endpoint, version }) => of('withdrawn').includes(endpoint) && version !== '2.4.0')).toEqual([]);
});

it('gate: holds with its numbers, is not resumed into the same hold, and promote passes it', async () => {
  const bad = of('gate').slice(0, 2);
  await apply(
    campaign('gate', {
      version: '2.4.1',
      stages: `    - {name: canary, take: {endpoints: [${bad.map((each) => `"${each}"`).join(', ')}]}}\n    - {name: rest, take: 100%}`,
    }),
  );
  await world.until(async () => (await view('gate')).stages[0]?.state === 'held', 'the gate to hold');
  expect((await view('gate')).stages[0]?.why).toMatch(/^[12] of [12] attempted failed \(Any\), at most 5% may$/);
  const [, , waiting = ''] = of('gate');
  expect(await why(waiting, 'gate')).toMatchObject({
    code: 'STAGE_GATE',
    evidence: expect.stringContaining('attempted failed'),
    person: 'promote',
  });
  await world.until(async () => (await view('gate')).totals.failed['Integrity'] === 2, 'both failures');
  expect((await world.drover(['resume', 'gate'])).status).toBe(4);
  await world.must(['promote', 'gate', '--reason', 'known bad boards']);
  await ended('gate');
  expect((await view('gate')).totals).toMatchObject({ succeeded: 2, failed: { Integrity: 2 } });
});

it('two campaigns over the same devices: one image at a time, and the one that waits names the other', async () => {
  await apply(campaign('twice-first', { version: '2.4.1', group: 'twice' }), campaign('twice-second', { group: 'twice' }));
  await world.until(async () => (await whys(of('twice'), 'twice-first')).every(({ attempt }) => attempt > 0), 'the first to begin');
  const waiting = await whys(of('twice'), 'twice-second');
  for (const each of waiting)
    expect(each).toMatchObject({
      code: 'OTHER_CAMPAIGN',
      evidence: 'campaign twice-first updates this device',
      nextAt: expect.any(String),
    });
  await ended('twice-first');
  await ended('twice-second');
  expect((await view('twice-second')).totals.succeeded).toBe(2);
});

it('deadline: CancelAll cancels what is under way, StopNew lets it finish; what was never offered is skipped with its reason', async () => {
  const deadline = (behavior: string): string =>
    `  schedule: {deadline: {at: ${new Date(Math.floor(world.now() / 1000) * 1000 + 25 * MINUTE).toISOString().replace('.000', '')}, behavior: ${behavior}}}`;
  await apply(
    narrow(campaign('cancelled', { spec: deadline('CancelAll') }), 1),
    narrow(campaign('stopped', { spec: deadline('StopNew') }), 1),
  );
  await ended('cancelled');
  await ended('stopped');
  const outcomes = async (name: string) => (await whys(of(name), name)).map(({ state, code }) => `${state} ${code}`).sort();
  expect(await outcomes('cancelled')).toEqual(['cancelled CANCELLED', 'skipped WAVE_CAP']);
  expect(await outcomes('stopped')).toEqual(['skipped WAVE_CAP', 'succeeded SUCCEEDED']);
});

it('silence: after Execute it ends as SuspectedBrick, and of a device that is gone as Unreachable', async () => {
  const deadlines =
    '  deadlines: {contact: {missed: 1, atLeast: 30m}, install: {contacts: 1, atLeast: 30m}, confirm: {contacts: 1, atLeast: 30m}}';
  const [device = ''] = of('silent');
  await apply(campaign('silent', { version: '2.4.1', spec: deadlines }));
  await world.until(async () => (await why(device, 'silent')).state === 'suspect', 'suspicion');
  expect(isExplained(await why(device, 'silent'))).toBe(true);
  await ended('silent');
  expect(await why(device, 'silent')).toMatchObject({ state: 'failed', code: 'SuspectedBrick', evidence: 'silent since Execute' });
  await apply(campaign('gone', { group: 'silent', spec: deadlines }));
  await ended('gone');
  expect(await why(device, 'gone')).toMatchObject({ state: 'failed', code: 'Unreachable' });
});

it('windows: went on at its offset in the next download window, and installed in the install window', async () => {
  const [device = ''] = of('windows');
  await world.until(async () => ['downloaded', 'succeeded'].includes((await why(device, 'windows')).state), 'the download to finish');
  const downloaded = await why(device, 'windows');
  if (downloaded.state === 'downloaded')
    expect(downloaded).toMatchObject({
      code: 'WINDOW_CLOSED',
      evidence: expect.stringContaining('install window'),
      nextAt: expect.any(String),
    });
  await ended('windows');
  const [attempt] = await attemptsOf('windows');
  expect(attempt?.outcome).toBe('success');
  expect(attempt?.bytes).toBeLessThan(HUGE * 1.05);
});

it('and through all of it the devices saw no limit broken', async () => {
  const { violations, samples } = await world.report();
  expect({ violations, samples }).toMatchObject({
    violations: { twoImages: 0, doubleInstall: 0, blindExecute: 0, wrongImage: 0, battery: 0 },
  });
});
