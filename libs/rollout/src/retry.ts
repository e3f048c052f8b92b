import { hash32, type Duration } from '@drover/kernel';
import type { FailureClass, RetrySpec } from '@drover/campaign';

export type RetryRules = RetrySpec;

interface ClassRule {
  /** Further tries after a failure of this class. */
  readonly attempts: number;
  readonly keepOffset: boolean;
  /** The first retry keeps the image where the device has kept it: one more Execute, before it is downloaded again. */
  readonly keepImage?: boolean;
}

/** What a class gets when the campaign does not say: only what can heal is tried again. */
const DEFAULT_RULE: Readonly<Partial<Record<FailureClass, ClassRule>>> = {
  ConnectionLost: { attempts: 10, keepOffset: true },
  Integrity: { attempts: 2, keepOffset: false },
  OutOfMemory: { attempts: 2, keepOffset: false },
  UpdateFailed: { attempts: 1, keepOffset: false, keepImage: true },
  RolledBack: { attempts: 1, keepOffset: false },
  // Waiting for the device's user is no failure of ours; the campaign's deadline ends it.
  Deferred: { attempts: 100, keepOffset: true },
};
const NEVER: ClassRule = { attempts: 0, keepOffset: false };

function ruleFor(rules: RetryRules, failure: FailureClass): ClassRule {
  const preset = DEFAULT_RULE[failure] ?? NEVER;
  const told = rules.classes[failure];
  if (!told) return preset;
  return {
    attempts: told.wait ? preset.attempts : told.attempts,
    keepOffset: told.redownload ? false : (told.resume ?? preset.keepOffset),
    keepImage: preset.keepImage === true && told.redownload !== true,
  };
}

/** Classes whose retries go on with the same transfer: they do not count against `maxAttempts`. */
const GOES_ON: readonly FailureClass[] = ['ConnectionLost', 'Deferred'];

/**
 * How long to wait before the next try after a failure, or undefined when there is none: the class must have tries left,
 * and the attempt must be below `maxAttempts` unless the transfer goes on where it was. The wait is
 * `initial · factor^(n−1)`, at most `max`, spread by ± `jitter` from a hash of the device, so it repeats in a replay.
 */
export function retryAfter(
  rules: RetryRules,
  failure: FailureClass,
  failures: Readonly<Partial<Record<FailureClass, number>>>,
  { attempt, key, isImageKept }: { attempt: number; key: string; isImageKept: boolean },
): { readonly delay: Duration; readonly keepOffset: boolean } | undefined {
  const rule = ruleFor(rules, failure);
  const count = failures[failure] ?? 1;
  if (count > rule.attempts) return undefined;
  if (attempt >= rules.maxAttempts && !GOES_ON.includes(failure)) return undefined;
  const { initial, factor, max, jitter } = rules.backoff;
  const spread = 1 + jitter * ((2 * hash32(`${key}/${attempt}/${count}`)) / 4_294_967_295 - 1);
  const delay = Math.min(initial * factor ** (count - 1), max) * spread;
  return { delay: Math.round(delay) as Duration, keepOffset: rule.keepOffset || (rule.keepImage === true && isImageKept && count === 1) };
}

/** Whether a failure of this class holds the whole campaign: an invalid URI is our own fault. */
export function holdsCampaign(rules: RetryRules, failure: FailureClass): boolean {
  return failure === 'InvalidURI' || rules.classes[failure]?.action === 'Hold';
}
