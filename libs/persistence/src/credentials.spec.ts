import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { scratchDatabase, type ScratchDatabase } from '../../../test/support/scratch-database.ts';
import { loadSnapshot, type BootstrapRecord, type CredentialRecord } from './index.ts';

let open: ScratchDatabase;

beforeEach(async () => {
  open = await scratchDatabase();
});

afterEach(() => open.close());

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

it('a credential comes back as it was, and is one row however often it changes', async () => {
  const first: CredentialRecord = {
    namespace: DEFAULT_NAMESPACE,
    endpoint: Endpoint('d'),
    kind: 'psk',
    identity: 'i',
    secret: { key: 'k', box: 'AAAA' },
    fingerprint: 'f',
    state: 'active',
    createdAt: Instant(1),
    createdBy: 'ann',
  };
  const { secret: _, ...rest } = first;
  const revoked: CredentialRecord = { ...rest, state: 'revoked', revokedAt: Instant(2), revokedWhy: 'lost' };
  await open.writer.commit({ credentials: [first, { ...first, kind: 'x509' }] }, []);
  await open.writer.commit({ credentials: [revoked] }, []);
  expect(await all((await loadSnapshot(open.database)).credentials)).toEqual([revoked, { ...first, kind: 'x509' }]);
  expect(JSON.stringify(await open.database.query('SELECT * FROM credential WHERE kind = ?', ['psk']))).not.toContain('AAAA');
});

it('a factory key is one in its column too, for whoever asks the table; what was there before opens registrations', async () => {
  const common = {
    namespace: DEFAULT_NAMESPACE,
    endpoint: Endpoint('d'),
    kind: 'psk',
    state: 'active',
    createdAt: Instant(1),
    createdBy: 'ann',
  } as const;
  await open.writer.commit(
    {
      credentials: [
        { ...common, identity: 'factory', use: 'bootstrap' },
        { ...common, identity: 'own' },
      ],
    },
    [],
  );
  expect(await open.database.query('SELECT identity, use FROM credential ORDER BY identity')).toEqual([
    { identity: 'factory', use: 'bootstrap' },
    { identity: 'own', use: 'management' },
  ]);
});

it('what a device was given comes back as it was last', async () => {
  const first: BootstrapRecord = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint('d'), state: 'writing', at: Instant(1), sessions: 1 };
  const last: BootstrapRecord = { ...first, state: 'failed', failure: { at: 'PUT /0/1', why: 'no answer' } };
  await open.writer.commit({ bootstraps: [first] }, []);
  await open.writer.commit({ bootstraps: [last] }, []);
  expect(await all((await loadSnapshot(open.database)).bootstraps)).toEqual([last]);
});

it('data keys come back in the order in which they were made: the last of a purpose is in use', async () => {
  const key = (id: string) => ({ id, purpose: 'secrets', wrapped: 'w', under: 'u', createdAt: Instant(1) }) as const;
  await open.writer.commit({ dataKeys: [key('b')] }, []);
  await open.writer.commit({ dataKeys: [key('a')] }, []);
  await open.writer.commit({ dataKeys: [{ ...key('b'), under: 'v' }] }, []);
  expect((await loadSnapshot(open.database)).dataKeys.map(({ id, under }) => `${id} ${under}`)).toEqual(['b v', 'a u']);
});

it('a session that was saved and has ended within one commit is gone', async () => {
  const session = (name: string, box: string) => ({ name, state: { key: 'k', box } });
  await Promise.all([
    open.writer.commit({ sessions: [session('dtls:1', 'old'), session('dtls:2', 'x')] }, []),
    open.writer.commit({ sessions: [session('dtls:1', 'new')] }, []),
    open.writer.commit({ dropSessions: ['dtls:2', 'dtls:never'] }, []),
  ]);
  expect(await all((await loadSnapshot(open.database)).sessions)).toEqual([session('dtls:1', 'new')]);
});
