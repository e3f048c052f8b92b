import { createHash, generateKeyPairSync } from 'node:crypto';
import { verifyBundle } from '@drover/audit';
import { encodeManifest, parsePrivateKey, signManifest } from '@drover/firmware-store';
import { digestOfBytes, HOUR, Instant, Name, type Digest } from '@drover/kernel';
import { makeImage, MODEL, profileOf, PROFILES, type ProfileName } from '@drover/simulator';
import { violationsOf, type Acknowledged, type Told, type Violation } from './checker.ts';
import { Place, Refused, wait } from './place.ts';
import { deservedBy, isToldInTime } from './deserved.ts';
import {
  campaignOf,
  classOf,
  EXPECTED_VERSION,
  scenarioOf,
  type Candidate,
  type Disturbance,
  type Scenario,
  type UpdateObject,
} from './scenario.ts';

const OBJECT_OF: Readonly<Record<number, UpdateObject>> = { 5: 'Firmware', 9: 'Software', 33629: 'AdvancedFirmware' };
/** How late a datagram may reach a device on a machine that runs many fleets at once, wall ms: what a window is judged with. */
const DELIVERY_MS = 700;
export const CANDIDATES: readonly Candidate[] = Object.entries(PROFILES).flatMap(([name, { parts }]) => {
  const [{ object: number, instance, push }] = parts;
  const object = OBJECT_OF[number];
  const isByObject19 = push.at === 'object-19';
  return object === undefined || instance !== 0 ? [] : [{ name, object, ...(isByObject19 && { pushTo: '/19/0/0' }) }];
});

export interface Verdict {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly seconds: number;
  readonly scenario: Scenario;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Of devices that did not come out as they should, a line for each step. */
  readonly timelines: Readonly<Record<string, readonly string[]>>;
}

/** One seed from beginning to end: a fleet, a campaign, and whatever befalls them. */
export async function play(seed: number, progress: (text: string) => void, profile?: string): Promise<Verdict> {
  const started = Date.now();
  const scenario = profile === undefined ? scenarioOf(seed, CANDIDATES) : calmOf(seed, profile);
  const place = new Place(scenario);
  try {
    const { component, digest } = await prepare(place, scenario);
    progress('the fleet registers');
    await place.startFleet(scenario, limitsOf(scenario, digest));
    await known(place, scenario);
    const acknowledged: Acknowledged[] = [];
    await place.api('POST', 'apply', { documents: [campaignOf(scenario, component, Instant(Math.round(place.now())))] });
    progress('the campaign runs');
    const trouble = Promise.allSettled(scenario.disturbances.map((each) => befall(place, each, acknowledged)));
    const phase = await finished(place, scenario, acknowledged);
    for (const each of await trouble) if (each.status === 'rejected') throw each.reason;
    const violations = await judge(place, { scenario, digest, phase, acknowledged });
    return { seed, scenario, seconds: Math.round((Date.now() - started) / 100) / 10, ...violations };
  } finally {
    await place.close();
  }
}

/** A few of one kind in fine weather: how a profile ends when nothing befalls it. */
function calmOf(seed: number, profile: string): Scenario {
  const candidate = CANDIDATES.find(({ name }) => name === profile);
  if (!candidate) throw new TypeError(`there is no profile ${profile} with an update object of its own`);
  const { object, pushTo } = candidate;
  return { ...scenarioOf(seed, [candidate]), object, pushTo, mix: { [profile]: 4 }, weather: {}, disturbances: [] };
}

async function prepare(place: Place, scenario: Scenario): Promise<{ component: string; digest: Digest }> {
  const { origin, object, imageBytes, seed } = scenario;
  const component = CANDIDATE_COMPONENT[object];
  const image = makeImage({ version: EXPECTED_VERSION, size: imageBytes, seed, component });
  const digest = digestOfBytes(createHash('sha256').update(image).digest());
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const manifest = {
    name: Name(component),
    version: EXPECTED_VERSION,
    sequenceNumber: 1,
    size: image.length,
    digest,
    models: [MODEL],
    createdAt: Instant(origin - 86_400_000),
    expiresAt: Instant(origin + 365 * 86_400_000),
  };
  const key = parsePrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const envelope = Buffer.from(signManifest(encodeManifest(manifest), [key])).toString('base64');
  const keys = [publicKey.export({ type: 'spki', format: 'pem' }).toString()];
  const policy = {
    apiVersion: 'drover/v1',
    kind: 'ReleasePolicy',
    metadata: { name: 'release' },
    spec: { roles: { publisher: { keys, threshold: 1 } } },
  };
  await place.host(digest, new Uint8Array(image));
  await place.startServer();
  if (scenario.isSecured) await place.api('POST', 'credentials', { credentials: await place.makeKeys(scenario) });
  await place.api('POST', 'apply', { documents: [policy, classOf(scenario, MODEL)] });
  await place.api('POST', 'firmware/images', new Uint8Array(image));
  await place.api('POST', 'firmware', { envelope, digest });
  return { component, digest };
}

const CANDIDATE_COMPONENT: Readonly<Record<UpdateObject, string>> = {
  Firmware: componentOf(5),
  Software: componentOf(9),
  AdvancedFirmware: componentOf(33_629),
};

function componentOf(object: number): string {
  return Object.values(PROFILES).find(({ parts }) => parts[0].object === object)?.parts[0].component ?? 'none';
}

function limitsOf({ downloadWindow, installWindow }: Scenario, digest: Digest): Record<string, unknown> {
  return {
    ...(downloadWindow && { downloadWindow }),
    ...(installWindow && { installWindow }),
    minBatteryLevel: 0.35,
    maxCoverage: 1,
    airtime: 1,
    digest,
    deliveryMs: DELIVERY_MS,
  };
}

/** Until every device is known with its version: who is not would not be part of the plan. */
async function known(place: Place, { scale, mix }: Scenario): Promise<void> {
  const devices = Object.values(mix).reduce((sum, count) => sum + count, 0);
  const where = encodeURIComponent('has(firmwareVersion)');
  let known: readonly { readonly endpoint: string }[] = [];
  for (const until = Date.now() + 120_000 + (12 * HOUR) / scale; Date.now() < until; await wait(100)) {
    known = (await place.api('GET', `devices?limit=100&where=${where}`)) as typeof known;
    if (known.length >= devices) return;
  }
  const unknown = (await place.report()).devices.filter((each) => !known.some(({ endpoint }) => endpoint === each.endpoint));
  const names = unknown.map(({ endpoint, profile }) => `${endpoint} (${profile})`).join(', ');
  throw new Error(`${known.length} of ${devices} devices are known with their version, but not ${names}: there is no fleet to plan for`);
}

async function befall(place: Place, disturbance: Disturbance, acknowledged: Acknowledged[]): Promise<void> {
  await wait(disturbance.atMs);
  switch (disturbance.type) {
    case 'kill':
      return place.killServer(disturbance.downMs);
    case 'full-disk':
      return place.fullDisk(disturbance.forMs);
    case 'broken-cache':
      return place.brokenCache(disturbance.forMs);
    case 'slow-disk':
      return place.slowDisk(disturbance.forMs, disturbance.commitMs);
    case 'hold':
      return hold(place, disturbance.forMs, acknowledged);
    case 'pause':
      return pause(place, disturbance.forMs, acknowledged);
  }
}

async function hold(place: Place, forMs: number, acknowledged: Acknowledged[]): Promise<void> {
  const placed = (await place.api('POST', 'holds', { scope: 'fleet', reason: 'a test' })) as { id: string };
  acknowledged.push({ event: 'hold-placed' });
  place.tellHold({ from: place.now() });
  await wait(forMs);
  // Told before it is lifted: what comes between the two is not judged.
  place.tellHold({ until: place.now() });
  await place.api('POST', `holds/${placed.id}/lift`, { reason: 'over' });
  acknowledged.push({ event: 'hold-lifted' });
}

async function pause(place: Place, forMs: number, acknowledged: Acknowledged[]): Promise<void> {
  if (await said(place, 'pause')) acknowledged.push({ event: 'campaign-paused' });
  await wait(forMs);
  if (await said(place, 'resume')) acknowledged.push({ event: 'campaign-resumed' });
}

/** `false`: in this phase the campaign knows no such thing; or it was done and the answer was lost. */
async function said(place: Place, verb: string): Promise<boolean> {
  try {
    await place.api('POST', `campaigns/faults/${verb}`, { reason: 'a test' });
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

interface Seen {
  readonly phase: string;
  readonly stages: readonly { readonly state: string }[];
}

/** Until it is over, or long after it should be. A stage that is held for a person gets one. */
async function finished(place: Place, { scale, deadlineMs }: Scenario, acknowledged: Acknowledged[]): Promise<string> {
  const patience = Date.now() + (deadlineMs + 30 * HOUR) / scale + 120_000;
  for (;;) {
    const { phase, stages } = (await place.api('GET', 'campaigns/faults')) as Seen;
    if (phase === 'finished' || phase === 'aborted' || Date.now() > patience) return phase;
    if (stages.some(({ state }) => state === 'held') && (await said(place, 'resume'))) acknowledged.push({ event: 'campaign-resumed' });
    await wait(250);
  }
}

interface Over {
  readonly scenario: Scenario;
  readonly digest: Digest;
  readonly phase: string;
  readonly acknowledged: readonly Acknowledged[];
}

async function judge(
  place: Place,
  { scenario, digest, phase, acknowledged }: Over,
): Promise<Pick<Verdict, 'violations' | 'outcomes' | 'timelines'>> {
  const report = await place.report();
  const told: Told[] = [];
  for (const { endpoint } of report.devices) {
    const why = (await place.api('GET', `devices/${encodeURIComponent(endpoint)}/why`).catch(() => [])) as (Omit<Told, 'endpoint'> & {
      campaign: string;
    })[];
    const ours = why.find(({ campaign }) => campaign === 'faults');
    if (ours) told.push({ ...ours, endpoint });
  }
  const evidence = await evidenceOf(place);
  const outcomes: Record<string, number> = {};
  for (const { state, code } of told) {
    const outcome = state === 'failed' ? code : state;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  const { crashes } = place;
  const violations = violationsOf({
    expectedDigest: digest,
    expectedVersion: EXPECTED_VERSION,
    report,
    deserved: new Map(report.devices.map(({ endpoint, profile, expected }) => [endpoint, deservedBy(profile, expected, scenario)])),
    servesCopies: new Set(
      report.devices.flatMap(({ endpoint, profile }) => (profileOf(profile as ProfileName).wire.forgetsDuplicates ? [endpoint] : [])),
    ),
    told,
    phase,
    acknowledged,
    logged: evidence.events,
    evidenceFaults: evidence.faults,
    crashes,
    toldInTime: isToldInTime(scenario),
  });
  const odd = told.filter(({ endpoint }) => violations.some(({ what }) => what.includes(endpoint)));
  const timelines = await Promise.all(odd.slice(0, 3).map(async ({ endpoint }) => [endpoint, await timelineOf(place, endpoint)] as const));
  return { outcomes, violations, timelines: Object.fromEntries(timelines) };
}

const SHOWN = 200;

async function timelineOf(place: Place, endpoint: string): Promise<string[]> {
  const entries = (await place.api('GET', `devices/${encodeURIComponent(endpoint)}/timeline?limit=1000`)) as {
    at: string;
    kind: string;
    detail: unknown;
  }[];
  const telling = entries.filter(({ kind }) => kind !== 'update').slice(-SHOWN);
  return telling.map(({ at, kind, detail }) => `${at} ${kind} ${JSON.stringify(detail)}`);
}

async function evidenceOf(place: Place): Promise<{ events: string[]; faults: string[] }> {
  const bundle = (await place.api('GET', 'campaigns/faults/evidence')) as string;
  const { publicKey } = (await place.api('GET', 'audit/key')) as { publicKey: string };
  const { verified, problems } = await verifyBundle(bundle.trimEnd().split('\n'), publicKey);
  const faults = problems.map(({ code, line, message }) => `${code} in line ${line}: ${message}`);
  return { events: await loggedEvents(place), faults: verified || faults.length > 0 ? faults : ['the evidence is not verified'] };
}

const PAGE = 1000;

/** Types of everything in the audit log. */
async function loggedEvents(place: Place): Promise<string[]> {
  const types: string[] = [];
  for (;;) {
    const page = (await place.api('GET', `audit?limit=${PAGE}&offset=${types.length}`)) as { type: string }[];
    types.push(...page.map(({ type }) => type));
    if (page.length < PAGE) return types;
  }
}
