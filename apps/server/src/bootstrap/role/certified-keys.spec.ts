import { generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { beforeEach, expect, it } from '@jest/globals';
import { codeOfText } from '@drover/coap';
import { CredentialBook } from '@drover/credentials';
import { CertificateAuthority } from '@drover/dtls';
import { DEFAULT_NAMESPACE, Endpoint, Instant } from '@drover/kernel';
import { CONTENT_FORMAT, decodeContent } from '@drover/lwm2m';
import { createLogger, SystemEntropy } from '@drover/platform';
import { certificateDer, privateKeyOf } from '@drover/testkit';
import { TestDoor } from '../../../../../test/support/bootstrap-door.ts';
import type { AccountOrder, BootstrapReport, IssueReport } from '../../link/bootstrap.ts';
import type { SharedCredential } from '../../link/security.ts';
import { BootstrapRole } from './bootstrap-role.ts';
import type { Sealed } from './configuration.ts';

// Keys that were made for devices, and that are certified on their way to them.

const D = Endpoint('d');
const NAME = 'by-chance';
const NOW = Date.parse('2027-03-01T12:00:00Z');
const authority = new CertificateAuthority(
  new X509Certificate(certificateDer('enrolment')),
  privateKeyOf('enrolment'),
  new SystemEntropy(),
);
const ANSWERS: Readonly<Record<string, string>> = { GET: '2.05', DELETE: '2.02' };
let door: TestDoor;
let told: BootstrapReport[];
let privateKey: KeyObject;

beforeEach(() => {
  [door, told] = [new TestDoor(), []];
  privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
});

function aRole(change: Partial<Sealed> = {}): BootstrapRole {
  const book = new CredentialBook<SharedCredential>();
  const common = { namespace: DEFAULT_NAMESPACE, endpoint: D } as const;
  const factory: SharedCredential = { ...common, kind: 'psk', use: 'bootstrap', identity: 'factory', state: 'active' };
  door.factory.set('dtls:d', factory);
  book.put(factory);
  book.put({ ...common, kind: 'x509', identity: NAME, state: 'next', secret: { key: 'k', box: '' } });
  const sealed: Sealed = {
    book,
    ring: { open: () => privateKey.export({ format: 'der', type: 'pkcs8' }) },
    rawKey: undefined,
    certificate: certificateDer('server'),
    certify: (commonName, spki) => authority.issue({ commonName, spki, now: NOW, lifetime: 86_400_000 }),
    ...change,
  };
  const tell = (report: BootstrapReport): void => void told.push(report);
  return new BootstrapRole({ door, sealed, clock: () => Instant(1), now: () => 0, log: createLogger('silent', 'test'), tell });
}

const account = (shortServerId: number): AccountOrder => ({
  uri: 'coaps://x',
  shortServerId,
  lifetimeS: 60,
  binding: 'U',
  storesNotifications: true,
  security: { mode: 'X509', credential: { kind: 'x509', identity: NAME } },
});
const reports = <T extends BootstrapReport['type']>(type: T): Extract<BootstrapReport, { type: T }>[] =>
  told.filter((report): report is Extract<BootstrapReport, { type: T }> => report.type === type);

/** A Bootstrap-Request, and what the engine says to it. */
function asks(role: BootstrapRole, accounts = [account(1)], text = 'POST /bs'): IssueReport | undefined {
  door.hear('dtls:d', text);
  const { id } = reports('bootstrap-asked').at(-1)!;
  role.handle({ type: 'bootstrap-give', id, endpoint: D, order: { accounts, access: [], deleteFirst: [] } });
  return reports('certificate-made').at(-1);
}

/** Answers everything that is asked of the device, and what it was written: two certificates come in blocks. */
function written(): Map<string, unknown> {
  const values = new Map<string, unknown>();
  let body = Buffer.alloc(0);
  for (let at = 0; at < door.sent.length; at++) {
    const { text, payload, block1, correlation } = door.sent[at]!;
    const [method = '', path = ''] = text.split(' ');
    body = Buffer.concat([body, Buffer.from(payload, 'latin1')]);
    if (method === 'PUT' && block1?.more !== true) {
      for (const { path: to, value } of decodeContent(CONTENT_FORMAT.TLV, body, path)) values.set(to, value);
      body = Buffer.alloc(0);
    }
    const code = codeOfText(block1?.more ? '2.31' : (ANSWERS[method] ?? '2.04'))!;
    const links = method === 'GET' ? Buffer.from('</>;lwm2m=1.1,</0/0>,</1>') : Buffer.alloc(0);
    correlation.onResponse({ code, options: { uriPath: [], uriQuery: [], block1 } as never, payload: links }, 0);
  }
  return values;
}

it('nothing is answered or written before it is on the disk that the certificate was made', () => {
  const role = aRole();
  const made = asks(role)!;
  expect([door.answered, door.sent]).toEqual([[], []]);
  expect(role.load).toEqual({ secured: 1, plain: 0 });
  expect(made).toMatchObject({
    id: 1,
    endpoint: D,
    credential: { kind: 'x509', identity: NAME },
    certificate: {
      issuer: 'O=Meters, CN=Enrolment',
      until: '2027-03-02T12:00:00.000Z',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  });
  role.handle({ type: 'bootstrap-write', id: 1, endpoint: D });
  expect(door.answered).toEqual(['dtls:d 2.04']);
});

it('the device is written the key, its certificate, and that of the server', () => {
  const role = aRole();
  const made = asks(role)!;
  role.handle({ type: 'bootstrap-write', id: 1, endpoint: D });
  const key = privateKey.export({ format: 'der', type: 'pkcs8' });
  const values = written();
  expect([values.get('/0/1/2'), Buffer.from(values.get('/0/1/4') as Uint8Array)]).toEqual([2, certificateDer('server')]);
  expect(Buffer.from(values.get('/0/1/5') as Uint8Array)).toEqual(key);
  const certificate = new X509Certificate(values.get('/0/1/3') as Uint8Array);
  expect([certificate.subject, certificate.serialNumber, certificate.checkPrivateKey(privateKey)]).toEqual([
    `CN=${NAME}`,
    made.certificate.serial,
    true,
  ]);
  expect(reports('bootstrap-ended')).toMatchObject([{ id: 1 }]);
});

it('has one certificate for all accounts that are given it', () => {
  const role = aRole();
  asks(role, [account(1), account(2)]);
  expect(reports('certificate-made')).toHaveLength(1);
  role.handle({ type: 'bootstrap-write', id: 1, endpoint: D });
  const values = written();
  expect(values.get('/0/2/3')).toEqual(values.get('/0/1/3'));
});

it('what was not written down is not given', () => {
  const role = aRole();
  asks(role);
  role.handle({ type: 'bootstrap-deny', id: 1, endpoint: D, code: 'CREDENTIAL_REVOKED' });
  expect([door.answered, door.sent]).toEqual([['dtls:d 4.00 CREDENTIAL_REVOKED'], []]);
  expect(reports('bootstrap-ended')).toMatchObject([{ failure: { at: 'before the session' } }]);
  expect(role.load).toEqual({ secured: 0, plain: 0 });
});

it('a device that asks again meanwhile is written once', () => {
  const role = aRole();
  asks(role);
  asks(role);
  role.handle({ type: 'bootstrap-write', id: 1, endpoint: D });
  role.handle({ type: 'bootstrap-write', id: 2, endpoint: D });
  expect(reports('bootstrap-ended')).toMatchObject([{ id: 1, failure: { why: 'the device began anew' } }]);
  expect(role.load).toEqual({ secured: 1, plain: 0 });
});

it.each<[string, Partial<Sealed>, string]>([
  ['no authority', { certify: undefined }, 'ENROLMENT_OFF'],
  ['no certificate of its own', { certificate: undefined }, 'SERVER_CERTIFICATE_MISSING'],
  [
    'an authority whose time is over',
    { certify: (commonName, spki) => authority.issue({ commonName, spki, now: Date.parse('2130-01-01T00:00:00Z'), lifetime: 1 }) },
    'CA_INVALID',
  ],
])('a server with %s gives nothing, and says why', (_what, change, code) => {
  expect(asks(aRole(change))).toBeUndefined();
  expect([door.answered, door.sent]).toEqual([[`dtls:d 4.00 ${code}`], []]);
  expect(reports('bootstrap-ended')).toMatchObject([{ failure: { why: expect.stringContaining(code) } }]);
});
