import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DirectoryBlobStore } from '@drover/firmware-store/stores';
import { aRelease, type Release } from '@drover/testkit';
import { ImageCache, type CachedImage } from './image-cache.ts';

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
  truncateSync(image.path, 100);
  expect(image.read(0, 64)).toHaveLength(64);
  expect(image.read(64, 64)).toBeUndefined();
});
