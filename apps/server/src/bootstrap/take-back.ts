import { revoked, type Credential } from '@drover/credentials';
import { draft } from '../engine/audit-drafts.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import { BOOTSTRAP_ACTOR } from './key-plan.ts';

/** What bootstrap has made and nobody has connected with, for something in its place. */
export function takeBack(credential: Credential, reason: string, unit: UnitOfWork): void {
  unit.putCredential(revoked(credential, unit.now, reason));
  const { namespace, endpoint, kind, identity } = credential;
  unit.audit(draft('credential-revoked', unit.now, { namespace, endpoint, actor: BOOTSTRAP_ACTOR }, { kind, identity, reason }));
}
