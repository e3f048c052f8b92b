import { expect } from '@jest/globals';
import { CODE } from '@drover/coap';
import { IMAGE, sha256, type CoapBench, type Transport } from './coap-bench.ts';
import type { Figures } from './figures.ts';
import type { PeerProcess } from './peer-process.ts';

interface Pulled {
  readonly registerCode: string;
  readonly imageBytes: number;
  readonly imageSha256: string;
  readonly seconds: number;
}

interface Told {
  readonly seen: readonly string[];
  readonly writeCode?: string;
  readonly writtenSha256?: string;
}

export interface Story {
  readonly bench: CoapBench;
  readonly peer: PeerProcess;
  /** What it registers as. */
  readonly name: string;
  /** What it answers at /3/0/1. */
  readonly text: string;
  readonly figures: Figures;
  readonly transport: Transport;
  readonly writes: boolean;
}

const numbers = (texts: readonly string[]): number[] => texts.map((text) => Number(text.slice(1)));
const inOrder = (texts: readonly string[]): boolean => numbers(texts).every((number, at, all) => at === 0 || number > all[at - 1]!);

/** The part of a device, as every peer has to play it: one address or connection for what it asks and what it is asked. */
export async function provesItself({ bench, peer, name, text, figures, transport, writes }: Story): Promise<void> {
  const { seconds, ...pulled } = await peer.said<Pulled>();
  const { sent, received } = bench.counted;
  expect(pulled).toEqual({ registerCode: '2.01', imageBytes: IMAGE.length, imageSha256: sha256(IMAGE) });
  figures.add({ peer: name, transport, what: 'reads', bytes: IMAGE.length, blocks: bench.blocksServed, seconds, sent, received });

  const told = await peer.said<Told>();
  expect(told.seen.length).toBeGreaterThanOrEqual(4);
  expect(inOrder(told.seen)).toBe(true);
  expect(told.writeCode).toBe(writes ? '2.04' : undefined);
  expect(bench.uploads.map(sha256)).toEqual(writes ? [told.writtenSha256] : []);

  const address = bench.registered.get(name)!;
  const { code, payload } = await bench.ask(address, { method: 'GET', path: ['3', '0', '1'] });
  expect([code, Buffer.from(payload).toString()]).toEqual([CODE.CONTENT, text]);
  const seen = await bench.observe(address, ['counter'], 4);
  expect(inOrder(seen)).toBe(true);
}
