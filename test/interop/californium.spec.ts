import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CODE } from '@drover/coap';
import { CoapBench, patterned, sha256, TRANSPORTS, type Transport } from './coap-bench.ts';
import { provesItself } from './device-story.ts';
import { Figures } from './figures.ts';
import { PeerProcess } from './peer-process.ts';
import { saySkipped } from './skipped.ts';

// Eclipse Californium, the Java library, as a device and as a server. On TCP it writes its CSM by hand (see the peer).

jest.setTimeout(60_000);

const PEER = join(import.meta.dirname, 'peers', 'californium');
const FOLDER = join(import.meta.dirname, '..', '..', '.tools', 'californium');
const LIBRARIES = join(FOLDER, 'lib');
const CLASSES = join(FOLDER, 'classes');

/** The libraries are kept for the next run, while the pom stays the same. */
function fetchLibraries(): void {
  const pom = join(PEER, 'pom.xml');
  const kept = join(FOLDER, 'pom.xml');
  if (existsSync(kept) && readFileSync(kept, 'utf8') === readFileSync(pom, 'utf8')) return;
  rmSync(FOLDER, { recursive: true, force: true });
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${LIBRARIES}`];
  execFileSync('mvn', ['-q', '-B', '-f', pom, ...goal], { stdio: 'pipe', timeout: 150_000 });
  copyFileSync(pom, kept);
}

/** The reason where this machine cannot. */
function build(): string | undefined {
  try {
    fetchLibraries();
    mkdirSync(CLASSES, { recursive: true });
    const from = ['-cp', join(LIBRARIES, '*'), '-d', CLASSES, join(PEER, 'Peer.java')];
    execFileSync('javac', from, { stdio: 'pipe', timeout: 60_000 });
    return undefined;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return 'Java or Maven is missing';
    return `the peer cannot be built: ${String(error).split('\n')[0]}`;
  }
}

const missing = build();
if (missing) saySkipped(`interop with Eclipse Californium: ${missing}`);

const figures = new Figures('californium');
afterAll(() => figures.write());

let bench: CoapBench;
let peer: PeerProcess;
const start = (...args: string[]): PeerProcess => new PeerProcess('java', ['-cp', `${CLASSES}:${join(LIBRARIES, '*')}`, 'Peer', ...args]);

/** Writes 1 MiB to its `/data` and reads it back. */
async function writesAndReads(address: string, transport: Transport, role: string): Promise<void> {
  const body = patterned(1024 * 1024, 31);
  const written = await bench.measure(async () => {
    const { code, blocks } = await bench.write(address, ['data'], body);
    expect(code).toBe(CODE.CHANGED);
    return { bytes: body.length, blocks };
  });
  figures.add({ peer: role, transport, what: 'is written', ...written });
  const read = await bench.measure(async () => {
    const { body: back, blocks } = await bench.read(address, ['data']);
    expect(sha256(back)).toBe(sha256(body));
    return { bytes: back.length, blocks };
  });
  figures.add({ peer: role, transport, what: 'is read', ...read });
}

(missing ? describe.skip : describe).each(TRANSPORTS)('Californium over %s', (transport) => {
  beforeEach(async () => {
    bench = new CoapBench(transport);
    peer = start(await bench.start());
  });
  afterEach(async () => {
    peer.stop();
    await bench.stop();
  });

  it('registers, pulls 1 MiB, observes and writes; is read, observed and written 1 MiB where it registered', async () => {
    await provesItself({ bench, peer, name: 'californium', text: 'californium', figures, transport, writes: true });
    await writesAndReads(bench.registered.get('californium')!, transport, 'californium');
  });
});

(missing ? describe.skip : describe)('a server of Californium on TCP', () => {
  beforeEach(async () => {
    bench = new CoapBench('tcp');
    await bench.start();
    peer = start('serve');
  });
  afterEach(async () => {
    peer.stop();
    await bench.stop();
  });

  it('is read, observed, and written 1 MiB', async () => {
    const { port } = await peer.said<{ port: number }>();
    const address = await bench.dial(port);
    const { payload } = await bench.ask(address, { method: 'GET', path: ['3', '0', '1'] });
    expect(Buffer.from(payload).toString()).toBe('californium');
    expect(await bench.observe(address, ['counter'], 4)).toHaveLength(4);
    await writesAndReads(address, 'tcp', 'californium server');
  });
});
