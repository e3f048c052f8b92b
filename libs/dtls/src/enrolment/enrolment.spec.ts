import { generateKeyPairSync, sign, X509Certificate, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { certificateDer, privateKeyOf, SeededEntropy } from '@drover/testkit';
import { CertificateAuthority, certsOnly, EnrolmentError, judgeChain, makeRequest, readRequest } from '../index.ts';
import { childrenOf } from '../x509/der.ts';
import * as der from './der-writer.ts';

/** Made by `openssl req -new` with the key of `selfSigned`, for O=Meters, CN=urn:dev:asks. */
const OF_OPENSSL = Buffer.from(
  'MIHjMIGKAgEAMCgxDzANBgNVBAoMBk1ldGVyczEVMBMGA1UEAwwMdXJuOmRldjphc2tzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEcK31oz/OSE3ehI9lLDiWAuU8pEm5frk9ec9SRsvjKXfSE9N8qih7Qjz2wKjPgBr2WTfEdV9fhG8wT2SEBEI3NqAAMAoGCCqGSM49BAMCA0gAMEUCIGhI4K0CeycggL0/GDniV2/UVB0gtnraBYfB+bWCGG4TAiEAzZQlxTld1dsPd934sILufFTMqJ5mO0NPNNJdXaHjMEE=',
  'base64',
);
const NOW = Date.parse('2027-03-01T12:00:00Z');
const YEAR_MS = 365 * 86_400_000;

const authority = (): CertificateAuthority =>
  new CertificateAuthority(new X509Certificate(certificateDer('enrolment')), privateKeyOf('enrolment'), new SeededEntropy());
const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const code = (run: () => unknown): string => {
  try {
    run();
    return 'none';
  } catch (error) {
    return error instanceof EnrolmentError ? error.code : String(error);
  }
};

interface Making {
  readonly curve?: string;
  readonly signer?: KeyObject;
  readonly version?: number;
  readonly algorithm?: string;
  readonly subject?: Buffer;
}

/** A request as it should be, or as it should not. */
function aRequest({
  curve = 'P-256',
  signer,
  version = 0,
  algorithm = '1.2.840.10045.4.3.2',
  subject = der.sequence(),
}: Making = {}): Buffer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const info = der.sequence(der.integer(Buffer.of(version)), subject, spkiOf(publicKey), der.tagged(0));
  return der.sequence(info, der.sequence(der.oid(algorithm)), der.bitString(sign('sha256', info, signer ?? privateKey)));
}

describe('a request', () => {
  it('of OpenSSL is read: its key, and the name that it asks for', () => {
    const { publicKey, spki, commonName } = readRequest(OF_OPENSSL);
    expect(commonName).toBe('urn:dev:asks');
    expect(new X509Certificate(certificateDer('selfSigned')).publicKey.equals(publicKey)).toBe(true);
    expect(spki).toEqual(spkiOf(publicKey));
  });

  it.each(['urn:dev:1', undefined])('of our own is read, with the name %s', (name) => {
    const { spki, commonName } = readRequest(makeRequest(privateKeyOf('device'), name));
    expect([commonName, spki.equals(spkiOf(new X509Certificate(certificateDer('device')).publicKey))]).toEqual([name, true]);
  });

  it('without a subject has no name', () => {
    expect(readRequest(aRequest()).commonName).toBeUndefined();
  });

  it.each<[string, () => Buffer, string]>([
    ['that is empty', () => Buffer.alloc(0), 'CSR_INVALID'],
    ['that is a certificate', () => certificateDer('device'), 'CSR_INVALID'],
    ['of another version', () => aRequest({ version: 1 }), 'CSR_INVALID'],
    ['with bytes behind it', () => Buffer.concat([aRequest(), Buffer.of(5, 0)]), 'CSR_INVALID'],
    ['that is too long', () => aRequest({ subject: der.sequence(der.octetString(Buffer.alloc(4096))) }), 'CSR_INVALID'],
    ['with a key on P-384', () => aRequest({ curve: 'P-384' }), 'CSR_KEY'],
    ['signed by another', () => aRequest({ signer: privateKeyOf('stranger') }), 'CSR_SIGNATURE'],
    ['signed by another algorithm, as it says', () => aRequest({ algorithm: '1.2.840.10045.4.3.3' }), 'CSR_SIGNATURE'],
  ])('%s is refused', (_, make, expected) => {
    expect(code(() => readRequest(make()))).toBe(expected);
  });

  it('with any byte changed or cut off is refused by name, never by a crash', () => {
    fc.assert(
      fc.property(fc.nat(OF_OPENSSL.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, isCut) => {
        const bytes = Buffer.from(OF_OPENSSL);
        bytes[at]! ^= change;
        expect(code(() => readRequest(isCut ? bytes.subarray(0, at) : bytes))).toMatch(/^CSR_/);
      }),
    );
  });
});

describe('a certificate', () => {
  const issue = (more: object = {}): X509Certificate => {
    const { spki } = readRequest(OF_OPENSSL);
    return new X509Certificate(authority().issue({ commonName: 'urn:dev:asks', spki, now: NOW, lifetime: YEAR_MS, ...more }));
  };
  const root = new X509Certificate(certificateDer('enrolment'));

  it('is one that our server takes from a device, under its name', () => {
    expect(judgeChain([issue()], { roots: [root], role: 'client', now: NOW })).toEqual({ name: 'urn:dev:asks' });
  });

  it('is for clients alone', () => {
    expect(judgeChain([issue()], { roots: [root], role: 'server', now: NOW })).toHaveProperty('alert');
  });

  it('says whose it is, for how long, and by whom', () => {
    const made = issue();
    expect([made.subject, made.issuer, made.ca, made.keyUsage]).toEqual(['CN=urn:dev:asks', root.subject, false, ['1.3.6.1.5.5.7.3.2']]);
    expect([made.validFromDate.getTime(), made.validToDate.getTime()]).toEqual([NOW - 3_600_000, NOW + YEAR_MS]);
    expect(made.checkIssued(root) && made.verify(root.publicKey)).toBe(true);
  });

  it('does not outlive its issuer', () => {
    expect(issue({ lifetime: 200 * YEAR_MS }).validToDate).toEqual(root.validToDate);
  });

  it('has a number of its own, positive and of 20 bytes', () => {
    const one = authority();
    const { spki } = readRequest(OF_OPENSSL);
    const order = { commonName: 'a', spki, now: NOW, lifetime: YEAR_MS };
    const numbers = [one.issue(order), one.issue(order)].map((bytes) => new X509Certificate(bytes).serialNumber);
    expect(new Set(numbers).size).toBe(2);
    for (const number of numbers) expect(number).toMatch(/^[4-7][0-9A-F]{39}$/);
  });

  it.each([
    ['no name', { commonName: '' }, 'SUBJECT_INVALID'],
    ['a name of 65', { commonName: 'x'.repeat(65) }, 'SUBJECT_INVALID'],
    ['a name that forges a line', { commonName: 'a\nb' }, 'SUBJECT_INVALID'],
    ['an issuer that has ended', { now: Date.parse('2121-01-01T00:00:00Z') }, 'CA_INVALID'],
  ])('is not made for %s', (_, more, expected) => {
    expect(code(() => issue(more))).toBe(expected);
  });

  it.each<[string, () => CertificateAuthority]>([
    [
      'a certificate that may not sign',
      () => new CertificateAuthority(new X509Certificate(certificateDer('device')), privateKeyOf('device'), new SeededEntropy()),
    ],
    ['the key of another', () => new CertificateAuthority(root, privateKeyOf('device'), new SeededEntropy())],
  ])('is not made with %s', (_, make) => {
    expect(code(make)).toBe('CA_INVALID');
  });
});

it('certs-only holds the certificates and no signature', () => {
  const [type, content] = childrenOf(certsOnly([certificateDer('device'), certificateDer('intermediate')]));
  expect(type!.content.toString('hex')).toBe('2a864886f70d010702');
  const [, , , certificates, signers] = childrenOf(content!.content);
  expect(certificates!.content).toEqual(Buffer.concat([certificateDer('device'), certificateDer('intermediate')]));
  expect(signers!.content).toHaveLength(0);
});

describe('DER is written in its one form', () => {
  it.each([
    ['a length of 127', der.octetString(Buffer.alloc(127)), '047f'],
    ['of 128', der.octetString(Buffer.alloc(128)), '048180'],
    ['of 256', der.octetString(Buffer.alloc(256)), '04820100'],
    ['zero', der.integer(Buffer.of(0)), '020100'],
    ['a number with leading zeros', der.integer(Buffer.of(0, 0, 5)), '020105'],
    ['a number whose first bit is set', der.integer(Buffer.of(0x80)), '02020080'],
    ['a name of objects', der.oid('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    ['a time of 2049', der.time(Date.parse('2049-12-31T23:59:59Z')), '170d3439313233313233353935395a'],
    ['a time of 2050', der.time(Date.parse('2050-01-01T00:00:00Z')), '180f32303530303130313030303030305a'],
  ])('%s', (_, bytes, expected) => {
    expect(bytes.toString('hex').startsWith(expected)).toBe(true);
  });
});
