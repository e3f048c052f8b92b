import { DroverError, type ErrorKind } from '@drover/kernel';

const KIND_OF = {
  CREDENTIAL_INVALID: 'input',
  IDENTITY_INVALID: 'input',
  IDENTITY_TAKEN: 'conflict',
  KEY_MISSING: 'input',
  KEY_NOT_PUBLIC: 'input',
  KEY_TOO_SHORT: 'input',
  KEY_TOO_LONG: 'input',
  KEY_REPETITIVE: 'input',
  KEY_COUNTER: 'input',
  KEY_TEXT: 'input',
  KEY_DICTIONARY: 'input',
  KEY_DERIVED: 'input',
  KEY_REUSED: 'conflict',
  KEY_SHARED: 'conflict',
  ALGORITHM_UNSUPPORTED: 'input',
  OSCORE_ID_INVALID: 'input',
  CREDENTIAL_EXISTS: 'conflict',
  CREDENTIAL_NOT_FOUND: 'missing',
  ROTATION_UNDER_WAY: 'conflict',
  IDENTITY_UNKNOWN: 'denied',
  CREDENTIAL_OTHER_USE: 'denied',
  CREDENTIAL_REVOKED: 'denied',
  CREDENTIAL_EXPIRED: 'denied',
  ENDPOINT_NOT_YOURS: 'denied',
  ENDPOINT_NEEDS_DTLS: 'denied',
  SECRET_SEALED: 'trust',
  KEY_ENCRYPTION_KEY_INVALID: 'input',
  KEY_ENCRYPTION_KEY_WRONG: 'trust',
} as const satisfies Record<string, ErrorKind>;

export type CredentialCode = keyof typeof KIND_OF;

/** Its message never holds a secret: it goes to logs and to the audit trail. */
export class CredentialError extends DroverError<CredentialCode> {
  constructor(code: CredentialCode, message: string, details?: unknown) {
    super(code, KIND_OF[code], message, { details });
  }
}
