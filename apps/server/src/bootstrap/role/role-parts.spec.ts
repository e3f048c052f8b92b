import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CODE } from '@drover/coap';
import { CredentialBook, packMaterial, type CredentialKind } from '@drover/credentials';
import { EnrolmentError } from '@drover/dtls';
import { DEFAULT_NAMESPACE, Endpoint } from '@drover/kernel';
import { SystemEntropy } from '@drover/platform';
import { privateKeyOf } from '@drover/testkit';
import type { AccountOrder } from '../../link/bootstrap.ts';
import type { SharedCredential } from '../../link/security.ts';
import { configurationOf, forgetKeys, type Sealed } from './configuration.ts';
import { Packs } from './packs.ts';
import { RequestLimits } from './request-limits.ts';

const at = (now: number): { own: number; now: number } => ({ own: now, now });

describe('limits', () => {
  it('a few in a row, then one a minute; others are not held up', () => {
    const limits = new RequestLimits(0);
    const admitted = Array.from({ length: 20 }, () => limits.admits('d', 'secured', at(0))).filter(Boolean);
    expect(admitted).toHaveLength(6);
    expect(limits.admits('e', 'secured', at(0))).toBe(true);
    expect(limits.admits('d', 'plain', at(0))).toBe(true);
    expect(limits.admits('d', 'secured', at(59_000))).toBe(false);
    expect(limits.admits('d', 'secured', at(120_000))).toBe(true);
  });

  it('all together have a bound, however many names they use; without security a small one of its own', () => {
    const limits = new RequestLimits(0);
    const admitted = (from: 'plain' | 'secured'): number =>
      Array.from({ length: 15_000 }, (_, index) => limits.admits(`d${index}`, from, at(0))).filter(Boolean).length;
    expect([admitted('plain'), admitted('secured')]).toEqual([50, 200]);
  });
});

describe('packs', () => {
  const fetched = (packs: Packs, payload: Uint8Array, szx: number): Buffer => {
    const parts: Uint8Array[] = [];
    let response = packs.first('p', { payload, contentFormat: 112 }, { num: 0, more: false, szx }, 0);
    for (let num = 1; ; num++) {
      parts.push(response.payload ?? new Uint8Array(0));
      if (response.options?.block2?.more !== true) return Buffer.concat(parts);
      response = packs.further('p', { num, more: false, szx }, 0) ?? { code: CODE.NOT_FOUND };
    }
  };

  it('come whole in blocks of any size, and nothing is kept of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), fc.integer({ min: 0, max: 6 }), (payload, szx) => {
        const packs = new Packs(new SystemEntropy());
        const wanted = Buffer.from(payload);
        expect(fetched(packs, payload, szx).equals(wanted)).toBe(true);
        expect(packs.further('p', { num: 1, more: false, szx }, 0)).toBeUndefined();
      }),
    );
  });

  it('are nobody else’s, and end', () => {
    const packs = new Packs(new SystemEntropy());
    const first = packs.first('p', { payload: Buffer.alloc(100, 1), contentFormat: 112 }, { num: 0, more: false, szx: 0 }, 0);
    expect(first.options?.block2).toEqual({ num: 0, more: true, szx: 0 });
    const block = { num: 1, more: false, szx: 0 };
    expect(packs.further('q', block, 0)).toBeUndefined();
    expect(packs.further('p', { ...block, num: 9 }, 0)?.code).toBe(CODE.BAD_REQUEST);
    expect(packs.further('p', block, 300_000)).toBeUndefined();
  });
});

describe('keys in clear', () => {
  const MASTER = { masterSecret: new Uint8Array(16).fill(9), senderId: Uint8Array.of(1, 2), recipientId: Uint8Array.of(3) };
  const PKCS8 = privateKeyOf('device').export({ format: 'der', type: 'pkcs8' });

  let unsealed: Buffer[];
  beforeEach(() => {
    unsealed = [];
  });

  function opened(mode: 'PSK' | 'RPK' | 'X509' | 'OSCORE', kind: CredentialKind, secret: Uint8Array, more: Partial<Sealed> = {}) {
    const book = new CredentialBook<SharedCredential>();
    const credential = { kind, identity: 'own' };
    const common = { namespace: DEFAULT_NAMESPACE, endpoint: Endpoint('d'), state: 'next', secret: { key: 'k', box: '' } } as const;
    book.put({ ...common, ...credential });
    const uri = mode === 'OSCORE' ? 'coap://x' : 'coaps://x';
    const account: AccountOrder = {
      ...{ uri, shortServerId: 1, lifetimeS: 60, binding: 'U', storesNotifications: true },
      security: { mode, credential },
    };
    const server = { rawKey: new Uint8Array(91), certificate: new Uint8Array(400), certify: () => Buffer.alloc(400, 1) };
    const open = (): Buffer => {
      unsealed.push(Buffer.from(secret));
      return unsealed.at(-1)!;
    };
    const sealed = { book, ring: { open }, ...server, ...more };
    return configurationOf({ accounts: [account], access: [], deleteFirst: [] }, sealed);
  }

  it.each([
    ['PSK', 'psk', new Uint8Array(16).fill(9)],
    ['RPK', 'rpk', PKCS8],
    ['X509', 'x509', PKCS8],
    ['OSCORE', 'oscore', packMaterial(MASTER)],
  ] as const)('are there to be written, and overwritten after that: %s', (mode, kind, secret) => {
    const made = opened(mode, kind, secret);
    if (made.type !== 'opened') throw new TypeError(made.why);
    const [{ security, oscore }] = made.configuration.accounts as [(typeof made.configuration.accounts)[number]];
    const inClear = oscore?.masterSecret ?? ('key' in security ? security.key : 'privateKey' in security ? security.privateKey : undefined);
    expect(Buffer.from(inClear!)).toEqual(Buffer.from(mode === 'OSCORE' ? MASTER.masterSecret : secret));
    expect(made.certified !== undefined).toBe(mode === 'X509');
    forgetKeys(made.configuration);
    expect([...inClear!].every((byte) => byte === 0)).toBe(true);
  });

  it('a context whose Master Secret is too short is not written', () => {
    const short = packMaterial({ ...MASTER, masterSecret: new Uint8Array(8).fill(9) });
    expect(opened('OSCORE', 'oscore', short)).toMatchObject({ type: 'failed', why: expect.stringMatching(/^KEY_INVALID/) });
  });

  it('are overwritten as well when nothing is written of them', () => {
    const certify = (): Buffer => {
      throw new EnrolmentError('CA_INVALID', 'it has ended');
    };
    expect(opened('RPK', 'rpk', PKCS8, { rawKey: undefined })).toMatchObject({ why: expect.stringMatching(/^SERVER_KEY_MISSING/) });
    expect(() => opened('X509', 'x509', PKCS8, { certify })).toThrow('it has ended');
    expect(unsealed.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true, true]);
  });
});
