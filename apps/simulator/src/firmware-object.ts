import { createHash } from 'node:crypto';
import { CODE, type IncomingRequest } from '@drover/coap';
import { SECOND, type Instant } from '@drover/kernel';
import { UPDATE_STATE } from '@drover/lwm2m';
import type { CampaignClock } from '@drover/platform';
import type { CoapPort, Reply } from './coap-port.ts';
import type { DevicePlan } from './device-plan.ts';
import { next, type FirmwareEvent } from './firmware-state.ts';
import type { Download, Flash } from './flash.ts';
import { ImageIntake } from './image.ts';
import type { Observer } from './observer.ts';
import { PROFILES, type Fault } from './profiles.ts';
import { Pull, type PullEnd } from './pull.ts';
import { PushReceiver } from './push-receiver.ts';
import { blockCost } from './radio.ts';
import type { Timers } from './timers.ts';

export interface FirmwareParts {
  readonly plan: DevicePlan;
  readonly flash: Flash;
  readonly clock: CampaignClock;
  readonly timers: Timers;
  readonly observer: Observer;
  readonly openPort: () => CoapPort;
  /** State or Result are not what they were. */
  readonly changed: () => void;
  readonly blockTaken: () => void;
  readonly losePower: () => void;
  readonly reboot: () => void;
  /** Off, for ever. */
  readonly vanish: () => void;
}

interface Taken {
  readonly payload: Uint8Array;
  readonly offset: number;
  readonly size: number | undefined;
  readonly askedAt?: Instant;
}

/** EXCHANGE_LIFETIME: a push without a further block for this long is not under way any more. */
const PUSH_ABANDONED_MS = 247 * SECOND;
/** For faults, when the size of the image was never told. */
const ASSUMED_BYTES = 16_384;

/** Object 5 of one device: offers, blocks, Execute, and what the profile makes of them. */
export class FirmwareObject {
  readonly #parts: FirmwareParts;
  readonly #fault: Fault;
  readonly #push = new PushReceiver();
  #pushedAt = 0;
  #pull: Pull | undefined;

  constructor(parts: FirmwareParts) {
    this.#parts = parts;
    this.#fault = PROFILES[parts.plan.profile].fault;
  }

  get isPulling(): boolean {
    return this.#pull?.isActive ?? false;
  }

  /** After power came back: a pull goes on where it was. */
  resume(): void {
    const { firmware, download } = this.#parts.flash;
    if (firmware.state === UPDATE_STATE.DOWNLOADING && download) this.#startPull(download);
  }

  writeUri(uri: string): number {
    const { flash, observer, plan, clock } = this.#parts;
    if (uri === '') return this.#reset();
    this.#forgetAbandonedPush();
    observer.offered(plan, uri, clock.now());
    const target = coapTarget(uri);
    if (target === undefined) {
      this.#change(URL.canParse(uri) ? 'protocol-unsupported' : 'uri-invalid');
      return CODE.BAD_REQUEST;
    }
    if (!this.#change('uri-written')) return CODE.BAD_REQUEST;
    this.#push.forget();
    flash.uri = uri;
    flash.download = { uri, intake: new ImageIntake() };
    this.#startPull(flash.download);
    return CODE.CHANGED;
  }

  writePackage(request: IncomingRequest): Reply {
    const { plan, clock, observer } = this.#parts;
    const { options, payload } = request;
    if (payload.length <= 1 && (options.block1?.num ?? 0) === 0) return { response: { code: this.#reset() } };
    this.#forgetAbandonedPush();
    if ((options.block1?.num ?? 0) === 0) {
      observer.offered(plan, `push ${createHash('sha256').update(payload).digest('hex').slice(0, 16)}`, clock.now());
      if (!this.#change('push-started')) return { response: { code: CODE.BAD_REQUEST } };
    }
    this.#pushedAt = clock.now();
    let isGoingOn = true;
    const step = this.#push.receive(request, (intake, offset, size) => {
      isGoingOn = this.#take(intake, { payload, offset, size });
    });
    if (!isGoingOn) this.#push.forget();
    if (isGoingOn && step.completed) this.#complete(step.completed);
    const response = isGoingOn ? step.response : { code: CODE.REQUEST_ENTITY_TOO_LARGE };
    return { response, delayMs: Math.ceil(clock.wallMs(blockCost(plan, payload.length).durationMs)) };
  }

  execute(): number {
    const { plan, clock, observer, timers, vanish } = this.#parts;
    observer.executed(plan, clock.now());
    if (!this.#change('executed')) return CODE.METHOD_NOT_ALLOWED;
    if (this.#fault === 'silent-after-execute') timers.after(SECOND, vanish);
    else if (this.#fault !== 'hangs-in-updating') timers.after(plan.installMs, () => this.#install());
    return CODE.CHANGED;
  }

  cancel(): number {
    if (!this.#change('cancelled')) return CODE.METHOD_NOT_ALLOWED;
    this.#forgetImage();
    return CODE.CHANGED;
  }

  #reset(): number {
    if (!this.#change('reset')) return CODE.METHOD_NOT_ALLOWED;
    this.#forgetImage();
    return CODE.CHANGED;
  }

  #change(event: FirmwareEvent): boolean {
    const { flash, observer, plan, changed } = this.#parts;
    const before = flash.firmware;
    const after = next(before, event);
    if (after === undefined) return false;
    flash.firmware = after;
    // A push is under way in State 0 as well; everything else that leads there ends a transfer.
    if (after.state === UPDATE_STATE.IDLE && event !== 'push-started') observer.transferOver(plan);
    if (after.state !== before.state || after.result !== before.result) changed();
    return true;
  }

  #forgetImage(): void {
    const { flash } = this.#parts;
    this.#pull?.stop();
    this.#pull = undefined;
    this.#push.forget();
    flash.download = undefined;
    flash.image = undefined;
    flash.uri = '';
  }

  #forgetAbandonedPush(): void {
    const { clock, observer, plan } = this.#parts;
    if (!this.#push.isUnderWay || clock.now() - this.#pushedAt < PUSH_ABANDONED_MS) return;
    this.#push.forget();
    observer.transferOver(plan);
  }

  #startPull(download: Download): void {
    const target = coapTarget(download.uri);
    if (target === undefined) return;
    const { plan, clock, timers, openPort } = this.#parts;
    this.#pull?.stop();
    this.#pull = new Pull(download, target, {
      port: openPort(),
      timers,
      now: () => clock.now(),
      blockMs: (bytes) => blockCost(plan, bytes).durationMs,
      take: (block) => this.#take(download.intake, { ...block, size: download.size }),
      ended: (end) => this.#pullEnded(download, end),
    });
    this.#pull.start();
  }

  #pullEnded({ intake }: Download, end: PullEnd): void {
    this.#parts.flash.download = undefined;
    if (end === 'complete') this.#complete(intake);
    else this.#change(end);
  }

  /** One block in the device's hands. `false`: the transfer ends here. */
  #take(intake: ImageIntake, { payload, offset, size = ASSUMED_BYTES, askedAt }: Taken): boolean {
    const { plan, flash, clock, observer, blockTaken, losePower } = this.#parts;
    observer.block(plan, { at: clock.now(), bytes: payload.length, battery: flash.battery, askedAt });
    flash.blocks += 1;
    flash.battery = Math.max(0, flash.battery - blockCost(plan, payload.length).batteryPercent);
    const faultAt = Math.floor(plan.faultAt * size);
    const isHere = faultAt >= offset && faultAt < offset + payload.length;
    intake.add(isHere && this.#fault === 'flips-a-byte' ? withLastByteFlipped(payload) : payload);
    blockTaken();
    if (!isHere) return true;
    if (this.#fault === 'runs-out-of-memory') {
      flash.download = undefined;
      this.#change('memory-full');
      return false;
    }
    if (this.#fault !== 'loses-power' || flash.hasFailed) return true;
    flash.hasFailed = true;
    losePower();
    return false;
  }

  #complete(intake: ImageIntake): void {
    const { flash } = this.#parts;
    flash.image = intake.finish();
    this.#change(this.#fault === 'refuses-package' ? 'unsupported' : flash.image.verdict);
  }

  /** The new version runs from here on; the server hears of it when the device registers again. */
  #install(): void {
    const { flash, observer, plan, clock, reboot } = this.#parts;
    const { image } = flash;
    if (image?.version !== undefined && this.#fault !== 'comes-back-old') {
      flash.version = image.version;
      flash.installs += 1;
      observer.installed(plan, { digest: image.digest, isIntact: image.verdict === 'verified' }, clock.now());
    }
    this.#change('installed');
    this.#forgetImage();
    reboot();
  }
}

function withLastByteFlipped(bytes: Uint8Array): Uint8Array {
  const flipped = bytes.slice();
  flipped[flipped.length - 1]! ^= 0xff;
  return flipped;
}

/** `undefined` for a URI that is none, or of another scheme. */
function coapTarget(uri: string): { host: string; path: readonly string[] } | undefined {
  if (!URL.canParse(uri)) return undefined;
  const { protocol, hostname, port, pathname } = new URL(uri);
  if (protocol !== 'coap:' || hostname === '') return undefined;
  return { host: `${hostname}:${port || '5683'}`, path: pathname.split('/').slice(1).map(decodeURIComponent) };
}
