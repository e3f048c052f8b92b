import { DroverError, type ErrorKind } from '@drover/kernel';

const KIND_OF = {
  PREDICATE_SYNTAX: 'input',
  PREDICATE_TOO_LARGE: 'input',
  PREDICATE_UNSUPPORTED: 'input',
  PREDICATE_TYPE: 'input',
  FACT_NAME_UNKNOWN: 'input',
  VERSION_INVALID: 'input',
  VERSION_RANGE_INVALID: 'input',
} as const satisfies Record<string, ErrorKind>;

export type FleetErrorCode = keyof typeof KIND_OF;

export class FleetError extends DroverError<FleetErrorCode> {
  /** Where in the expression the trouble starts, counted in characters from 0; undefined where that makes no sense. */
  readonly position: number | undefined;

  constructor(code: FleetErrorCode, message: string, position?: number) {
    super(code, KIND_OF[code], message);
    this.position = position;
  }
}
