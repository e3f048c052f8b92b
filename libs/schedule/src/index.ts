export { admitDownload } from './admission.ts';
export type { Admission, DownloadRequest, Limits } from './admission-request.ts';
export { dataStop } from './budget-refusals.ts';
export { admitInstall, hasBatteryFloor, powerStop, standingRefusal } from './standing.ts';
export {
  APPOINTMENT_GRACE_MS,
  appointmentTurn,
  disableUntil,
  lifetimeUntil,
  mayAskKind,
  MOST_RESTORES,
  type Appointment,
  type AppointmentMeans,
  type AskedByDisable,
  type AskedByLifetime,
  type AppointmentRecord,
  type AppointmentTurn,
  precautionAt,
} from './appointment.ts';
export { budgetKeys, type BudgetLimits } from './budgets.ts';
export {
  dataCapReached,
  hasDataCap,
  monthOf,
  NO_DATA_CAPS,
  overDataCap,
  usedInMonth,
  type DataCaps,
  type DataRefusal,
  type DataUse,
  type PoolVolume,
} from './data-caps.ts';
export { DataLedger, type DataReservation } from './data-ledger.ts';
export { dataWarnings, type DataPlan, type PoolPlan } from './data-plan.ts';
export { measuredVolume, predictedVolume } from './data-volume.ts';
export { overEnergyBudget, spend, spentIn, type EnergyBudget, type EnergySpent } from './energy-budget.ts';
export { MOST_HINTS, NetworkHints, readHints, type NetworkHint } from './network-hints.ts';
export { contactDeadline, DEFAULT_PERIOD_MS, learnContact, nextContact, SAME_WAKE_UP, type ContactPattern } from './contact-pattern.ts';
export { forecast, ForecastSum, type Forecast } from './forecast.ts';
export { Ledger, type Backlog, type Holding } from './ledger.ts';
export { bearerOf, carrierFor, coverageOf, isKnownCarrier, linkOf, lossOf, UNKNOWN_CELL_FACTOR, type Carrier } from './link-of.ts';
export { zoneFor, type Zone } from './local-time.ts';
export { paceDelay, paceFactors, type CarrierLoad, type PaceFactors } from './pacing.ts';
export { batteryOf, lifeDays, mahPerDay, restMahPerDay } from './battery-life.ts';
export { DEFAULT_COST_MODEL, type CostModel } from './cost-model.ts';
export { DEFAULT_ENERGY_MODEL, energyClass, type Battery, type EnergyClass, type EnergyModel } from './energy-model.ts';
export {
  DEFAULT_RADIO_MODEL,
  LEVELS,
  radioClass,
  type Bearer,
  type ByCoverage,
  type CellBearer,
  type Coverage,
  type RadioClass,
  type RadioModel,
} from './radio-model.ts';
export {
  blockCost,
  blockMs,
  contactEnergyMah,
  installEnergyMah,
  measuredEnergyMah,
  transferCost,
  type BlockCost,
  type Measured,
  type TransferCost,
  type TransferLink,
} from './transfer-cost.ts';
export { WAIT_CODES, type PersonRight, type WaitCode, type WaitEnd, type WaitReason } from './reason.ts';
export { windowState, type WindowRule, type WindowState } from './window.ts';
export { LearntBudgets } from './simulate/learnt-budgets.ts';
export { ScheduledPolicy, type Budgets, type ScheduledOptions } from './simulate/scheduled.ts';
export { BEARERS, LOWEST_BATTERY, WEATHER, type SimFleet, type SimWeather, type UnseenCells } from './simulate/fleet.ts';
export { TICK_MS, type AirMinute, type FreeAt, type Pacing } from './simulate/air.ts';
export { BLOCK_SIZE, World, type SimPolicy, type Sightings } from './simulate/world.ts';
export {
  firstCapacity,
  LEAST_SHARE,
  learnCapacity,
  shareOf,
  type CarrierCapacity,
  type CarrierMinute,
  type CellKnowledge,
} from './carrier-capacity.ts';
export { AirtimeLedger, BIN_MS, stretched, type Booking, type BudgetAt, type CarrierKey, type Within } from './airtime-ledger.ts';
export { costOfWaiting, expectedTries, type CostByCoverage } from './better-radio.ts';
export {
  coverageAtLoss,
  coverageChances,
  expectedCoverage,
  learnCoverage,
  lossOfRsrp,
  normalCdf,
  type CoverageChances,
  type CoveragePattern,
} from './coverage.ts';
export { Carriers, smallAirtimeMs, type LiveTransfer, type LoadOf } from './carriers.ts';
export { ECO, FAST, MOST_APPOINTMENTS, type PaceMode } from './pace-mode.ts';
export { bookWakeUp, decideStart, type Candidate, type StartCode, type StartDecision } from './start-decision.ts';
export { outlookOf, type Change, type LeverOutlook, type Outlook, type OutlookOptions, type OutlookProgress } from './outlook/outlook.ts';
export {
  barrierIndex,
  BARRIERS,
  buffersOf,
  firstRows,
  HAS_IMAGE,
  outlookColumns,
  putRow,
  TRANSFERS,
  WAITS,
  type Barrier,
  type CampaignOutlook,
  type OutlookColumns,
  type OutlookRow,
  type OutlookSnapshot,
  type StageOutlook,
} from './outlook/snapshot.ts';
export { HourTables, openHours } from './outlook/open-hours.ts';
export {
  BATTERY_FIGURES,
  ENERGY_FIGURES,
  ENERGY_WIDE,
  EVIDENCE,
  RADIO_FIGURES,
  RADIO_WIDE,
  type EnergyWide,
  type Evidence,
  type FigureNote,
} from './figures.ts';
export {
  BLOCK_KINDS,
  blockKindAt,
  blockKindIndex,
  devicesMeasured,
  isBelievable,
  learnBlockTimes,
  type BlockKind,
  type BlockMeasurement,
  type BlockTimes,
} from './block-times.ts';
export { calibratedFactors, ENOUGH, isEnough, measuredMs, MOST_CALIBRATED, type MeasuredBlocks } from './calibration.ts';
export {
  goodput,
  learnCarrierTransfers,
  learnTransfer,
  ownLink,
  ownSlowness,
  type CarrierTransfers,
  type TransferPattern,
  type TransferSeen,
} from './transfer-pattern.ts';
