import type { Instant } from '@drover/kernel';
import type { FailureClass } from '@drover/campaign';
import type { Booking, LiveTransfer, WaitReason } from '@drover/schedule';

/** What is learnt about one update. Facts of the gateway carry the attempt they belong to; the engine drops those of another. */
export type DeviceFact =
  /** `energyMah`: what this session's wake-up costs, whatever comes of it; `wakeMah`: it is asked to come back soon if it is cut off, which costs so much. */
  | {
      readonly type: 'admitted';
      readonly versionBefore: string | undefined;
      readonly energyMah: number;
      readonly transfer?: LiveTransfer;
      readonly wakeMah?: number;
    }
  /** `promise`: airtime that is kept for it from now on; `contactAt`: the contact at which it was told to wait; `wakeMah`: it is asked to wake up
   * for this once more, which costs so much. */
  | {
      readonly type: 'must-wait';
      readonly reason: WaitReason;
      readonly promise?: Booking | undefined;
      readonly contactAt?: Instant;
      readonly wakeMah?: number;
    }
  | { readonly type: 'must-skip'; readonly reason: WaitReason }
  /** Before the first offer the device is asked what runs there. */
  | { readonly type: 'look-sent'; readonly reason: WaitReason; readonly contactAt: Instant }
  | { readonly type: 'download-started'; readonly method?: 'Pull' | 'Push' }
  | {
      readonly type: 'progress';
      readonly offset: number;
      readonly blocks: number;
      readonly bytes: number;
      readonly retransmissions: number;
      readonly awakeMs: number;
      readonly energyMah: number;
      /** Bytes on the air, both directions, by the model from what was measured. */
      readonly volume: number;
    }
  | { readonly type: 'download-finished' }
  | { readonly type: 'session-lost'; readonly offset: number; readonly reason: WaitReason }
  /** The device began at byte 0 again although it had more. */
  | { readonly type: 'began-anew' }
  | { readonly type: 'execute-permitted'; readonly energyMah: number }
  /** The permission came too late: nothing has left. */
  | { readonly type: 'execute-not-sent' }
  | { readonly type: 'install-started' }
  | { readonly type: 'registered' }
  | {
      readonly type: 'read-back';
      readonly version: string | undefined;
      readonly state: number | undefined;
      readonly result: number | undefined;
      /** The wake-up in which the version was asked for; absent where only State and Result were told. */
      readonly contactAt?: Instant;
    }
  | { readonly type: 'failed'; readonly failure: FailureClass; readonly why: string }
  | { readonly type: 'cancel-requested'; readonly why: string }
  | { readonly type: 'cancelled' }
  | { readonly type: 'cancel-refused'; readonly contactAt: Instant }
  | { readonly type: 'skip-requested'; readonly why: string }
  | { readonly type: 'contact-deadline-passed' }
  | { readonly type: 'download-deadline-passed' }
  | { readonly type: 'resume-span-passed' }
  | { readonly type: 'install-deadline-passed' }
  /** `heardAt`: the last contact of any kind. */
  | { readonly type: 'confirm-deadline-passed'; readonly heardAt?: Instant }
  | { readonly type: 'campaign-deadline-passed'; readonly reason: WaitReason | undefined }
  | { readonly type: 'campaign-ends' };
