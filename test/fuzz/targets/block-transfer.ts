import { isDeepStrictEqual } from 'node:util';
import { BlockAssembly, CODE, nextBlock, offsetOf, onAnswer, planBlocks, sizeOfSzx, startUpload } from '@drover/coap';
import type { AssemblyOutcome, Block, BlockUpload, UploadOutcome } from '@drover/coap';
import { Script } from '../script.ts';
import { demand, fromHex, sameBytes } from '../target.ts';
import type { Target } from '../target.ts';

const GUIDE = ['/libs/coap/dist/block'];
const MAX_STEPS = 200;
const LIMITS = { maxBodyBytes: 300, maxPending: 3, expiryMs: 100 };
const PEERS = ['a', 'b'];
const PATHS = ['rd', 'dp'];

interface Draft {
  readonly body: number[];
  readonly format: number | undefined;
  readonly etag: number;
}

/** What was put together must be what was sent, block by block; kept here a second time, in the simplest way. */
function assemble(script: Script): void {
  const assembly = new BlockAssembly(LIMITS);
  const drafts = new Map<string, Draft>();
  let now = 0;
  for (let step = 0; step < MAX_STEPS && !script.isOver; step++) {
    const [peer, path] = [script.pick(PEERS), script.pick(PATHS)];
    const [key, how] = [`${peer} ${path}`, script.byte()];
    if ((how & 0xe0) === 0xe0) now += script.byte();
    if ((how & 0xf8) === 0xd8) {
      assembly.forget({ peer, path });
      drafts.delete(key);
      continue;
    }
    const known = drafts.get(key);
    const szx = how & 7;
    const size = sizeOfSzx(szx);
    const num = (how & 16) !== 0 ? script.below(12) : Math.floor((known?.body.length ?? 0) / size);
    const block = { num, more: (how & 8) !== 0, szx };
    const payload = new Uint8Array(block.more && script.below(8) !== 0 ? size : script.byte()).fill(step);
    const [contentFormat, tag] = [script.below(8) === 1 ? 40 : undefined, script.below(8) === 1 ? 1 : 0];
    const etag = tag === 0 ? undefined : Uint8Array.of(tag);
    const announcedSize = script.below(16) === 1 ? 9000 : undefined;
    const outcome = assembly.add({ peer, path }, { block, payload, contentFormat, etag, announcedSize }, now);
    demand(assembly.pending <= LIMITS.maxPending, `${assembly.pending} bodies are kept`);
    note(outcome, { drafts, key, block, payload, format: contentFormat, etag: tag });
  }
}

interface Part {
  readonly drafts: Map<string, Draft>;
  readonly key: string;
  readonly block: Block;
  readonly payload: Uint8Array;
  readonly format: number | undefined;
  readonly etag: number;
}

function note(outcome: AssemblyOutcome, { drafts, key, block, payload, format, etag }: Part): void {
  const offset = offsetOf(block);
  const draft = offset === 0 ? { body: [], format, etag } : drafts.get(key);
  drafts.delete(key);
  if (outcome.type === 'refused') return demand(outcome.code >= CODE.BAD_REQUEST, 'refused with the code of a success');
  demand(draft !== undefined && draft.format === format && draft.etag === etag, 'a block was taken that belongs to no body');
  const isAgain = offset < draft.body.length;
  if (!isAgain) draft.body.push(...payload);
  demand(isAgain || draft.body.length === offset + payload.length, 'a block was taken that leaves a gap');
  demand(draft.body.length <= LIMITS.maxBodyBytes, `a body of ${draft.body.length} bytes`);
  if (outcome.type === 'continue') {
    demand(outcome.received === draft.body.length, 'it says it has another number of bytes than it was sent');
    drafts.set(key, draft);
  } else if (!isAgain) demand(sameBytes(outcome.body, Uint8Array.from(draft.body)), 'the body is not what was sent');
}

const CODES = [
  CODE.CONTINUE,
  CODE.CONTINUE,
  CODE.CONTINUE,
  CODE.CHANGED,
  CODE.CREATED,
  CODE.REQUEST_ENTITY_TOO_LARGE,
  CODE.REQUEST_ENTITY_INCOMPLETE,
  CODE.SERVICE_UNAVAILABLE,
  CODE.BAD_REQUEST,
  CODE.FORBIDDEN,
];

/** A push towards a device that answers anything: its blocks stay whole and within the body, and it does not go on for ever. */
function upload(script: Script): void {
  const size = script.uint16() % 5000;
  let state: BlockUpload | undefined = startUpload({
    size,
    szx: script.below(8),
    offset: script.uint16(),
    ...(script.flag() && { room: 1024 * (1 + script.below(4)) }),
  });
  let restarts = 0;
  for (let step = 0; step < MAX_STEPS && state !== undefined && !script.isOver; step++) {
    const block = nextBlock(state);
    const { offset, length, block1 } = block;
    demand(
      Number.isInteger(block1.num) && offsetOf(block1) === offset,
      () => `a block that is at no block's place: ${JSON.stringify(block)}`,
    );
    demand(
      length >= 0 && offset + length <= size && block1.more === offset + length < size,
      () => `a block beyond the body: ${JSON.stringify(block)}`,
    );
    demand(!block1.more || length % sizeOfSzx(block1.szx) === 0, () => `a block that is not whole: ${JSON.stringify(block)}`);
    const answered = {
      code: script.pick(CODES),
      retransmissions: script.below(4) === 1 ? 1 : 0,
      ...(script.below(4) === 1 && { block1: { num: script.byte(), more: script.flag(), szx: script.below(8) } }),
      ...(script.below(8) === 1 && { size1: script.uint16() }),
    };
    const outcome: UploadOutcome = onAnswer(state, answered);
    if (outcome.type === 'restart') restarts += 1;
    demand(restarts <= 3 + 8, `${restarts} restarts`);
    if (outcome.type === 'done') demand(outcome.upload.offset === size, 'done before the end');
    if ('upload' in outcome) demand(outcome.upload.szx <= state.szx, 'blocks that grow');
    state = outcome.type === 'continue' || outcome.type === 'restart' || outcome.type === 'busy' ? outcome.upload : undefined;
  }
}

/** Whatever is asked for: a piece of the body, no larger than asked for, and the same each time. */
function serve(script: Script): void {
  const body = { size: script.uint16(), etag: Uint8Array.of(1), ...(script.flag() && { preferredSzx: script.below(8) }) };
  while (!script.isOver) {
    const block = script.flag()
      ? { num: script.uint16() * (script.flag() ? 16 : 1), more: script.flag(), szx: script.below(8) }
      : undefined;
    const room = script.flag() ? 1024 * (1 + script.below(16)) : undefined;
    const wish = { block, room, wantsSize: script.flag() };
    const plan = planBlocks(body, wish);
    demand(isDeepStrictEqual(planBlocks(body, wish), plan), 'the same wish has two answers');
    if (plan.type === 'bad') continue;
    const { offset, length, block2 } = plan;
    demand(
      length >= 0 && offset + length <= body.size && length <= Math.max(1024, room ?? 0),
      () => `beyond the body: ${JSON.stringify(plan)}`,
    );
    demand(
      Number.isInteger(block2.num) && offsetOf(block2) === offset && block2.more === offset + length < body.size,
      () => `a block at no block's place: ${JSON.stringify(plan)}`,
    );
    demand(block === undefined || (offset === offsetOf(block) && block2.szx <= block.szx), 'another block than was asked for');
  }
}

export const BLOCK_TRANSFER: Target = {
  name: 'block-transfer',
  kind: 'conversation',
  maxBytes: 500,
  guide: GUIDE,
  seeds: () => ['00', '000000080000000000080000', '0110000200000001', '0200ff0102030405060708', '01138804000101000000000000'].map(fromHex),
  generate: (random) => random.bytes(random.below(300)),
  run(input) {
    const script = new Script(input);
    return script.pick([assemble, upload, serve])(script);
  },
};
