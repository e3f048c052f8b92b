import { describe, expect, it } from '@jest/globals';
import type { ServerAccount } from './account.ts';
import { accountFaults } from './account-faults.ts';
import { parseBootstrapRequest } from './bootstrap-request.ts';

const account = (change: Partial<ServerAccount> = {}): ServerAccount => ({
  uri: 'coaps://meters.example:5684',
  shortServerId: 101,
  lifetimeS: 86_400,
  binding: 'U',
  security: { mode: 'PSK', identity: Buffer.from('meter-1'), key: new Uint8Array(16) },
  ...change,
});
const psk = (identity: number, key: number) =>
  ({ security: { mode: 'PSK', identity: new Uint8Array(identity), key: new Uint8Array(key) } }) as const;

describe('accounts', () => {
  it.each<[string, readonly ServerAccount[], string[]]>([
    ['as they should be', [account(), account({ shortServerId: 102 })], []],
    ['none', [], ['NO_ACCOUNT']],
    ['without a scheme', [account({ uri: 'meters.example' })], ['URI_INVALID']],
    ['of 256 bytes', [account({ uri: `coaps://${'x'.repeat(248)}` })], ['URI_INVALID']],
    ['over HTTP', [account({ uri: 'https://meters.example' })], ['URI_INVALID']],
    ['with keys for nothing', [account({ uri: 'coap://meters.example' })], ['URI_AND_MODE']],
    ['without the keys that they need', [account({ security: { mode: 'NoSec' } })], ['URI_AND_MODE']],
    ['over TCP', [account({ uri: 'coaps+tcp://meters.example/' })], []],
    ['with id 0', [account({ shortServerId: 0 })], ['SHORT_ID_INVALID']],
    ['with the id of nobody', [account({ shortServerId: 65_535 })], ['SHORT_ID_INVALID']],
    ['with the same id', [account(), account()], ['SHORT_ID_TWICE']],
    ['for no time', [account({ lifetimeS: 0 })], ['LIFETIME_INVALID']],
    ['with a key of 15 bytes', [account(psk(7, 15))], ['KEY_INVALID']],
    ['with a key of 65 bytes', [account(psk(7, 65))], ['KEY_INVALID']],
    ['with an identity of 129 bytes', [account(psk(129, 16))], ['KEY_INVALID']],
    ['without an identity', [account(psk(0, 16))], ['KEY_INVALID']],
    ['with an empty certificate', [account({ security: { mode: 'EST', serverCertificate: new Uint8Array() } })], ['KEY_INVALID']],
    [
      'with a short OSCORE secret',
      [account({ oscore: { masterSecret: new Uint8Array(8), senderId: new Uint8Array(), recipientId: new Uint8Array(1) } })],
      ['KEY_INVALID'],
    ],
  ])('%s', (_what, accounts, codes) => {
    expect(accountFaults({ accounts, access: [] }).map(({ code }) => code)).toEqual(codes);
  });

  it('show no key where they are refused', () => {
    const security = { mode: 'PSK', identity: Buffer.from('meter-1'), key: Buffer.from('secret') } as const;
    expect(JSON.stringify(accountFaults({ accounts: [account({ security })], access: [] }))).not.toContain('secret');
  });
});

describe('a Bootstrap-Request', () => {
  it.each<[string[], string | undefined, unknown]>([
    [['ep=m1'], undefined, { endpoint: 'm1', preferredFormat: undefined }],
    [['ep=m1', 'pct=112'], undefined, { endpoint: 'm1', preferredFormat: 112 }],
    [[], 'm1', { endpoint: 'm1', preferredFormat: undefined }],
    [['ep=m1'], 'm1', { endpoint: 'm1', preferredFormat: undefined }],
    [['ep=m2'], 'm1', 'the endpoint name is not that of the security identity'],
    [[], undefined, 'no endpoint name'],
    [['ep=m1', 'ep=m2'], undefined, 'a parameter stands twice'],
    [['ep=m1', 'pct=x'], undefined, 'malformed parameter pct'],
    [['ep='], undefined, 'malformed endpoint name'],
    [['ep=m1', 'unknown=1'], undefined, { endpoint: 'm1', preferredFormat: undefined }],
  ])('%j of %s', (query, identity, expected) => {
    const read = parseBootstrapRequest(query, identity);
    expect(read.type === 'bootstrap' ? read.request : read.why).toEqual(expected);
  });
});
