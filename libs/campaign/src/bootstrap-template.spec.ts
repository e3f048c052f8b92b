import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Namespace } from '@drover/kernel';
import { aDevice } from '@drover/testkit';
import { accessOf, bootstrapTemplateOf, jsonSchemaOf, readDocument, type BootstrapTemplateDocument } from './index.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const PUBLIC = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const PRIVATE = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const PSK = { uri: 'coaps://drover.example:5684', shortServerId: 101, security: { mode: 'PSK', key: 'Generate' } };
const OSCORE = { uri: 'coap://drover.example', shortServerId: 101, security: { mode: 'OSCORE' } };
const OTHER = { uri: 'coap://other.example', shortServerId: 102, security: { mode: 'NoSec', noSec: 'Allowed' } };

const source = (spec: object, name = 'meters', namespace: string = DEFAULT_NAMESPACE) => ({
  apiVersion: 'drover/v1',
  kind: 'BootstrapTemplate',
  metadata: { name, namespace },
  spec: { match: { endpoint: ['urn:imei:*'] }, accounts: [PSK], ...spec },
});

function templateOf(spec: object, name?: string, namespace?: string): BootstrapTemplateDocument {
  const { document, faults } = readDocument(source(spec, name, namespace));
  expect(faults).toEqual([]);
  return document as BootstrapTemplateDocument;
}

it('reads every field, with what is left out', () => {
  const { spec } = templateOf({
    accounts: [PSK, { ...OTHER, lifetime: '1h', binding: 'UQ', storesNotifications: false }],
    access: [
      {
        object: 5,
        owner: 101,
        rights: [
          { server: 101, may: ['Read', 'Write', 'Execute'] },
          { server: 'Others', may: [] },
        ],
      },
    ],
    deleteFirst: ['/9', '/19/1'],
  });
  expect(spec.accounts).toMatchObject([
    { ...PSK, lifetime: 86_400_000, binding: 'U', storesNotifications: true },
    { ...OTHER, lifetime: 3_600_000, binding: 'UQ', storesNotifications: false },
  ]);
  expect(spec.deleteFirst).toEqual(['/9', '/19/1']);
  expect(accessOf(spec)).toEqual([
    {
      object: 5,
      instance: 0,
      owner: 101,
      rights: [
        { server: 101, may: 7 },
        { server: 0, may: 0 },
      ],
    },
  ]);
});

describe('faults', () => {
  const account = (change: object) => ({ accounts: [{ ...PSK, ...change }] });
  const secured = (security: object, uri = PSK.uri) => account({ uri, security });
  const at = (...path: (string | number)[]) => ['spec', 'accounts', 0, ...path];
  const rule = { object: 5, owner: 101, rights: [{ server: 101, may: ['Read'] }] };

  it.each<[string, object, string, (string | number)[]]>([
    ['a match for nobody', { match: {} }, 'FIELD_MISSING', ['spec', 'match']],
    ['an expression that is none', { match: { where: 'model =' } }, 'WHERE_INVALID', ['spec', 'match', 'where']],
    ['no account', { accounts: [] }, 'VALUE_INVALID', ['spec', 'accounts']],
    ['no coap URI', account({ uri: 'https://drover.example' }), 'VALUE_INVALID', at('uri')],
    ['a URI longer than a device takes', account({ uri: `coaps://${'x'.repeat(260)}` }), 'VALUE_INVALID', at('uri')],
    ['coap with a key', account({ uri: 'coap://drover.example' }), 'VALUE_INVALID', at('uri')],
    ['coaps without security', secured({ mode: 'NoSec', noSec: 'Allowed' }), 'VALUE_INVALID', at('uri')],
    ['no security without the word', secured({ mode: 'NoSec' }, 'coap://x'), 'FIELD_MISSING', at('security')],
    ['the word with a key', secured({ mode: 'PSK', noSec: 'Allowed' }), 'VALUE_INVALID', at('security', 'noSec')],
    ['a mode that there is not', secured({ mode: 'TLS' }), 'VALUE_INVALID', at('security', 'mode')],
    ['OSCORE inside DTLS', secured({ mode: 'OSCORE' }), 'VALUE_INVALID', at('uri')],
    ['OSCORE over TCP', secured({ mode: 'OSCORE' }, 'coap+tcp://x'), 'VALUE_INVALID', at('uri')],
    ['the word with OSCORE', secured({ mode: 'OSCORE', noSec: 'Allowed' }, 'coap://x'), 'VALUE_INVALID', at('security', 'noSec')],
    [
      'a Master Secret that is too short',
      secured({ mode: 'OSCORE', keyBytes: 15 }, 'coap://x'),
      'VALUE_INVALID',
      at('security', 'keyBytes'),
    ],
    [
      'a length of a context that is there',
      secured({ mode: 'OSCORE', key: 'Stored', keyBytes: 16 }, 'coap://x'),
      'VALUE_INVALID',
      at('security', 'keyBytes'),
    ],
    [
      'one context for two servers',
      { accounts: [OSCORE, { ...OSCORE, shortServerId: 7 }] },
      'VALUE_INVALID',
      ['spec', 'accounts', 1, 'security', 'mode'],
    ],
    ['a key of ours with EST', secured({ mode: 'EST', key: 'Generate' }), 'VALUE_INVALID', at('security', 'key')],
    ['a length of a key that is the device’s', secured({ mode: 'EST', keyBytes: 16 }), 'VALUE_INVALID', at('security', 'keyBytes')],
    ['the word with EST', secured({ mode: 'EST', noSec: 'Allowed' }), 'VALUE_INVALID', at('security', 'noSec')],
    ['a private key that is not ours', secured({ mode: 'RPK', key: 'Stored' }), 'VALUE_INVALID', at('security', 'key')],
    ['a private key that a certificate has', secured({ mode: 'X509', key: 'Stored' }), 'VALUE_INVALID', at('security', 'key')],
    ['a length of a key pair', secured({ mode: 'X509', keyBytes: 32 }), 'VALUE_INVALID', at('security', 'keyBytes')],
    ['coap with a certificate', secured({ mode: 'X509' }, 'coap://x'), 'VALUE_INVALID', at('uri')],
    [
      'a bare key of another server beside a certificate',
      secured({ mode: 'X509', serverPublicKey: PUBLIC }),
      'VALUE_INVALID',
      at('security', 'serverPublicKey'),
    ],
    [
      'a shared key beside a certificate',
      { accounts: [PSK, { ...PSK, shortServerId: 7, security: { mode: 'X509' } }] },
      'VALUE_INVALID',
      ['spec', 'accounts', 1, 'security', 'mode'],
    ],
    ['a key that is too short', secured({ mode: 'PSK', keyBytes: 8 }), 'VALUE_INVALID', at('security', 'keyBytes')],
    ['a length of what is there', secured({ mode: 'PSK', key: 'Stored', keyBytes: 16 }), 'VALUE_INVALID', at('security', 'keyBytes')],
    [
      'a public key beside a shared one',
      secured({ mode: 'PSK', serverPublicKey: PUBLIC }),
      'VALUE_INVALID',
      at('security', 'serverPublicKey'),
    ],
    ['a public key that is none', secured({ mode: 'RPK', serverPublicKey: 'x' }), 'VALUE_INVALID', at('security', 'serverPublicKey')],
    ['a private key in a document', secured({ mode: 'RPK', serverPublicKey: PRIVATE }), 'VALUE_INVALID', at('security', 'serverPublicKey')],
    ['a server id that no account may have', account({ shortServerId: 65_535 }), 'VALUE_INVALID', at('shortServerId')],
    ['a letter twice', account({ binding: 'UU' }), 'VALUE_INVALID', at('binding')],
    [
      'one server id twice',
      { accounts: [PSK, { ...OTHER, shortServerId: 101 }] },
      'VALUE_INVALID',
      ['spec', 'accounts', 1, 'shortServerId'],
    ],
    [
      'one key for two servers',
      { accounts: [PSK, { ...PSK, shortServerId: 7 }] },
      'VALUE_INVALID',
      ['spec', 'accounts', 1, 'security', 'mode'],
    ],
    ['a rule of a stranger', { access: [{ ...rule, owner: 7 }] }, 'VALUE_INVALID', ['spec', 'access', 0, 'owner']],
    [
      'rights of a stranger',
      { access: [{ ...rule, rights: [{ server: 7, may: [] }] }] },
      'VALUE_INVALID',
      ['spec', 'access', 0, 'rights', 0, 'server'],
    ],
    [
      'a right that there is not',
      { access: [{ ...rule, rights: [{ server: 101, may: ['Observe'] }] }] },
      'VALUE_INVALID',
      ['spec', 'access', 0, 'rights', 0, 'may', 0],
    ],
    ['a format that holds one value', { contentFormat: 'Text' }, 'VALUE_INVALID', ['spec', 'contentFormat']],
    ['deleting keys by hand', { deleteFirst: ['/0'] }, 'VALUE_INVALID', ['spec', 'deleteFirst', 0]],
    ['deleting the device', { deleteFirst: ['/3/0'] }, 'VALUE_INVALID', ['spec', 'deleteFirst', 0]],
  ])('%s', (_what, spec, code, path) => {
    expect(readDocument(source(spec)).faults).toContainEqual(expect.objectContaining({ code, path }));
  });

  it.each([{ keyBytes: 32 }, { key: 'Stored' }, {}])('an OSCORE account with %j has none', (more) => {
    const oscore = { ...OSCORE, security: { mode: 'OSCORE', ...more } };
    expect(readDocument(source({ accounts: [oscore, OTHER] })).faults).toEqual([]);
  });

  it.each(['RPK', 'X509', 'EST'])('several accounts with the one key pair of the device are none: %s', (mode) => {
    const pair = { ...PSK, security: { mode } };
    expect(readDocument(source({ accounts: [pair, { ...pair, shortServerId: 7 }] })).faults).toEqual([]);
  });
});

describe('the template of a device', () => {
  const device = aDevice('urn:imei:1', { model: 'WM-300' });
  const chosen = (templates: BootstrapTemplateDocument[], className?: string, of = device): string | undefined =>
    bootstrapTemplateOf({ device: of, className }, templates)?.metadata.name;

  it.each<[string, object, string | undefined, boolean]>([
    ['its endpoint', { endpoint: ['urn:imei:*'] }, undefined, true],
    ['another endpoint', { endpoint: ['urn:dev:*'] }, undefined, false],
    ['its class', { class: ['old'] }, 'old', true],
    ['no class', { class: ['old'] }, undefined, false],
    ['what is known of it', { where: 'model == "WM-300"' }, undefined, true],
    ['what is not known of it', { where: 'serial == "1"' }, undefined, false],
    ['both, of which one fails', { endpoint: ['urn:imei:*'], class: ['old'] }, 'new', false],
  ])('%s', (_what, match, className, isChosen) => {
    expect(chosen([templateOf({ match })], className)).toBe(isChosen ? 'meters' : undefined);
  });

  it('goes by precedence, then by name, and only in its namespace', () => {
    const [a, b] = [templateOf({}, 'a'), templateOf({}, 'b')];
    expect(chosen([b, a])).toBe('a');
    expect(chosen([a, templateOf({ precedence: 1 }, 'b')])).toBe('b');
    expect(chosen([templateOf({}, 'a', Namespace('other'))])).toBeUndefined();
  });
});

it('has a JSON schema', () => {
  expect(jsonSchemaOf('BootstrapTemplate')).toMatchObject({ properties: { spec: { required: ['match', 'accounts'] } } });
});
