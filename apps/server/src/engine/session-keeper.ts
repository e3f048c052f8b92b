import { afterUse } from '@drover/credentials';
import type { Endpoint } from '@drover/kernel';
import { DEFAULT_NAMESPACE } from '@drover/kernel';
import { isOverOscore, type SecurityReport } from '../link/security.ts';
import { draft, type Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';

type Report<T extends SecurityReport['type']> = Extract<SecurityReport, { type: T }>;

/** What the gateway tells of sessions and of who began them. */
export class SessionKeeper {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  on(report: Exclude<SecurityReport, { type: 'credentials-known' }>): Promise<void> {
    switch (report.type) {
      case 'session-save':
        return this.#onSave(report);
      case 'session-gone':
        return this.#engine.change((unit) => void unit.changes.dropSessions.push(report.name));
      case 'credential-used':
        return this.#onUsed(report);
      case 'identity-refused':
        return this.#onRefused(report);
    }
  }

  /**
   * Nothing waits for it but the session itself, which has asked long before it needs the answer. A device waits for the first
   * numbers of its OSCORE context: those are written at once.
   */
  async #onSave({ name, number, state }: Report<'session-save'>): Promise<void> {
    if (isOverOscore(name))
      return this.#engine.change((unit) => {
        unit.changes.sessions.push({ name, state });
        unit.send({ type: 'session-saved', name, number });
      });
    await this.#engine.change((unit) => void unit.changes.sessions.push({ name, state }));
    this.#engine.tell({ type: 'session-saved', name, number });
  }

  #onUsed({ kind, identity, at }: Report<'credential-used'>): Promise<void> {
    const { credentials } = this.#engine.state;
    return this.#engine.change((unit) => {
      const used = credentials.with(kind, identity);
      if (used === undefined) return;
      const { namespace, endpoint } = used;
      const actor: Actor = { type: 'device', id: endpoint };
      const subject = { namespace, endpoint, actor };
      for (const changed of afterUse(used, credentials.of(endpoint), at)) {
        unit.putCredential(changed);
        const { kind, identity, revokedWhy: reason = '' } = changed;
        if (changed.state === 'revoked') unit.audit(draft('credential-revoked', unit.now, subject, { kind, identity, reason }));
        else if (used.state === 'next') unit.audit(draft('credential-activated', unit.now, subject, { kind, identity }));
      }
    });
  }

  /** The gateway has counted: a flood of these is a few events. */
  #onRefused({ code, endpoint, identity, from, count }: Report<'identity-refused'>): Promise<void> {
    return this.#engine.change((unit) => {
      const namespace = (endpoint && this.#engine.state.credentials.of(endpoint as Endpoint)[0]?.namespace) || DEFAULT_NAMESPACE;
      const actor: Actor = { type: 'device', id: identity ?? from };
      unit.audit(
        draft(
          'identity-refused',
          unit.now,
          { namespace, actor, endpoint, result: 'failure' },
          { code, identity: identity ?? null, from, count },
        ),
      );
    });
  }
}
