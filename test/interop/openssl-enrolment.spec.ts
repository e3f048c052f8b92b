import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from '@jest/globals';
import { CertificateAuthority, certsOnly, makeRequest, readRequest } from '@drover/dtls';
import { certificateDer, privateKeyOf, scratchFolder } from '@drover/testkit';
import { SystemEntropy } from '@drover/platform';
import { saySkipped } from './skipped.ts';

// OpenSSL asks for certificates, reads our requests, and verifies what our authority makes.

const isHere = spawnSync('openssl', ['version']).error === undefined;
if (!isHere) saySkipped('no openssl here, so it has not judged our certificates');
const there = isHere ? describe : describe.skip;
const scratch = scratchFolder();
afterAll(() => scratch.remove());

/** What it prints; fails with what it complains of. */
function openssl(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
  return stdout;
}

function written(name: string, content: string | Uint8Array): string {
  writeFileSync(scratch.file(name), content);
  return scratch.file(name);
}

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
const YEAR_MS = 365 * 86_400_000;

there('enrolment and openssl', () => {
  it('makes a request that is certified, and verifies the certificate, alone and in certs-only', () => {
    const key = scratch.file('device.key');
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key);
    const csr = scratch.file('device.csr');
    openssl('req', '-new', '-key', key, '-subj', '/CN=urn:dev:openssl', '-outform', 'DER', '-out', csr);
    const { spki, commonName } = readRequest(readFileSync(csr));
    expect(commonName).toBe('urn:dev:openssl');
    const authority = new CertificateAuthority(
      new X509Certificate(certificateDer('enrolment')),
      privateKeyOf('enrolment'),
      new SystemEntropy(),
    );
    const certificate = authority.issue({ commonName: 'urn:dev:openssl', spki, now: Date.now(), lifetime: YEAR_MS });
    const root = written('root.pem', pem(certificateDer('enrolment')));
    const own = written('own.pem', pem(certificate));
    expect(openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', root, own)).toContain('OK');
    const bundle = written('bundle.p7', certsOnly([certificate]));
    expect(openssl('pkcs7', '-inform', 'DER', '-in', bundle, '-print_certs')).toMatch(/subject=\s*CN\s*=\s*urn:dev:openssl/);
  });

  it('reads and verifies a request of ours', () => {
    const csr = written('ours.csr', makeRequest(privateKeyOf('device'), 'urn:dev:ours'));
    const shown = openssl('req', '-inform', 'DER', '-in', csr, '-noout', '-verify', '-subject');
    expect(shown).toMatch(/subject=\s*CN\s*=\s*urn:dev:ours/);
  });
});
