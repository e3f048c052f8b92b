import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Digest, digestOfBytes } from '@drover/kernel';
import { DirectoryBlobStore } from './directory-blob-store.ts';

let root: string;
let store: DirectoryBlobStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drover-blobs-'));
  store = await DirectoryBlobStore.start(root, { maxBytes: 3_000_000 });
});
afterEach(() => rm(root, { recursive: true }));

async function* chunks(...parts: Uint8Array[]) {
  for (const part of parts) yield await Promise.resolve(part);
}
const digestOf = (bytes: Uint8Array) => digestOfBytes(createHash('sha256').update(bytes).digest());
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
const filesUnder = async (path: string) =>
  (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;
const digestsOf = async (blobs: DirectoryBlobStore) => {
  const digests = [];
  for await (const digest of blobs.list()) digests.push(digest);
  return digests;
};

const IMAGE = Buffer.alloc(2_500_000, 'drover');
const MISSING = Digest(`sha256:${'0'.repeat(64)}`);

it('says what it stored, and gives back the same bytes', async () => {
  const image = await store.put(chunks(IMAGE.subarray(0, 7), new Uint8Array(), IMAGE.subarray(7)));
  expect(image).toEqual({ digest: digestOf(IMAGE), size: IMAGE.length });
  const stored = await readFile(join(root, 'sha256', image.digest.slice(7, 9), image.digest.slice(9)));
  expect(IMAGE.equals(stored)).toBe(true);
  expect(await store.measure(image.digest)).toEqual(image);
  expect(await store.has(image.digest)).toBe(true);
  expect(await digestsOf(store)).toEqual([image.digest]);
});

it('reads in pieces of at most a mebibyte, and shorter ones only at the end', async () => {
  const { digest } = await store.put(chunks(IMAGE));
  const reader = await store.open(digest);
  expect(reader.size).toBe(IMAGE.length);
  expect(await reader.read(1000, 64)).toEqual(IMAGE.subarray(1000, 1064));
  expect(await reader.read(IMAGE.length - 10, 64)).toEqual(IMAGE.subarray(-10));
  expect((await reader.read(0, IMAGE.length)).length).toBe(1024 * 1024);
  expect(await reader.read(IMAGE.length, 64)).toHaveLength(0);
  expect(await reader.read(IMAGE.length + 64, 64)).toHaveLength(0);
  await reader.close();
});

it('keeps one copy of the same image, also of two that arrive together', async () => {
  const [a, b] = await Promise.all([store.put(chunks(IMAGE)), store.put(chunks(IMAGE))]);
  await store.put(chunks(IMAGE));
  expect(a).toEqual(b);
  expect(await filesUnder(root)).toBe(1);
});

it('deletes, once and twice', async () => {
  const { digest } = await store.put(chunks(IMAGE));
  await store.delete(digest);
  await store.delete(digest);
  expect(await store.has(digest)).toBe(false);
  expect(await digestsOf(store)).toEqual([]);
});

it('names what is not there', async () => {
  expect(await codeOf(store.open(MISSING))).toBe('ARTIFACT_NOT_FOUND');
  expect(await codeOf(store.measure(MISSING))).toBe('ARTIFACT_NOT_FOUND');
  expect(await codeOf(store.has('sha256:../../etc/passwd' as Digest))).toBe('DIGEST_INVALID');
});

it('measures the bytes, not the name: damage on the disk shows', async () => {
  const { digest } = await store.put(chunks(IMAGE));
  await writeFile(join(root, 'sha256', digest.slice(7, 9), digest.slice(9)), 'other');
  expect(await store.measure(digest)).toEqual({ digest: digestOf(Buffer.from('other')), size: 5 });
});

describe('a failed put leaves nothing', () => {
  it('when the image is too large, and it stops reading there', async () => {
    let yielded = 0;
    async function* endless() {
      for (;;) {
        yielded++;
        yield await Promise.resolve(IMAGE);
      }
    }
    expect(await codeOf(store.put(endless()))).toBe('ARTIFACT_TOO_LARGE');
    expect(yielded).toBe(2);
    expect(await filesUnder(root)).toBe(0);
  });

  it('when the sender goes away', async () => {
    async function* cut() {
      yield await Promise.resolve(IMAGE);
      throw Object.assign(new Error('aborted'), { code: 'SENDER_GONE' });
    }
    expect(await codeOf(store.put(cut()))).toBe('SENDER_GONE');
    expect(await filesUnder(root)).toBe(0);
  });

  it('when the disk is full', () => {
    // A limit on the size of files makes the kernel refuse the write halfway, as a full disk does.
    const script = `
      const { DirectoryBlobStore } = await import(process.argv[1]);
      const store = await DirectoryBlobStore.start(process.argv[2]);
      const half = Buffer.alloc(400_000);
      const source = (async function* () { yield half; yield half; })();
      console.log(await store.put(source).then(() => 'stored', ({ code, kind }) => code + ' ' + kind));`;
    const source = join(import.meta.dirname, 'index.ts');
    const node = [process.execPath, '--no-warnings', '--conditions=source', '--input-type=module', '-e', script, source, root];
    const answer = execFileSync('sh', ['-c', 'ulimit -f 1000; exec "$@"', 'sh', ...node], { encoding: 'utf8' });
    expect(answer.trim()).toBe('STORE_UNREACHABLE transport');
    return expect(filesUnder(root)).resolves.toBe(0);
  });

  it('when the directory has gone', async () => {
    await rm(join(root, 'incoming'), { recursive: true });
    expect(await codeOf(store.put(chunks(IMAGE)))).toBe('STORE_UNREACHABLE');
  });
});

it('sweeps out what a crash left, and nothing else', async () => {
  const { digest } = await store.put(chunks(IMAGE));
  await writeFile(join(root, 'incoming', 'half'), 'half an image');
  const again = await DirectoryBlobStore.start(root);
  expect(await filesUnder(root)).toBe(1);
  expect(await again.measure(digest)).toEqual({ digest, size: IMAGE.length });
});

it('does not hold an image in memory', async () => {
  const piece = Buffer.alloc(64 * 1024, 7);
  const large = await DirectoryBlobStore.start(join(root, 'large'), { maxBytes: 200_000_000 });
  let peak = 0;
  async function* stream() {
    for (let sent = 0; sent < 150_000_000; sent += piece.length) {
      if (sent % (256 * piece.length) === 0) peak = Math.max(peak, process.memoryUsage().arrayBuffers);
      yield await Promise.resolve(piece);
    }
  }
  const before = process.memoryUsage().arrayBuffers;
  const { digest } = await large.put(stream());
  await large.measure(digest);
  expect(Math.max(peak, process.memoryUsage().arrayBuffers) - before).toBeLessThan(80_000_000);
});
