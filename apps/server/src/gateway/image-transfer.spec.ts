import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeText } from '@drover/coap';
import type { ResourceValue } from '@drover/lwm2m';
import { ATTEMPT, ENDPOINT, firmwareObject, GatewayBench, TOKEN } from '../../../../test/support/gateway.ts';

const OLD: ResourceValue[] = [
  { path: '/3/0/1', value: 'WM-300' },
  { path: '/3/0/3', value: '1.0.0' },
];

let bench: GatewayBench;
beforeEach(async () => void (bench = await GatewayBench.start()));
afterEach(() => bench.close());

const uri = (): string => `coap://${bench.address}/fw/${TOKEN}`;
const getBlock = (num: number, token = TOKEN) =>
  bench.device.request({ method: 'GET', path: ['fw', token], block2: { num, more: false, szx: 5 } });

/** Up to where the URI has been written. */
async function offerPull(): Promise<void> {
  await bench.registered();
  bench.offer();
  await bench.untilTransfer();
  (await bench.device.expect(`PUT /5/0/1 ${uri()}`)).reply('2.04');
}

/** Registers again, answers the reads of the registration, and the look of the conversation in between. */
async function registerAgain(state: ResourceValue[]): Promise<void> {
  await bench.device.register([`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', 'b=U']);
  for (let read = 0; read < 6; read++) {
    const asked = await bench.device.next();
    if (asked.text.endsWith('observe')) asked.reply('4.05');
    else if (asked.text === 'GET /4/0') asked.reply('4.04');
    else if (asked.text === 'GET /3/0') asked.reply('2.05', OLD);
    else asked.reply('2.05', state);
  }
}

describe('a pull', () => {
  it('is served block by block, installed by permission, and proven by the version read back', async () => {
    await offerPull();
    const blocks: Uint8Array[] = [];
    for (let num = 0; num < 4; num++) {
      const answer = await getBlock(num);
      expect([codeText(answer.code), answer.options.block2?.more]).toEqual(['2.05', num < 3]);
      blocks.push(answer.payload.slice());
    }
    expect(Buffer.concat(blocks).equals(Buffer.from(bench.release.image))).toBe(true);
    await registerAgain([...firmwareObject(2, 0), { path: '/5/0/1', value: uri() }]);
    await bench.until(() => bench.factTypes.includes('download-finished'));
    bench.execute();
    (await bench.device.expect('GET /5/0')).reply('2.05', firmwareObject(2, 0));
    (await bench.device.expect('POST /5/0/2')).reply('2.04');
    await bench.until(() => bench.factTypes.includes('install-started'));
    await registerAgain(firmwareObject(0, 1));
    (await bench.device.expect('GET /3/0/3')).reply('2.05', [{ path: '/3/0/3', value: '2.0.0' }]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(bench.facts.at(-1)).toMatchObject({ type: 'version-read', version: '2.0.0', result: 1 });
  });

  it('stops under a Hold and goes on after it', async () => {
    await offerPull();
    expect(codeText((await getBlock(0)).code)).toBe('2.05');
    bench.gateway.command({ type: 'suspend', attempt: ATTEMPT, endpoint: ENDPOINT, epoch: 1 });
    expect(codeText((await getBlock(1)).code)).toBe('5.03');
    bench.gateway.command({ type: 'resume', attempt: ATTEMPT, endpoint: ENDPOINT, epoch: 1 });
    expect(codeText((await getBlock(1)).code)).toBe('2.05');
  });

  it('never gets larger blocks than the campaign counted on, and smaller ones on request', async () => {
    await offerPull();
    const ask = (num: number, szx: number) =>
      bench.device.request({ method: 'GET', path: ['fw', TOKEN], block2: { num, more: false, szx } });
    expect((await ask(1, 6)).options.block2).toEqual({ num: 2, more: true, szx: 5 });
    expect((await ask(3, 4)).options.block2).toEqual({ num: 3, more: true, szx: 4 });
  });

  it.each([
    ['a token nobody has', 0, 'another', '4.04'],
    ['a block past the end', 9, TOKEN, '4.00'],
  ])('refuses %s', async (_name, num, token, code) => {
    await offerPull();
    expect(codeText((await getBlock(num, token)).code)).toBe(code);
  });
});

describe('a push', () => {
  it('is answered 2.04 for every block and still fails by what /5/0 says', async () => {
    await bench.registered();
    bench.offer({ method: 'Push' });
    await bench.untilTransfer();
    const received: Uint8Array[] = [];
    for (let num = 0; num < 4; num++) {
      const block = await bench.device.expect('PUT /5/0/0');
      expect(block.request.options.block1).toEqual({ num, more: num < 3, szx: 5 });
      received.push(block.request.payload.slice());
      block.reply('2.04');
    }
    expect(Buffer.concat(received).equals(Buffer.from(bench.release.image))).toBe(true);
    (await bench.device.expect('GET /5/0')).reply('2.05', firmwareObject(0, 5));
    await bench.until(() => bench.factTypes.includes('failed'));
    expect(bench.facts.at(-1)).toMatchObject({ type: 'failed', class: 'Integrity' });
    const progress = bench.facts.flatMap((fact) => (fact.type === 'progress' ? [fact] : []));
    expect(
      progress.reduce((sum, { blocks, bytes }) => ({ blocks: sum.blocks + blocks, bytes: sum.bytes + bytes }), { blocks: 0, bytes: 0 }),
    ).toEqual({ blocks: 4, bytes: 2048 });
    expect(progress.at(-1)?.offset).toBe(2048);
  });
});
