import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CODE } from '@drover/coap';
import { CoapBench, IMAGE, patterned, sha256 } from './coap-bench.ts';

// libcoap, the C library, on the other side of the wire: its client asks us, and we ask its server.

jest.setTimeout(60_000);

/** Any of the builds will do; none of them has a switch that only prints its version. */
const commandOf = (tool: string): string | undefined =>
  [tool, `${tool}-notls`, `${tool}-openssl`, `${tool}-gnutls`].find((name) => spawnSync(name, ['-?']).error === undefined);

const client = commandOf('coap-client');
const server = commandOf('coap-server');
if (client === undefined) console.warn('SKIPPED: no coap-client here (Debian: libcoap3-bin), so libcoap has not asked us anything');
if (server === undefined) console.warn('SKIPPED: no coap-server here (Debian: libcoap3-bin), so we have not asked libcoap anything');

let bench: CoapBench;
let base: string;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drover-libcoap-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(async () => {
  bench = new CoapBench();
  base = await bench.start();
});
afterEach(() => bench.stop());

(client === undefined ? describe.skip : describe)('coap-client', () => {
  const run = async (...args: string[]): Promise<string> => (await promisify(execFile)(client!, args, { timeout: 50_000 })).stdout;

  it.each([
    [1024, 256],
    [512, 512],
  ])('reads 256 KiB by blocks of %d bytes', async (size, blocks) => {
    const into = join(folder, `image-${size}`);
    await run('-b', String(size), '-o', into, `${base}/image`);
    expect(sha256(readFileSync(into))).toBe(sha256(IMAGE));
    expect(bench.blocksServed).toBe(blocks);
  });

  it('reads 256 KiB without asking for a block size', async () => {
    const into = join(folder, 'image');
    await run('-o', into, `${base}/image`);
    expect(sha256(readFileSync(into))).toBe(sha256(IMAGE));
  });

  it('observes a counter, in order, and cancels', async () => {
    const seen = (await run('-s', '2', '-w', `${base}/counter`)).match(/n\d+/g)!.map((text) => Number(text.slice(1)));
    expect(seen.length).toBeGreaterThanOrEqual(4);
    expect(seen.slice(0, 4)).toEqual([0, 1, 2, 3].map((step) => seen[0]! + step));
    expect(bench.watchers).toBe(0);
  });

  it('writes 64 KiB by blocks', async () => {
    const body = patterned(64 * 1024, 31);
    writeFileSync(join(folder, 'body'), body);
    await run('-m', 'put', '-t', '42', '-b', '1024', '-f', join(folder, 'body'), `${base}/upload`);
    expect(bench.uploads.map(sha256)).toEqual([sha256(body)]);
  });

  it('writes 64 KiB by blocks though two of its datagrams are lost', async () => {
    const body = patterned(64 * 1024, 13);
    writeFileSync(join(folder, 'lossy'), body);
    await run('-l', '5,20', '-m', 'put', '-t', '42', '-b', '1024', '-f', join(folder, 'lossy'), `${base}/upload`);
    expect(bench.uploads.map(sha256)).toEqual([sha256(body)]);
  });

  it('is told that we are no proxy', async () => {
    const { stderr, stdout } = await promisify(execFile)(client!, ['-P', base, 'coap://192.0.2.1/image'], { timeout: 50_000 });
    expect(stderr + stdout).toContain('5.05');
  });
});

(server === undefined ? describe.skip : describe)('coap-server', () => {
  const running: ChildProcess[] = [];
  let peer: string;

  const start = async (...args: string[]): Promise<string> => {
    const probe = createSocket('udp4').bind(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    const child = spawn(server!, ['-A', '127.0.0.1', '-p', String(port), ...args], { stdio: 'ignore' });
    running.push(child);
    await once(child, 'spawn');
    return `127.0.0.1:${port}`;
  };
  beforeAll(async () => {
    peer = await start();
  });
  afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

  it('is read', async () => {
    const { code, payload } = await bench.ask(peer, { method: 'GET', path: [] });
    expect([code, Buffer.from(payload).toString()]).toEqual([CODE.CONTENT, expect.stringContaining('libcoap')]);
    expect((await bench.ask(peer, { method: 'GET', path: ['nothing'] })).code).toBe(CODE.NOT_FOUND);
  });

  it('is observed: three notifications', async () => {
    const seen: string[] = [];
    const heard = new Promise<void>((done) => {
      const notified = ({ payload }: { payload: Uint8Array }): void => {
        if (seen.push(Buffer.from(payload).toString()) === 3) done();
      };
      void bench.ask(peer, { method: 'GET', path: ['time'], observe: 0 }, notified).catch(done);
    });
    await heard;
    expect(new Set(seen).size).toBe(3);
  });

  it('is written 64 KiB by blocks, and read back', async () => {
    const body = patterned(64 * 1024, 31);
    expect(await bench.write(peer, ['example_data'], body)).toEqual({ code: CODE.CREATED, blocks: 64 });
    expect(sha256(await bench.read(peer, ['example_data']))).toBe(sha256(body));
  });

  it('is written and read back though three of its answers are lost', async () => {
    const lossy = await start('-l', '7,30,100');
    const body = patterned(64 * 1024, 13);
    expect((await bench.write(lossy, ['example_data'], body)).blocks).toBe(64);
    expect(sha256(await bench.read(lossy, ['example_data']))).toBe(sha256(body));
    expect(bench.retransmissions).toBeGreaterThanOrEqual(3);
  });

  it('answers late, and separately', async () => {
    const { code, payload } = await bench.ask(peer, { method: 'GET', path: ['async'], query: ['2'] });
    expect([code, Buffer.from(payload).toString()]).toEqual([CODE.CONTENT, 'done']);
  });
});
