import { DroverError } from '@drover/kernel';
import type { ErrorKind } from '@drover/kernel';

const KIND_OF = {
  PATH_INVALID: 'input',
  LINKS_MALFORMED: 'input',
  CONTENT_MALFORMED: 'input',
  CONTENT_TOO_LARGE: 'input',
  CONTENT_UNSUPPORTED: 'input',
  VALUE_INVALID: 'input',
  ATTRIBUTE_INVALID: 'input',
  ARGUMENTS_INVALID: 'input',
  MODEL_MALFORMED: 'input',
  MODEL_INVALID: 'input',
  MODEL_DUPLICATE: 'input',
  MODEL_TOO_LARGE: 'input',
} as const satisfies Record<string, ErrorKind>;

export type Lwm2mErrorCode = keyof typeof KIND_OF;

export class Lwm2mError extends DroverError<Lwm2mErrorCode> {
  constructor(code: Lwm2mErrorCode, message: string, cause?: unknown, details?: unknown) {
    super(code, KIND_OF[code], message, { cause, details });
  }
}

export function malformed(message: string): Lwm2mError {
  return new Lwm2mError('CONTENT_MALFORMED', message);
}
