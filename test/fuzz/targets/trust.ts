import { createHash, createPrivateKey } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { Digest, Instant, Name } from '@drover/kernel';
import type { Json } from '@drover/kernel';
import {
  encodeEnvelope,
  encodeManifest,
  isSignedBy,
  parseEnvelope,
  parseManifest,
  parsePrivateKey,
  parsePublicKey,
  parseReleasePolicy,
  printPublicKey,
  releasePolicyDigest,
  signManifest,
} from '@drover/firmware-store';
import type { Manifest } from '@drover/firmware-store';
import { sampler } from '../generate.ts';
import { demand, fromHex, sameBytes, textOf, utf8 } from '../target.ts';
import type { Target } from '../target.ts';

const GUIDE = ['/firmware-store/dist/trust/'];
const CBOR_GUIDE = [...GUIDE, '/node_modules/cbor2/lib/'];

/** Made of a fixed text, so that every run signs alike. It signs nothing but what is here. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const seed = createHash('sha256').update('drover fuzzing, not a secret').digest();
const KEY_OBJECT = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
export const PRIVATE_PEM = KEY_OBJECT.export({ type: 'pkcs8', format: 'pem' }).toString();
const KEY = parsePrivateKey(PRIVATE_PEM);
export const PUBLIC_PEM = printPublicKey(KEY.publicKey);

const PLAIN: Manifest = {
  name: Name('wm-modem'),
  version: '2.4.1',
  sequenceNumber: 17,
  size: 250_000,
  digest: Digest(`sha256:${'6a'.repeat(32)}`),
  models: ['WM-300'],
  expiresAt: Instant(1_811_808_000_000),
  createdAt: Instant(1_794_700_800_000),
};
const FULL: Manifest = {
  ...PLAIN,
  fromVersions: ['2.3.0', '>=2.2.0 <2.4.1'],
  notBefore: PLAIN.createdAt,
  description: 'Fixes.\nNo outage.',
};
const MANIFESTS = [PLAIN, FULL].map(encodeManifest);
const ENVELOPES = MANIFESTS.map((payload) => signManifest(payload, [KEY]));
const CBOR_TOKENS = [
  'd862',
  '84',
  '83',
  '40',
  'a0',
  '80',
  '90',
  '98ff',
  'a2012704',
  '48',
  '5840',
  '1bffffffffffffffff',
  '5bffffffffffffffff',
  '9f',
  'bf',
  'ff',
  'f6',
  'f93c00',
  'c2',
].map(fromHex);

const version = fc
  .tuple(fc.nat(99), fc.nat(), fc.constantFrom('', '-rc.1', '+b'))
  .map(([major, minor, rest]) => `${major}.${minor}${rest}`);
const instant = fc.nat(2_000_000_000).map((seconds) => Instant(seconds * 1000));
const aManifest = sampler(
  fc.record(
    {
      name: fc.stringMatching(/^[a-z0-9]{1,20}$/).map(Name),
      version,
      sequenceNumber: fc.maxSafeNat(),
      size: fc.maxSafeNat(),
      digest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((hash) => Digest(`sha256:${Buffer.from(hash).toString('hex')}`)),
      models: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 }),
      fromVersions: fc.array(version, { minLength: 1, maxLength: 3 }),
      notBefore: instant,
      createdAt: instant,
      expiresAt: instant,
      description: fc.string({ minLength: 1, maxLength: 40 }),
    },
    { requiredKeys: ['name', 'version', 'sequenceNumber', 'size', 'digest', 'models', 'createdAt', 'expiresAt'] },
  ),
  encodeManifest,
);

/** Deterministic CBOR: what is accepted is what we would have written, byte for byte. */
const manifest: Target = {
  name: 'manifest',
  kind: 'decoder',
  maxBytes: 1200,
  guide: CBOR_GUIDE,
  seeds: () => MANIFESTS,
  generate: aManifest,
  tokens: [...CBOR_TOKENS, 'name', 'version', 'models', 'expiresAt', '*', '>=1.0 <2.0'],
  run(input) {
    const read = parseManifest(input);
    demand(sameBytes(encodeManifest(read), input), 'written again it is another manifest');
    return read;
  },
};

/** The same for envelopes; and our signature stands under nothing but our two manifests. */
const envelope: Target = {
  name: 'envelope',
  kind: 'decoder',
  maxBytes: 1200,
  guide: CBOR_GUIDE,
  refusals: ['input', 'trust'],
  seeds: () => ENVELOPES,
  tokens: CBOR_TOKENS,
  run(input, thorough) {
    const read = parseEnvelope(input);
    demand(sameBytes(encodeEnvelope(read), input), 'written again it is another envelope');
    if (thorough && read.signatures.some((signature) => isSignedBy(read.payload, signature, KEY.publicKey)))
      demand(
        MANIFESTS.some((payload) => sameBytes(payload, read.payload)),
        'our signature counts for something we never signed',
      );
    return read;
  },
};

const POLICY = {
  name: 'release',
  roles: { publisher: { keys: [PUBLIC_PEM], threshold: 1 } },
  maxManifestAge: '90d',
  downgrade: 'AllowListed',
  downgradeTo: ['2.3.9'],
};

/** `undefined` for what is no JSON: that is refused before it gets here. */
function jsonOf(input: Uint8Array): Json | undefined {
  try {
    return JSON.parse(textOf(input)) as Json;
  } catch {
    return undefined;
  }
}

const releasePolicy: Target = {
  name: 'release-policy',
  kind: 'decoder',
  maxBytes: 1200,
  guide: [...GUIDE, '/libs/fleet/dist/'],
  seeds: () => [utf8(JSON.stringify(POLICY)), utf8('{"name":"a","roles":{}}'), utf8('null')],
  tokens: [
    '"threshold":',
    '"keys":[',
    '"roles":{',
    '"downgrade":"Allowed"',
    '"Never"',
    '__proto__',
    '"constructor"',
    '1e999',
    'null',
    '[]',
    '{}',
    '-1',
    '0',
  ],
  run(input) {
    const json = jsonOf(input);
    if (json === undefined) return undefined;
    const read = parseReleasePolicy(json);
    for (const { keys, threshold } of read.roles) {
      demand(threshold >= 1 && threshold <= keys.length, `${threshold} signatures of ${keys.length} keys`);
      demand(new Set(keys.map(({ spki }) => spki)).size === keys.length, 'a key counts twice');
    }
    demand(releasePolicyDigest(parseReleasePolicy(json)) === releasePolicyDigest(read), 'one policy has two digests');
    return read.name;
  },
};

const publicKey: Target = {
  name: 'public-key',
  kind: 'decoder',
  maxBytes: 500,
  guide: GUIDE,
  seeds: () => [utf8(PUBLIC_PEM), utf8('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n')],
  tokens: ['-----BEGIN PUBLIC KEY-----\n', '-----END PUBLIC KEY-----', 'MCowBQYDK2VwAyEA', '\n', '='],
  run(input) {
    const read = parsePublicKey(textOf(input));
    demand(isDeepStrictEqual(parsePublicKey(printPublicKey(read)).spki, read.spki), 'printed and read again it is another key');
    return read.id;
  },
};

export const TRUST: readonly Target[] = [manifest, envelope, releasePolicy, publicKey];
