import { beforeEach, describe, expect, it } from '@jest/globals';
import { CredentialBook } from '@drover/credentials';
import { DEFAULT_NAMESPACE, Endpoint, Instant, must } from '@drover/kernel';
import { createLogger } from '@drover/platform';
import { TestDoor } from '../../../../../test/support/bootstrap-door.ts';
import type { BootstrapOrder, BootstrapReport } from '../../link/bootstrap.ts';
import type { SharedCredential } from '../../link/security.ts';
import { BootstrapRole, MAX_SESSIONS } from './bootstrap-role.ts';

const KEY = Buffer.from('a key of sixteen');
let door: TestDoor;
let role: BootstrapRole;
let told: BootstrapReport[];
let book: CredentialBook<SharedCredential>;
let now = 0;

beforeEach(() => {
  [door, told, book, now] = [new TestDoor(), [], new CredentialBook(), 0];
  const ring = { open: () => Buffer.from(KEY) };
  const log = createLogger('silent', 'test');
  role = new BootstrapRole({
    door,
    sealed: { book, ring, rawKey: undefined },
    clock: () => Instant(1),
    now: () => now,
    log,
    tell: (report) => told.push(report),
  });
});

function aDevice(name: string, peer = `dtls:${name}`): string {
  const common = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint(name), kind: 'psk', state: 'active' } as const;
  const credential: SharedCredential = { ...common, use: 'bootstrap', identity: `factory of ${name}` };
  door.factory.set(peer, credential);
  book.put(credential as never);
  return peer;
}

function order(name: string, mode: 'PSK' | 'RPK' = 'PSK'): BootstrapOrder {
  const kind = mode === 'PSK' ? 'psk' : 'rpk';
  const own = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint(name), kind, identity: `own of ${name}`, state: 'next' } as const;
  book.put({ ...own, secret: { key: 'k', box: '' } } as never);
  const account = { uri: 'coaps://x', shortServerId: 1, lifetimeS: 60, binding: 'U', storesNotifications: true } as const;
  return { accounts: [{ ...account, security: { mode, credential: { kind, identity: own.identity } } }], access: [], deleteFirst: [] };
}

const askedIds = (): number[] => told.flatMap((report) => (report.type === 'bootstrap-asked' ? [report.id] : []));
const give = (name: string, mode?: 'PSK' | 'RPK'): void =>
  role.handle({ type: 'bootstrap-give', id: must(askedIds().at(-1), 'a question'), endpoint: Endpoint(name), order: order(name, mode) });
const endings = (): unknown[] => told.filter(({ type }) => type === 'bootstrap-ended');

it('asks the engine first, and says nothing to the device before that has answered', () => {
  door.hear(aDevice('d'), 'POST /bs', ['ep=d', 'pct=112']);
  expect(told).toEqual([
    { type: 'bootstrap-asked', id: 1, at: 1, endpoint: 'd', via: 'session', by: { kind: 'psk', identity: 'factory of d' } },
  ]);
  expect([door.answered, door.sent]).toEqual([[], []]);
  give('d');
  expect(door.answered).toEqual(['dtls:d 2.04']);
  expect(door.sent.map(({ text }) => text)).toEqual(['GET /']);
});

it.each<[string, string, readonly string[], string]>([
  ['GET /bs', 'd', [], '4.05'],
  ['POST /bspack', 'd', [], '4.05'],
  ['POST /rd', 'd', [], '4.04'],
  ['POST /bs', 'd', ['ep=e'], '4.00 the endpoint name is not that of the security identity'],
  ['POST /bs', 'd', ['ep=d', 'ep=d'], '4.00 a parameter stands twice'],
])('%s of %s with %j is %s, and no question', (text, name, query, answer) => {
  door.hear(aDevice(name), text, query);
  expect(door.answered).toEqual([`dtls:d ${answer}`]);
  expect(askedIds()).toEqual([]);
});

it('who has no session of a factory key any more is refused', () => {
  door.hear('dtls:gone', 'POST /bs', ['ep=d']);
  expect(door.answered).toEqual(['dtls:gone 4.00 CREDENTIAL_REVOKED']);
});

it('what the engine denies is told to the device and to the log', () => {
  door.hear(aDevice('d'), 'POST /bs');
  role.handle({ type: 'bootstrap-deny', id: 1, endpoint: Endpoint('d'), code: 'NO_TEMPLATE' });
  expect(door.answered).toEqual(['dtls:d 4.00 NO_TEMPLATE']);
  expect(told.at(-1)).toMatchObject({ type: 'bootstrap-refused', code: 'NO_TEMPLATE', endpoint: 'd', identity: 'factory of d', count: 1 });
});

it('a raw key without a key of the server fails before anything is written', () => {
  door.hear(aDevice('d'), 'POST /bs');
  give('d', 'RPK');
  expect(door.answered).toEqual(['dtls:d 4.00 SERVER_KEY_MISSING']);
  expect(door.sent).toEqual([]);
  expect(endings()).toMatchObject([{ failure: { at: 'before the session', why: expect.stringContaining('--dtls-key') } }]);
});

it('a device that asks again has begun anew: what was before is withdrawn, and only one session goes on', () => {
  const peer = aDevice('d');
  door.hear(peer, 'POST /bs');
  give('d');
  door.hear(peer, 'POST /bs');
  give('d');
  expect(endings()).toMatchObject([{ id: 1, failure: { why: 'the device began anew' } }]);
  expect(door.withdrawn).toHaveLength(1);
  expect(role.load).toEqual({ secured: 1, plain: 0 });
  // An answer that was on its way to the session before changes nothing.
  door.sent[0]!.correlation.onFailed();
  expect(endings()).toHaveLength(1);
});

it('silence ends the session, and its place is free', () => {
  door.hear(aDevice('d'), 'POST /bs');
  give('d');
  door.sent.at(-1)!.correlation.onFailed();
  expect(endings()).toMatchObject([{ id: 1, failure: { at: 'GET /', why: 'no answer' } }]);
  expect(role.load).toEqual({ secured: 0, plain: 0 });
});

describe('too many', () => {
  it('at a time: the next is put off, whoever is in goes on', () => {
    for (let device = 0; device < MAX_SESSIONS.secured; device++) {
      door.hear(aDevice(`d${device}`), 'POST /bs');
      now += 1000;
    }
    expect(askedIds()).toHaveLength(MAX_SESSIONS.secured);
    door.hear(aDevice('late'), 'POST /bs');
    expect(door.answered).toEqual(['dtls:late 5.03']);
    expect(told.at(-1)).toMatchObject({ code: 'TOO_MANY_SESSIONS' });
  });

  it('without security they take no place of those with a key', () => {
    for (let device = 0; device < MAX_SESSIONS.plain + 10; device++) {
      door.hear(`192.0.2.1:${device}`, 'POST /bs', [`ep=n${device}`]);
      now += 1000;
    }
    expect(role.load).toEqual({ secured: 0, plain: MAX_SESSIONS.plain });
    door.hear(aDevice('d'), 'POST /bs');
    expect(role.load).toEqual({ secured: 1, plain: MAX_SESSIONS.plain });
  });
});
