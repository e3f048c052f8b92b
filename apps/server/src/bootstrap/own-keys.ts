import { revoked, type Candidate, type Credential } from '@drover/credentials';
import type { Endpoint, Entropy, Namespace } from '@drover/kernel';
import { draft } from '../engine/audit-drafts.ts';
import type { Engine } from '../engine/engine.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import type { KeyShelf } from '../keys/key-shelf.ts';
import { makeRoomFor } from '../keys/room-for-secrets.ts';
import type { AppliedTemplate } from './bootstrap-templates.ts';
import { Denied, requireDelivery } from './denied.ts';
import { BOOTSTRAP_ACTOR, keyPlan } from './key-plan.ts';
import { KEY_BYTES, newPsk, newRawKey } from './new-key.ts';

/** The key that a device is given: the one that it may have already, or one that is made for it. */
export class OwnKeys {
  readonly #engine: Engine;
  readonly #shelf: KeyShelf;
  readonly #entropy: Entropy;

  constructor(engine: Engine, shelf: KeyShelf, entropy: Entropy) {
    this.#engine = engine;
    this.#shelf = shelf;
    this.#entropy = entropy;
  }

  /** Before a decision. */
  makeRoom(): Promise<void> {
    return makeRoomFor(1, this.#engine, this.#shelf);
  }

  /** One for all accounts that need one: the language lets no template ask for two. */
  of({ spec }: AppliedTemplate, owner: { namespace: Namespace; endpoint: Endpoint }, unit: UnitOfWork): Credential | undefined {
    const security = spec.accounts.find(({ security: { mode } }) => mode === 'PSK' || mode === 'RPK')?.security;
    if (security === undefined) return undefined;
    const plan = keyPlan(security, this.#engine.state.credentials.of(owner.endpoint), unit.now);
    switch (plan.type) {
      case 'none':
        return undefined;
      case 'denied':
        throw new Denied(plan.code);
      case 'known':
        return plan.credential;
      case 'make':
        if (plan.instead) this.#drop(plan.instead, unit);
        return this.#keep(plan.kind === 'psk' ? newPsk(owner, security.keyBytes ?? KEY_BYTES, this.#entropy) : newRawKey(owner), unit);
    }
  }

  #keep({ secret, ...candidate }: Candidate & { readonly secret: Uint8Array }, unit: UnitOfWork): Credential {
    const { ring } = this.#shelf;
    const fingerprint = candidate.kind === 'psk' ? { fingerprint: ring.fingerprint(secret) } : {};
    requireDelivery({ ...candidate, ...fingerprint, secret }, this.#engine.state.credentials);
    const sealed = ring.seal(secret, candidate);
    secret.fill(0);
    const common = { state: 'next', createdAt: unit.now, createdBy: BOOTSTRAP_ACTOR.id } as const;
    const credential: Credential = { ...candidate, ...fingerprint, secret: sealed, ...common };
    unit.putCredential(credential);
    const { namespace, endpoint, kind, identity } = credential;
    const told = { kind, identity, fingerprint: credential.fingerprint ?? null };
    unit.audit(draft('credential-rotation-begun', unit.now, { namespace, endpoint, actor: BOOTSTRAP_ACTOR }, told));
    return credential;
  }

  #drop(credential: Credential, unit: UnitOfWork): void {
    const reason = 'the template asks for another kind of key';
    unit.putCredential(revoked(credential, unit.now, reason));
    const { namespace, endpoint, kind, identity } = credential;
    unit.audit(draft('credential-revoked', unit.now, { namespace, endpoint, actor: BOOTSTRAP_ACTOR }, { kind, identity, reason }));
  }
}
