import { CODE, type IncomingRequest } from '@drover/coap';
import type { ExecuteReaction } from '../profiles/behaviour.ts';
import type { Reply } from '../wire/serving.ts';
import { targetOf } from '../wire/pull.ts';
import type { Part } from './flash.ts';
import { finishInstall } from './installation.ts';
import type { PartParts, PartShell } from './part-parts.ts';
import { EMPTY, SOFTWARE_STATE } from './software-state.ts';
import { become, change, momentOf, reaction, settle } from './standing.ts';
import { Transfer, type TransferEnd } from './transfer.ts';

const INSTALL = 4;
const UNINSTALL = 6;
const ACTIVATE = 10;
const DEACTIVATE = 11;
const AS_EVER: ExecuteReaction = { event: 'executed', then: 'install' };
const { DOWNLOAD_STARTED, DOWNLOADED, DELIVERED, INSTALLED } = SOFTWARE_STATE;

/** An instance of Object 9: one package, delivered, installed and activated. */
export class SoftwareObject implements PartShell {
  readonly #parts: PartParts;
  readonly #transfer: Transfer;

  constructor(parts: PartParts) {
    this.#parts = parts;
    this.#transfer = new Transfer(parts, (end) => this.#transferred(end));
  }

  get part(): Part {
    return this.#parts.part;
  }

  get isPulling(): boolean {
    return this.#transfer.isPulling;
  }

  get isBusy(): boolean {
    return this.part.traits.push.isBusyMeanwhile && this.#transfer.isPushing;
  }

  get isIdle(): boolean {
    return this.#transfer.isIdle;
  }

  resume(): void {
    const { part } = this;
    settle(part);
    const { download } = part;
    const { state } = part.standing;
    if (part.isPushing || (state === DOWNLOAD_STARTED && (!download || part.traits.pull.resumes === 'no'))) this.#forgetAll();
    else if (state === DOWNLOAD_STARTED && download) this.#transfer.resume(download);
    else if (state === DOWNLOADED) this.#verifyLater();
    if (part.isInstalling) this.#installLater();
  }

  writeUri(uri: string): number {
    const { observer, plan, clock } = this.#parts;
    this.#transfer.forgetAbandonedPush();
    observer.offered(plan, uri, clock.now());
    const target = targetOf(uri);
    if (typeof target === 'string') {
      change(this.#parts, target);
      return CODE.BAD_REQUEST;
    }
    if (!change(this.#parts, 'uri-written')) return CODE.METHOD_NOT_ALLOWED;
    this.#transfer.begin(uri);
    return CODE.CHANGED;
  }

  writePackage(request: IncomingRequest): Reply {
    return this.#transfer.receive(request, () => change(this.#parts, 'push-started'));
  }

  execute(resource: number, args: string): Reply {
    switch (resource) {
      case INSTALL:
        return this.#install();
      case UNINSTALL:
        return { response: { code: this.#uninstall(args) } };
      case ACTIVATE:
        return { response: { code: this.#activate(true) } };
      case DEACTIVATE:
        return { response: { code: this.#activate(false) } };
      default:
        return { response: { code: CODE.METHOD_NOT_ALLOWED } };
    }
  }

  #install(): Reply {
    const { plan, clock, observer, part } = this.#parts;
    observer.executed(plan, clock.now(), part.standing.state);
    const how = reaction(part, part.traits.behaviour.execute?.(momentOf(part))) ?? AS_EVER;
    if (part.isInstalling || (how.event && !change(this.#parts, how.event))) return { response: { code: CODE.METHOD_NOT_ALLOWED } };
    if (how.then === 'install') this.#installLater();
    return { response: { code: how.code ?? CODE.CHANGED } };
  }

  /** What is active is not removed. With 1 the package stays what it is until another takes its place. */
  #uninstall(args: string): number {
    const { part } = this;
    const { uninstallFor } = part.traits.software;
    const isFor = args === '1' || args === "0='1'";
    if (isFor && uninstallFor !== 'either' && uninstallFor !== args) return CODE.BAD_REQUEST;
    if (part.isActive) return CODE.METHOD_NOT_ALLOWED;
    const spoken = part.traits.behaviour.reset?.(momentOf(part), 'uninstall');
    if (part.standing.state === INSTALLED) this.#parts.observer.fellBack(this.#parts.plan);
    if (!change(this.#parts, 'reset')) return CODE.METHOD_NOT_ALLOWED;
    if (spoken?.becomes) become(this.#parts, spoken.becomes);
    this.#transfer.forget();
    part.awaits = isFor && part.component !== '' ? part.component : undefined;
    if (!isFor) [part.component, part.version] = ['', ''];
    return spoken?.code ?? CODE.CHANGED;
  }

  #activate(wanted: boolean): number {
    const { part } = this;
    if (part.standing.state !== INSTALLED) return CODE.METHOD_NOT_ALLOWED;
    const { observer, plan, clock } = this.#parts;
    if (wanted) observer.executed(plan, clock.now(), part.standing.state);
    part.isActive = wanted && part.traits.software.activation !== 'never';
    this.#parts.changed();
    return CODE.CHANGED;
  }

  #transferred(end: TransferEnd): void {
    const { part } = this;
    if ('event' in end) return void change(this.#parts, end.event);
    part.image = end.image;
    if (part.traits.software.verifiesMs === 0) return this.#verified();
    if (change(this.#parts, 'received')) this.#verifyLater();
  }

  #verifyLater(): void {
    this.#parts.after(this.part.traits.software.verifiesMs, () => this.#verified());
  }

  #verified(): void {
    const { image, awaits, traits } = this.part;
    if (image === undefined) return;
    const isForAnother = awaits !== undefined && image.component !== awaits;
    const verdict = isForAnother ? 'unsupported' : image.verdict;
    const event = traits.behaviour.complete?.(momentOf(this.part), verdict) ?? verdict;
    if (event !== 'stay') change(this.#parts, event);
  }

  #installLater(): void {
    const { part, after, plan, sayGoodBye } = this.#parts;
    part.isInstalling = true;
    sayGoodBye();
    after(plan.installMs, () => {
      finishInstall(this.#parts, () => this.#transfer.forget());
      if (part.standing.state === INSTALLED) part.isActive = part.traits.software.activation === 'by-itself';
      part.awaits = undefined;
      this.#parts.changed();
    });
  }

  #forgetAll(): void {
    this.#transfer.forget();
    become(this.#parts, EMPTY);
  }
}

/** Whether a package can be read: its name and version are those of what was delivered. */
export function isDelivered({ standing: { state } }: Part): boolean {
  return state === DELIVERED;
}
