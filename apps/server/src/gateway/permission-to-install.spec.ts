import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeText } from '@drover/coap';
import { Instant } from '@drover/kernel';
import { LockstepDevice } from '@drover/testkit';
import { ENDPOINT, firmwareObject, GatewayBench } from '../../../../test/support/gateway.ts';

let bench: GatewayBench;
beforeEach(async () => void (bench = await GatewayBench.start()));
afterEach(() => bench.close());

/** A device that has its image, and waits for the permission to install it. */
async function downloaded(): Promise<void> {
  await bench.registered();
  bench.offer({ phase: 'install' });
  (await bench.device.expect('GET /5/0')).reply('2.05', firmwareObject(2, 0));
  await bench.until(() => bench.factTypes.includes('state'));
}

describe('a Register from a new address for an endpoint that is alive (NoSec)', () => {
  const elsewhere = async (): Promise<LockstepDevice> => {
    const other = await LockstepDevice.start(bench.address);
    expect(codeText((await other.register([`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', 'b=U'])).code)).toBe('2.01');
    return other;
  };

  it('is told with the address it replaced', async () => {
    await bench.registered();
    const other = await elsewhere();
    expect(bench.told.findLast(({ type }) => type === 'contact')).toMatchObject({
      replaced: bench.device.address,
      registration: { address: other.address },
    });
    other.close();
  });

  it('gets no Execute before it has answered a read', async () => {
    await downloaded();
    const other = await elsewhere();
    bench.execute();
    // It answers nothing: it may be anybody. Whatever it is asked, it is never told to install.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const asked: string[] = [];
    while (!(await other.isLeftAlone(0))) asked.push((await other.next()).text);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked).not.toContain('POST /5/0/2');
    other.close();
  });
});

it('sends no Execute once its window has closed while the device was read', async () => {
  await downloaded();
  const notAfter = Instant(Date.now() + 100);
  bench.execute(notAfter);
  const look = await bench.device.expect('GET /5/0');
  await new Promise((resolve) => setTimeout(resolve, 150));
  look.reply('2.05', firmwareObject(2, 0));
  (await bench.device.expect('GET /5/0')).reply('2.05', firmwareObject(2, 0));
  expect(await bench.device.isLeftAlone(100)).toBe(true);
  expect(bench.told.findLast(({ type }) => type === 'refused-command')).toMatchObject({ command: 'execute', why: 'its window has closed' });
});
