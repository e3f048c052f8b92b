import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ImageIntake, makeImage, type TakenImage } from './image.ts';

const IMAGE = makeImage({ version: '2.4.1', size: 5000, seed: 1 });

function taken(image: Uint8Array, blockSize: number): TakenImage {
  const intake = new ImageIntake();
  for (let at = 0; at < image.length; at += blockSize) intake.add(image.subarray(at, at + blockSize));
  return intake.finish();
}

describe('an image', () => {
  it('has the size it was made with, and the same bytes for the same seed', () => {
    expect(IMAGE).toHaveLength(5000);
    expect(makeImage({ version: '2.4.1', size: 5000, seed: 1 }).equals(IMAGE)).toBe(true);
    expect(makeImage({ version: '2.4.1', size: 5000, seed: 2 }).equals(IMAGE)).toBe(false);
  });

  it.each([16, 64, 512, 5000])('is verified in blocks of %i bytes', (blockSize) => {
    const digest = `sha256:${createHash('sha256').update(IMAGE).digest('hex')}`;
    expect(taken(IMAGE, blockSize)).toEqual({ verdict: 'verified', version: '2.4.1', component: 'wm-modem', digest });
  });

  it('is damaged when a byte of its body is another, or missing', () => {
    const flipped = Buffer.from(IMAGE);
    flipped[3000]! ^= 1;
    expect(taken(flipped, 512).verdict).toBe('damaged');
    expect(taken(IMAGE.subarray(0, 4999), 512).verdict).toBe('damaged');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no header', Buffer.alloc(5000, 0x20)],
    ['a header without end', IMAGE.subarray(0, 100)],
    ['JSON that is no header', Buffer.from('[]\nbody')],
    ['null', Buffer.from('null\nbody')],
    ['another model', Buffer.from('{"droverImage":1,"model":"WM-200","version":"2.4.1"}\nbody')],
  ])('is not supported: %s', (_, bytes) => {
    expect(taken(bytes, 512).verdict).toBe('unsupported');
  });
});
