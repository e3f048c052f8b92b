import { createHash } from 'node:crypto';
import { CODE, type IncomingRequest } from '@drover/coap';
import { SECOND } from '@drover/kernel';
import type { BlockReaction } from '../profiles/behaviour.ts';
import { blockCost } from '../radio.ts';
import { ImageIntake, type TakenImage } from '../image.ts';
import type { Reply } from '../wire/serving.ts';
import { CoapPull } from '../wire/coap-pull.ts';
import { HttpPull } from '../wire/http-pull.ts';
import { targetOf, type BlockTaken, type Pull, type PullParts } from '../wire/pull.ts';
import { PushReceiver, type PushedBlock } from '../wire/push-receiver.ts';
import type { Download } from './flash.ts';
import type { PartParts } from './part-parts.ts';
import { momentOf, reaction } from './standing.ts';
import type { UpdateEvent } from './update-event.ts';

/** EXCHANGE_LIFETIME: a push without a further block for this long is not under way any more. */
const PUSH_ABANDONED_MS = 247 * SECOND;
/** The stack that is busy meanwhile waits longer. */
const BUSY_FOR_MS = 300 * SECOND;
/** Bytes. */
const SMALLEST_BLOCK = 64;
/** For faults, when the size of the image was never told. */
const ASSUMED_BYTES = 16_384;

/** What an image came to: verified by the device, or an event that ended it before. */
export type TransferEnd = { readonly image: TakenImage } | { readonly event: UpdateEvent };

type Taken = Omit<BlockTaken, 'askedAt'> & Partial<Pick<BlockTaken, 'askedAt'>> & { readonly size: number | undefined };

/** The way of an image into one part, by push or by pull, block by block, with what the profile makes of each. */
export class Transfer {
  readonly #parts: PartParts;
  readonly #ended: (end: TransferEnd) => void;
  readonly #push: PushReceiver;
  #pushedAt = 0;
  #pull: Pull | undefined;

  constructor(parts: PartParts, ended: (end: TransferEnd) => void) {
    this.#parts = parts;
    this.#ended = ended;
    this.#push = new PushReceiver(parts.part.traits.push);
  }

  get isPulling(): boolean {
    return this.#pull?.isActive ?? false;
  }

  get isPushing(): boolean {
    this.forgetAbandonedPush();
    return this.#push.isUnderWay;
  }

  get isIdle(): boolean {
    return this.#pull === undefined && !this.isPushing;
  }

  /** Of a new URI. */
  begin(uri: string): void {
    const { part } = this.#parts;
    this.#push.forget();
    part.uri = uri;
    part.download = { uri, intake: new ImageIntake() };
    this.resume(part.download);
  }

  /** Goes on with what has come. */
  resume(download: Download): void {
    const target = targetOf(download.uri);
    if (typeof target === 'string') return;
    const { openPort, part } = this.#parts;
    this.#pull?.stop();
    const parts = this.#pullParts(download);
    this.#pull =
      target.scheme === 'http'
        ? new HttpPull(download, parts)
        : new CoapPull(download, target, openPort(target.scheme, target.host), parts);
    this.#pull.start();
    part.isPushing = false;
  }

  /** All of it: what is under way, and what is in the flash. */
  forget(): void {
    const { part } = this.#parts;
    this.#pull?.stop();
    this.#pull = undefined;
    this.#push.forget();
    part.isPushing = false;
    part.download = undefined;
    part.image = undefined;
    part.uri = '';
  }

  /** `began` says whether a push may begin now. */
  receive(request: IncomingRequest, began: () => boolean): Reply {
    const { plan, part, clock, observer } = this.#parts;
    const { options, payload } = request;
    this.forgetAbandonedPush();
    const isBusyWithIt = this.#push.isUnderWay && part.traits.push.isBusyMeanwhile;
    if ((options.block1?.num ?? 0) === 0 && !isBusyWithIt) {
      // By what even the smallest first block holds: the same image may come again in smaller blocks.
      const head = createHash('sha256').update(payload.subarray(0, SMALLEST_BLOCK));
      observer.offered(plan, `push ${head.digest('hex').slice(0, 16)}`, clock.now());
      if (!began()) return { response: { code: CODE.BAD_REQUEST } };
      part.isPushing = true;
    }
    let reaction: BlockReaction | undefined;
    const step = this.#push.receive(request, (block) => (reaction = this.#takePushed(block)));
    if (reaction === undefined || reaction.type !== 'stall') this.#pushedAt = clock.now();
    return this.#replied(step, reaction, payload.length);
  }

  forgetAbandonedPush(): void {
    const { clock, observer, plan, part } = this.#parts;
    const limit = part.traits.push.isBusyMeanwhile ? BUSY_FOR_MS : PUSH_ABANDONED_MS;
    if (!this.#push.isUnderWay || clock.now() - this.#pushedAt < limit) return;
    this.#push.forget();
    part.isPushing = false;
    observer.transferOver(plan);
  }

  #replied(step: ReturnType<PushReceiver['receive']>, reaction: BlockReaction | undefined, bytes: number): Reply {
    const { plan, clock } = this.#parts;
    const delayMs = Math.ceil(clock.wallMs(blockCost(plan, bytes).durationMs));
    switch (reaction?.type) {
      case 'fail':
        this.#push.forget();
        if (reaction.event) this.#ended({ event: reaction.event });
        return { response: { code: reaction.code ?? CODE.REQUEST_ENTITY_TOO_LARGE }, delayMs };
      case 'lose-power':
      case 'vanish':
      case 'stall':
        return { response: step.response, instead: 'silent' };
      case 'slow':
        return { response: step.response, delayMs: delayMs + Math.ceil(clock.wallMs(reaction.ms)), holdsAck: true };
      default:
        if (step.completed) this.#complete(step.completed);
        return { response: step.response, delayMs };
    }
  }

  #pullParts(download: Download): PullParts {
    const { plan, clock, after, part } = this.#parts;
    return {
      blockBytes: part.traits.pull.blockBytes,
      after,
      now: () => clock.now(),
      blockMs: (bytes) => blockCost(plan, bytes).durationMs,
      take: (block) => this.#takePulled(download, block),
      ended: (end) => {
        this.#parts.part.download = undefined;
        this.#pull = undefined;
        if (end === 'complete') this.#complete(download.intake);
        else this.#ended({ event: end });
      },
    };
  }

  #takePulled(download: Download, block: BlockTaken): boolean {
    const reaction = this.#take(download.intake, { ...block, size: download.size });
    if (reaction === undefined || reaction.type === 'slow' || reaction.type === 'drain' || reaction.type === 'damage') return true;
    if (reaction.type === 'stall') return false;
    if (reaction.type !== 'fail') return false; // The power is gone, and the download stays in the flash.
    this.#parts.part.download = undefined;
    this.#pull = undefined;
    this.#ended({ event: reaction.event ?? 'connection-lost' });
    return false;
  }

  #takePushed({ intake, payload, offset, size, isLast }: PushedBlock): BlockReaction | undefined {
    return this.#take(intake, { payload, offset, size, isLast });
  }

  /** One block in the device's hands. */
  #take(intake: ImageIntake, { payload, offset, size = ASSUMED_BYTES, askedAt, isLast }: Taken): BlockReaction | undefined {
    const { plan, flash, part, clock, dice, chaos, observer, blockTaken, losePower, vanish } = this.#parts;
    observer.block(plan, { at: clock.now(), bytes: payload.length, battery: batteryOf(this.#parts), askedAt });
    flash.blocks += 1;
    flash.battery = Math.max(0, batteryOf(this.#parts) - blockCost(plan, payload.length).batteryPercent);
    const faultAt = Math.floor(plan.faultAt * size);
    const isHere = faultAt >= offset && faultAt < offset + payload.length;
    const moment = { ...momentOf(part), isHere, isFirst: offset === 0, isLast };
    const isStruck = dice.hits(chaos.powerLossAtBlock);
    // Where the device's own fault lies, the weather does not hide it: what it deserves is what its profile says.
    const spoken = reaction(part, part.traits.behaviour.block?.(moment)) ?? (isStruck ? ({ type: 'lose-power' } as const) : undefined);
    if (spoken?.type === 'stall') return spoken;
    intake.add(spoken?.type === 'damage' ? withLastByteFlipped(payload) : payload);
    blockTaken();
    if (spoken?.type === 'lose-power') losePower();
    if (spoken?.type === 'vanish') vanish(spoken.forMs);
    if (spoken?.type === 'drain') this.#drain(spoken.toPercent, spoken.recoversMs);
    return spoken;
  }

  #drain(toPercent: number, recoversMs: number): void {
    const { flash, clock } = this.#parts;
    flash.battery = toPercent;
    flash.loadedAt = clock.now() + recoversMs;
  }

  #complete(intake: ImageIntake): void {
    this.#parts.part.isPushing = false;
    this.#ended({ image: intake.finish() });
  }
}

/** Percent, now. */
export function batteryOf({ flash, plan, clock }: Pick<PartParts, 'flash' | 'plan' | 'clock'>): number {
  if (flash.loadedAt !== undefined && clock.now() >= flash.loadedAt) {
    flash.battery = plan.battery;
    flash.loadedAt = undefined;
  }
  return flash.battery;
}

function withLastByteFlipped(bytes: Uint8Array): Uint8Array {
  const flipped = bytes.slice();
  flipped[flipped.length - 1]! ^= 0xff;
  return flipped;
}
