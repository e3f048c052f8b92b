import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { plus, type Instant } from '@drover/kernel';
import { ATTEMPT, ENDPOINT, firmwareObject, GatewayBench, TOKEN } from '../../../../test/support/gateway.ts';

const VERSION = [{ path: '/3/0/3', value: '1.0.0' }];

let bench: GatewayBench;
beforeEach(async () => {
  bench = await GatewayBench.start();
  bench.classify({ timing: { ackTimeoutMs: 300 } });
});
afterEach(() => bench.close());

/** As the gateway's thread does: what is due goes out again. */
async function wait(ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 20)))
    bench.gateway.wire.advance();
}
const posts = (): number => bench.sent.filter((code) => code === '0.02').length;

async function registered(): Promise<void> {
  await bench.register();
  await bench.answerReads();
}

/** An Execute is on its way, and nobody answers it. */
async function executed(notAfter: Instant | undefined): Promise<void> {
  await permitted(notAfter);
  (await bench.device.expect('GET /5/0')).reply('2.05', firmwareObject(2, 0));
  await bench.device.expect('POST /5/0/2');
}

async function permitted(notAfter: Instant | undefined): Promise<void> {
  const { device } = bench;
  await registered();
  bench.offer();
  const ours = { path: '/5/0/1', value: `coap://${bench.address}/fw/${TOKEN}` };
  (await device.expect('GET /5/0')).reply('2.05', [...firmwareObject(2, 0), ours]);
  (await device.expect('GET /3/0/3')).reply('2.05', VERSION);
  await bench.until(() => bench.facts.some(({ type }) => type === 'download-finished'));
  bench.gateway.command({ type: 'execute', attempt: ATTEMPT, endpoint: ENDPOINT, epoch: 1, notAfter });
}

describe('an Execute without an answer', () => {
  it('is repeated as long as it may be', async () => {
    await executed(undefined);
    await wait(1200);
    expect(posts()).toBeGreaterThan(1);
  });

  it.each<[string, number | undefined, () => void]>([
    ['under a Hold', undefined, () => bench.gateway.command({ type: 'suspend', attempt: ATTEMPT, endpoint: ENDPOINT, epoch: 1 })],
    ['when its window has closed', 150, () => undefined],
  ])('is not repeated %s, and what came of it is looked at', async (_name, openMs, stop) => {
    await executed(openMs === undefined ? undefined : plus(Date.now() as Instant, openMs));
    stop();
    await bench.until(() => bench.facts.some(({ type }) => type === 'execute-unknown'));
    await wait(1200);
    expect(posts()).toBe(1);
    await bench.device.register([`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', 'b=U']);
    for (let asked = await bench.device.next(); !asked.text.startsWith('GET /5/0'); asked = await bench.device.next()) asked.reply('4.04');
  });
});

it('a permission that a Hold overtakes is given back, and nothing is installed', async () => {
  await permitted(undefined);
  const look = await bench.device.expect('GET /5/0');
  bench.gateway.command({ type: 'suspend', attempt: ATTEMPT, endpoint: ENDPOINT, epoch: 1 });
  expect(bench.told.at(-1)).toMatchObject({ type: 'refused-command', command: 'execute', why: 'a hold came first' });
  look.reply('2.05', firmwareObject(2, 0));
  expect(await bench.device.isLeftAlone(200)).toBe(true);
});

it('a look that is asked for again while its question is under way is not begun anew', async () => {
  await registered();
  bench.offer({ phase: 'install' });
  await bench.device.expect('GET /5/0');
  const before = bench.sent.filter((code) => code === '0.01').length;
  bench.offer({ phase: 'install' });
  await wait(50);
  expect(bench.sent.filter((code) => code === '0.01')).toHaveLength(before);
});
