import { unpackMaterial, type Credential, type CredentialKind } from '@drover/credentials';
import type { Entropy } from '@drover/kernel';
import { draft } from '../engine/audit-drafts.ts';
import type { Engine } from '../engine/engine.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import type { KeyShelf } from '../keys/key-shelf.ts';
import { makeRoomFor } from '../keys/room-for-secrets.ts';
import type { AppliedTemplate } from './bootstrap-templates.ts';
import { Denied, requireDelivery } from './denied.ts';
import { BOOTSTRAP_ACTOR, keyPlan, kindOf, whyTakenBack } from './key-plan.ts';
import { newCertifiedKey, newContext, newPsk, newRawKey, type KeyOwner, type MadeKey } from './new-key.ts';
import { takeBack } from './take-back.ts';

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
  of({ spec }: AppliedTemplate, owner: KeyOwner, unit: UnitOfWork): Credential | undefined {
    const security = spec.accounts.find(({ security: { mode } }) => kindOf(mode) !== undefined)?.security;
    if (security === undefined) return undefined;
    const { credentials, bootstraps } = this.#engine.state;
    const { context } = bootstraps.get(owner.endpoint) ?? {};
    const plan = keyPlan(security, credentials.of(owner.endpoint), { now: unit.now, context });
    switch (plan.type) {
      case 'none':
        return undefined;
      case 'denied':
        throw new Denied(plan.code);
      case 'known':
        return plan.credential;
      case 'make':
        if (plan.instead) takeBack(plan.instead, whyTakenBack(plan.instead, plan.kind), unit);
        return this.#keep(this.#made(plan.kind, owner, security.keyBytes), unit);
    }
  }

  #made(kind: CredentialKind, owner: KeyOwner, bytes: number | undefined): MadeKey {
    switch (kind) {
      case 'psk':
        return newPsk(owner, this.#entropy, bytes);
      case 'rpk':
        return newRawKey(owner);
      case 'x509':
        return newCertifiedKey(owner, this.#entropy);
      case 'oscore': {
        const { credentials } = this.#engine.state;
        return newContext(owner, this.#entropy, (identity) => credentials.with('oscore', identity) === undefined, bytes);
      }
    }
  }

  #keep({ secret, ...candidate }: MadeKey, unit: UnitOfWork): Credential {
    const { ring } = this.#shelf;
    const fingerprint = fingerprintOf(candidate.kind, secret, ring);
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
}

/** Of what is shared with the device: a context is as unlike another one as its Master Secret. */
function fingerprintOf(kind: CredentialKind, secret: Uint8Array, ring: KeyShelf['ring']): { readonly fingerprint?: string } {
  if (kind === 'psk') return { fingerprint: ring.fingerprint(secret) };
  if (kind !== 'oscore') return {};
  const { masterSecret } = unpackMaterial(secret);
  const fingerprint = ring.fingerprint(masterSecret);
  masterSecret.fill(0);
  return { fingerprint };
}
