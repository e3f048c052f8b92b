import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { LocalKeyService, type Credential } from '@drover/credentials';
import { DAY, DEFAULT_NAMESPACE, Endpoint, HOUR, MINUTE, must, type Json } from '@drover/kernel';
import { readDocument, type DroverDocument } from '@drover/campaign';
import { SystemEntropy } from '@drover/platform';
import { aRegistration } from '@drover/testkit';
import { ANN, TestEngine } from '../../../../test/support/engine.ts';
import { BootstrapDesk } from '../bootstrap/bootstrap-desk.ts';
import { BootstrapWishes } from '../bootstrap/bootstrap-wishes.ts';
import { SessionKeeper } from '../engine/session-keeper.ts';
import { StagedControl } from '../engine/staged-control.ts';
import { KeyShelf } from '../keys/key-shelf.ts';
import { LiveRotation } from './live-rotation.ts';
import { groundOf, RotationStepper } from './rotation-stepper.ts';
import { RotationTicker } from './rotation-ticker.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
let test: TestEngine;
let keys: KeyShelf;
let wishes: BootstrapWishes;
let bootstraps: BootstrapDesk;
let stepper: RotationStepper;
let ticker: RotationTicker;
let control: StagedControl;
let sessions = 0;

beforeEach(async () => {
  test = new TestEngine().withDevices(...NAMES);
  keys = new KeyShelf(new LocalKeyService(randomBytes(32), new SystemEntropy()), new SystemEntropy());
  await keys.makeMissing();
  wishes = new BootstrapWishes(test.engine);
  bootstraps = new BootstrapDesk(test.engine, keys, new SystemEntropy());
  stepper = new RotationStepper(test.engine, wishes);
  ticker = new RotationTicker(test.engine, test.ticker, stepper);
  control = new StagedControl(test.engine, test.ticker.stages);
  for (const name of NAMES) {
    putKey(name, `factory ${name}`, 'bootstrap');
    putKey(name, `own ${name}`, 'management');
  }
  test.clock.pass(1);
});

function putKey(name: string, identity: string, use: 'bootstrap' | 'management'): void {
  const own = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint(name), kind: 'psk', identity, use } as const;
  const secret = keys.ring.seal(randomBytes(16), own);
  test.state.credentials.put({ ...own, secret, state: 'active', createdAt: test.clock.now(), createdBy: 'ann' });
}

function documentOf(kind: string, name: string, spec: Json): DroverDocument {
  const { document, faults } = readDocument({ apiVersion: 'drover/v1', kind, metadata: { name }, spec });
  expect(faults).toEqual([]);
  return must(document, 'a document');
}

const TEMPLATE = {
  match: { endpoint: ['*'] },
  accounts: [{ uri: 'coaps://drover.example', shortServerId: 101, security: { mode: 'PSK' } }],
};
const ALL = { targets: { where: 'true' }, stages: [{ name: 'all', take: '100%' }] };

async function apply(spec: Json = ALL, template: Json = TEMPLATE): Promise<LiveRotation> {
  const documents = [documentOf('CredentialRotation', 'yearly', spec), documentOf('BootstrapTemplate', 'all', template)];
  await test.campaigns.apply(documents, ANN, undefined);
  return must(test.state.rotations.get('default', 'yearly'), 'the rotation');
}

async function ticks(times = 6): Promise<void> {
  for (; times > 0; times--) {
    await ticker.tick();
    test.clock.pass(1);
  }
}

const asked = (): string[] => test.link.sent.flatMap((message) => (message.type === 'operate' ? [message.endpoint] : []));
const own = (name: string) => must(test.state.rotations.of(Endpoint(name))?.book.get(Endpoint(name)), name);
const keysOf = (name: string): Credential[] =>
  test.state.credentials.of(Endpoint(name)).filter(({ use }) => use === 'management' || use === undefined);

/** The whole way of one device: it takes the order, comes with its factory key, and shows what it was given. */
async function takesOrder(name: string): Promise<void> {
  const { id } = must(
    test.link.sent.findLast((message) => message.type === 'operate' && message.endpoint === name) as { id: string } | undefined,
    name,
  );
  const result = { type: 'done', code: '2.04', values: [] } as const;
  await wishes.onOperated({ type: 'operated', id, endpoint: Endpoint(name), at: test.clock.now(), result });
  await stepper.look(Endpoint(name));
}

async function comes(name: string, failure?: { at: string; why: string }): Promise<void> {
  const endpoint = Endpoint(name);
  const by = { kind: 'psk', identity: `factory ${name}` } as const;
  await bootstraps.on({ type: 'bootstrap-asked', id: ++sessions, at: test.clock.now(), endpoint, via: 'session', by });
  await stepper.look(endpoint);
  test.clock.pass(1);
  if (keysOf(name).some(({ state }) => state === 'next'))
    await bootstraps.on({ type: 'bootstrap-ended', id: sessions, at: test.clock.now(), endpoint, ...(failure && { failure }) });
  await stepper.look(endpoint);
}

async function shows(name: string): Promise<void> {
  const next = must(
    keysOf(name).find(({ state }) => state === 'next'),
    `next key of ${name}`,
  );
  await new SessionKeeper(test.engine).on({ type: 'credential-used', kind: 'psk', identity: next.identity, at: test.clock.now() });
  await stepper.look(Endpoint(name));
}

async function rotates(name: string): Promise<void> {
  await takesOrder(name);
  await comes(name);
  await shows(name);
}

describe('its plan', () => {
  it('counts a template that is applied with it, and leaves out whoever cannot be given a key', async () => {
    test.state.credentials.put({ ...must(test.state.credentials.with('psk', 'factory b'), 'b'), state: 'revoked' });
    const { record } = await apply();
    expect(record.plan.stages).toEqual([{ name: 'all', endpoints: ['a', 'c', 'd', 'e'] }]);
    expect(record.plan.excluded).toMatchObject([{ endpoint: 'b', code: 'NO_FACTORY_KEY' }]);
    expect(test.writer.audited).toEqual(['policy-applied', 'campaign-applied', 'campaign-planned']);
  });

  it('takes nobody whom another one has', async () => {
    await apply();
    const second = documentOf('CredentialRotation', 'second', ALL);
    await expect(test.campaigns.apply([second], ANN, undefined)).rejects.toMatchObject({ code: 'PLAN_EMPTY' });
    const [planned] = await test.campaigns.plan([second]);
    expect(planned?.rotationPlan?.excluded[0]).toMatchObject({ code: 'OTHER_ROTATION' });
  });

  it('is applied as it was saved, or not at all', async () => {
    const documents = [documentOf('BootstrapTemplate', 'all', TEMPLATE), documentOf('CredentialRotation', 'yearly', ALL)];
    const digest = must((await test.campaigns.plan(documents))[1]?.rotationPlan?.digest, 'a digest');
    test.withDevices('z');
    putKey('z', 'factory z', 'bootstrap');
    await expect(test.campaigns.apply(documents, ANN, [digest])).rejects.toMatchObject({ code: 'PLAN_STALE' });
  });

  it('is for administrators, like everything that says who may come in', async () => {
    const document = documentOf('CredentialRotation', 'yearly', ALL);
    expect(() => test.campaigns.requireNoPolicyChange([document])).toThrow('only an administrator');
    await apply();
    expect(() => test.campaigns.requireNoPolicyChange([document])).not.toThrow();
  });

  it('cannot be changed when it has begun', async () => {
    await apply();
    await ticks();
    await expect(apply({ ...ALL, maxInFlight: 7 })).rejects.toMatchObject({ code: 'CAMPAIGN_RUNNING' });
    await expect(apply()).resolves.toBeDefined();
  });
});

describe('whose start waits for approval', () => {
  const TWO = documentOf('ApprovalPolicy', 'two', { minApprovals: 2, forbid: ['author'] });
  const SPEC = { ...ALL, approvals: { start: { policyRef: 'two' } } };
  const word = (rotation: LiveRotation, by: string, decision: 'approve' | 'deny' = 'approve') =>
    test.ticker.approvals.decide(rotation, { planDigest: rotation.record.plan.digest, decision, remark: '' }, { type: 'person', id: by });

  it('asks nobody before as many have approved as its policy wants, none of them its author', async () => {
    await expect(apply(SPEC)).rejects.toMatchObject({ code: 'POLICY_NOT_FOUND' });
    await test.campaigns.apply([TWO], ANN, undefined);
    const rotation = await apply(SPEC);
    await ticks();
    expect([rotation.record.life.phase, asked()]).toEqual(['awaiting-approval', []]);
    expect(groundOf(rotation, 0, test.state, test.clock.now()).open).toBe('APPROVAL');
    await expect(word(rotation, 'ann')).rejects.toMatchObject({ code: 'APPROVAL_BY_AUTHOR' });
    await word(rotation, 'bob');
    await expect(word(rotation, 'bob')).rejects.toMatchObject({ code: 'APPROVAL_TWICE' });
    await ticks();
    expect([test.ticker.approvals.verdictOf(rotation), asked()]).toEqual([{ type: 'waiting', given: 1, needed: 2 }, []]);
    await word(rotation, 'cid');
    await ticks();
    expect([rotation.record.life.phase, asked().length]).toEqual(['running', NAMES.length]);
    expect(test.writer.audited.filter((type) => type === 'approval-given')).toHaveLength(2);
    await expect(word(rotation, 'dan')).rejects.toMatchObject({ code: 'TRANSITION_REFUSED' });
  });

  it('one denial ends it; another document of the name may be approved, and words about the old plan do not count', async () => {
    await test.campaigns.apply([TWO], ANN, undefined);
    const denied = await apply(SPEC);
    await word(denied, 'bob');
    await word(denied, 'cid', 'deny');
    await ticks();
    expect([denied.record.life.phase, asked()]).toEqual(['denied', []]);
    const again = await apply({ ...SPEC, maxInFlight: 7 });
    await expect(
      test.ticker.approvals.decide(
        again,
        { planDigest: denied.record.plan.digest, decision: 'approve', remark: '' },
        { type: 'person', id: 'bob' },
      ),
    ).rejects.toMatchObject({ code: 'APPROVAL_VOID' });
    expect(test.ticker.approvals.verdictOf(again)).toEqual({ type: 'waiting', given: 0, needed: 2 });
  });

  it('a plan is bound to the policy: another one is another plan', async () => {
    await test.campaigns.apply([TWO], ANN, undefined);
    const documents = [documentOf('CredentialRotation', 'yearly', SPEC), documentOf('BootstrapTemplate', 'all', TEMPLATE)];
    const digest = async (): Promise<string | undefined> =>
      (await test.campaigns.plan(documents)).find(({ kind }) => kind === 'CredentialRotation')?.rotationPlan?.digest;
    const before = must(await digest(), 'a digest');
    await test.campaigns.apply([documentOf('ApprovalPolicy', 'two', { minApprovals: 1 })], ANN, undefined);
    expect(await digest()).not.toBe(before);
    await expect(test.campaigns.apply(documents, ANN, [before])).rejects.toMatchObject({ code: 'PLAN_STALE' });
  });
});

describe('stages', () => {
  const STAGED = {
    targets: { where: 'true' },
    maxInFlight: 2,
    stages: [
      { name: 'first', take: { endpoints: ['c'] }, soak: '1h' },
      { name: 'rest', take: '100%' },
    ],
  };

  it('one after the other, as many at a time as may be, each on the disk before it is sent', async () => {
    const rotation = await apply(STAGED);
    test.writer.hold();
    const first = ticks(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked()).toEqual([]);
    test.writer.release();
    await first;
    await ticks();
    expect(asked()).toEqual(['c']);
    await rotates('c');
    expect(keysOf('c').map(({ state }) => state)).toEqual(['revoked', 'active']);
    await ticks();
    // It soaks.
    expect(asked()).toEqual(['c']);
    test.clock.pass(HOUR);
    await ticks();
    expect(asked()).toEqual(['c', 'a', 'b']);
    expect(own('d').state).toBe('pending');
    await rotates('a');
    await ticks();
    expect(asked()).toEqual(['c', 'a', 'b', 'd']);
    for (const name of ['b', 'd']) await rotates(name);
    await ticks();
    await rotates('e');
    await ticks();
    expect(rotation.record.life.phase).toBe('finished');
    expect(test.writer.audited.filter((type) => type === 'rotation-settled')).toHaveLength(5);
    expect(test.state.bootstraps.wished().size).toBe(0);
  });

  it('a gate holds the next one when devices are refused, and a person goes on', async () => {
    const rotation = await apply(STAGED);
    await ticks();
    await takesOrder('c');
    // Meanwhile its template has vanished.
    test.state.templates.put({ ...must(test.state.documents.get('default/BootstrapTemplate/all'), 'it'), removedAt: test.clock.now() });
    await comes('c');
    expect(own('c')).toMatchObject({ state: 'failed', failure: 'Refused', detail: 'NO_TEMPLATE' });
    await ticks();
    test.clock.pass(2 * HOUR);
    await ticks();
    expect(rotation.record.stages.map(({ state }) => state)).toEqual(['held', 'closed']);
    expect(asked()).toEqual(['c']);
    await control.promote(rotation, 'only that one', ANN);
    test.state.templates.put(must(test.state.documents.get('default/BootstrapTemplate/all'), 'it'));
    await ticks();
    expect(asked()).toEqual(['c', 'a', 'b']);
  });
});

describe('a person', () => {
  it('pauses: nobody else is asked, whoever was goes on; and resumes', async () => {
    const rotation = await apply({ ...ALL, maxInFlight: 1 });
    await ticks();
    await control.pause(rotation, 'lunch', ANN);
    await rotates('a');
    await ticks();
    expect([asked(), own('a').state, own('b').state]).toEqual([['a'], 'succeeded', 'pending']);
    await control.resume(rotation, 'back', ANN);
    await ticks();
    expect(asked()).toEqual(['a', 'b']);
  });

  it('aborts: nobody is waited for any more, and who has another key keeps it', async () => {
    const rotation = await apply({ ...ALL, maxInFlight: 2 });
    await ticks();
    await takesOrder('a');
    await comes('a');
    await control.abort(rotation, 'wrong fleet', ANN);
    await ticks();
    expect(rotation.record.life.phase).toBe('aborted');
    expect([...rotation.book.all()].map(({ state }) => state)).toEqual(NAMES.map(() => 'cancelled'));
    expect(test.state.bootstraps.wished().size).toBe(0);
    await shows('a');
    expect(keysOf('a').map(({ state }) => state)).toEqual(['revoked', 'active']);
  });

  it('holds the fleet', async () => {
    const hold = {
      id: 'h',
      namespace: DEFAULT_NAMESPACE,
      scope: 'fleet',
      target: '',
      reason: 'storm',
      by: 'ann',
      at: test.clock.now(),
    } as const;
    test.state.holds.set('h', { ...hold, until: undefined, liftedAt: undefined, liftedBy: undefined });
    await apply();
    await ticks();
    expect(asked()).toEqual([]);
  });

  it('wants one as well: the rotation goes on, and what the person wants outlives it', async () => {
    const rotation = await apply({ ...ALL, maxInFlight: 1 });
    await ticks();
    await wishes.want(DEFAULT_NAMESPACE, ['a', 'e'], { reason: 'now', actor: ANN });
    await stepper.look(Endpoint('a'));
    expect(own('a').state).toBe('asked');
    await rotates('a');
    await rotates('e');
    expect([own('a').state, own('e').state]).toEqual(['succeeded', 'succeeded']);
    await ticks();
    await wishes.want(DEFAULT_NAMESPACE, ['b'], { reason: 'now', actor: ANN });
    await control.abort(rotation, 'never mind', ANN);
    await ticks();
    expect([...test.state.bootstraps.wished()]).toEqual(['b']);
  });

  it('takes one back', async () => {
    await apply({ ...ALL, maxInFlight: 1 });
    await ticks();
    await wishes.cancel(DEFAULT_NAMESPACE, 'a', { reason: 'not this one', actor: ANN });
    await stepper.look(Endpoint('a'));
    expect(own('a').state).toBe('cancelled');
  });
});

describe('a device', () => {
  it('that sleeps is asked when it wakes up, and no sooner', async () => {
    const sleeper = test.device('a');
    test.putDevice({ ...sleeper, registration: aRegistration({ queueMode: true }) });
    await apply();
    await ticks();
    expect(asked()).toEqual(['b', 'c', 'd', 'e']);
    test.state.awakeUntil.set(Endpoint('a'), test.clock.now());
    await stepper.look(Endpoint('a'));
    expect(asked()).toContain('a');
  });

  it('whose firmware is being updated is let finish that', async () => {
    test.withFirmware();
    await test.running({ targets: { where: 'endpoint == "a"' } });
    expect(test.update('a').state).toBe('offered');
    await apply();
    await ticks();
    expect(asked()).toEqual(['b', 'c', 'd', 'e']);
    await test.tell({ type: 'failed', class: 'UnsupportedPackage', why: 'no' }, 'a');
    await ticks();
    expect(asked()).toContain('a');
  });

  it('that breaks off is given the same key again, and fails when it does so too often', async () => {
    await apply({ ...ALL, maxInFlight: 1, maxSessions: 2 });
    await ticks();
    await takesOrder('a');
    await comes('a', { at: 'PUT /0/1', why: 'no answer' });
    expect(own('a')).toMatchObject({ state: 'waiting', waits: 'SESSION_FAILED' });
    const made = keysOf('a').at(-1)?.identity;
    test.clock.pass(11 * MINUTE);
    await stepper.look(Endpoint('a'));
    expect(own('a')).toMatchObject({ state: 'asked', asked: 2 });
    await takesOrder('a');
    await comes('a', { at: 'PUT /0/1', why: 'no answer' });
    expect(own('a')).toMatchObject({ state: 'failed', failure: 'ConnectionLost' });
    expect(
      keysOf('a')
        .filter(({ state }) => state !== 'revoked')
        .map(({ identity }) => identity),
    ).toEqual(['own a', made]);
  });

  it('that goes on with its old key has not taken the new one; both stay', async () => {
    await apply({ ...ALL, maxInFlight: 1 });
    await ticks();
    await takesOrder('a');
    await comes('a');
    test.clock.pass(DAY);
    await test.contact('update', 'a');
    test.clock.pass(3 * DAY);
    await stepper.look(Endpoint('a'));
    expect(own('a')).toMatchObject({ state: 'failed', failure: 'RolledBack' });
    expect(keysOf('a').map(({ state }) => state)).toEqual(['active', 'next']);
  });

  it('that bootstraps by itself before anybody asks is done', async () => {
    await apply({ ...ALL, schedule: { notBefore: '2027-01-01T00:00:00Z' } });
    await ticks();
    await comes('b');
    await shows('b');
    expect(own('b')).toMatchObject({ state: 'succeeded', asked: 0 });
    expect(asked()).toEqual([]);
  });

  it('whose key a person has rotated beforehand is done when it shows that one', async () => {
    const { createdAt: _, ...like } = must(keysOf('a')[0], 'its key');
    const next: Credential = { ...like, identity: 'by hand', state: 'next', createdAt: test.clock.now() };
    test.state.credentials.put({ ...next, secret: keys.ring.seal(randomBytes(16), next) });
    test.clock.pass(1);
    await apply({ ...ALL, maxInFlight: 1 });
    await ticks();
    await rotates('a');
    expect(own('a').state).toBe('succeeded');
    expect(keysOf('a').find(({ state }) => state === 'active')?.identity).toBe('by hand');
  });
});

it('is the same after a start', async () => {
  const rotation = await apply({ ...ALL, maxInFlight: 2 });
  await ticks();
  await rotates('a');
  await takesOrder('b');
  const again = new LiveRotation(rotation.record);
  const rows = test.writer.commits.flatMap(({ changes }) => changes.deviceRotations ?? []);
  for (const row of rows) again.book.put(row);
  expect(again.tallies).toEqual(rotation.tallies);
  expect(again.book.inFlight).toBe(rotation.book.inFlight);
});
