import { accessOf } from '@drover/campaign';
import { DEFAULT_NAMESPACE, type Endpoint, type Entropy, type Namespace } from '@drover/kernel';
import { draft, type Actor } from '../engine/audit-drafts.ts';
import { CONTENT_FORMAT_OF } from '../engine/class-settings.ts';
import type { Engine } from '../engine/engine.ts';
import type { UnitOfWork } from '../engine/unit-of-work.ts';
import type { KeyShelf } from '../keys/key-shelf.ts';
import type { BootstrapReport, EnrolmentReport, IssueReport } from '../link/bootstrap.ts';
import { givenOf, orderOf } from './account-orders.ts';
import { Denied } from './denied.ts';
import { enrol, issue } from './enrol.ts';
import { OwnKeys } from './own-keys.ts';
import { whyNotBootstrap } from './who-may-come.ts';
import type { AppliedTemplate } from './bootstrap-templates.ts';

type Report<T extends BootstrapReport['type']> = Extract<BootstrapReport, { type: T }>;

/** Decides what a device is given when it asks, and keeps its keys before they leave. */
export class BootstrapDesk {
  readonly #engine: Engine;
  readonly #keys: OwnKeys;
  /** Sessions under way: the end of one that its device has left for another says nothing of what it holds now. */
  readonly #latest = new Map<Endpoint, number>();

  constructor(engine: Engine, keys: KeyShelf, entropy: Entropy) {
    this.#engine = engine;
    this.#keys = new OwnKeys(engine, keys, entropy);
  }

  on(report: BootstrapReport): Promise<void> {
    switch (report.type) {
      case 'bootstrap-asked':
        return this.#onAsked(report);
      case 'bootstrap-ended':
        return this.#onEnded(report);
      case 'bootstrap-refused':
        return this.#onRefused(report);
      case 'enrolment-asked':
        return this.#onEnrolling(report);
      case 'certificate-made':
        return this.#onCertified(report);
    }
  }

  /** What it is given is on the disk before a byte of it leaves: whatever dies now, the next session gives the same. */
  async #onAsked(asked: Report<'bootstrap-asked'>): Promise<void> {
    await this.#keys.makeRoom();
    await this.#decide('bootstrap-deny', asked, (unit) => this.#give(asked, unit));
  }

  /** What is decided is on the disk before the gateway hears of it; what is denied leaves nothing of it. */
  async #decide(
    denial: 'bootstrap-deny' | 'enrolment-deny',
    { id, endpoint }: { readonly id: number; readonly endpoint: Endpoint },
    decide: (unit: UnitOfWork) => void,
  ): Promise<void> {
    try {
      await this.#engine.change(decide);
    } catch (error) {
      if (!(error instanceof Denied)) throw error;
      if (denial === 'bootstrap-deny') await this.#noteRefusal(endpoint, error.code);
      this.#engine.tell({ type: denial, id, endpoint, code: error.code });
    }
  }

  /** Of somebody who is waited for: strangers write nothing. */
  async #noteRefusal(endpoint: Endpoint, code: string): Promise<void> {
    const record = this.#engine.state.bootstraps.get(endpoint);
    if (record?.wish) await this.#engine.change((unit) => unit.putBootstrap({ ...record, refused: { code, at: unit.now } }));
  }

  #onCertified(report: IssueReport): Promise<void> {
    const { id, endpoint } = report;
    return this.#decide('bootstrap-deny', report, (unit) => {
      issue(report, this.#engine.state.credentials, unit);
      unit.send({ type: 'bootstrap-write', id, endpoint });
    });
  }

  #onEnrolling(report: EnrolmentReport): Promise<void> {
    const { id, endpoint, by } = report;
    const book = this.#engine.state.credentials;
    return this.#decide('enrolment-deny', report, (unit) => {
      const code = whyNotBootstrap(endpoint, by, { book, now: unit.now });
      if (code !== undefined) throw new Denied(code);
      const namespace = this.#namespaceOf(report);
      enrol(report, { namespace, template: this.#templateOf(namespace, endpoint), book }, unit);
      unit.send({ type: 'enrolment-allow', id, endpoint });
    });
  }

  #give(asked: Report<'bootstrap-asked'>, unit: UnitOfWork): void {
    const { id, endpoint, via, by } = asked;
    // The gateway has looked as well; between that and now a key may have been shown, or revoked.
    const code = whyNotBootstrap(endpoint, by, { book: this.#engine.state.credentials, now: unit.now });
    if (code !== undefined) throw new Denied(code);
    const namespace = this.#namespaceOf(asked);
    const template = this.#templateOf(namespace, endpoint);
    const key = this.#keys.of(template, { namespace, endpoint }, unit);
    const accounts = template.spec.accounts.map((account) => orderOf(account, key));
    const given = template.spec.accounts.map((account) => givenOf(account, key));
    const { name, generation, digest } = template.record;
    this.#latest.set(endpoint, id);
    const { wish, sessions = 0, context: before } = this.#engine.state.bootstraps.get(endpoint) ?? {};
    const context = given.find(({ mode }) => mode === 'OSCORE')?.identity ?? before;
    unit.putBootstrap({
      namespace,
      endpoint,
      state: 'writing',
      at: unit.now,
      sessions: sessions + 1,
      via,
      template: { name, generation, digest },
      accounts: given,
      ...(by && { by: by.identity }),
      ...(context !== undefined && { context }),
      ...(wish && { wish }),
    });
    const told = { template: name, generation, digest, via, accounts: given.map((each) => ({ ...each })), identity: by?.identity ?? null };
    unit.audit(draft('bootstrap-begun', unit.now, { namespace, endpoint, actor: actorOf(endpoint) }, told));
    const { deleteFirst, contentFormat: format } = template.spec;
    const order = { accounts, access: accessOf(template.spec), deleteFirst, contentFormat: format && CONTENT_FORMAT_OF[format] };
    unit.send({ type: 'bootstrap-give', id, endpoint, order });
  }

  #namespaceOf({ endpoint, by }: Pick<Report<'bootstrap-asked'>, 'endpoint' | 'by'>): Namespace {
    const { credentials, devices } = this.#engine.state;
    const shown = by && credentials.with(by.kind, by.identity);
    return shown?.namespace ?? credentials.of(endpoint)[0]?.namespace ?? devices.get(endpoint)?.namespace ?? DEFAULT_NAMESPACE;
  }

  #templateOf(namespace: Namespace, endpoint: Endpoint): AppliedTemplate {
    const { devices, classes, templates } = this.#engine.state;
    const known = devices.get(endpoint);
    const device = known ?? { namespace, endpoint, labels: {}, facts: {}, firstSeenAt: undefined, lastContactAt: undefined };
    const found = templates.of({ device: { ...device, namespace }, className: known && classes.nameOf(known) });
    if (found === undefined) throw new Denied('NO_TEMPLATE');
    return found;
  }

  #onEnded({ id, endpoint, failure }: Report<'bootstrap-ended'>): Promise<void> {
    const isLatest = this.#latest.get(endpoint) === id;
    if (isLatest) this.#latest.delete(endpoint);
    return this.#engine.change((unit) => {
      const before = this.#engine.state.bootstraps.get(endpoint);
      if (before === undefined) return;
      const { failure: _, wish, ...rest } = before;
      const { namespace, accounts = [], via = 'session' } = before;
      const common = { namespace, endpoint, actor: actorOf(endpoint) };
      if (failure) {
        if (isLatest) unit.putBootstrap({ ...rest, ...(wish && { wish }), state: 'failed', at: unit.now, failure });
        unit.audit(draft('bootstrap-failed', unit.now, { ...common, result: 'failure' }, failure));
      } else {
        if (isLatest) unit.putBootstrap({ ...rest, state: 'finished', at: unit.now });
        const told = { via, accounts: accounts.map((each) => ({ ...each })) };
        unit.audit(draft('bootstrap-finished', unit.now, { ...common, result: 'success' }, told));
      }
    });
  }

  /** The gateway has counted: a flood of these is a few events. */
  #onRefused({ code, endpoint, identity, from, count }: Report<'bootstrap-refused'>): Promise<void> {
    return this.#engine.change((unit) => {
      const known = endpoint === undefined ? undefined : this.#engine.state.credentials.of(endpoint as Endpoint)[0];
      const actor: Actor = { type: 'device', id: identity ?? from };
      const common = { namespace: known?.namespace ?? DEFAULT_NAMESPACE, actor, endpoint, result: 'failure' } as const;
      unit.audit(draft('bootstrap-refused', unit.now, common, { code, identity: identity ?? null, from, count }));
    });
  }
}

const actorOf = (endpoint: Endpoint): Actor => ({ type: 'device', id: endpoint });
