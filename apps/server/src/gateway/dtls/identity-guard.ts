import type { Endpoint, Instant } from '@drover/kernel';
import { mayNotSpeakFor, type CredentialBook, type CredentialCode } from '@drover/credentials';
import type { SecurityReport, SharedCredential } from '../../link/security.ts';

export interface IdentityGuardParts {
  readonly book: CredentialBook<SharedCredential>;
  /** Whose session a peer is; undefined without security. */
  readonly credentialAt: (peer: string) => SharedCredential | undefined;
  readonly clock: () => Instant;
  readonly now: () => number;
  readonly tell: (report: SecurityReport) => void;
}

/** Refusals told in a minute; the rest are counted, and told with the next. */
const TOLD_PER_MINUTE = 30;
const MINUTE_MS = 60_000;

/** Before anything is done in an endpoint's name: may this peer speak for it? */
export class IdentityGuard {
  readonly #parts: IdentityGuardParts;
  #since = Number.NEGATIVE_INFINITY;
  #told = 0;
  #untold = 0;

  constructor(parts: IdentityGuardParts) {
    this.#parts = parts;
  }

  /** The only endpoint that it may speak for. */
  endpointAt(peer: string): Endpoint | undefined {
    return this.#parts.credentialAt(peer)?.endpoint;
  }

  /** `undefined`: it may. What is refused goes into the audit log. */
  refuses(peer: string, endpoint: Endpoint): CredentialCode | undefined {
    const credential = this.#parts.credentialAt(peer);
    const code = mayNotSpeakFor(endpoint, credential, this.#parts.book);
    if (code !== undefined) this.#report({ code, endpoint, from: peer, ...(credential && { identity: credential.identity }) });
    return code;
  }

  #report(refusal: Pick<Extract<SecurityReport, { type: 'identity-refused' }>, 'code' | 'endpoint' | 'identity' | 'from'>): void {
    const now = this.#parts.now();
    if (now - this.#since >= MINUTE_MS) [this.#since, this.#told] = [now, 0];
    this.#untold += 1;
    if (this.#told >= TOLD_PER_MINUTE) return;
    this.#told += 1;
    this.#parts.tell({ type: 'identity-refused', at: this.#parts.clock(), count: this.#untold, ...refusal });
    this.#untold = 0;
  }
}
