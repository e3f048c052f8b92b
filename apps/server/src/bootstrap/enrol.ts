import type { CredentialBook } from '@drover/credentials';
import type { Namespace } from '@drover/kernel';
import { draft } from '../engine/audit-drafts.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import type { EnrolmentReport, IssueReport } from '../link/bootstrap.ts';
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

/**
 * Writes down that a key which was made for a device has a certificate, before it leaves. Whoever issues it now is what counts: the
 * next session may come after another authority. Throws `Denied`.
 */
export function issue({ endpoint, credential: name, certificate }: IssueReport, book: CredentialBook, unit: UnitOfWork): void {
  const credential = book.with(name.kind, name.identity);
  if (credential?.endpoint !== endpoint || credential.state === 'revoked') throw new Denied('CREDENTIAL_REVOKED');
  const { serial, fingerprint, issuer, until } = certificate;
  if (credential.issuer !== issuer) unit.putCredential({ ...credential, issuer });
  const { namespace, identity } = credential;
  const told = { serial, fingerprint: `sha256:${fingerprint}`, until, issuer, identity };
  unit.audit(draft('certificate-issued', unit.now, { namespace, endpoint, actor: BOOTSTRAP_ACTOR }, told));
}
