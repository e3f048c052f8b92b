import { DroverError, type ErrorKind } from '@drover/kernel';

const KINDS = {
  CSR_INVALID: 'input',
  CSR_SIGNATURE: 'input',
  CSR_KEY: 'input',
  SUBJECT_INVALID: 'input',
  CA_INVALID: 'input',
} as const satisfies Record<string, ErrorKind>;

export type EnrolmentErrorCode = keyof typeof KINDS;

/** Why no certificate was made. */
export class EnrolmentError extends DroverError<EnrolmentErrorCode> {
  constructor(code: EnrolmentErrorCode, message: string) {
    super(code, KINDS[code], message);
  }
}
