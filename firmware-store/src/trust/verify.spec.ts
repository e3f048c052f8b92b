import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Digest, durationOf, instantOf, Name } from '@drover/kernel';
import { encodeEnvelope, parseEnvelope } from './envelope.ts';
import { describePublicKey, printPublicKey, type PrivateKey } from './keys.ts';
import { encodeManifest, type Manifest } from './manifest.ts';
import { parseReleasePolicy, type ReleasePolicy } from './policy.ts';
import { signManifest } from './signing.ts';
import { verifyAtUpload, verifyForPlan, verifyForServe, verifySignatures, type Artifact, type TargetDevice, type Trust } from './verify.ts';

const ed25519 = (): PrivateKey => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { key: privateKey, publicKey: describePublicKey(publicKey) };
};
const p256 = (): PrivateKey => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { key: privateKey, publicKey: describePublicKey(publicKey) };
};

const [anna, ben, quinn, stranger] = [ed25519(), p256(), ed25519(), ed25519()];
const pems = (...keys: PrivateKey[]) => keys.map(({ publicKey }) => printPublicKey(publicKey));
const POLICY_JSON = {
  name: 'utility-release-policy',
  roles: { publisher: { keys: pems(anna, ben), threshold: 2 }, qa: { keys: pems(quinn), threshold: 1 } },
  maxManifestAge: '90d',
};
const policy = parseReleasePolicy(POLICY_JSON);

const NOW = instantOf('2026-12-01T00:00:00Z');
const IMAGE = { digest: Digest(`sha256:${'6a'.repeat(32)}`), size: 250_000 };
const MANIFEST: Manifest = {
  name: Name('wm-modem'),
  version: '2.4.1',
  sequenceNumber: 17,
  ...IMAGE,
  models: ['WM-300', 'WM-310'],
  fromVersions: ['>=2.2.0 <2.4.1'],
  notBefore: instantOf('2026-11-20T00:00:00Z'),
  expiresAt: instantOf('2027-06-01T00:00:00Z'),
  createdAt: instantOf('2026-11-15T00:00:00Z'),
};
const METER: TargetDevice = { model: 'WM-300', version: '2.3.0', sequenceNumber: 12 };
const TRUST: Trust = { policy, withdrawn: new Set() };

const signed = (change: Partial<Manifest> = {}, signers = [anna, ben, quinn]): Artifact => ({
  envelope: signManifest(encodeManifest({ ...MANIFEST, ...change }), signers),
  image: IMAGE,
});

interface Attack {
  readonly artifact?: Artifact;
  readonly trust?: Trust;
  readonly device?: TargetDevice;
  readonly now?: typeof NOW;
}
type Door = 'upload' | 'plan' | 'serve';

const DOORS: Record<Door, (attack: Attack) => unknown> = {
  upload: ({ artifact = signed(), trust = TRUST, now = NOW }) => verifyAtUpload(artifact, trust, now),
  plan: ({ artifact = signed(), trust = TRUST, device = METER, now = NOW }) => {
    const refusal = verifyForPlan(artifact, trust, now).refusalFor(device);
    if (refusal) throw refusal;
  },
  serve: ({ artifact = signed(), trust = TRUST, device = METER, now = NOW }) =>
    verifyForServe(verifySignatures(artifact.envelope, trust.policy), { ...artifact, ...trust }, device, now),
};

const codeAt = (door: Door, attack: Attack): string | undefined => {
  try {
    DOORS[door](attack);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

const EVERYWHERE: Door[] = ['upload', 'plan', 'serve'];
const PER_DEVICE: Door[] = ['plan', 'serve'];

/** A payload that another key signed, under the names of our own keys. */
const impersonated = (): Artifact => {
  const { payload, signatures } = parseEnvelope(signManifest(encodeManifest(MANIFEST), [stranger, stranger, stranger]));
  const names = [anna, ben, quinn].map(({ publicKey }) => ({ keyId: publicKey.id, algorithm: publicKey.algorithm }));
  return {
    envelope: encodeEnvelope({ payload, signatures: signatures.map((signature, index) => ({ ...signature, ...names[index] })) }),
    image: IMAGE,
  };
};
/** True signatures, over another manifest. */
const transplanted = (): Artifact => {
  const { signatures } = parseEnvelope(signed().envelope);
  return { envelope: encodeEnvelope({ payload: encodeManifest({ ...MANIFEST, models: ['*'] }), signatures }), image: IMAGE };
};
/** A policy no parser of ours lets through, as an edited row might hold it: Anna's key in both roles. */
const overlapping: ReleasePolicy = {
  ...policy,
  roles: [
    { name: 'publisher', keys: [anna.publicKey], threshold: 1 },
    { name: 'qa', keys: [anna.publicKey], threshold: 1 },
  ],
};
const doubled: ReleasePolicy = { ...policy, roles: [{ name: 'publisher', keys: [anna.publicKey, anna.publicKey], threshold: 2 }] };
const withoutOrigin: Partial<Manifest> = { fromVersions: undefined };

const ATTACKS: [name: string, code: string, doors: Door[], attack: Attack][] = [
  ['no signature', 'ARTIFACT_UNSIGNED', EVERYWHERE, { artifact: signed({}, []) }],
  ['signed by a stranger', 'ARTIFACT_UNSIGNED', EVERYWHERE, { artifact: signed({}, [stranger]) }],
  ['a stranger under our names', 'ARTIFACT_UNSIGNED', EVERYWHERE, { artifact: impersonated() }],
  ['our signatures under another manifest', 'ARTIFACT_UNSIGNED', EVERYWHERE, { artifact: transplanted() }],
  ['one publisher of two', 'ARTIFACT_BELOW_THRESHOLD', EVERYWHERE, { artifact: signed({}, [anna, quinn]) }],
  ['one publisher twice', 'ARTIFACT_BELOW_THRESHOLD', EVERYWHERE, { artifact: signed({}, [anna, anna, quinn]) }],
  ['no QA', 'ARTIFACT_BELOW_THRESHOLD', EVERYWHERE, { artifact: signed({}, [anna, ben]) }],
  ['one key for two roles', 'ARTIFACT_BELOW_THRESHOLD', EVERYWHERE, { trust: { ...TRUST, policy: overlapping } }],
  ['one key listed twice', 'ARTIFACT_BELOW_THRESHOLD', EVERYWHERE, { trust: { ...TRUST, policy: doubled } }],
  ['expired', 'ARTIFACT_EXPIRED', EVERYWHERE, { artifact: signed({ expiresAt: NOW }) }],
  ['stale', 'ARTIFACT_EXPIRED', EVERYWHERE, { artifact: signed({ createdAt: instantOf('2026-08-01T00:00:00Z') }) }],
  [
    'one bit of the image changed',
    'ARTIFACT_ALTERED',
    EVERYWHERE,
    { artifact: { ...signed(), image: { ...IMAGE, digest: Digest(`sha256:${'6b'.repeat(32)}`) } } },
  ],
  ['image cut short', 'ARTIFACT_ALTERED', EVERYWHERE, { artifact: { ...signed(), image: { ...IMAGE, size: 249_999 } } }],
  ['withdrawn', 'ARTIFACT_WITHDRAWN', EVERYWHERE, { trust: { ...TRUST, withdrawn: new Set([IMAGE.digest]) } }],
  ['a cut envelope', 'ARTIFACT_ENVELOPE_INVALID', EVERYWHERE, { artifact: { ...signed(), envelope: signed().envelope.subarray(0, -1) } }],
  ['too early', 'ARTIFACT_NOT_YET_VALID', ['serve'], { artifact: signed({ notBefore: instantOf('2026-12-24T00:00:00Z') }) }],
  ['another model', 'ARTIFACT_INCOMPATIBLE', PER_DEVICE, { device: { ...METER, model: 'WM-3' } }],
  ['an unknown model', 'ARTIFACT_INCOMPATIBLE', PER_DEVICE, { device: { ...METER, model: undefined } }],
  ['an older version', 'ARTIFACT_ROLLBACK', PER_DEVICE, { device: { ...METER, version: '2.10.0' } }],
  ['an older sequence under a newer name', 'ARTIFACT_ROLLBACK', PER_DEVICE, { device: { ...METER, sequenceNumber: 18 } }],
  [
    'an unreadable version',
    'ARTIFACT_ROLLBACK',
    PER_DEVICE,
    { artifact: signed(withoutOrigin), device: { model: 'WM-300', version: 'Kiwi' } },
  ],
  ['an unknown version', 'ARTIFACT_ROLLBACK', PER_DEVICE, { artifact: signed(withoutOrigin), device: { model: 'WM-300' } }],
  [
    'an older version, whatever else is said of it',
    'ARTIFACT_ROLLBACK',
    PER_DEVICE,
    { device: { ...METER, version: '2.10.0', nothingInstalled: true } },
  ],
  ['an update over nothing', 'ARTIFACT_WRONG_SOURCE', PER_DEVICE, { device: { model: 'WM-300', nothingInstalled: true } }],
  ['a version it was not made for', 'ARTIFACT_WRONG_SOURCE', PER_DEVICE, { device: { ...METER, version: '2.1.9' } }],
  ['a source nobody can tell', 'ARTIFACT_WRONG_SOURCE', PER_DEVICE, { device: { ...METER, version: undefined } }],
];

describe.each(EVERYWHERE)('at the door "%s"', (door) => {
  it('lets through what is in order', () => {
    expect(codeAt(door, {})).toBeUndefined();
  });
  it.each(ATTACKS)('%s: %s', (_name, code, doors, attack) => {
    expect(codeAt(door, attack)).toBe(doors.includes(door) ? code : undefined);
  });
});

describe('order of belief', () => {
  it('does not read a payload that nobody signed', () => {
    const envelope = encodeEnvelope({ payload: Buffer.from('ffff', 'hex'), signatures: [] });
    expect(codeAt('upload', { artifact: { envelope, image: IMAGE } })).toBe('ARTIFACT_UNSIGNED');
  });
  it('returns the manifest as it was signed', () => {
    expect(verifyAtUpload(signed(), TRUST, NOW)).toEqual(MANIFEST);
  });
});

describe('downgrade', () => {
  const newer = { ...METER, version: '2.5.0', sequenceNumber: 20 };
  const under = (downgrade: ReleasePolicy['downgrade']): Trust => ({ ...TRUST, policy: { ...policy, downgrade } });
  it.each([
    ['Allowed', under({ rule: 'Allowed' }), undefined],
    ['listed', under({ rule: 'AllowListed', versions: ['2.4.1'] }), undefined],
    ['not listed', under({ rule: 'AllowListed', versions: ['2.4.0'] }), 'ARTIFACT_ROLLBACK'],
    ['Never', under({ rule: 'Never' }), 'ARTIFACT_ROLLBACK'],
  ])('%s', (_name, trust, code) => {
    const artifact = signed(withoutOrigin);
    expect(PER_DEVICE.map((door) => codeAt(door, { artifact, trust, device: newer }))).toEqual([code, code]);
  });
  it('takes the same version again for no rollback', () => {
    expect(
      codeAt('serve', { artifact: signed(withoutOrigin), device: { ...METER, version: '2.4.1', sequenceNumber: 17 } }),
    ).toBeUndefined();
  });
});

it('keeps a manifest up to the age the policy allows', () => {
  const createdAt = instantOf('2026-09-02T00:00:00Z');
  expect(NOW - createdAt).toBe(durationOf('90d'));
  expect(codeAt('serve', { artifact: signed({ createdAt }) })).toBeUndefined();
});
