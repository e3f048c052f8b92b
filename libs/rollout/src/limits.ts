import type { CampaignSpec } from '@drover/campaign';
import { ECO, FAST, type Limits } from '@drover/schedule';

/** Of its airtime, what a campaign leaves to itself while one of a higher priority has devices waiting. */
const OUTRANKED = 0.7;

/** The part of a campaign that admission needs, in admission's words. */
export function limitsOf(spec: CampaignSpec, { stage = 0, isOutranked = false }: { stage?: number; isOutranked?: boolean } = {}): Limits {
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
    budgets: {
      maxInFlight: spec.bandwidth.maxInFlight,
      stageMaxInFlight: spec.stages[stage]?.maxInFlight,
      siteMaxInFlight: spec.bandwidth.perSite.maxInFlight,
      perCellMax: spec.bandwidth.perCell.max,
      bytesPerSecond: spec.bandwidth.bytesPerSecond,
    },
    energy: spec.power.energyBudget,
    data: spec.bandwidth.dataCap,
    airtime: spec.bandwidth.perCell.airtime * (isOutranked ? OUTRANKED : 1),
    pace: spec.schedule.pace === 'Eco' ? ECO : FAST,
  };
}
