import { expect, it } from '@jest/globals';
import { CredentialBook } from '@drover/credentials';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import type { SecurityReport, SharedCredential } from '../../link/security.ts';
import { IdentityGuard } from './identity-guard.ts';

function aGuard() {
  const told: Extract<SecurityReport, { type: 'identity-refused' }>[] = [];
  const own: SharedCredential = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint('d'), kind: 'psk', identity: 'i', state: 'active' };
  const book = new CredentialBook<SharedCredential>();
  book.put(own);
  const clock = { now: 0 };
  const guard = new IdentityGuard({
    book,
    credentialAt: (peer) => (peer === 'dtls:d' ? own : undefined),
    clock: () => Instant(clock.now),
    now: () => clock.now,
    tell: (report) => report.type === 'identity-refused' && told.push(report),
  });
  return { guard, told, clock };
}

it.each([
  ['dtls:d', 'd', undefined],
  ['dtls:d', 'e', 'ENDPOINT_NOT_YOURS'],
  ['192.0.2.1:5683', 'd', 'ENDPOINT_NEEDS_DTLS'],
  ['tcp:192.0.2.1:5683', 'd', 'ENDPOINT_NEEDS_DTLS'],
  ['dtls:ended', 'd', 'ENDPOINT_NEEDS_DTLS'],
  ['192.0.2.1:5683', 'e', undefined],
])('%s for %s: %s', (peer, endpoint, code) => {
  const { guard, told } = aGuard();
  expect(guard.refuses(peer, Endpoint(endpoint))).toBe(code);
  expect(told.map((report) => report.code)).toEqual(code === undefined ? [] : [code]);
});

it('a flood of refusals is thirty a minute, and none is lost from the count', () => {
  const { guard, told, clock } = aGuard();
  for (let index = 0; index < 1000; index++) guard.refuses('192.0.2.1:5683', Endpoint('d'));
  expect(told).toHaveLength(30);
  clock.now = 60_000;
  guard.refuses('192.0.2.1:5683', Endpoint('d'));
  expect(told).toHaveLength(31);
  expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(1001);
});
