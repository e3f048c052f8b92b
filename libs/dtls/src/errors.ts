import { DroverError, type ErrorKind } from '@drover/kernel';
import type { AlertName } from './alerts.ts';

/** What a peer does wrong, and the alert it gets for it. */
const FAULTS = {
  DTLS_UNEXPECTED_MESSAGE: 'unexpected_message',
  DTLS_RECORD_OVERFLOW: 'record_overflow',
  DTLS_HANDSHAKE_FAILURE: 'handshake_failure',
  DTLS_BAD_CERTIFICATE: 'bad_certificate',
  DTLS_UNSUPPORTED_CERTIFICATE: 'unsupported_certificate',
  DTLS_CERTIFICATE_REVOKED: 'certificate_revoked',
  DTLS_CERTIFICATE_EXPIRED: 'certificate_expired',
  DTLS_CERTIFICATE_UNKNOWN: 'certificate_unknown',
  DTLS_ILLEGAL_PARAMETER: 'illegal_parameter',
  DTLS_UNKNOWN_CA: 'unknown_ca',
  DTLS_ACCESS_DENIED: 'access_denied',
  DTLS_DECODE_ERROR: 'decode_error',
  DTLS_DECRYPT_ERROR: 'decrypt_error',
  DTLS_PROTOCOL_VERSION: 'protocol_version',
  DTLS_INAPPROPRIATE_FALLBACK: 'inappropriate_fallback',
  DTLS_UNSUPPORTED_EXTENSION: 'unsupported_extension',
  DTLS_UNRECOGNIZED_NAME: 'unrecognized_name',
  DTLS_UNKNOWN_PSK_IDENTITY: 'unknown_psk_identity',
} as const satisfies Record<string, AlertName>;

/** What the caller, or the disk, does wrong; no peer hears of it. */
const OWN_FAULTS = {
  DTLS_STATE_INVALID: 'input',
  DTLS_SETTINGS_INVALID: 'input',
  DTLS_TOO_LONG: 'input',
  DTLS_ENTROPY: 'invariant',
} as const satisfies Record<string, ErrorKind>;

export type DtlsFaultCode = keyof typeof FAULTS;
export type DtlsErrorCode = DtlsFaultCode | keyof typeof OWN_FAULTS;

const isFault = (code: DtlsErrorCode): code is DtlsFaultCode => code in FAULTS;

export class DtlsError extends DroverError<DtlsErrorCode> {
  /** What the peer is told; `undefined` where the fault is not the peer's. */
  readonly alert?: AlertName;

  constructor(code: DtlsErrorCode, message: string) {
    super(code, isFault(code) ? 'input' : OWN_FAULTS[code], message);
    this.alert = isFault(code) ? FAULTS[code] : undefined;
  }
}

const CODE_OF = new Map<AlertName, DtlsFaultCode>(Object.entries(FAULTS).map(([code, alert]) => [alert, code as DtlsFaultCode]));

/** The error for an alert that a port has chosen, e.g. the one that looks at certificates. */
export function refusal(alert: AlertName, message: string): DtlsError {
  return new DtlsError(CODE_OF.get(alert) ?? 'DTLS_HANDSHAKE_FAILURE', message);
}
