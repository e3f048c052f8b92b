import type { Instant } from '@drover/kernel';

/** What transfers have shown of one carrier within a minute of campaign time. */
export interface CarrierSeen {
  readonly carrier: string;
  /** Blocks that were answered. */
  readonly samples: number;
  /** Median of block time over what it should have been; 1 and more. */
  readonly inflation: number;
  /** Part of the blocks that went over the air more than once, 0–1. */
  readonly duplicates: number;
  /** Sessions lost. */
  readonly lost: number;
  /** Airtime by the model, ms. */
  readonly airtimeMs: number;
}

export type CarrierReport = { readonly type: 'carriers-seen'; readonly at: Instant; readonly carriers: readonly CarrierSeen[] };

/** What may be taken of a carrier now, whatever the campaign says, 0–1. */
export type CarrierCommand = {
  readonly type: 'carrier-shares';
  readonly shares: readonly { readonly carrier: string; readonly share: number }[];
};
