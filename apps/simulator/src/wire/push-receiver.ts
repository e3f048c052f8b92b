import { CODE, MAX_SZX, offsetOf, sizeOfSzx, szxOfSize, type Block, type CoapResponse, type IncomingRequest } from '@drover/coap';
import { ImageIntake } from '../image.ts';
import type { PushTraits } from '../profiles/profile.ts';

/** What a block of a push came to; `completed` with the last one. */
export interface PushStep {
  readonly response: CoapResponse;
  readonly completed?: ImageIntake;
}

export interface PushedBlock {
  readonly intake: ImageIntake;
  readonly payload: Uint8Array;
  readonly offset: number;
  readonly size: number | undefined;
  readonly isLast: boolean;
}

/** Puts the payload of a new block into the intake, whole or not. */
type Take = (block: PushedBlock) => void;
type BlockRequest = Pick<IncomingRequest, 'options' | 'payload'>;

/**
 * The receiving end of a Block1 write to a package: blocks in order; the last one again is answered again and not taken
 * twice; a gap is 4.08 and loses what came before (RFC 7959 section 2.9.2). Its traits are where stacks differ.
 */
export class PushReceiver {
  readonly #traits: PushTraits;
  #intake: ImageIntake | undefined;
  #size: number | undefined;
  #lastOffset = -1;
  /** Blocks that came before their turn, by offset. */
  #early: Map<number, Uint8Array> | undefined;

  constructor(traits: PushTraits) {
    this.#traits = traits;
  }

  /** A push that has begun and not ended. */
  get isUnderWay(): boolean {
    return this.#intake !== undefined;
  }

  forget(): void {
    this.#intake = undefined;
    this.#size = undefined;
    this.#early = undefined;
    this.#lastOffset = -1;
  }

  receive({ options, payload }: BlockRequest, take: Take): PushStep {
    const block = options.block1 ?? { num: 0, more: false, szx: MAX_SZX };
    if (block.more && payload.length !== sizeOfSzx(block.szx)) return { response: { code: CODE.BAD_REQUEST } };
    const offset = offsetOf(block);
    const response = this.#accepting(block, options.block1 !== undefined);
    const early = this.#again(block, offset + payload.length) ?? this.#tooLarge(block);
    if (early) return { response: early === 'again' ? response : early };
    if (offset === 0) this.#begin(options.size1);
    const intake = this.#intake;
    if (intake === undefined || (intake.length !== offset && !this.#traits.takesGaps)) return this.#gap();
    this.#lastOffset = offset;
    if (intake.length === offset) this.#takeInOrder({ intake, payload, offset, size: this.#size, isLast: !block.more }, take);
    else if (offset > intake.length) (this.#early ??= new Map()).set(offset, payload.slice());
    if (block.more) return { response };
    this.forget();
    return { response, completed: intake };
  }

  #begin(size: number | undefined): void {
    this.forget();
    this.#intake = new ImageIntake();
    this.#size = size;
  }

  #gap(): PushStep {
    this.forget();
    return { response: { code: CODE.REQUEST_ENTITY_INCOMPLETE } };
  }

  #takeInOrder(block: PushedBlock, take: Take): void {
    take(block);
    const { intake } = block;
    for (let next = this.#early?.get(intake.length); next !== undefined; next = this.#early?.get(intake.length))
      take({ ...block, payload: next, offset: intake.length, isLast: false });
  }

  #accepting(block: Block, isBlockwise: boolean): CoapResponse {
    const code = block.more ? CODE.CONTINUE : CODE.CHANGED;
    if (!isBlockwise) return { code };
    const { maxBlock } = this.#traits;
    const szx = maxBlock?.says === '2.31' ? Math.min(block.szx, szxOfSize(maxBlock.bytes)) : block.szx;
    return { code, options: { block1: { ...block, szx } } };
  }

  /** A block that is here already: answered again, 5.03 by one stack, 4.08 by another. */
  #again({ num }: Block, end: number): CoapResponse | 'again' | undefined {
    const { isBusyMeanwhile, refusesTwice } = this.#traits;
    const isHere = this.#intake !== undefined && this.#lastOffset >= 0 && end <= this.#intake.length;
    if (!isHere) return undefined;
    if (isBusyMeanwhile) return { code: CODE.SERVICE_UNAVAILABLE };
    if (num === 0 && this.#lastOffset > 0) return undefined; // Begins anew.
    if (end !== this.#intake?.length) return undefined;
    if (!refusesTwice) return 'again';
    this.forget();
    return { code: CODE.REQUEST_ENTITY_INCOMPLETE };
  }

  #tooLarge(block: Block): CoapResponse | undefined {
    const { maxBlock } = this.#traits;
    if (maxBlock?.says !== '4.13' || sizeOfSzx(block.szx) <= maxBlock.bytes) return undefined;
    this.forget();
    return { code: CODE.REQUEST_ENTITY_TOO_LARGE, options: { block1: { ...block, szx: szxOfSize(maxBlock.bytes) } } };
  }
}
