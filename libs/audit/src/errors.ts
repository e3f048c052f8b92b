import { DroverError, type ErrorKind } from '@drover/kernel';

const KIND_OF = {
  AUDIT_EVENT_INVALID: 'invariant',
  AUDIT_CHAIN_BROKEN: 'invariant',
  AUDIT_EXPORT_INCOMPLETE: 'invariant',
  AUDIT_PROOF_UNAVAILABLE: 'invariant',
  AUDIT_KEY_INVALID: 'input',
} as const satisfies Record<string, ErrorKind>;

export type AuditErrorCode = keyof typeof KIND_OF;

export class AuditError extends DroverError<AuditErrorCode> {
  constructor(code: AuditErrorCode, message: string) {
    super(code, KIND_OF[code], message);
  }
}
