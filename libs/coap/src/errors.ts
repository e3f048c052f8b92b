import { DroverError } from '@drover/kernel';
import type { ErrorKind } from '@drover/kernel';

const KIND_OF = {
  COAP_TRUNCATED: 'input',
  COAP_TOO_LONG: 'input',
  COAP_VERSION: 'input',
  COAP_TOKEN_LENGTH: 'input',
  COAP_CODE: 'input',
  COAP_EMPTY_MESSAGE: 'input',
  COAP_OPTION_DELTA: 'input',
  COAP_OPTION_LENGTH: 'input',
  COAP_OPTION_COUNT: 'input',
  COAP_EMPTY_PAYLOAD: 'input',
  COAP_OPTION_VALUE: 'invariant',
  COAP_BLOCK_SIZE: 'invariant',
} as const satisfies Record<string, ErrorKind>;

export type CoapErrorCode = keyof typeof KIND_OF;

export class CoapError extends DroverError<CoapErrorCode> {
  constructor(code: CoapErrorCode, message: string) {
    super(code, KIND_OF[code], message);
  }
}
