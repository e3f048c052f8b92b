import { describe, expect, it } from '@jest/globals';
import { Digest, instantOf, Name } from '@drover/kernel';
import { encodeDeterministic } from './cbor.ts';
import { encodeManifest, isAllowedSource, parseManifest, type Manifest } from './manifest.ts';

const MANIFEST: Manifest = {
  name: Name('wm-modem'),
  version: '2.4.1',
  sequenceNumber: 17,
  size: 250_000,
  digest: Digest(`sha256:${'6a'.repeat(32)}`),
  models: ['WM-300'],
  expiresAt: instantOf('2027-06-01T00:00:00Z'),
  createdAt: instantOf('2026-11-15T00:00:00Z'),
};

const messageOf = (action: () => unknown): string => {
  try {
    action();
    return 'accepted';
  } catch (error) {
    const { code, kind, message } = error as { code: string; kind: string; message: string };
    return `${code} ${kind} ${message}`;
  }
};

it('reads what it wrote, and writes one value in one way', () => {
  const full: Manifest = {
    ...MANIFEST,
    fromVersions: ['2.3.0', '>=2.2.0 <2.4.1'],
    notBefore: MANIFEST.createdAt,
    description: 'Fixes CVE-2026-1111.\nNo outage.',
  };
  expect(parseManifest(encodeManifest(full))).toEqual(full);
  const shuffled = Object.fromEntries(Object.entries(full).reverse()) as unknown as Manifest;
  expect(encodeManifest(shuffled)).toEqual(encodeManifest(full));
});

it('refuses every prefix of a manifest', () => {
  const bytes = encodeManifest(MANIFEST);
  for (let length = 0; length < bytes.length; length++) {
    expect(messageOf(() => parseManifest(bytes.subarray(0, length)))).toMatch(/^ARTIFACT_MANIFEST_INVALID input/);
  }
});

describe('members', () => {
  const withMember = (key: string, value: unknown) =>
    encodeDeterministic(new Map<string, unknown>([...Object.entries(MANIFEST), [key, value]]));

  it.each(Object.keys(MANIFEST))('refuses a manifest without %s', (key) => {
    const members = new Map<string, unknown>(Object.entries(MANIFEST));
    members.delete(key);
    expect(messageOf(() => parseManifest(encodeDeterministic(members)))).toContain(`"${key}" is missing`);
  });

  it.each([
    ['name', 'WM/../modem', '"name"'],
    ['name', 7, '"name"'],
    ['version', 'Kiwi', '"version"'],
    ['version', '', '"version"'],
    ['sequenceNumber', -1, '"sequenceNumber"'],
    ['sequenceNumber', 2 ** 53, 'floating point'],
    ['sequenceNumber', '17', '"sequenceNumber"'],
    ['size', 0, '"size"'],
    ['digest', 'md5:00', '"digest"'],
    ['models', [], '"models"'],
    ['models', 'WM-300', '"models"'],
    ['models', ['WM\u0000300'], 'control characters'],
    ['models', Array.from({ length: 65 }, String), '"models"'],
    ['fromVersions', ['>=>2'], '"fromVersions"'],
    ['expiresAt', '2027-06-01', '"expiresAt"'],
    ['expiresAt', 9e15, '"expiresAt"'],
    ['expiresAt', 1, 'expires before'],
    ['notBefore', null, '"notBefore"'],
    ['description', 'x'.repeat(2001), '"description"'],
    ['colour', 'red', 'unknown member "colour"'],
    ['__proto__', 1, 'unknown member "__proto__"'],
  ])('refuses %s = %j', (key, value, why) => {
    const message = messageOf(() => parseManifest(withMember(key, value)));
    expect(message).toMatch(/^ARTIFACT_MANIFEST_INVALID input/);
    expect(message).toContain(why);
  });
});

it('never lets an invalid manifest be signed', () => {
  expect(messageOf(() => encodeManifest({ ...MANIFEST, size: -1 }))).toMatch(/^ARTIFACT_MANIFEST_INVALID/);
});

it.each([
  ['2.3.0', true],
  ['2.2.0', true],
  ['2.4.1', false],
  ['1.0.0', true],
  ['Kiwi', undefined],
])('may be installed over %s: %s', (version, answer) => {
  expect(isAllowedSource({ ...MANIFEST, fromVersions: ['1.0.0', '>=2.2.0 <2.4.1'] }, version)).toBe(answer);
});
