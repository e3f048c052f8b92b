import type { ErrorKind } from '@drover/kernel';

/** What an answer that is no success means to a person; the kind decides what a program does next. */
export interface FailureMeaning {
  readonly failure: string;
  readonly kind: ErrorKind;
  readonly meaning: string;
}

/** Answers of Transport section 6.7, and those that devices give beside them. */
const MEANINGS = {
  '4.00': { failure: 'REQUEST_REJECTED', kind: 'input', meaning: 'the device rejects a value, or is not in a state for this' },
  '4.01': {
    failure: 'DEVICE_DENIES',
    kind: 'denied',
    meaning: 'the device does not let this server do that: its access control, or an object no server may touch',
  },
  '4.02': { failure: 'OPTION_REJECTED', kind: 'conflict', meaning: 'the device does not know an option of the request' },
  '4.03': { failure: 'DEVICE_DENIES', kind: 'denied', meaning: 'the device forbids it' },
  '4.04': { failure: 'PATH_NOT_FOUND', kind: 'missing', meaning: 'the device has no such object, instance or resource' },
  '4.05': { failure: 'NOT_ALLOWED', kind: 'conflict', meaning: 'this cannot be done to that path, or not in the state the device is in' },
  '4.06': { failure: 'FORMAT_NOT_OFFERED', kind: 'conflict', meaning: 'the device has this in none of the formats it was asked for' },
  '4.08': { failure: 'BLOCKS_INCOMPLETE', kind: 'transport', meaning: 'the device has lost a block in between' },
  '4.09': { failure: 'DEVICE_CONFLICT', kind: 'conflict', meaning: 'it conflicts with what the device has' },
  '4.12': { failure: 'PRECONDITION_FAILED', kind: 'conflict', meaning: 'a condition of the request does not hold' },
  '4.13': { failure: 'TOO_LARGE', kind: 'input', meaning: 'it is larger than the device can take' },
  '4.15': { failure: 'FORMAT_NOT_KNOWN', kind: 'conflict', meaning: 'the device knows none of the formats it was sent' },
  '4.29': { failure: 'DEVICE_BUSY', kind: 'transport', meaning: 'the device wants fewer requests' },
  '5.00': { failure: 'DEVICE_ERROR', kind: 'transport', meaning: 'the device met an error of its own' },
  '5.01': { failure: 'NOT_IMPLEMENTED', kind: 'conflict', meaning: 'the device does not implement this operation' },
  '5.03': { failure: 'DEVICE_BUSY', kind: 'transport', meaning: 'the device is busy, perhaps with a transfer that has not ended' },
} as const satisfies Record<string, FailureMeaning>;

/** By the code as text, `4.04`. A code that nobody has defined is read by its class (RFC 7252 section 5.9). */
export function meaningOf(code: string): FailureMeaning {
  if (Object.hasOwn(MEANINGS, code)) return MEANINGS[code as keyof typeof MEANINGS];
  if (code.startsWith('4.')) return { failure: 'REQUEST_REJECTED', kind: 'input', meaning: `the device answers ${code}` };
  if (code.startsWith('5.')) return { failure: 'DEVICE_ERROR', kind: 'transport', meaning: `the device answers ${code}` };
  return { failure: 'ANSWER_UNEXPECTED', kind: 'transport', meaning: `${code} is no answer to this operation` };
}
