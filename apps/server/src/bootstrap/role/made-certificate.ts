import { X509Certificate } from 'node:crypto';
import { spkiName } from '@drover/credentials';
import { oneLine } from '../../gateway/dtls/device-trust.ts';
import type { MadeCertificate } from '../../link/bootstrap.ts';

/** What the engine writes down of a certificate, DER. */
export function madeOf(certificate: Uint8Array): MadeCertificate {
  const { serialNumber, fingerprint256, issuer, publicKey, validToDate } = new X509Certificate(certificate);
  return {
    serial: serialNumber,
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    issuer: oneLine(issuer),
    pin: spkiName(publicKey.export({ type: 'spki', format: 'der' })),
    until: validToDate.toISOString(),
  };
}
