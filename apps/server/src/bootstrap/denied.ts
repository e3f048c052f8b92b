import { accept, CredentialError, type Candidate, type CredentialBook } from '@drover/credentials';

/** Thrown out of a decision, so that nothing of it is kept: a device is given nothing, and is told the code. */
export class Denied extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** What a device would be given has a place in the store. Throws `Denied` with the code of the store. */
export function requireDelivery(candidate: Candidate, book: CredentialBook): void {
  try {
    accept(candidate, book, 'deliver');
  } catch (error) {
    throw error instanceof CredentialError ? new Denied(error.code) : error;
  }
}
