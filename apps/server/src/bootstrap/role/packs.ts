import { CODE, planBlock, type Block, type CoapResponse } from '@drover/coap';
import type { Entropy } from '@drover/kernel';

/** Answers in blocks that are kept for the rest of them. */
const MOST_PACKS = 200;
/** EXCHANGE_LIFETIME, ms: who has not fetched the rest by then begins anew. */
const KEPT_MS = 247_000;
const ETAG_BYTES = 8;

interface Pack {
  readonly payload: Uint8Array;
  readonly contentFormat: number;
  readonly etag: Uint8Array;
  readonly keptUntil: number;
}

/** Whole configurations that do not fit into one answer, by the session that asked for them. */
export class Packs {
  readonly #entropy: Entropy;
  readonly #packs = new Map<string, Pack>();

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  /** The first block, or all of it. */
  first(
    peer: string,
    { payload, contentFormat }: Pick<Pack, 'payload' | 'contentFormat'>,
    block: Block | undefined,
    now: number,
  ): CoapResponse {
    const pack = { payload, contentFormat, etag: this.#entropy.bytes(ETAG_BYTES), keptUntil: now + KEPT_MS };
    const response = blockOf(pack, block);
    if (response.options?.block2?.more === true) this.#keep(peer, pack);
    return response;
  }

  /** A further block of what this session was given; undefined where nothing is kept. */
  further(peer: string, block: Block, now: number): CoapResponse | undefined {
    const pack = this.#packs.get(peer);
    if (pack === undefined || pack.keptUntil < now) return undefined;
    const response = blockOf(pack, block);
    if (response.options?.block2?.more !== true) this.forget(peer);
    return response;
  }

  forget(peer: string): void {
    this.#packs.get(peer)?.payload.fill(0);
    this.#packs.delete(peer);
  }

  #keep(peer: string, pack: Pack): void {
    this.forget(peer);
    this.#packs.set(peer, pack);
    if (this.#packs.size > MOST_PACKS) this.forget(this.#packs.keys().next().value!);
  }
}

function blockOf({ payload, contentFormat, etag }: Pack, block: Block | undefined): CoapResponse {
  const plan = planBlock({ size: payload.length, etag }, block);
  if (plan.type === 'bad') return { code: CODE.BAD_REQUEST };
  const { offset, length, block2, size2 } = plan;
  const isWhole = block2.num === 0 && !block2.more;
  const inBlocks = isWhole ? {} : { block2, size2, etag };
  // A copy: the pack is overwritten when its last block has been asked for.
  return {
    code: CODE.CONTENT,
    options: { contentFormat, ...inBlocks },
    payload: Uint8Array.from(payload.subarray(offset, offset + length)),
  };
}
