import { CODE, offsetOf, planBlock, sizeOfSzx, szxOfSize, type Block, type CoapResponse, type IncomingRequest } from '@drover/coap';
import type { Digest } from '@drover/kernel';
import type { Conversation } from './conversation.ts';

export const PULL_PATH = 'fw';

export type PullAnswer = {
  readonly response: CoapResponse;
  readonly delayMs: number;
  readonly served?: { readonly offset: number; readonly length: number };
};

/** It is not the device's turn, or the image cannot be read: it may ask again after a minute. */
export const ASK_LATER: CoapResponse = { code: CODE.SERVICE_UNAVAILABLE, options: { maxAge: 60 } };
const LATER: PullAnswer = { response: ASK_LATER, delayMs: 0 };

/**
 * Answers one GET of a pull. Any block at any time, from any address: a pull comes from a new port, and after a power
 * loss at the right block before the device has registered again. The token in the path is the proof.
 */
export function answerPull(conversation: Conversation | undefined, request: IncomingRequest): PullAnswer {
  if (request.method !== 'GET') return refuse(CODE.METHOD_NOT_ALLOWED);
  if (!conversation?.isServing || !conversation.image) return LATER;
  const { image, order } = conversation;
  const { block2, size2 } = request.options;
  const preferredSzx = szxOfSize(order.blockSize);
  const plan = planBlock(
    { size: image.size, etag: etagOf(order.digest), preferredSzx },
    withinSzx(block2, preferredSzx),
    size2 !== undefined,
  );
  if (plan.type === 'bad') return refuse(CODE.BAD_REQUEST);
  const payload = image.read(plan.offset, plan.length);
  if (payload === undefined) return LATER;
  const response: CoapResponse = {
    code: CODE.CONTENT,
    options: { etag: plan.etag, contentFormat: 42, block2: plan.block2, ...(plan.size2 === undefined ? {} : { size2: plan.size2 }) },
    payload,
  };
  return { response, delayMs: conversation.paceMs, served: { offset: plan.offset, length: plan.length } };
}

/** A device may ask for smaller blocks than the campaign's, never for larger: admission and pacing have counted on these. */
function withinSzx(requested: Block | undefined, largest: number): Block | undefined {
  if (!requested || requested.szx <= largest) return requested;
  return { num: offsetOf(requested) / sizeOfSzx(largest), more: requested.more, szx: largest };
}

function refuse(code: number): PullAnswer {
  return { response: { code }, delayMs: 0 };
}

/** Strong and fixed for the image's bytes: eight bytes of its digest. */
function etagOf(digest: Digest): Uint8Array {
  return Buffer.from(digest.slice('sha256:'.length), 'hex').subarray(0, 8);
}
