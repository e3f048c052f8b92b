import { DroverError, instantOf, type Instant } from '@drover/kernel';
import type { NetworkHint } from '@drover/schedule';
import { fetchJson } from './fetch-json.ts';
import { HintSource } from './hint-source.ts';

/** Windows that were agreed for background data, as far ahead as anybody plans. */
const FAR_AHEAD = instantOf('2100-01-01');
/** Policies of one subscription. */
const MOST_POLICIES = 1000;

interface Window {
  readonly from: Instant;
  readonly until: Instant;
}

/**
 * The Background Data Transfer interface of a 3GPP exposure function (TS 29.122): a subscription that somebody has
 * negotiated, with the transfer policies that were offered and the one that was selected. Within its time window firmware
 * takes what campaigns say; outside, no more than `outside` of a carrier.
 */
export class BackgroundTransferSource extends HintSource {
  readonly name: string;
  readonly #operator: string;
  readonly #outside: number;
  readonly #now: () => Instant;

  constructor(subscription: string, { operator, outside, now }: { operator: string; outside: number; now: () => Instant }) {
    super();
    this.name = subscription;
    this.#operator = operator;
    this.#outside = outside;
    this.#now = now;
  }

  async read(): Promise<readonly NetworkHint[]> {
    const windows = agreedWindows(await fetchJson(this.name));
    return this.#around(windows.filter(({ until }) => until > this.#now()));
  }

  /** Everything between the windows; without any window that is still to come, all of the time. */
  #around(windows: readonly Window[]): NetworkHint[] {
    const gaps: Window[] = [];
    let at = this.#now();
    for (const { from, until } of [...windows].sort((a, b) => a.from - b.from)) {
      if (from > at) gaps.push({ from: at, until: from });
      if (until > at) at = until;
    }
    gaps.push({ from: at, until: FAR_AHEAD });
    const text = 'outside of the window that was agreed for background data';
    return gaps.map((gap) => ({ ...gap, operator: this.#operator, cells: undefined, bearer: undefined, share: this.#outside, text }));
  }
}

/** Of the policy that was selected; of all that were offered where nobody has selected one. */
function agreedWindows(subscription: unknown): Window[] {
  const { transferPolicies, selectedPolicy } = (subscription ?? {}) as { transferPolicies?: unknown; selectedPolicy?: unknown };
  if (!Array.isArray(transferPolicies) || transferPolicies.length > MOST_POLICIES) throw unreadable('transferPolicies');
  const policies = transferPolicies as { bdtPolicyId?: unknown; timeWindow?: { startTime?: unknown; stopTime?: unknown } }[];
  const wanted = selectedPolicy === undefined ? policies : policies.filter((policy) => policy?.bdtPolicyId === selectedPolicy);
  return wanted.map((policy) => {
    const { startTime, stopTime } = policy?.timeWindow ?? {};
    if (typeof startTime !== 'string' || typeof stopTime !== 'string') throw unreadable('timeWindow');
    return { from: instantOf(startTime), until: instantOf(stopTime) };
  });
}

function unreadable(what: string): DroverError {
  return new DroverError('HINTS_INVALID', 'input', `the subscription has no ${what} that can be read (3GPP TS 29.122)`);
}
