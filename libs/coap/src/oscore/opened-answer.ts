import type { IncomingResponse } from '../endpoint-types.ts';
import { readOptions } from '../options.ts';
import type { Asked } from './asked-requests.ts';
import { OscoreError } from './errors.ts';
import { openResponse } from './protection.ts';

const OBSERVE_RANGE = 0x1_00_00_00;
/** An answer without a number of its own is older than every notification. */
const BEFORE_ALL = -1;

/** Undefined for what is not protected, was not sealed for this request, or cannot be read. */
export function openedAnswer(
  { context, binding }: Asked,
  { payload, options: outside }: IncomingResponse,
): { response: IncomingResponse; sequence: number } | undefined {
  const { oscore } = outside;
  if (oscore === undefined) return undefined;
  try {
    const { inner, sequence = BEFORE_ALL } = openResponse(context, binding, { oscore, payload });
    const { options, badCritical } = readOptions(inner);
    if (badCritical !== undefined) return undefined;
    // It observes only if it says so inside too; the order is that of the numbers that nobody can forge.
    const observe =
      options.observe === undefined || outside.observe === undefined ? {} : { observe: Math.max(0, sequence) % OBSERVE_RANGE };
    const { observe: _, ...others } = options;
    return { response: { code: inner.code, options: { ...others, ...observe }, payload: inner.payload }, sequence };
  } catch (error) {
    if (error instanceof OscoreError) return undefined;
    throw error;
  }
}
