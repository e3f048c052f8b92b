import type { Endpoint, Instant } from '@drover/kernel';
import { mayNotSpeakFor, type CredentialBook, type CredentialCode } from '@drover/credentials';
import { ToldPerMinute } from '../told-per-minute.ts';
import type { SecurityReport, SharedCredential } from '../../link/security.ts';

export interface IdentityGuardParts {
  readonly book: CredentialBook<SharedCredential>;
  /** Whose session a peer is; undefined without security. */
  readonly credentialAt: (peer: string) => SharedCredential | undefined;
  readonly clock: () => Instant;
  readonly now: () => number;
  readonly tell: (report: SecurityReport) => void;
}

/** Before anything is done in an endpoint's name: may this peer speak for it? */
export class IdentityGuard {
  readonly #parts: IdentityGuardParts;
  readonly #refusals: ToldPerMinute;

  constructor(parts: IdentityGuardParts) {
    this.#parts = parts;
    this.#refusals = new ToldPerMinute(parts.now);
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
    const { tell, clock } = this.#parts;
    this.#refusals.note((count) => tell({ type: 'identity-refused', at: clock(), count, ...refusal }));
  }
}
