import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BlockAssembly, CODE, code, nextBlock, onAnswer, planBlock, sizeOfSzx, startUpload } from './index.ts';
import type { BlockUpload, UploadAnswer, UploadOutcome } from './index.ts';

const uploadOf = (outcome: UploadOutcome): BlockUpload => {
  if (!('upload' in outcome)) throw new TypeError(outcome.type);
  return outcome.upload;
};

describe('upload', () => {
  const at = (offset: number, szx = 6, size = 10_000): BlockUpload => startUpload({ size, szx, offset });

  it('announces its size with block 0 and ends with the rest', () => {
    expect(nextBlock(at(0))).toEqual({ offset: 0, length: 1024, block1: { num: 0, more: true, szx: 6 }, size1: 10_000 });
    expect(nextBlock(at(9216))).toEqual({ offset: 9216, length: 784, block1: { num: 9, more: false, szx: 6 }, size1: undefined });
  });

  it.each<[string, BlockUpload, UploadAnswer, string, number, number]>([
    ['2.31', at(1024), { code: CODE.CONTINUE }, 'continue', 2048, 6],
    ['2.04 for a block that is not the last', at(1024), { code: CODE.CHANGED }, 'continue', 2048, 6],
    ['a smaller size keeps the offset', at(0), { code: CODE.CONTINUE, block1: { num: 0, more: true, szx: 3 } }, 'continue', 1024, 3],
    ['a larger size is not taken', at(0, 3), { code: CODE.CONTINUE, block1: { num: 0, more: true, szx: 6 } }, 'continue', 128, 3],
    ['4.13 with a smaller size', at(0), { code: code(4, 13), block1: { num: 0, more: true, szx: 4 } }, 'restart', 0, 4],
    ['4.13 with no size', at(2048), { code: code(4, 13) }, 'restart', 0, 5],
    ['4.08', at(2048), { code: code(4, 8) }, 'restart', 0, 6],
    ['4.08 to a repeated block may mean the first copy is there', at(2048), { code: code(4, 8), retransmissions: 1 }, 'continue', 3072, 6],
    ['5.03', at(2048), { code: code(5, 3) }, 'busy', 2048, 6],
    ['5.03 to a repeated block', at(2048), { code: code(5, 3), retransmissions: 2 }, 'continue', 3072, 6],
    ['4.00 in the middle', at(2048), { code: code(4, 0) }, 'restart', 0, 6],
    ['2.04 for the last block', at(9216), { code: CODE.CHANGED }, 'done', 10_000, 6],
  ])('%s', (_, upload, answer, type, offset, szx) => {
    const outcome = onAnswer(upload, answer);
    expect(outcome.type).toBe(type);
    expect(uploadOf(outcome)).toMatchObject({ offset, szx });
  });

  it.each<[string, BlockUpload, UploadAnswer, UploadOutcome]>([
    ['4.13 with the same size', at(0), { code: code(4, 13), block1: { num: 0, more: true, szx: 6 } }, { type: 'too-large' }],
    ['4.13 with a limit', at(0), { code: code(4, 13), size1: 5000 }, { type: 'too-large', maxSize: 5000 }],
    ['4.00 at once', at(0), { code: code(4, 0) }, { type: 'rejected', code: code(4, 0) }],
    ['4.15', at(1024), { code: code(4, 15) }, { type: 'rejected', code: code(4, 15) }],
    ['5.00', at(1024), { code: code(5, 0) }, { type: 'rejected', code: code(5, 0) }],
  ])('%s ends it', (_, upload, answer, outcome) => {
    expect(onAnswer(upload, answer)).toEqual(outcome);
  });

  it('4.13 with no size, after a block of this size was taken, is about the whole', () => {
    const taken = uploadOf(onAnswer(at(1024), { code: CODE.CONTINUE }));
    expect(onAnswer(taken, { code: code(4, 13) })).toEqual({ type: 'too-large' });
    const hint = { num: 2, more: true, szx: 4 };
    expect(onAnswer(taken, { code: code(4, 13), block1: hint })).toMatchObject({ type: 'restart', upload: { szx: 4, offset: 0 } });
  });

  it('says when the last block is in doubt', () => {
    expect(onAnswer(at(9216), { code: code(5, 3), retransmissions: 1 })).toMatchObject({ type: 'done', certain: false });
    expect(onAnswer(at(9216), { code: CODE.CONTINUE })).toMatchObject({ type: 'done', certain: false });
  });

  it('starts over a bounded number of times, and doubts only once in a row', () => {
    let upload = startUpload({ size: 5000, offset: 1024, maxRestarts: 2 });
    upload = uploadOf(onAnswer(upload, { code: code(4, 8), retransmissions: 1 }));
    for (const _ of [1, 2]) {
      const outcome = onAnswer(upload, { code: code(4, 8), retransmissions: 1 });
      if (outcome.type === 'continue') continue;
      expect(outcome.type).toBe('restart');
      upload = { ...uploadOf(outcome), offset: 1024 };
    }
    upload = { ...upload, restartsLeft: 0 };
    expect(onAnswer(upload, { code: code(4, 8) })).toEqual({ type: 'rejected', code: code(4, 8) });
  });

  it('starts at any offset, sends every byte after it once, whatever sizes the device asks for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), fc.nat(25_000), fc.array(fc.nat(6), { minLength: 1 }), (size, offset, sizes) => {
        let upload = startUpload({ size, offset });
        let sent = upload.offset;
        expect(offset - sent < 1024 || offset > size).toBe(true);
        for (let i = 0; ; i++) {
          const block = nextBlock(upload);
          expect(block.offset).toBe(sent);
          expect(block.block1.num * sizeOfSzx(block.block1.szx)).toBe(sent);
          sent += block.length;
          const szx = sizes[i % sizes.length]!;
          const outcome = onAnswer(upload, { code: CODE.CONTINUE, block1: { ...block.block1, szx } });
          if (outcome.type === 'done') break;
          upload = uploadOf(outcome);
        }
        expect(sent).toBe(size);
      }),
    );
  });
});

describe('serving', () => {
  const body = { size: 2500, etag: Uint8Array.of(1), preferredSzx: 5 };
  it.each([
    [undefined, 0, 512, { num: 0, more: true, szx: 5 }, 2500],
    [{ num: 0, more: false, szx: 6 }, 0, 1024, { num: 0, more: true, szx: 6 }, 2500],
    [{ num: 2, more: false, szx: 6 }, 2048, 452, { num: 2, more: false, szx: 6 }, undefined],
    [{ num: 7, more: false, szx: 2 }, 448, 64, { num: 7, more: true, szx: 2 }, undefined],
  ])('%j', (requested, offset, length, block2, size2) => {
    expect(planBlock(body, requested)).toEqual({ type: 'block', offset, length, block2, size2, etag: body.etag });
  });
  it('refuses what lies past the end', () => {
    expect(planBlock({ ...body, size: 2048 }, { num: 2, more: false, szx: 6 })).toEqual({ type: 'bad' });
    expect(planBlock(body, { num: 0xfffff, more: false, szx: 6 })).toEqual({ type: 'bad' });
  });
});

describe('assembly', () => {
  const FROM = { peer: 'p', path: '/rd' };
  const part = (num: number, more: boolean, length = 16, extra = {}): Parameters<BlockAssembly['add']>[1] => ({
    block: { num, more, szx: 0 },
    payload: new Uint8Array(length).fill(num),
    ...extra,
  });

  it('puts a body together, a repeated block included', () => {
    const assembly = new BlockAssembly();
    expect(assembly.add(FROM, part(0, true), 0)).toEqual({ type: 'continue', block: part(0, true).block, received: 16 });
    assembly.add(FROM, part(1, true), 1);
    expect(assembly.add(FROM, part(1, true), 1)).toMatchObject({ type: 'continue', received: 32 });
    expect(assembly.add(FROM, part(2, false, 3), 2)).toMatchObject({
      type: 'complete',
      body: Buffer.from([...Array(16).fill(0), ...Array(16).fill(1), 2, 2, 2]),
    });
    expect(assembly.pending).toBe(0);
  });

  it('keeps a copy of what it was given', () => {
    const assembly = new BlockAssembly();
    const first = part(0, true);
    assembly.add(FROM, first, 0);
    first.payload.fill(255);
    expect(assembly.add(FROM, part(1, false, 1), 0)).toMatchObject({ body: Buffer.from([...Array(16).fill(0), 1]) });
  });

  it.each<[string, Parameters<BlockAssembly['add']>[1][], number]>([
    ['a gap', [part(0, true), part(2, true)], code(4, 8)],
    ['a start in the middle', [part(1, true)], code(4, 8)],
    ['another format', [part(0, true, 16, { contentFormat: 40 }), part(1, true)], code(4, 8)],
    ['another ETag', [part(0, true, 16, { etag: Uint8Array.of(1) }), part(1, true, 16, { etag: Uint8Array.of(2) })], code(4, 8)],
    ['a short block', [part(0, true, 15)], code(4, 0)],
    ['a large announcement', [part(0, true, 16, { announcedSize: 101 })], code(4, 13)],
    ['a block beyond the limit', [part(90, true)], code(4, 13)],
  ])('refuses %s and keeps nothing', (_, parts, expected) => {
    const assembly = new BlockAssembly({ maxBodyBytes: 100 });
    const outcomes = parts.map((one) => assembly.add(FROM, one, 0));
    expect(outcomes.at(-1)).toMatchObject({ type: 'refused', code: expected });
    expect(assembly.pending).toBe(0);
  });

  it('holds a bounded number of bodies for a bounded time', () => {
    const assembly = new BlockAssembly({ maxPending: 2, expiryMs: 1000 });
    const begin = (peer: string, now: number): unknown => assembly.add({ peer, path: '/rd' }, part(0, true), now);
    begin('a', 0);
    begin('b', 500);
    expect(begin('c', 600)).toMatchObject({ type: 'continue' });
    expect(assembly.pending).toBe(2);
    expect(begin('d', 1599)).toMatchObject({ type: 'continue' });
    expect(assembly.pending).toBe(2);
  });
});
