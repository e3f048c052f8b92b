import { CODE, type IncomingRequest } from '@drover/coap';
import { SECOND } from '@drover/kernel';
import { UPDATE_STATE } from '@drover/lwm2m';
import type { ExecuteReaction, ResetWay } from '../profiles/behaviour.ts';
import type { Reply } from '../wire/serving.ts';
import { targetOf } from '../wire/pull.ts';
import type { Part } from './flash.ts';
import { FRESH } from './firmware-state.ts';
import { finishInstall, fallBackLater } from './installation.ts';
import type { PartParts, PartShell } from './part-parts.ts';
import { become, change, momentOf, reaction, settle } from './standing.ts';
import { Transfer, type TransferEnd } from './transfer.ts';

const UPDATE = 2;
const CANCEL = 10;
/** How far the answer to an Execute is ahead of the reboot, campaign ms. */
const ANSWER_AHEAD_MS = 2 * SECOND;
const AS_EVER: ExecuteReaction = { event: 'executed', then: 'install' };

/** An instance of Object 5 or 33629: offers, blocks, Execute, and what the profile makes of them. */
export class FirmwareObject implements PartShell {
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
    const left = part.traits.behaviour.boot?.(momentOf(part));
    if (left) this.#forgetAll(left);
    if (part.isPushing) this.#forgetAll(FRESH);
    const { download } = part;
    if (part.standing.state === UPDATE_STATE.DOWNLOADING && download) {
      if (part.traits.pull.resumes === 'no') this.#forgetAll(FRESH);
      else this.#transfer.resume(download);
    }
    if (part.isInstalling) this.#installLater(undefined);
    fallBackLater(this.#parts);
  }

  writeUri(uri: string): number {
    const { observer, plan, clock, part } = this.#parts;
    if (uri === '') return this.#reset('empty-uri');
    this.#transfer.forgetAbandonedPush();
    observer.offered(plan, uri, clock.now());
    const spoken = reaction(part, part.traits.behaviour.uri?.(momentOf(part), uri));
    if (spoken && !spoken.starts) {
      // It may pass through State 1 on the way to its Result.
      if (spoken.event) change(this.#parts, spoken.event);
      if (spoken.event === 'uri-written') part.uri = uri;
      return spoken.code;
    }
    const target = targetOf(uri);
    if (typeof target === 'string') {
      change(this.#parts, target);
      return CODE.BAD_REQUEST;
    }
    if (!change(this.#parts, 'uri-written')) return CODE.BAD_REQUEST;
    this.#transfer.begin(uri);
    return spoken?.code ?? CODE.CHANGED;
  }

  writePackage(request: IncomingRequest): Reply {
    const { options, payload } = request;
    const isNul = payload.length <= 1 && (options.block1?.num ?? 0) === 0 && options.block1?.more !== true;
    if (isNul) return { response: { code: this.#reset('nul') } };
    return this.#transfer.receive(request, () => this.#pushBegins());
  }

  execute(resource: number): Reply {
    if (resource === UPDATE) return this.#execute();
    if (resource !== CANCEL) return { response: { code: CODE.METHOD_NOT_ALLOWED } };
    return { response: { code: this.part.traits.hasCancel ? this.#reset('cancel') : CODE.NOT_FOUND } };
  }

  #pushBegins(): boolean {
    const { push } = this.part.traits;
    if (!change(this.#parts, 'push-started') && !(push.showsDownloading && this.part.isPushing)) return false;
    if (push.showsDownloading) become(this.#parts, { state: UPDATE_STATE.DOWNLOADING, result: 0 });
    return true;
  }

  #execute(): Reply {
    const { plan, clock, observer, part, vanish, after } = this.#parts;
    observer.executed(plan, clock.now(), part.standing.state);
    const how = reaction(part, part.traits.behaviour.execute?.(momentOf(part))) ?? AS_EVER;
    if (how.becomes) become(this.#parts, how.becomes);
    if (how.event && !change(this.#parts, how.event)) return { response: { code: CODE.METHOD_NOT_ALLOWED } };
    const installMs = how.installMs ?? plan.installMs;
    if (how.then === 'vanish') after(SECOND, () => vanish());
    if (how.then === 'install') this.#installLater(installMs);
    if (how.event === 'deferred') this.#deferredInstall();
    const response = { code: how.code ?? CODE.CHANGED };
    if (how.answer === 'never') return { response, instead: 'silent' };
    if (how.answer !== 'late') return { response };
    return { response, delayMs: Math.ceil(clock.wallMs(installMs - ANSWER_AHEAD_MS)), holdsAck: true };
  }

  /** Who may defer for a time installs when that is over, if nobody has executed before. */
  #deferredInstall(): void {
    const { part, after } = this.#parts;
    const { maximumDeferS } = part;
    if (!maximumDeferS) return;
    after(maximumDeferS * SECOND, () => {
      if (change(this.#parts, 'executed')) this.#installLater(undefined);
    });
  }

  #reset(way: ResetWay): number {
    const { part } = this;
    const spoken = reaction(part, part.traits.behaviour.reset?.(momentOf(part), way));
    if (spoken) {
      if (spoken.event) change(this.#parts, spoken.event);
      if (spoken.becomes) become(this.#parts, spoken.becomes);
      return spoken.code;
    }
    if (!change(this.#parts, way === 'cancel' ? 'cancelled' : 'reset')) return CODE.METHOD_NOT_ALLOWED;
    this.#transfer.forget();
    return CODE.CHANGED;
  }

  #forgetAll(left: { readonly state: number; readonly result: number }): void {
    this.#transfer.forget();
    become(this.#parts, left);
    settle(this.part);
    this.#parts.observer.transferOver(this.#parts.plan);
  }

  #transferred(end: TransferEnd): void {
    const { part } = this;
    if ('event' in end) return void change(this.#parts, end.event);
    part.image = end.image;
    const isForAnother = end.image.component !== undefined && end.image.component !== part.traits.component;
    const verdict = isForAnother ? 'unsupported' : end.image.verdict;
    const event = part.traits.behaviour.complete?.(momentOf(part), verdict) ?? verdict;
    if (event === 'stay' || !change(this.#parts, event)) return;
    const isUpgrading = event === 'verified' && part.automaticUpgrade;
    if (isUpgrading && change(this.#parts, 'executed')) this.#installLater(undefined);
  }

  #installLater(installMs = this.#parts.plan.installMs): void {
    const { part } = this;
    part.isInstalling = true;
    this.#parts.sayGoodBye();
    this.#parts.after(installMs, () => finishInstall(this.#parts, () => this.#transfer.forget()));
  }
}
