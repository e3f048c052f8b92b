import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { CoapBench } from './coap-bench.ts';
import { provesItself } from './device-story.ts';
import { Figures } from './figures.ts';
import { PeerProcess } from './peer-process.ts';

// The npm package `coap` as a device: one socket for everything. It has no TCP.

jest.setTimeout(60_000);

const PEER = join(import.meta.dirname, 'peers', 'npm-coap', 'peer.mjs');
const figures = new Figures('npm-coap');
let bench: CoapBench;
let peer: PeerProcess;

beforeEach(async () => {
  bench = new CoapBench('udp');
  peer = new PeerProcess(process.execPath, [PEER, await bench.start()]);
});
afterEach(async () => {
  peer.stop();
  await bench.stop();
});
afterAll(() => figures.write());

it('registers, pulls 1 MiB and observes three notifications; is read and observed where it registered', async () => {
  await provesItself({ bench, peer, name: 'npm-coap', text: 'npm coap', figures, transport: 'udp', writes: false });
  expect(bench.blocksServed).toBe(1024);
});
