import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { SystemEntropy } from '@drover/platform';
import { accept, CredentialBook, credentialOf, KeyRing, mayNotSpeakFor } from './index.ts';

it('the example of the README', () => {
  const [dataKey, anotherKey, key] = [randomBytes(32), randomBytes(32), randomBytes(16)];
  const entropy = new SystemEntropy();
  const book = new CredentialBook();
  const now = Instant(0);

  const ring = new KeyRing(entropy);
  ring.add('k1', 'secrets', dataKey);
  ring.add('k2', 'fingerprints', anotherKey);

  const binding = {
    namespace: DEFAULT_NAMESPACE,
    endpoint: Endpoint('urn:imei:490154203237518'),
    kind: 'psk',
    identity: 'meter-7',
  } as const;
  const candidate = { ...binding, secret: key, fingerprint: ring.fingerprint(key) };
  expect(accept(candidate, book, 'add')).toBe('new');
  book.put({ ...binding, secret: ring.seal(key, binding), state: 'active', createdAt: now, createdBy: 'ann' });

  expect(credentialOf({ kind: 'psk', identity: 'meter-7' }, book, { use: 'management', now })).toMatchObject({
    credential: { endpoint: 'urn:imei:490154203237518' },
  });
  expect(mayNotSpeakFor(Endpoint('urn:imei:490154203237518'), undefined, book)).toBe('ENDPOINT_NEEDS_DTLS');
});
