import { useOf, type Candidate, type Credential, type CredentialBook } from '@drover/credentials';
import type { Endpoint, Namespace } from '@drover/kernel';
import { draft } from '../engine/audit-drafts.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import type { EnrolmentReport, IssueReport, MadeCertificate } from '../link/bootstrap.ts';
import type { AppliedTemplate } from './bootstrap-templates.ts';
import { Denied, requireDelivery } from './denied.ts';
import { BOOTSTRAP_ACTOR, hasTooMany, TAKEN_BACK } from './key-plan.ts';
import { takeBack } from './take-back.ts';

interface Around {
  readonly namespace: Namespace;
  readonly template: AppliedTemplate;
  readonly book: CredentialBook;
}

/**
 * Writes down that a device has a certificate, before it has it. The key that it is for is the credential: another key is the next
 * one, and replaces the one before when it is shown; the same key again is a renewal. Throws `Denied`.
 */
export function enrol({ endpoint, by, certificate }: EnrolmentReport, { namespace, template, book }: Around, unit: UnitOfWork): void {
  if (!template.spec.accounts.some(({ security }) => security.mode === 'EST')) throw new Denied('NO_ENROLMENT');
  const { serial, fingerprint, issuer, pin, until } = certificate;
  const known = book.with('x509', pin);
  if (known) renew(known, certificate, { endpoint, unit });
  else addNext({ namespace, endpoint, kind: 'x509', identity: pin, pin, issuer }, book, unit);
  const told = { serial, fingerprint: `sha256:${fingerprint}`, pin, until, issuer, identity: by.identity };
  unit.audit(draft('certificate-enrolled', unit.now, { namespace, endpoint, actor: { type: 'device', id: endpoint } }, told));
}

function renew(known: Credential, { issuer }: MadeCertificate, { endpoint, unit }: { endpoint: Endpoint; unit: UnitOfWork }): void {
  if (known.endpoint !== endpoint) throw new Denied('IDENTITY_TAKEN');
  if (known.state === 'revoked') throw new Denied('CREDENTIAL_REVOKED');
  if (known.issuer !== issuer) unit.putCredential({ ...known, issuer });
}

/** In the place of what it has not shown yet: whoever has lost an answer makes another key. */
function addNext(candidate: Omit<Candidate, 'secret'>, book: CredentialBook, unit: UnitOfWork): void {
  const own = book.of(candidate.endpoint).filter((each) => useOf(each) === 'management');
  // A person has shut it out; its factory key alone does not let it in again.
  if (own.length > 0 && own.every(({ state }) => state === 'revoked')) throw new Denied('CREDENTIAL_REVOKED');
  if (hasTooMany(own, unit.now)) throw new Denied('KEYS_TOO_OFTEN');
  const next = own.find(({ state }) => state === 'next');
  if (next && next.createdBy !== BOOTSTRAP_ACTOR.id) throw new Denied('ROTATION_UNDER_WAY');
  if (next) takeBack(next, next.kind === 'x509' ? TAKEN_BACK.certificate : TAKEN_BACK.kind, unit);
  requireDelivery(candidate, book);
  unit.putCredential({ ...candidate, state: 'next', createdAt: unit.now, createdBy: BOOTSTRAP_ACTOR.id });
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
