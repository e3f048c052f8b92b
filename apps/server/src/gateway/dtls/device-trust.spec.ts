import { createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { CredentialBook, KeyRing, spkiName, type KnownCredential } from '@drover/credentials';
import { RevocationList, type Presented } from '@drover/dtls';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { SystemEntropy } from '@drover/platform';
import { certificateDer, privateKeyOf, revocationListDer, type CertificateName } from '@drover/testkit';
import type { SharedCredential } from '../../link/security.ts';
import { DeviceTrust } from './device-trust.ts';

const NOW = Instant(1_000_000);
const KEY = randomBytes(16);
const certificate = (name: CertificateName): X509Certificate => new X509Certificate(certificateDer(name));
const spkiOf = (name: 'device' | 'server'): Buffer =>
  createPublicKey(privateKeyOf(name).export({ format: 'pem', type: 'pkcs8' })).export({ type: 'spki', format: 'der' });

function trustWith(...credentials: Partial<KnownCredential>[]): DeviceTrust {
  const ring = new KeyRing(new SystemEntropy());
  ring.add('s', 'secrets', randomBytes(32));
  const book = new CredentialBook<SharedCredential>();
  for (const change of credentials) {
    const known = {
      namespace: DEFAULT_NAMESPACE,
      endpoint: Endpoint('d'),
      kind: 'psk',
      identity: 'i',
      state: 'active',
      ...change,
    } as const;
    book.put(known.kind === 'psk' ? { ...known, secret: ring.seal(KEY, known) } : known);
  }
  const roots = [certificate('root')];
  const revocationLists = [new RevocationList(revocationListDer('intermediate'))];
  return new DeviceTrust({ use: 'management', book, ring, clock: () => NOW, roots, revocationLists });
}

it.each<[string, Partial<KnownCredential>, Uint8Array, boolean]>([
  ['its own', {}, Buffer.from('i'), true],
  ['in letters beyond ASCII', { identity: 'zähler' }, Buffer.from('zähler'), true],
  ['unknown', {}, Buffer.from('j'), false],
  ['with a null behind it', {}, Buffer.from('i\0'), false],
  ['with a byte order mark before it', {}, Buffer.from('\ufeffi'), false],
  ['that is no UTF-8', { identity: '\ufffd' }, Uint8Array.of(0xff), false],
  ['revoked', { state: 'revoked' }, Buffer.from('i'), false],
  ['the next one', { state: 'next' }, Buffer.from('i'), true],
  ['expired', { expiresAt: NOW }, Buffer.from('i'), false],
])('the key of an identity, %s', (_what, change, identity, isThere) => {
  const key = trustWith(change).pskOf(identity);
  expect(key === undefined ? undefined : Buffer.from(key)).toEqual(isThere ? KEY : undefined);
});

it('a secret that was sealed for another device opens nothing', () => {
  const ring = new KeyRing(new SystemEntropy());
  ring.add('s', 'secrets', randomBytes(32));
  const theirs = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint('other'), kind: 'psk', identity: 'other' } as const;
  const book = new CredentialBook<SharedCredential>();
  book.put({ ...theirs, endpoint: Endpoint('d'), identity: 'i', state: 'active', secret: ring.seal(KEY, theirs) });
  const trust = new DeviceTrust({ use: 'management', book, ring, clock: () => NOW, roots: [], revocationLists: [] });
  expect(trust.pskOf(Buffer.from('i'))).toBeUndefined();
});

const chain: Presented = { kind: 'x509', chain: [certificate('device'), certificate('intermediate')] };
const named = { kind: 'x509', identity: 'urn:dev:1' } as const;

it.each<[string, Partial<KnownCredential>, Presented, object]>([
  [
    'a raw key that is known',
    { kind: 'rpk', identity: spkiName(spkiOf('device')) },
    { kind: 'rpk', spki: spkiOf('device') },
    { name: spkiName(spkiOf('device')) },
  ],
  [
    'a raw key that is not',
    { kind: 'rpk', identity: spkiName(spkiOf('device')) },
    { kind: 'rpk', spki: spkiOf('server') },
    { alert: 'access_denied' },
  ],
  [
    'a raw key that is revoked',
    { kind: 'rpk', identity: spkiName(spkiOf('device')), state: 'revoked' },
    { kind: 'rpk', spki: spkiOf('device') },
    { alert: 'access_denied' },
  ],
  ['a certificate whose name is known', named, chain, { name: 'urn:dev:1' }],
  ['of the issuer that it must have', { ...named, issuer: 'CN=Intermediate' }, chain, { name: 'urn:dev:1' }],
  ['of another issuer', { ...named, issuer: 'CN=Other' }, chain, { alert: 'access_denied' }],
  ['with the key that it must have', { ...named, pin: spkiName(spkiOf('device')) }, chain, { name: 'urn:dev:1' }],
  ['with another key', { ...named, pin: spkiName(spkiOf('server')) }, chain, { alert: 'access_denied' }],
  ['whose name nobody knows', { ...named, identity: 'urn:dev:2' }, chain, { alert: 'access_denied' }],
  [
    'by a stranger in its name',
    named,
    { kind: 'x509', chain: [certificate('stranger'), certificate('strangerRoot')] },
    { alert: 'unknown_ca' },
  ],
  [
    'expired',
    { ...named, identity: 'urn:dev:2' },
    { kind: 'x509', chain: [certificate('expired'), certificate('intermediate')] },
    { alert: 'certificate_expired' },
  ],
  [
    'revoked by its issuer',
    { ...named, identity: 'urn:dev:4' },
    { kind: 'x509', chain: [certificate('revoked'), certificate('intermediate')] },
    { alert: 'certificate_revoked' },
  ],
])('%s', (_what, credential, presented, verdict) => {
  expect(trustWith(credential).verifyPeer(presented)).toEqual(verdict);
});

it.each<[string, Partial<KnownCredential>]>([
  ['in force', {}],
  ['the next one', { state: 'next' }],
  ['revoked', { state: 'revoked' }],
  ['expired', { expiresAt: NOW }],
  ['another’s', { identity: 'j' }],
  ['a raw key', { kind: 'rpk', identity: spkiName(spkiOf('device')) }],
  ['a name in a certificate', { ...named, issuer: 'CN=Intermediate' }],
])('asked by its owner, the answer is that of what it has shown: %s', (_what, change) => {
  const trust = trustWith(change);
  expect(trust.ofOwner('psk i')).toEqual(trust.of({ kind: 'psk', identity: Buffer.from('i') }));
  const spki = spkiOf('device');
  expect(trust.ofOwner(`rpk ${spkiName(spki)}`)).toEqual(trust.of({ kind: 'rpk', spki }));
  expect(trust.ofOwner('x509 urn:dev:1')).toEqual(trust.of({ kind: 'x509', name: 'urn:dev:1', fingerprint: Buffer.alloc(32) }));
});

it('a session is whose it was, as long as the credential is in force', () => {
  const trust = trustWith({}, { ...named, endpoint: Endpoint('e'), issuer: 'CN=Intermediate', pin: spkiName(spkiOf('device')) });
  const endpointOf = (found: ReturnType<DeviceTrust['of']>): string => ('credential' in found ? found.credential.endpoint : found.refused);
  expect(endpointOf(trust.of({ kind: 'psk', identity: Buffer.from('i') }))).toBe('d');
  expect(endpointOf(trust.of({ kind: 'x509', name: 'urn:dev:1', fingerprint: Buffer.alloc(32) }))).toBe('e');
  expect(endpointOf(trust.of({ kind: 'x509', name: 'nobody', fingerprint: Buffer.alloc(32) }))).toBe('IDENTITY_UNKNOWN');
  expect(endpointOf(trust.of({ kind: 'rpk', spki: spkiOf('device') }))).toBe('IDENTITY_UNKNOWN');
  expect(endpointOf(trust.of({ kind: 'anonymous' }))).toBe('IDENTITY_UNKNOWN');
  expect(trust.mayResume({ kind: 'psk', identity: Buffer.from('i') })).toBe(true);
  expect(trustWith({ state: 'revoked' }).mayResume({ kind: 'psk', identity: Buffer.from('i') })).toBe(false);
});
