import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { CampaignView } from '@drover/contracts';
import { World } from './world.ts';

jest.setTimeout(120_000);

/** An auditor has a file, a public key and `drover`. The folder is another machine's: no server, no token, nothing else. */
const desk = mkdtempSync(join(tmpdir(), 'drover-auditor-'));
let world: World;
let lines: string[];
const on = (name: string): string => join(desk, name);

beforeAll(async () => {
  world = new World(600, '2026-12-01T20:00:00Z');
  await world.startServer();
  await world.startFleet(4, { pull: 2, push: 1, 'integrity-failure': 1 });
  await world.release('2.4.1', 16_384);
  const text = `apiVersion: drover/v1\nkind: Campaign\nmetadata: {name: audited}\nspec:\n  firmware: {name: wm-modem, version: 2.4.1}\n  targets: {where: 'has(model)'}\n  retry: {maxAttempts: 1}\n  stages: [{name: all, take: 100%, gate: {success: {min: "0%"}, failure: [{max: 9}]}}]\n`;
  await world.must(['apply', '-f', world.write('audited.yaml', text)]);
  const { id } = (await world.must(['hold', 'place', '--campaign', 'audited', '--reason', 'storm'])) as { id: string };
  await world.must(['hold', 'lift', id, '--reason', 'calm']);
  await world.until(
    async () => ((await world.api('GET', 'campaigns/audited')) as CampaignView).phase === 'finished',
    'the campaign to end',
  );
  for (const name of ['evidence.jsonl', 'again.jsonl']) await world.must(['evidence', 'export', '--campaign', 'audited', '-o', on(name)]);
  const { publicKey } = (await world.must(['evidence', 'key'])) as { publicKey: string };
  writeFileSync(on('key.pem'), publicKey);
  lines = readFileSync(on('evidence.jsonl'), 'utf8').trimEnd().split('\n');
});
afterAll(async () => {
  await world.close();
  rmSync(desk, { recursive: true, force: true });
});

const recordsIn = (name: string): { type: string; actor: { id: string }; details: Record<string, unknown> }[] =>
  readFileSync(on(name), 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line) => JSON.parse(line).record ?? []);

it('audit tail says who did what', async () => {
  const tail = (await world.must(['audit', 'tail', '--limit', '1000'])) as { type: string; actor: { id: string } }[];
  for (const type of ['policy-applied', 'firmware-pushed', 'campaign-applied', 'hold-placed', 'hold-lifted', 'evidence-exported'])
    expect(tail.find((each) => each.type === type)?.actor.id).toBe('first-administrator');
  expect(tail.find(({ type }) => type === 'attempt-finished')?.actor.id).toBe('engine');
});

it('an export changes nothing of what it exports: a second one holds the very same records', () => {
  expect(recordsIn('again.jsonl')).toEqual(recordsIn('evidence.jsonl'));
});

it('each attempt has its five fields, whatever its outcome', () => {
  const attempts = recordsIn('evidence.jsonl')
    .filter(({ type }) => type === 'attempt-finished')
    .map(({ details }) => details);
  expect(attempts.map(({ outcome }) => outcome).sort()).toEqual(['failure', 'success', 'success', 'success']);
  for (const { versionBefore, versionAfter, outcome, time, source } of attempts)
    expect([versionBefore, versionAfter, time, source]).toEqual([
      '2.4.0',
      outcome === 'success' ? '2.4.1' : '2.4.0',
      expect.stringMatching(/^2026-12-0\dT/),
      'first-administrator',
    ]);
});

it('verifies with the server gone', async () => {
  await world.killServer();
  for (const name of ['evidence.jsonl', 'again.jsonl'])
    expect(await world.must(['evidence', 'verify', on(name), '--key', on('key.pem')])).toMatchObject({
      verified: true,
      records: recordsIn(name).length,
    });
});

const at = (type: string): number => lines.findIndex((line) => line.includes(`"type":"${type}"`));
it.each<[string, () => string[]]>([
  ['an outcome turned into a success', () => lines.map((line) => line.replace('"outcome":"failure"', '"outcome":"success"'))],
  [
    'an actor exchanged',
    () => lines.map((line, index) => (index === at('hold-placed') ? line.replace('first-administrator', 'somebody-else') : line)),
  ],
  ['a record left out', () => lines.filter((_line, index) => index !== at('hold-placed'))],
  ['two records swapped', () => lines.map((_line, index) => lines[index === 2 ? 3 : index === 3 ? 2 : index] ?? '')],
  ['a record twice', () => lines.flatMap((line, index) => (index === 2 ? [line, line] : [line]))],
  ['the end cut off', () => lines.slice(0, -3)],
  ['half a line', () => [...lines.slice(0, -1), (lines.at(-1) ?? '').slice(0, 20)]],
  [
    'another campaign in the manifest',
    () => lines.map((line) => line.replace('"campaign":"audited","format"', '"campaign":"other","format"')),
  ],
  ['nothing at all', () => ['']],
])('tampering is found without a server: %s', async (_what, tamper) => {
  const tampered = tamper();
  expect(tampered).not.toEqual(lines);
  writeFileSync(on('tampered.jsonl'), `${tampered.join('\n')}\n`);
  const { status, errors } = await world.drover(['evidence', 'verify', on('tampered.jsonl'), '--key', on('key.pem')]);
  expect(status).toBe(5);
  const { error } = JSON.parse(errors) as { error: { code: string; details: { code: string }[] } };
  expect(error.code).toBe('EVIDENCE_INVALID');
  expect(error.details[0]?.code).toMatch(/^[A-Z_]+$/);
});

it('another key does not verify it', async () => {
  await world.must(['firmware', 'keygen', on('stranger')]);
  expect((await world.drover(['evidence', 'verify', on('evidence.jsonl'), '--key', on('stranger.pub')])).status).toBe(5);
});
