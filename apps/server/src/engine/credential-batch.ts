import { DroverError } from '@drover/kernel';
import { CredentialError, credentialKey, type Candidate } from '@drover/credentials';

/** What is wrong with one of many; `index` from 0. */
export interface EntryFault {
  readonly index: number;
  readonly endpoint: string;
  readonly code: string;
  readonly message: string;
}

/** As many faults as anybody reads. */
const MAX_FAULTS = 100;

/** Credentials that come together: none of them may be another's twin either. */
export class Batch {
  readonly #seen = new Set<string>();

  /** Throws as the store would if they came one after the other. */
  requireOnce(candidate: Candidate): void {
    this.#once(`endpoint ${candidate.endpoint}`, () => new CredentialError('CREDENTIAL_EXISTS', 'the endpoint stands there twice'));
    this.#once(`identity ${credentialKey(candidate)}`, () => new CredentialError('IDENTITY_TAKEN', 'the identity stands there twice'));
    const { fingerprint } = candidate;
    if (fingerprint !== undefined)
      this.#once(`key ${fingerprint}`, () => new CredentialError('KEY_SHARED', 'another device here has the very same key'));
  }

  static faultOf(error: unknown, index: number, endpoint: string): EntryFault {
    if (!(error instanceof DroverError)) throw error;
    return { index, endpoint, code: error.code, message: error.message };
  }

  /** One alone keeps its own code. */
  static refused(faults: readonly EntryFault[], of: number): CredentialError {
    const [first] = faults;
    const text = of === 1 ? first!.message : `${faults.length} of ${of} credentials are refused, and none is kept`;
    const code = of === 1 ? (first!.code as CredentialError['code']) : 'CREDENTIAL_INVALID';
    return new CredentialError(code, text, faults.slice(0, MAX_FAULTS));
  }

  #once(what: string, fault: () => CredentialError): void {
    if (this.#seen.has(what)) throw fault();
    this.#seen.add(what);
  }
}
