import type { Endpoint } from '@drover/kernel';

/** What the gateway is told of device classes: what counts there, in its own units. Plain data, like everything on the link. */

/** Of one class; what it leaves out is as for any device. */
export interface ClassSetting {
  /** `namespace/name`. */
  readonly key: string;
  /** Protocol ms: never scaled. */
  readonly timing?: { readonly ackTimeoutMs?: number; readonly maxRetransmit?: number; readonly responseTimeoutMs?: number };
  readonly firstBlockTimeoutMs?: number;
  /** Campaign ms, as the other times below it. */
  readonly busyRetryMs?: number;
  readonly awakeMs?: number;
  readonly pauseAfterRegisterMs?: number;
  readonly echo?: boolean;
  /** Content formats by their numbers, best first. */
  readonly formats?: readonly number[];
  readonly composite?: boolean;
  readonly observe?: 'Instance' | 'Resource' | 'None';
  readonly settleMs?: number;
  readonly versionFrom?: string;
  /** Where a push is written, if not to the package of the object itself: a resource of Object 19. */
  readonly pushTo?: string;
  /** Transfers that this kind of device goes on with after a pause; without it what the device has shown. */
  readonly resume?: 'Both' | 'Pull' | 'Push' | 'None';
}

export type ClassCommand =
  /** All there are; what is not among them is gone. */
  | { readonly type: 'device-classes'; readonly classes: readonly ClassSetting[] }
  /** Which class these devices have from now on; without a key none. */
  | { readonly type: 'classify'; readonly key: string | undefined; readonly endpoints: readonly Endpoint[] };
