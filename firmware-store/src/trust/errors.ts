import { DroverError, type ErrorKind } from '@drover/kernel';

const KIND_OF = {
  ARTIFACT_ENVELOPE_INVALID: 'trust',
  ARTIFACT_UNSIGNED: 'trust',
  ARTIFACT_BELOW_THRESHOLD: 'trust',
  ARTIFACT_EXPIRED: 'trust',
  ARTIFACT_NOT_YET_VALID: 'trust',
  ARTIFACT_WITHDRAWN: 'trust',
  ARTIFACT_ALTERED: 'trust',
  ARTIFACT_INCOMPATIBLE: 'trust',
  ARTIFACT_ROLLBACK: 'trust',
  ARTIFACT_WRONG_SOURCE: 'trust',
  ARTIFACT_MANIFEST_INVALID: 'input',
  ARTIFACT_TOO_LARGE: 'input',
  ARTIFACT_NOT_FOUND: 'missing',
  RELEASE_POLICY_INVALID: 'input',
  KEY_INVALID: 'input',
  KEY_EXISTS: 'conflict',
  STORE_UNREACHABLE: 'transport',
} as const satisfies Record<string, ErrorKind>;

export type ArtifactErrorCode = keyof typeof KIND_OF;

export class ArtifactError extends DroverError<ArtifactErrorCode> {
  constructor(code: ArtifactErrorCode, message: string, extra: { cause?: unknown; details?: unknown } = {}) {
    super(code, KIND_OF[code], message, extra);
  }
}
