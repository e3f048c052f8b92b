export type OscoreErrorCode =
  | 'OSCORE_OPTION'
  | 'OSCORE_UNKNOWN_CONTEXT'
  | 'OSCORE_REPLAY'
  | 'OSCORE_DECRYPTION'
  | 'OSCORE_MESSAGE'
  | 'OSCORE_SEQUENCE_EXHAUSTED'
  | 'OSCORE_KEYS';

/** What a protected message was refused for. Texts hold no secret, and nothing of the plaintext. */
export class OscoreError extends Error {
  override readonly name = 'OscoreError';
  readonly code: OscoreErrorCode;

  constructor(code: OscoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
