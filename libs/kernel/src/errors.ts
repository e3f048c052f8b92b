/** What kind of trouble it is. The kind alone decides what happens next (style guide, section 4). */
export type ErrorKind = 'input' | 'missing' | 'conflict' | 'trust' | 'denied' | 'transport' | 'invariant';

/** Exit status of `drover` per kind; one table for every command. */
export const EXIT_CODE_OF = {
  input: 2,
  missing: 3,
  conflict: 4,
  trust: 5,
  transport: 6,
  denied: 7,
  invariant: 70,
} as const satisfies Record<ErrorKind, number>;

/** HTTP status per kind. `denied` is 403 here; the guard answers 401 itself when no valid token came at all. */
export const HTTP_STATUS_OF = {
  input: 400,
  missing: 404,
  conflict: 409,
  trust: 422,
  transport: 503,
  denied: 403,
  invariant: 500,
} as const satisfies Record<ErrorKind, number>;

/** Every error Drover throws on purpose: a stable code for programs, a kind for handlers, a sentence for people. */
export class DroverError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly kind: ErrorKind;
  /** Machine-readable context, e.g. the list of faults of a document. Never holds secrets. */
  readonly details: unknown;

  constructor(code: Code, kind: ErrorKind, message: string, extra: { cause?: unknown; details?: unknown } = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.name = new.target.name;
    this.code = code;
    this.kind = kind;
    this.details = extra.details;
  }
}

/** Marks the end of an exhaustive switch: a new member of the union stops the build, a corrupt value stops the program. */
export function assertNever(value: never): never {
  throw new DroverError('UNREACHABLE', 'invariant', `unexpected value: ${JSON.stringify(value)}`);
}

/** Narrows and demands presence of what an earlier check has guaranteed. */
export function must<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new DroverError('UNREACHABLE', 'invariant', `missing: ${what}`);
  return value;
}
