import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { DEFAULT_NAMESPACE, Endpoint, type Namespace } from '@drover/kernel';
import { SystemEntropy } from '@drover/platform';
import { KeyRing, LocalKeyService, newDataKey, rewrap, unwrapKey, type Binding, type Sealed, type WrappedKey } from './index.ts';

const entropy = new SystemEntropy();
const BINDING: Binding = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint('urn:imei:1'), kind: 'psk', identity: 'one' };
const SECRET = Buffer.from('9f0c3be1a4d27758e6620b91cc3d84fa', 'hex');

function aRing(): KeyRing {
  const ring = new KeyRing(entropy);
  ring.add('s1', 'secrets', randomBytes(32));
  ring.add('f1', 'fingerprints', randomBytes(32));
  ring.add('x1', 'sessions', randomBytes(32));
  return ring;
}

it('a secret comes back for whom it was sealed', () => {
  const ring = aRing();
  const sealed = ring.seal(SECRET, BINDING);
  expect(ring.open(sealed, BINDING)).toEqual(SECRET);
  expect(Buffer.from(sealed.box, 'base64').includes(SECRET)).toBe(false);
});

it('the same secret is another box each time', () => {
  const ring = aRing();
  expect(ring.seal(SECRET, BINDING).box).not.toBe(ring.seal(SECRET, BINDING).box);
});

it.each<[string, Partial<Binding>]>([
  ['another device', { endpoint: Endpoint('urn:imei:2') }],
  ['another identity', { identity: 'two' }],
  ['another tenant', { namespace: 'other' as Namespace }],
  ['another kind', { kind: 'oscore' }],
  ['parts that read the same in one piece', { endpoint: Endpoint('urn:imei:1psk'), kind: '' as 'psk' }],
])('a row that was copied to %s opens nothing', (_whose, change) => {
  const ring = aRing();
  expect(() => ring.open(ring.seal(SECRET, BINDING), { ...BINDING, ...change })).toThrow(
    expect.objectContaining({ code: 'SECRET_SEALED' }),
  );
});

it('a box with any bit turned, and each beginning of one, opens nothing', () => {
  const ring = aRing();
  const { key, box } = ring.seal(SECRET, BINDING);
  const bytes = Buffer.from(box, 'base64');
  const opens = (altered: Buffer): boolean => {
    try {
      ring.open({ key, box: altered.toString('base64') }, BINDING);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'SECRET_SEALED' });
      return false;
    }
  };
  expect(opens(bytes)).toBe(true);
  for (let at = 0; at < bytes.length; at++) {
    const altered = Buffer.from(bytes);
    altered[at]! ^= 1 << (at % 8);
    expect(opens(altered)).toBe(false);
    expect(opens(bytes.subarray(0, at))).toBe(false);
  }
});

it('equal secrets have one fingerprint, and each key ring its own', () => {
  const [ring, other] = [aRing(), aRing()];
  expect(ring.fingerprint(SECRET)).toBe(ring.fingerprint(Buffer.from(SECRET)));
  expect(ring.fingerprint(SECRET)).not.toBe(other.fingerprint(SECRET));
  expect(ring.fingerprint(SECRET)).not.toBe(ring.fingerprint(randomBytes(16)));
});

it('the state of a session opens under its own name, and never as a secret', () => {
  const ring = aRing();
  const sealed = ring.sealSession('dtls:1', SECRET);
  expect(ring.openSession('dtls:1', sealed)).toEqual(SECRET);
  expect(() => ring.openSession('dtls:2', sealed)).toThrow(expect.objectContaining({ code: 'SECRET_SEALED' }));
  expect(() => ring.open(sealed, BINDING)).toThrow(expect.objectContaining({ code: 'SECRET_SEALED' }));
});

it('a data key has room for so many secrets, those of earlier processes counted', () => {
  const ring = aRing();
  expect(ring.hasRoomFor(65_536)).toBe(true);
  ring.noteUse({ key: 's1', box: '' });
  expect(ring.hasRoomFor(65_536)).toBe(false);
  expect(ring.hasRoomFor(65_535)).toBe(true);
});

it('without a data key nothing is sealed', () => {
  expect(() => new KeyRing(entropy).seal(SECRET, BINDING)).toThrow(expect.objectContaining({ code: 'SECRET_SEALED' }));
  expect(() => aRing().open({ key: 'gone', box: '' } satisfies Sealed, BINDING)).toThrow(
    expect.objectContaining({ code: 'SECRET_SEALED' }),
  );
});

it('another key-encryption key takes over without a secret being touched', async () => {
  const [before, after] = [new LocalKeyService(randomBytes(32), entropy), new LocalKeyService(randomBytes(32), entropy)];
  const { plain, wrapped } = await newDataKey({ id: 'k', purpose: 'secrets' }, before, entropy);
  const moved = await rewrap(wrapped, before, after);
  expect(await unwrapKey(moved, after)).toEqual(Buffer.from(plain));
  await expect(unwrapKey(moved, before)).rejects.toMatchObject({ code: 'KEY_ENCRYPTION_KEY_WRONG' });
  await expect(unwrapKey(wrapped, after)).rejects.toMatchObject({ code: 'KEY_ENCRYPTION_KEY_WRONG' });
});

it.each<[string, Partial<WrappedKey>]>([
  ['for another purpose', { purpose: 'sessions' }],
  ['under another name', { id: 'other' }],
])('a data key used %s is refused', async (_how, change) => {
  const service = new LocalKeyService(randomBytes(32), entropy);
  const { wrapped } = await newDataKey({ id: 'k', purpose: 'secrets' }, service, entropy);
  await expect(unwrapKey({ ...wrapped, ...change }, service)).rejects.toMatchObject({ code: 'KEY_ENCRYPTION_KEY_WRONG' });
});

it.each([
  ['31 bytes', randomBytes(31)],
  ['33 bytes', randomBytes(33)],
  ['zeros', Buffer.alloc(32)],
])('%s are no key-encryption key', (_what, key) => {
  expect(() => new LocalKeyService(key, entropy)).toThrow(expect.objectContaining({ code: 'KEY_ENCRYPTION_KEY_INVALID' }));
});
