export { canResumeTransfer, decideDevice, holdReason, type DeviceDecision, type DeviceView, type HoldNotice } from './decide-device.ts';
export { mayRetry, retried } from './by-hand.ts';
export type { DeviceFact } from './device-fact.ts';
export {
  holdsDevice,
  isBeforeOffer,
  isInFlight,
  isInterrupted,
  isOver,
  isSettled,
  isTransferring,
  newUpdate,
  UPDATE_STATES,
  type AttemptEntry,
  type DeviceUpdate,
  type UpdateRules,
  type UpdateState,
} from './device-update.ts';
export { isLookDue, type HeardAgain } from './look-again.ts';
export { next } from './next.ts';
export { contactsAsked } from './read-back.ts';
export { assessGate, EMPTY_TALLY, gateFor, isStageOver, type FailureRule, type Gate, type Tally, type Verdict } from './gate.ts';
export { countedUpdate, StageCounts, type Counted } from './stage-counts.ts';
export { limitsOf } from './limits.ts';
export { nextDeadline, overdue, type Away } from './overdue.ts';
export { isPastDeadline, reconcile, type RolloutCommand, type RolloutView, type StagedSpec, type StageStatus } from './reconcile.ts';
export { rollbackDue } from './rollback.ts';
export { holdsCampaign, retryAfter, type RetryRules } from './retry.ts';
export {
  countedRotation,
  isRotationInFlight,
  isRotationSettled,
  ROTATION_STATES,
  ROTATION_WAITS,
  type DeviceRotation,
  type RotationState,
  type RotationWait,
} from './rotation/device-rotation.ts';
export {
  nextRotation,
  rotationEnded,
  rotationWait,
  type Reach,
  type RotationFacts,
  type RotationGround,
  type RotationMove,
} from './rotation/next-rotation.ts';
