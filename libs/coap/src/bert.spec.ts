import { describe, expect, it } from '@jest/globals';
import {
  BERT_SZX,
  BlockAssembly,
  CODE,
  decodeBlock,
  encodeBlock,
  nextBlock,
  onAnswer,
  planBlock,
  planBlocks,
  readOptions,
  sizeOfSzx,
  startUpload,
  writeOptions,
} from './index.ts';
import type { Block, BlockUpload } from './index.ts';

const BERT: Block = { num: 3, more: true, szx: BERT_SZX };

describe('size 7', () => {
  it('is reserved unless it is asked for', () => {
    expect(decodeBlock(Uint8Array.of(0x3f))).toBeUndefined();
    expect(() => encodeBlock(BERT)).toThrow('no such block');
    expect(readOptions({ options: [{ number: 23, value: Uint8Array.of(0x3f) }] })).toMatchObject({ badCritical: 23 });
    expect(() => writeOptions({ block1: BERT })).toThrow('no such block');
  });

  it('is read and written on streams', () => {
    expect(decodeBlock(Uint8Array.of(0x3f), BERT_SZX)).toEqual(BERT);
    expect(encodeBlock(BERT, BERT_SZX)).toEqual(Uint8Array.of(0x3f));
    expect(readOptions({ options: writeOptions({ block2: BERT }, BERT_SZX) }, { maxSzx: BERT_SZX }).options.block2).toEqual(BERT);
  });

  it('counts in blocks of 1024 bytes', () => {
    expect(sizeOfSzx(BERT_SZX)).toBe(1024);
  });
});

describe('serving', () => {
  const body = { size: 10_000, etag: Uint8Array.of(1) };
  it.each<[string, Parameters<typeof planBlocks>[1], number, number, Block]>([
    ['as many blocks as fit', { block: { num: 0, more: false, szx: 7 }, room: 4096 }, 0, 4096, { num: 0, more: true, szx: 7 }],
    ['the next', { block: { num: 4, more: false, szx: 7 }, room: 4096 }, 4096, 4096, { num: 4, more: true, szx: 7 }],
    ['the rest', { block: { num: 8, more: false, szx: 7 }, room: 4096 }, 8192, 1808, { num: 8, more: false, szx: 7 }],
    ['a first GET that names no size', { room: 8192 }, 0, 8192, { num: 0, more: true, szx: 7 }],
    [
      'single blocks to those who ask for them',
      { block: { num: 1, more: false, szx: 6 }, room: 8192 },
      1024,
      1024,
      { num: 1, more: true, szx: 6 },
    ],
    ['a single block where there is no BERT', { block: { num: 1, more: false, szx: 7 } }, 1024, 1024, { num: 1, more: true, szx: 6 }],
    ['whole blocks only', { block: { num: 0, more: false, szx: 7 }, room: 3000 }, 0, 2048, { num: 0, more: true, szx: 7 }],
  ])('%s', (_, wish, offset, length, block2) => {
    expect(planBlocks(body, wish)).toMatchObject({ type: 'block', offset, length, block2 });
  });

  it('keeps to the size the body prefers, and knows where it ends', () => {
    expect(planBlocks({ ...body, preferredSzx: 5 }, { room: 4096 })).toMatchObject({ length: 512, block2: { szx: 5 } });
    expect(planBlocks(body, { block: { num: 10, more: false, szx: 7 }, room: 4096 })).toEqual({ type: 'bad' });
    expect(planBlocks(body, {})).toEqual(planBlock(body));
  });
});

describe('upload', () => {
  const upload = (room: number, szx?: number): BlockUpload => startUpload({ size: 10_000, room, szx });

  it('sends as many blocks as fit, and numbers them by 1024 bytes', () => {
    let current = upload(4096);
    const sent: unknown[] = [];
    for (;;) {
      const block = nextBlock(current);
      sent.push([block.block1.num, block.length, block.block1.more]);
      const outcome = onAnswer(current, { code: CODE.CONTINUE, block1: block.block1 });
      if (outcome.type !== 'continue') break;
      current = outcome.upload;
    }
    expect(sent).toEqual([
      [0, 4096, true],
      [4, 4096, true],
      [8, 1808, false],
    ]);
  });

  it('goes down to single blocks where the peer says so, and stays at its offset', () => {
    const outcome = onAnswer(upload(4096), { code: CODE.CONTINUE, block1: { num: 0, more: true, szx: 6 } });
    if (outcome.type !== 'continue') throw new TypeError(outcome.type);
    expect(nextBlock(outcome.upload)).toMatchObject({ offset: 4096, length: 1024, block1: { num: 4, szx: 6 } });
  });

  it('steps down when the peer finds it too large', () => {
    expect(onAnswer(upload(4096), { code: CODE.REQUEST_ENTITY_TOO_LARGE })).toMatchObject({
      type: 'restart',
      upload: { szx: 6, offset: 0 },
    });
  });

  it('begins with single blocks when told so', () => {
    expect(nextBlock(upload(4096, 5))).toMatchObject({ length: 512, block1: { szx: 5 } });
  });
});

describe('assembly', () => {
  const FROM = { peer: 'tcp:192.0.2.1:5683', path: '/rd' };
  const part = (num: number, more: boolean, length: number): Parameters<BlockAssembly['add']>[1] => ({
    block: { num, more, szx: BERT_SZX },
    payload: new Uint8Array(length).fill(num),
  });

  it('takes several blocks at once, a repetition included, and single ones after them', () => {
    const assembly = new BlockAssembly();
    expect(assembly.add(FROM, part(0, true, 4096), 0)).toMatchObject({ type: 'continue', received: 4096 });
    expect(assembly.add(FROM, part(4, true, 1024), 0)).toMatchObject({ type: 'continue', received: 5120 });
    expect(assembly.add(FROM, part(4, true, 1024), 0)).toMatchObject({ type: 'continue', received: 5120 });
    const single = { block: { num: 5, more: true, szx: 6 }, payload: new Uint8Array(1024) };
    expect(assembly.add(FROM, single, 0)).toMatchObject({ type: 'continue', received: 6144 });
    expect(assembly.add(FROM, part(6, false, 100), 0)).toMatchObject({ type: 'complete', body: { length: 6244 } });
  });

  it('may end with nothing', () => {
    const assembly = new BlockAssembly();
    assembly.add(FROM, part(0, true, 2048), 0);
    expect(assembly.add(FROM, part(2, false, 0), 0)).toMatchObject({ type: 'complete', body: { length: 2048 } });
  });

  it.each([0, 1000, 1500])('refuses %d bytes where whole blocks are due', (length) => {
    expect(new BlockAssembly().add(FROM, part(0, true, length), 0)).toMatchObject({ type: 'refused', code: CODE.BAD_REQUEST });
  });

  it('refuses a gap and a body beyond the limit', () => {
    const assembly = new BlockAssembly({ maxBodyBytes: 4096 });
    assembly.add(FROM, part(0, true, 2048), 0);
    expect(assembly.add(FROM, part(3, true, 1024), 0)).toMatchObject({ type: 'refused', code: CODE.REQUEST_ENTITY_INCOMPLETE });
    expect(assembly.add(FROM, part(0, true, 5120), 0)).toMatchObject({ type: 'refused', code: CODE.REQUEST_ENTITY_TOO_LARGE });
  });
});
