import { Clock, Instant } from '@drover/kernel';

/** How campaign time runs against the wall: handed to server and simulator alike at start. Plain data. */
export interface ClockSetting {
  /** Campaign time at the origin. */
  readonly campaignOrigin: Instant;
  /** Wall time at the origin, ms since the epoch. */
  readonly wallOrigin: number;
  /** Campaign seconds per wall second; 1 in production. */
  readonly scale: number;
}

/** The wall itself. */
export const REAL_TIME: ClockSetting = { campaignOrigin: Instant(0), wallOrigin: 0, scale: 1 };

/**
 * Campaign time: windows, soaks, deadlines, back-off, awake windows, pacing. CoAP retransmission never asks this clock.
 */
export class CampaignClock extends Clock {
  readonly setting: ClockSetting;

  constructor(setting: ClockSetting = REAL_TIME) {
    super();
    this.setting = setting;
  }

  now(): Instant {
    const { campaignOrigin, wallOrigin, scale } = this.setting;
    return Instant(campaignOrigin + (Date.now() - wallOrigin) * scale);
  }

  /** Wall milliseconds that a stretch of campaign time takes. */
  wallMs(campaignMs: number): number {
    return campaignMs / this.setting.scale;
  }
}

/** Protocol time: monotonic milliseconds, never scaled. */
export function monotonicMs(): number {
  return performance.now();
}
