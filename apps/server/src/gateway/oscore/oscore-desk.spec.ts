import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { CredentialBook, KeyRing, oscoreIdentity, packMaterial } from '@drover/credentials';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { SystemEntropy } from '@drover/platform';
import type { SealedSession, SecurityReport, SharedCredential } from '../../link/security.ts';
import { OscoreDesk } from './oscore-desk.ts';

const HOUR_MS = 3_600_000;
const [HOME, DOWNLOAD, AWAY] = ['192.0.2.1:1', '192.0.2.1:2', '198.51.100.9:3'];
const ring = new KeyRing(new SystemEntropy());
ring.add('s', 'secrets', randomBytes(32));
ring.add('n', 'sessions', randomBytes(32));

let book: CredentialBook<SharedCredential>;
let told: SecurityReport[];
let errors: object[];
let desk: OscoreDesk;
let now: number;
/** Real time: before the first of our numbers by the clock. */
let wall: number;

const open = (keptKeys?: number): OscoreDesk =>
  new OscoreDesk({
    book,
    ring,
    log: { error: (fields: unknown) => void errors.push(fields as object) } as never,
    clock: () => Instant(now),
    now: () => now,
    wall: () => wall,
    tell: (report) => void told.push(report),
    ...(keptKeys !== undefined && { keptKeys }),
  });

beforeEach(() => {
  wall = 0;
  [book, told, errors, now] = [new CredentialBook<SharedCredential>(), [], [], 1_000_000];
  desk = open();
});

/** Of the device with this ID. */
function put(id: number, change: Partial<SharedCredential> = {}, idContext?: Uint8Array): string {
  const senderId = Uint8Array.of(id);
  const identity = oscoreIdentity({ senderId, ...(idContext && { idContext }) });
  const binding = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint(`d${id}`), kind: 'oscore', identity } as const;
  const material = { masterSecret: randomBytes(16), senderId, recipientId: Uint8Array.of(0x5e), ...(idContext && { idContext }) };
  book.put({ ...binding, secret: ring.seal(packMaterial(material), binding), state: 'active', ...change });
  return identity;
}

const find = (id: number, context?: Uint8Array) => desk.find(Uint8Array.of(id), context);

/** Numbers of a context are written down, and the desk begins anew with what was written. */
function writtenAndBegunAnew(name: string): SealedSession {
  const { context } = desk.named(name)!;
  desk.write(name, context.takeWanted()!);
  const saved = told.find((report) => report.type === 'session-save')!;
  desk = open();
  return saved;
}

describe('a context', () => {
  it('is found by what a request shows, from the side of the server', () => {
    const [name, other] = [put(1), put(1, {}, Uint8Array.of(7))];
    expect(find(1)?.name).toBe(name);
    expect(find(1, Uint8Array.of(7))?.name).toBe(other);
    expect(Buffer.from(find(1)!.context.keys.recipientId)).toEqual(Buffer.of(1));
    expect([find(2), find(1, Uint8Array.of(8)), find(1, new Uint8Array(0))]).toEqual([undefined, undefined, undefined]);
  });

  it.each<[string, Partial<SharedCredential>]>([
    ['revoked', { state: 'revoked', secret: undefined }],
    ['expired', { expiresAt: Instant(1_000_000) }],
  ])('that is %s opens nothing', (_what, change) => {
    const name = put(1, change);
    expect([find(1), desk.named(name), desk.credentialOf(name)]).toEqual([undefined, undefined, undefined]);
  });

  it('that nobody has used asks who is there, and has no number before one is written down', () => {
    put(1);
    const { context } = find(1)!;
    expect(context.isInDoubt).toBe(true);
    expect(() => context.nextPiv()).toThrow('no number is reserved');
  });

  it('is the same for as long as the process', () => {
    const name = put(1);
    expect(desk.named(name)).toBe(find(1));
  });

  it('is told to be in use, once an hour', () => {
    const name = put(1);
    find(1);
    for (const at of [0, 1, HOUR_MS - 1, HOUR_MS]) {
      now = 1_000_000 + at;
      desk.heard(name, HOME);
    }
    expect(told).toMatchObject([
      { type: 'credential-used', kind: 'oscore', identity: name, at: 1_000_000 },
      { type: 'credential-used', at: 1_000_000 + HOUR_MS },
    ]);
  });

  it('is known at the two addresses that it has shown last, whoever else has shown them', () => {
    const [name, other] = [put(1), put(2)];
    find(1);
    find(2);
    desk.heard(other, AWAY);
    for (const address of [HOME, DOWNLOAD, HOME]) desk.heard(name, address);
    expect([HOME, DOWNLOAD, AWAY].map((address) => desk.hasShown(name, address))).toEqual([true, true, false]);
    desk.heard(name, AWAY);
    expect([HOME, DOWNLOAD, AWAY].map((address) => desk.hasShown(name, address))).toEqual([true, false, true]);
  });

  it('whose credential is revoked is gone, with its numbers', () => {
    const name = put(1);
    const { keys } = find(1)!.context;
    const revoked = { ...book.with('oscore', name)!, state: 'revoked', secret: undefined } as const;
    book.put(revoked);
    desk.review(revoked);
    expect([find(1), told]).toEqual([undefined, [{ type: 'session-gone', name: `oscore:${name}` }]]);
    expect([...keys.senderKey, ...keys.recipientKey].every((byte) => byte === 0)).toBe(true);
  });
});

describe('after a start', () => {
  it('it goes on behind what was written down, in doubt', () => {
    const name = put(1);
    const saved = writtenAndBegunAnew(name);
    desk.restore(saved);
    const { context } = find(1)!;
    const { number, sendBelow } = context.takeWanted()!;
    expect([context.isInDoubt, number, sendBelow]).toEqual([true, 512, 1024]);
    context.saved(number);
    expect(Buffer.from(context.nextPiv()).readUInt16BE()).toBe(512);
  });

  it('it goes on behind whatever was sent since, where a backup was put back', () => {
    const name = put(1);
    const backup = writtenAndBegunAnew(name);
    wall = Date.parse('2026-12-01T00:00:00Z');
    desk.restore(backup);
    const { context } = find(1)!;
    const ofClock = (wall - Date.parse('2026-01-01T00:00:00Z')) * 1.024;
    expect(context.takeWanted()).toMatchObject({ number: ofClock, sendBelow: ofClock + 512 });
    context.saved(ofClock);
    expect(Buffer.from(context.nextPiv()).readUIntBE(0, 5)).toBe(ofClock);
  });

  it('a backup of before its first use neither', () => {
    put(1);
    wall = Date.parse('2026-01-01T00:01:00Z');
    expect(find(1)!.context.takeWanted()).toMatchObject({ number: 61_440 });
  });

  it.each<[string, (saved: SealedSession) => SealedSession]>([
    [
      'altered',
      ({ name, state }) => ({ name, state: { ...state, box: Buffer.from(state.box, 'base64').fill(1, 12, 13).toString('base64') } }),
    ],
    ['those of another context', ({ state }) => ({ name: `oscore:${put(2)}`, state })],
  ])('one whose numbers are %s stays shut', (_what, change) => {
    const name = put(1);
    const saved = change(writtenAndBegunAnew(name));
    desk.restore(saved);
    expect(desk.named(saved.name.slice('oscore:'.length))).toBeUndefined();
    expect(errors).toEqual([{ context: saved.name.slice('oscore:'.length), code: 'SECRET_SEALED' }]);
  });

  it('one that was revoked meanwhile is dropped', () => {
    const name = put(1);
    const saved = writtenAndBegunAnew(name);
    book.put({ ...book.with('oscore', name)!, state: 'revoked', secret: undefined });
    desk.restore(saved);
    expect(told.at(-1)).toEqual({ type: 'session-gone', name: `oscore:${name}` });
  });
});

it('keys are kept for so many contexts, and derived again for the others: the same, and for the same numbers', () => {
  desk = open(3);
  for (let id = 0; id < 10; id++) put(id);
  const first = Array.from({ length: 10 }, (_, id) => Buffer.from(find(id)!.context.keys.senderKey).toString('hex'));
  const contexts = first.map((_, id) => find(id)!.context);
  expect(desk.load).toEqual({ contexts: 10, keys: 3 });
  expect(contexts.map(({ keys }) => Buffer.from(keys.senderKey).toString('hex'))).toEqual(first);
  expect(new Set(first).size).toBe(10);
});
