import { CODE, MAX_SZX, offsetOf, sizeOfSzx, type CoapResponse, type IncomingRequest } from '@drover/coap';
import { ImageIntake } from './image.ts';

/** What a block of a push came to; `completed` with the last one. */
export interface PushStep {
  readonly response: CoapResponse;
  readonly completed?: ImageIntake;
}

/** Puts the payload of a new block into the intake, whole or not. */
type Take = (intake: ImageIntake, offset: number, size: number | undefined) => void;

/**
 * The receiving end of a Block1 write to `/5/0/0`: blocks in order; the last one again is answered again and not taken
 * twice; a gap is 4.08 and loses what came before (RFC 7959 section 2.9.2).
 */
export class PushReceiver {
  #intake: ImageIntake | undefined;
  #size: number | undefined;
  #lastOffset = -1;

  /** A push that has begun and not ended. */
  get isUnderWay(): boolean {
    return this.#intake !== undefined;
  }

  forget(): void {
    this.#intake = undefined;
    this.#size = undefined;
    this.#lastOffset = -1;
  }

  receive({ options, payload }: Pick<IncomingRequest, 'options' | 'payload'>, take: Take): PushStep {
    const block = options.block1 ?? { num: 0, more: false, szx: MAX_SZX };
    const response = { code: block.more ? CODE.CONTINUE : CODE.CHANGED, options: options.block1 && { block1: options.block1 } };
    if (block.more && payload.length !== sizeOfSzx(block.szx)) return { response: { code: CODE.BAD_REQUEST } };
    const offset = offsetOf(block);
    if (offset === this.#lastOffset && this.#intake?.length === offset + payload.length) return { response };
    if (offset === 0) {
      this.#intake = new ImageIntake();
      this.#size = options.size1;
    }
    const intake = this.#intake;
    if (intake?.length !== offset) {
      this.forget();
      return { response: { code: CODE.REQUEST_ENTITY_INCOMPLETE } };
    }
    take(intake, offset, this.#size);
    this.#lastOffset = offset;
    if (block.more) return { response };
    this.forget();
    return { response, completed: intake };
  }
}
