import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeText } from '@drover/coap';
import { Endpoint, Instant } from '@drover/kernel';
import { LockstepDevice } from '@drover/testkit';
import { ENDPOINT, GatewayBench, TOKEN } from '../../../../test/support/gateway.ts';
import type { LookReport } from '../link/looks.ts';
import { LearnedBlocks } from './learned-blocks.ts';

let bench: GatewayBench;
beforeEach(async () => void (bench = await GatewayBench.start()));
afterEach(() => bench.close());

function look(what: 'learned' | 'trace', endpoint = ENDPOINT): LookReport {
  bench.gateway.command({ type: 'look', id: 7, what, endpoint });
  const report = bench.told.at(-1);
  if (report?.type !== 'looked') throw new TypeError('the gateway did not answer');
  return report;
}
const trace = (ms?: number): void =>
  bench.gateway.command({ type: 'trace', endpoint: ENDPOINT, until: ms === undefined ? undefined : Instant(Date.now() + ms) });

describe('what was learned', () => {
  it('of a device that nobody has talked to is nothing', () => {
    expect(look('learned', Endpoint('unheard-of'))).toEqual({
      type: 'looked',
      id: 7,
      learned: { formats: {}, composite: undefined, blockSize: undefined, timeoutMs: undefined },
    });
  });

  it('formats that worked, and how long we wait', async () => {
    await bench.register();
    await bench.answerReads();
    await bench.until(() => bench.told.some(({ type }) => type === 'facts'));
    const { learned } = look('learned');
    expect(learned?.formats).toEqual({ 'read-many': 'any' });
    expect(learned?.timeoutMs).toBeGreaterThanOrEqual(250);
  });

  it('the block size that a push came down to', async () => {
    await bench.register();
    await bench.answerReads();
    bench.offer({ method: 'Push' });
    await bench.untilTransfer();
    (await bench.device.expect('PUT /5/0/0')).reply('4.13');
    await bench.device.expect('PUT /5/0/0');
    expect(look('learned').learned?.blockSize).toBe(256);
  });

  it('and that a pull asked for', async () => {
    await bench.register();
    await bench.answerReads();
    bench.offer();
    await bench.untilTransfer();
    (await bench.device.expect('PUT /5/0/1')).reply('2.04');
    await bench.device.request({ method: 'GET', path: ['fw', TOKEN], block2: { num: 0, more: false, szx: 3 } });
    expect(look('learned').learned?.blockSize).toBe(128);
  });

  it('is forgotten for the devices noted longest ago', () => {
    const blocks = new LearnedBlocks();
    for (let count = 0; count <= 20_000; count++) blocks.note(Endpoint(`d${count}`), 64);
    expect([blocks.of(Endpoint('d0')), blocks.of(Endpoint('d1'))]).toEqual([undefined, 64]);
  });
});

describe('a trace', () => {
  it('shows a Register from a new address, what follows, and a pull from another port', async () => {
    trace(60_000);
    await bench.register();
    await bench.answerReads();
    bench.offer();
    await bench.untilTransfer();
    (await bench.device.expect('PUT /5/0/1')).reply('2.04');
    const puller = await LockstepDevice.start(bench.address);
    const answer = await puller.request({ method: 'GET', path: ['fw', TOKEN], block2: { num: 1, more: false, szx: 5 } });
    expect(codeText(answer.code)).toBe('2.05');
    const entries = look('trace').trace?.entries ?? [];
    const found = entries.map(
      ({ direction, peer, text }) =>
        `${direction} ${peer === puller.address ? 'puller' : peer === bench.device.address ? 'device' : peer} ${text}`,
    );
    expect(found[0]).toMatch(
      /^in device CON 0.02 POST mid \d+ token [0-9a-f]+ Uri-Path \/rd .*Uri-Query "ep=urn:imei:\d+" .*payload 27 bytes$/,
    );
    expect(found[1]).toMatch(/^out device ACK 2.01 .*Location-Path \/rd\/.{4}…$/);
    expect(found[2]).toMatch(/^out device CON 0.01 GET .*Uri-Path \/3\/0/);
    expect(found.some((text) => /^out device CON 0.03 PUT .*Uri-Path \/5\/0\/1 .*payload \d+ bytes$/.test(text))).toBe(true);
    expect(found.at(-2)).toMatch(/^in puller CON 0.01 GET .*Uri-Path \/fw\/toke… Block2 1\/0\/512$/);
    expect(found.at(-1)).toMatch(/^out puller ACK 2.05 .*Block2 1\/1\/512 .*payload 512 bytes$/);
    expect(entries.some(({ text }) => text.includes(TOKEN))).toBe(false);
    puller.close();
  });

  it('that nobody asked for is none, and one that ended leaves nothing', async () => {
    await bench.register();
    expect(look('trace').trace).toBeUndefined();
    trace(60_000);
    trace();
    expect(look('trace').trace).toBeUndefined();
  });
});
