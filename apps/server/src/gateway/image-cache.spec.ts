import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DirectoryBlobStore } from '@drover/firmware-store/stores';
import { digestOfBytes } from '@drover/kernel';
import { aRelease, type Release } from '@drover/testkit';
import { CachedImage } from './cached-image.ts';
import { ImageCache } from './image-cache.ts';

let folder: string;
let cache: ImageCache;
let release: Release;
let image: CachedImage;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drover-images-'));
  release = aRelease();
  const blobs = await DirectoryBlobStore.start(join(folder, 'blobs'));
  await blobs.put([release.image] as unknown as AsyncIterable<Uint8Array>);
  cache = new ImageCache(join(folder, 'cache'), blobs);
  image = await cache.get(release.digest);
});

afterEach(() => rmSync(folder, { recursive: true }));

it('an image that is thrown away while it is read stays readable until the last reader is done', async () => {
  image.use();
  image.use();
  await cache.discard(release.digest);
  image.done();
  expect(image.read(0, 16)).toEqual(Buffer.from(release.image.subarray(0, 16)));
  image.done();
  expect(image.read(0, 16)).toBeUndefined();
  const again = await cache.get(release.digest);
  expect(again).not.toBe(image);
  expect(again.read(0, 16)).toEqual(Buffer.from(release.image.subarray(0, 16)));
});

it('a disk that gives less than the file had gives nothing', () => {
  expect(image.read(0, 64)).toHaveLength(64);
  truncateSync(image.path, 100);
  expect(image.read(0, 64)).toBeUndefined();
  expect(image.read(64, 64)).toBeUndefined();
});

it('what somebody writes into a verified file is not served, and the next digest tells of it', async () => {
  expect(await image.digest()).toBe(release.digest);
  const file = openSync(image.path, 'r+');
  writeSync(file, Buffer.of(release.image[600]! ^ 1), 0, 1, 600);
  closeSync(file);
  expect(image.read(512, 64)).toBeUndefined();
  expect(await image.digest()).not.toBe(release.digest);
});

it('what was read as it was verified is served as it was, whatever is written since', async () => {
  const image = await cache.get(release.digest);
  await image.digest();
  const before = Buffer.from(image.read(512, 64)!);
  const file = openSync(image.path, 'r+');
  writeSync(file, Buffer.of(release.image[600]! ^ 1), 0, 1, 600);
  closeSync(file);
  expect(image.read(512, 64)).toEqual(before);
  expect(image.read(576, 64)).toEqual(Buffer.from(release.image.subarray(576, 640)));
});

it('reads across leaves, to the last byte, and the same before and after the digest was taken', async () => {
  const large = Buffer.from(Array.from({ length: 10_001 }, (_, i) => (i * 7 + (i >> 8)) & 255));
  const path = join(folder, 'large');
  writeFileSync(path, large);
  const whole = new CachedImage(path);
  const cuts = [
    [0, 512],
    [4000, 200],
    [4095, 4098],
    [9990, 512],
    [10_001, 16],
    [0, 10_001],
  ] as const;
  const read = () => cuts.map(([offset, length]) => whole.read(offset, length)?.toString());
  const before = read();
  expect(before).toEqual(cuts.map(([offset, length]) => large.subarray(offset, offset + length).toString()));
  expect(await whole.digest()).toBe(digestOfBytes(createHash('sha256').update(large).digest()));
  expect(read()).toEqual(before);
  whole.discard();
});

it('a file that was cut off in the middle of a leaf has another digest, and an end', async () => {
  truncateSync(image.path, 100);
  expect(await image.digest()).not.toBe(release.digest);
});
