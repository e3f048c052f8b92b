import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { certificateDer, revocationListDer, type CertificateName } from '@drover/testkit';
import { judgeChain, type ChainRules } from './chain.ts';
import { elementsOf } from './der.ts';
import { RevocationList } from './revocation-list.ts';

const certificate = (name: CertificateName): X509Certificate => new X509Certificate(certificateDer(name));
const list = (name: 'intermediate' | 'stranger'): RevocationList => new RevocationList(revocationListDer(name));
const NOW = Date.parse('2026-06-01T00:00:00Z');
const rules = (more: Partial<ChainRules> = {}): ChainRules => ({ roots: [certificate('root')], role: 'client', now: NOW, ...more });
const STRICT = { roots: [certificate('strictRoot')], now: Date.parse('2030-01-01T00:00:00Z') };
const judge = (names: CertificateName[], more: Partial<ChainRules> = {}) => judgeChain(names.map(certificate), rules(more));

it.each([
  ['a chain', ['device', 'intermediate'], {}],
  ['with its root', ['device', 'intermediate', 'root'], {}],
  ['in any order behind the first', ['device', 'root', 'intermediate'], {}],
  ['with certificates that are of no use', ['device', 'strangerRoot', 'intermediate', 'server'], {}],
  ['whose issuer is trusted itself', ['device'], { roots: [certificate('intermediate')] }],
  ['that is trusted itself', ['device'], { roots: [certificate('device')] }],
  ['beside a revocation list that does not name it', ['device', 'intermediate'], { revocationLists: [list('intermediate')] }],
] as [string, CertificateName[], Partial<ChainRules>][])('%s holds', (_, names, more) => {
  expect(judge(names, more)).toEqual({ name: 'urn:dev:1' });
});

it.each([
  ['no certificate', [], {}, 'bad_certificate'],
  ['a certificate without its issuer', ['device'], {}, 'unknown_ca'],
  ['of the same name by a stranger', ['stranger', 'strangerRoot'], {}, 'unknown_ca'],
  ['of a stranger beside an issuer of ours', ['stranger', 'intermediate', 'root'], {}, 'unknown_ca'],
  ['nobody is trusted', ['device', 'intermediate', 'root'], { roots: [] }, 'unknown_ca'],
  ['expired', ['expired', 'intermediate'], {}, 'certificate_expired'],
  ['not valid yet', ['notYetValid', 'intermediate'], {}, 'certificate_expired'],
  ['its issuer expired', ['device', 'intermediate'], { now: Date.parse('2121-01-01T00:00:00Z') }, 'certificate_expired'],
  ['revoked', ['revoked', 'intermediate'], { revocationLists: [list('intermediate')] }, 'certificate_revoked'],
  [
    'revoked, by one list of several',
    ['revoked', 'intermediate'],
    { revocationLists: [list('stranger'), list('intermediate')] },
    'certificate_revoked',
  ],
  ['issued by a device (no CA)', ['issuedByDevice', 'device', 'intermediate'], {}, 'unknown_ca'],
  ['below more issuers than the first of them allows', ['tooDeep', 'secondIntermediate', 'intermediate'], {}, 'bad_certificate'],
  ['a server’s certificate for a client', ['serverOnly', 'intermediate'], {}, 'unsupported_certificate'],
  [
    'a client’s certificate for a server',
    ['device', 'intermediate'],
    { role: 'server', serverName: 'server.example' },
    'unsupported_certificate',
  ],
  ['a device below an issuer that is bound to other names', ['belowConstrained', 'constrained'], STRICT, 'unsupported_certificate'],
  ['a critical extension that nobody here understands', ['withUnknownCritical'], STRICT, 'unsupported_certificate'],
  ['a key that may not sign', ['mayNotSign'], STRICT, 'unsupported_certificate'],
  ['a server of another name', ['server', 'intermediate'], { role: 'server', serverName: 'other.example' }, 'bad_certificate'],
  ['a server of no name', ['server', 'intermediate'], { role: 'server' }, 'bad_certificate'],
] as [string, CertificateName[], Partial<ChainRules>, string][])('%s: refused', (_, names, more, alert) => {
  expect(judge(names, more)).toEqual({ alert });
});

it('a server of the right name', () => {
  expect(judge(['server', 'intermediate'], { role: 'server', serverName: 'server.example' })).toEqual({ name: 'server.example' });
});

describe('a revocation list', () => {
  it('counts only where the issuer has signed it', () => {
    expect(judge(['revoked', 'intermediate'], { revocationLists: [list('stranger')] })).toEqual({ name: 'urn:dev:4' });
  });

  it('with any byte changed counts no more', () => {
    const der = revocationListDer('intermediate');
    for (let at = 0; at < der.length; at++) {
      const changed = Buffer.from(der);
      changed[at]! ^= 1;
      let forged: RevocationList | undefined;
      try {
        forged = new RevocationList(changed);
      } catch (error) {
        expect(error).toMatchObject({ code: 'DTLS_STATE_INVALID' });
      }
      if (forged) expect(forged.isSignedBy(certificate('intermediate').publicKey)).toBe(false);
    }
  });

  it('cut anywhere is refused', () => {
    const der = revocationListDer('intermediate');
    for (let length = 0; length < der.length; length++) {
      expect(() => new RevocationList(der.subarray(0, length))).toThrow(expect.objectContaining({ code: 'DTLS_STATE_INVALID' }));
    }
  });

  it('tells when the next one is due', () => {
    expect(list('intermediate').nextUpdate).toBeGreaterThan(NOW);
  });
});

it('DER with a length that is none is refused', () => {
  for (const hex of ['3080', '30850000000001', '3002', '30'])
    expect(() => elementsOf(Buffer.from(hex, 'hex'))).toThrow(expect.objectContaining({ code: 'DTLS_STATE_INVALID' }));
});

it('a key that is a point beside its curve is refused, and throws nothing', () => {
  const der = Buffer.from(certificateDer('device'));
  const { publicKey } = certificate('device');
  const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(-64);
  der[der.indexOf(point) + 40]! ^= 1;
  const broken = new X509Certificate(der);
  expect(judgeChain([broken], rules({ roots: [broken] }))).toEqual({ alert: 'bad_certificate' });
});

it('a revocation list with an entry that names nothing is refused', () => {
  const der = revocationListDer('intermediate');
  const entry = Buffer.from('301302021007', 'hex');
  const at = der.indexOf(entry);
  const emptied = Buffer.concat([der.subarray(0, at), Buffer.from('300a0202100730003000040030', 'hex'), der.subarray(at + 13)]);
  expect(() => new RevocationList(emptied)).toThrow(expect.objectContaining({ code: 'DTLS_STATE_INVALID' }));
});
