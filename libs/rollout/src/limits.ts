import type { CampaignSpec } from '@drover/campaign';
import { ECO, FAST, type Limits } from '@drover/schedule';

/** The part of a campaign that admission needs, in admission's words. */
export function limitsOf(spec: CampaignSpec): Limits {
  return {
    timeZone: spec.schedule.timeZone,
    downloadWindows: spec.schedule.windows.download,
    installWindows: spec.schedule.windows.install,
    minBatteryLevel: spec.power.minBatteryLevel,
    denyStatus: spec.power.denyStatus,
    mainsPowered: spec.power.mainsPowered,
    minRSRP: spec.radio.minRSRP,
    maxCoverageEnhancementLevel: spec.radio.maxCoverageEnhancementLevel,
    onRadioViolation: spec.radio.onViolation,
    maxInFlight: spec.bandwidth.maxInFlight,
    bytesPerSecond: spec.bandwidth.bytesPerSecond.total,
    airtime: spec.bandwidth.perCell.airtime,
    pace: spec.schedule.pace === 'Eco' ? ECO : FAST,
  };
}
