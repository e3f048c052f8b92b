import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { codeText } from '@drover/coap';
import { ATTEMPT, ENDPOINT, firmwareObject, GatewayBench, TOKEN } from '../../../../test/support/gateway.ts';

// A NAT that forgets, or a network that hands out addresses anew: the device speaks from another address, with an Update.

const VERSION = [{ path: '/3/0/3', value: '1.0.0' }];

let bench: GatewayBench;
let path: readonly string[];
beforeEach(async () => void (bench = await GatewayBench.start()));
afterEach(() => bench.close());

async function register(): Promise<void> {
  const { options } = await bench.device.register([`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', 'b=U']);
  path = options.locationPath;
}

async function move(): Promise<void> {
  await bench.device.rebind();
  expect(codeText((await bench.device.request({ method: 'POST', path })).code)).toBe('2.04');
}

/** Under way, and lost with the old address. */
const unheard = async (text: string): Promise<void> => void (await bench.device.expect(text));
const tells = (type: string): boolean => bench.facts.some((fact) => fact.type === type);

it('is asked there for what it has not told since it registered, and after that no more', async () => {
  const { device, told } = bench;
  const factMessages = () => told.filter(({ type }) => type === 'facts');
  await register();
  (await device.expect('GET /3/0')).reply('2.05', VERSION);
  await unheard('GET /4/0');
  await move();
  await bench.answerReads();
  await bench.until(() => factMessages().length === 2);
  expect(factMessages().at(-1)).toMatchObject({ facts: { 'update.delivery': 'Both' } });
  await move();
  expect(await device.isLeftAlone(200)).toBe(true);
});

it('is asked three times at most for what it never tells', async () => {
  const { device } = bench;
  await register();
  for (let contact = 0; contact < 4; contact++) {
    await unheard('GET /3/0');
    await move();
  }
  expect(await device.isLeftAlone(200)).toBe(true);
});

it('is asked again, and sent the block again that was under way once it has answered there', async () => {
  const { device } = bench;
  await register();
  await bench.answerReads();
  bench.offer({ method: 'Push' });
  await unheard('GET /5/0');
  await move();
  await bench.untilTransfer();
  (await device.expect('PUT /5/0/0')).reply('2.04');
  await unheard('PUT /5/0/0');
  await move();
  (await device.expect('GET /3/0/3')).reply('2.05', VERSION);
  for (let num = 1; num < 4; num++) {
    const block = await device.expect('PUT /5/0/0');
    expect(block.request.options.block1?.num).toBe(num);
    block.reply('2.04');
  }
  expect(tells('session-lost')).toBe(false);
});

it('is looked at after an Execute that nobody has answered', async () => {
  const { device } = bench;
  const ours = { path: '/5/0/1', value: `coap://${bench.address}/fw/${TOKEN}` };
  await register();
  await bench.answerReads();
  bench.offer();
  (await device.expect('GET /5/0')).reply('2.05', [...firmwareObject(2, 0), ours]);
  (await device.expect('GET /3/0/3')).reply('2.05', VERSION);
  await bench.until(() => tells('download-finished'));
  bench.gateway.command({ type: 'execute', attempt: ATTEMPT, endpoint: ENDPOINT, epoch: 1, notAfter: undefined });
  (await device.expect('GET /5/0')).reply('2.05', firmwareObject(2, 0));
  await unheard('POST /5/0/2');
  await move();
  for (const text of ['GET /5/0 observe', 'GET /5/0/3 observe']) (await device.expect(text)).reply('4.05');
  (await device.expect('GET /5/0')).reply('2.05', firmwareObject(3, 0));
  await bench.until(() => tells('install-started'));
  expect(await device.isLeftAlone(200)).toBe(true);
});
