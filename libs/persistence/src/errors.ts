import { DroverError, type ErrorKind } from '@drover/kernel';

const KIND_OF = {
  STORE_UNREACHABLE: 'transport',
  STORE_FULL: 'transport',
  LEASE_LOST: 'conflict',
  ROW_CORRUPT: 'invariant',
  WRITER_STOPPED: 'transport',
} as const satisfies Record<string, ErrorKind>;

export class StoreError extends DroverError<keyof typeof KIND_OF> {
  constructor(code: keyof typeof KIND_OF, message: string, cause?: unknown) {
    super(code, KIND_OF[code], message, { cause });
  }
}
