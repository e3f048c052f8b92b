import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DAY, DroverError } from '@drover/kernel';
import { CertificateAuthority, EnrolmentError, RevocationList, type OwnCertificate } from '@drover/dtls';
import { SystemEntropy } from '@drover/platform';
import type { CertificateFiles, EnrolmentFiles } from '../../link/security.ts';
import type { SecurityParts } from './secured.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const LIST = /-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/g;

/** What the gateway shows, and whom it trusts. Throws `CERTIFICATE_INVALID` with the file. */
export function readCertificates(files: CertificateFiles): Pick<SecurityParts, 'own' | 'roots' | 'revocationLists'> {
  if (files.key === '' && files.certificate + files.clientCa !== '')
    throw invalid(files.certificate || files.clientCa, 'a private key is needed beside it');
  return {
    ...(files.key !== '' && { own: ownFrom(files) }),
    roots: files.clientCa === '' ? [] : certificatesIn(files.clientCa),
    revocationLists: files.revocationLists === '' ? [] : listsIn(files.revocationLists),
  };
}

/** The authority for certificates of devices; undefined where there is none. Throws `CERTIFICATE_INVALID` with the file. */
export function readAuthority({
  key,
  certificate,
  days,
}: EnrolmentFiles): { authority: CertificateAuthority; lifetime: number } | undefined {
  if (key === '' && certificate === '') return undefined;
  if (key === '' || certificate === '') throw invalid(key || certificate, 'an authority is a key and its certificate');
  const [first] = certificatesIn(certificate);
  try {
    return { authority: new CertificateAuthority(first!, privateKeyIn(key), new SystemEntropy()), lifetime: days * DAY };
  } catch (error) {
    throw error instanceof EnrolmentError ? invalid(certificate, error.message) : error;
  }
}

/** What the authority signs opens management, like what the roots sign. */
export const withRoot = <T extends { readonly roots?: readonly X509Certificate[] }>(trust: T, root: X509Certificate | undefined): T =>
  root === undefined ? trust : { ...trust, roots: [...(trust.roots ?? []), root] };

function ownFrom({ key, certificate }: CertificateFiles): OwnCertificate {
  const privateKey = privateKeyIn(key);
  const rawKey = createPublicKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'der', type: 'spki' });
  if (certificate === '') return { privateKey, rawKey };
  const chain = certificatesIn(certificate);
  if (!chain[0]!.checkPrivateKey(privateKey)) throw invalid(certificate, 'its first certificate is of another key');
  return { privateKey, rawKey, chain: chain.map(({ raw }) => raw) };
}

function privateKeyIn(file: string): KeyObject {
  const key = reading(file, () => createPrivateKey(readFileSync(file)));
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw invalid(file, 'a private key on P-256 is needed');
  return key;
}

function certificatesIn(file: string): X509Certificate[] {
  const found = reading(file, () => (readFileSync(file, 'latin1').match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem)));
  if (found.length === 0) throw invalid(file, 'there is no certificate in it');
  return found;
}

function listsIn(file: string): RevocationList[] {
  const found = reading(file, () =>
    [...readFileSync(file, 'latin1').matchAll(LIST)].map(([, body]) => new RevocationList(Buffer.from(body!, 'base64'))),
  );
  if (found.length === 0) throw invalid(file, 'there is no revocation list in it');
  return found;
}

function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalid(file, (error as { code?: string }).code ?? 'it cannot be read');
  }
}

function invalid(file: string, why: string): DroverError {
  return new DroverError('CERTIFICATE_INVALID', 'input', `${file}: ${why}`);
}
