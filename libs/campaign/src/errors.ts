import { DroverError, type ErrorKind } from '@drover/kernel';

const KIND_OF = {
  SPEC_INVALID: 'input',
  FIRMWARE_NOT_FOUND: 'missing',
  CAMPAIGN_NOT_FOUND: 'missing',
  ROTATION_NOT_FOUND: 'missing',
  POLICY_PROTECTED: 'denied',
  POLICY_NOT_FOUND: 'missing',
  STAGE_NOT_FOUND: 'missing',
  UPDATE_NOT_FOUND: 'missing',
  ROLLBACK_UNKNOWN: 'input',
  CAMPAIGN_STALE: 'conflict',
  PLAN_STALE: 'conflict',
  PLAN_EMPTY: 'conflict',
  PLAN_BLOCKED: 'conflict',
  TRANSITION_REFUSED: 'conflict',
  CAMPAIGN_RUNNING: 'conflict',
  MODEL_IN_FORCE: 'conflict',
  MODEL_NOT_FOUND: 'missing',
  APPROVAL_VOID: 'conflict',
  APPROVAL_BY_AUTHOR: 'denied',
  APPROVAL_TWICE: 'conflict',
} as const satisfies Record<string, ErrorKind>;

export type CampaignErrorCode = keyof typeof KIND_OF;

export class CampaignError extends DroverError<CampaignErrorCode> {
  constructor(code: CampaignErrorCode, message: string, details?: unknown) {
    super(code, KIND_OF[code], message, { details });
  }
}
