import type { CredentialBook } from '@drover/credentials';
import type { Namespace } from '@drover/kernel';
import { draft } from '../engine/audit-drafts.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import type { EnrolmentReport } from '../link/bootstrap.ts';
import type { AppliedTemplate } from './bootstrap-templates.ts';
import { Denied, requireDelivery } from './denied.ts';
import { BOOTSTRAP_ACTOR } from './key-plan.ts';

interface Around {
  readonly namespace: Namespace;
  readonly template: AppliedTemplate;
  readonly book: CredentialBook;
}

/**
 * Writes down that a device has a certificate, before it has it. Its name and its issuer are the credential, accepted like any next
 * one; another certificate under the same name is the same credential. Throws `Denied`.
 */
export function enrol({ endpoint, by, certificate }: EnrolmentReport, { namespace, template, book }: Around, unit: UnitOfWork): void {
  if (!template.spec.accounts.some(({ security }) => security.mode === 'EST')) throw new Denied('NO_ENROLMENT');
  const { serial, fingerprint, issuer, until } = certificate;
  const known = book.with('x509', endpoint);
  if (known === undefined) {
    const candidate = { namespace, endpoint, kind: 'x509', identity: endpoint, issuer } as const;
    requireDelivery(candidate, book);
    unit.putCredential({ ...candidate, state: 'next', createdAt: unit.now, createdBy: BOOTSTRAP_ACTOR.id });
  } else if (known.endpoint !== endpoint || known.state === 'revoked' || known.issuer !== issuer) throw new Denied('IDENTITY_TAKEN');
  const told = { serial, fingerprint: `sha256:${fingerprint}`, until, issuer, identity: by.identity };
  unit.audit(draft('certificate-enrolled', unit.now, { namespace, endpoint, actor: { type: 'device', id: endpoint } }, told));
}
