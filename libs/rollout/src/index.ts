export { decideDevice, holdReason, type DeviceDecision, type DeviceView, type HoldNotice } from './decide-device.ts';
export {
  holdsDevice,
  isInFlight,
  isOver,
  isSettled,
  isTransferring,
  newUpdate,
  next,
  UPDATE_STATES,
  type DeviceFact,
  type DeviceUpdate,
  type UpdateRules,
  type UpdateState,
} from './device-update.ts';
export { assessGate, EMPTY_TALLY, gateFor, isStageOver, tallyOf, type FailureRule, type Gate, type Tally, type Verdict } from './gate.ts';
export { limitsOf } from './limits.ts';
export { nextDeadline, overdue } from './overdue.ts';
export { isPastDeadline, reconcile, type RolloutCommand, type RolloutView, type StageStatus } from './reconcile.ts';
export { holdsCampaign, retryAfter, type RetryRules } from './retry.ts';
