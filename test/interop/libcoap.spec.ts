import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CODE } from '@drover/coap';
import { CoapBench, IMAGE, patterned, sha256, TRANSPORTS } from './coap-bench.ts';
import { Figures } from './figures.ts';
import { saySkipped } from './skipped.ts';

// libcoap, the C library, on the other side of the wire: its client asks us, and we ask its server, over UDP and over TCP.

jest.setTimeout(60_000);

/** Any of the builds will do; none of them has a switch that only prints its version. */
const commandOf = (tool: string): string | undefined =>
  [tool, `${tool}-notls`, `${tool}-openssl`, `${tool}-gnutls`].find((name) => spawnSync(name, ['-?']).error === undefined);

const client = commandOf('coap-client');
const server = commandOf('coap-server');
if (client === undefined) saySkipped('no coap-client here (Debian: libcoap3-bin), so libcoap has not asked us anything');
if (server === undefined) saySkipped('no coap-server here (Debian: libcoap3-bin), so we have not asked libcoap anything');

const figures = new Figures('libcoap');
let bench: CoapBench;
let base: string;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drover-libcoap-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  figures.write();
});

(client === undefined ? describe.skip : describe).each(TRANSPORTS)('coap-client over %s', (transport) => {
  const run = async (...args: string[]): Promise<string> => (await promisify(execFile)(client!, args, { timeout: 50_000 })).stdout;
  beforeEach(async () => {
    bench = new CoapBench(transport);
    base = await bench.start();
  });
  afterEach(() => bench.stop());

  it.each([
    [1024, 1024],
    [512, 2048],
  ])('reads 1 MiB by blocks of %d bytes', async (size, blocks) => {
    const into = join(folder, `image-${transport}-${size}`);
    const figure = await bench.measure(async () => {
      await run('-b', String(size), '-o', into, `${base}/image`);
      return { bytes: IMAGE.length, blocks: bench.blocksServed };
    });
    figures.add({ peer: 'coap-client', transport, what: `reads by blocks of ${size}`, ...figure });
    expect(sha256(readFileSync(into))).toBe(sha256(IMAGE));
    expect(bench.blocksServed).toBe(blocks);
  });

  it('reads 1 MiB without asking for a block size: on TCP by BERT', async () => {
    const into = join(folder, `image-${transport}`);
    const figure = await bench.measure(async () => {
      await run('-o', into, `${base}/image`);
      return { bytes: IMAGE.length, blocks: bench.blocksServed };
    });
    figures.add({ peer: 'coap-client', transport, what: 'reads', ...figure });
    expect(sha256(readFileSync(into))).toBe(sha256(IMAGE));
    expect(bench.blocksServed).toBe(transport === 'tcp' ? 64 : 1024);
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
});

(client === undefined ? describe.skip : describe)('coap-client', () => {
  beforeEach(async () => {
    bench = new CoapBench();
    base = await bench.start();
  });
  afterEach(() => bench.stop());

  it('writes 64 KiB by blocks though two of its datagrams are lost', async () => {
    const body = patterned(64 * 1024, 13);
    writeFileSync(join(folder, 'lossy'), body);
    const args = ['-l', '5,20', '-m', 'put', '-t', '42', '-b', '1024', '-f', join(folder, 'lossy'), `${base}/upload`];
    await promisify(execFile)(client!, args, { timeout: 50_000 });
    expect(bench.uploads.map(sha256)).toEqual([sha256(body)]);
  });

  it('is told that we are no proxy', async () => {
    const { stderr, stdout } = await promisify(execFile)(client!, ['-P', base, 'coap://192.0.2.1/image'], { timeout: 50_000 });
    expect(stderr + stdout).toContain('5.05');
  });
});

(server === undefined ? describe.skip : describe)('coap-server', () => {
  const running: ChildProcess[] = [];
  let port: number;

  /** One port for UDP and TCP. */
  const start = async (...args: string[]): Promise<number> => {
    const probe = createSocket('udp4').bind(0, '127.0.0.1');
    await once(probe, 'listening');
    const free = probe.address().port;
    probe.close();
    const child = spawn(server!, ['-A', '127.0.0.1', '-p', String(free), ...args], { stdio: 'ignore' });
    running.push(child);
    await once(child, 'spawn');
    await new Promise((resolve) => setTimeout(resolve, 300));
    return free;
  };
  beforeAll(async () => {
    port = await start();
  });
  afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

  describe.each(TRANSPORTS)('over %s', (transport) => {
    let peer: string;
    beforeEach(async () => {
      bench = new CoapBench(transport);
      await bench.start();
      peer = await bench.dial(port);
    });
    afterEach(() => bench.stop());

    it('is read', async () => {
      const { code, payload } = await bench.ask(peer, { method: 'GET', path: [] });
      expect([code, Buffer.from(payload).toString()]).toEqual([CODE.CONTENT, expect.stringContaining('libcoap')]);
      expect((await bench.ask(peer, { method: 'GET', path: ['nothing'] })).code).toBe(CODE.NOT_FOUND);
    });

    it('is observed: three notifications', async () => {
      expect(new Set(await bench.observe(peer, ['time'], 4)).size).toBeGreaterThanOrEqual(3);
    });

    it('is written 1 MiB by blocks, and read back', async () => {
      const body = patterned(1024 * 1024, 31);
      const written = await bench.measure(async () => {
        const { code, blocks } = await bench.write(peer, ['example_data'], body);
        expect([CODE.CREATED, CODE.CHANGED]).toContain(code);
        return { bytes: body.length, blocks };
      });
      figures.add({ peer: 'coap-server', transport, what: 'is written', ...written });
      const read = await bench.measure(async () => {
        const { body: back, blocks } = await bench.read(peer, ['example_data']);
        expect(sha256(back)).toBe(sha256(body));
        return { bytes: back.length, blocks };
      });
      figures.add({ peer: 'coap-server', transport, what: 'is read', ...read });
    });

    it('answers late, and separately', async () => {
      const { code, payload } = await bench.ask(peer, { method: 'GET', path: ['async'], query: ['2'] });
      expect([code, Buffer.from(payload).toString()]).toEqual([CODE.CONTENT, 'done']);
    });
  });

  it('is written and read back though three of its answers are lost', async () => {
    bench = new CoapBench();
    await bench.start();
    const lossy = await bench.dial(await start('-l', '7,30,100'));
    const body = patterned(64 * 1024, 13);
    expect((await bench.write(lossy, ['example_data'], body)).blocks).toBe(64);
    expect(sha256((await bench.read(lossy, ['example_data'])).body)).toBe(sha256(body));
    expect(bench.retransmissions).toBeGreaterThanOrEqual(3);
    await bench.stop();
  });
});
