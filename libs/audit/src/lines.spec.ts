import { expect, it } from '@jest/globals';
import { bundleLines, LINE_MAX_BYTES } from './lines.ts';

const linesOf = async (chunks: Iterable<Uint8Array>) => {
  const lines: string[] = [];
  for await (const line of bundleLines(chunks)) lines.push(line);
  return lines;
};

it('breaks at line feeds alone, wherever the chunks break', async () => {
  const bytes = Buffer.from('größer\u2028\r\n\n\uFEFFzwei\nrest');
  const expected = ['größer\u2028\r', '', '\uFEFFzwei', 'rest'];
  for (const width of [1, 2, 3, 7, 100]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / width) }, (_, at) => bytes.subarray(at * width, (at + 1) * width));
    expect(await linesOf(chunks)).toEqual(expected);
  }
});

it('does not take broken bytes for a character', async () => {
  expect(await linesOf([Buffer.from('"\xff"\n"\ufffd"\n', 'latin1').subarray(0, 4), Buffer.from('"\ufffd"\n')])).toEqual([
    '\u0000',
    '"\ufffd"',
  ]);
});

it('does not keep a line that is too long', async () => {
  const mebibyte = Buffer.alloc(1024 * 1024, 'x');
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  function* endless() {
    for (let sent = 0; sent <= 2 * LINE_MAX_BYTES; sent += mebibyte.length) {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
      yield Buffer.from(mebibyte);
    }
    yield Buffer.from('\nnext\n');
  }
  expect(await linesOf(endless())).toEqual(['\u0000', 'next']);
  expect(peak).toBeLessThanOrEqual(2 * LINE_MAX_BYTES);
});
