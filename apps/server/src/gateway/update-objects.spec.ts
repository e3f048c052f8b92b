import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ResourceValue } from '@drover/lwm2m';
import { ENDPOINT, firmwareObject, GatewayBench, TOKEN } from '../../../../test/support/gateway.ts';

let bench: GatewayBench;
beforeEach(async () => void (bench = await GatewayBench.start({ fileHost: 'https://files.example/images' })));
afterEach(() => bench.close());

const slot = (state: number, name = '', version = '', active = false): ResourceValue[] => [
  { path: '/9/2/0', value: name },
  { path: '/9/2/1', value: version },
  { path: '/9/2/7', value: state },
  { path: '/9/2/9', value: 0 },
  { path: '/9/2/12', value: active },
];

/** Registers with these objects, and answers what is asked then, in whatever order the two who ask come. */
async function registered(links: string, software?: ResourceValue[]): Promise<void> {
  await bench.register(bench.device, ['b=U'], links);
  const answers: Record<string, readonly ResourceValue[] | undefined> = {
    'GET /3/0': [{ path: '/3/0/3', value: '1.0.0' }],
    ...(links.includes('</5/') ? { 'GET /5/0': firmwareObject(0, 0) } : {}),
    ...(software ? { 'GET /9/2 observe': undefined, 'GET /9/2/7 observe': undefined, 'GET /9/2': software } : {}),
  };
  for (let left = Object.keys(answers).length; left > 0; left--) {
    const asked = await bench.device.next();
    const values = answers[asked.text];
    asked.reply(values === undefined ? '4.05' : '2.05', values);
  }
}

const text = (payload: Uint8Array): string => Buffer.from(payload).toString('utf8');

it('Object 9 over the wire: room is made, the package pulled, installed, activated, and read back', async () => {
  await registered('</1/0>,</3/0>,</9/2>');
  bench.offer({ target: { object: 'Software', instance: 0, component: 'metering' } });
  const { device } = bench;
  (await device.expect('GET /9')).reply('2.05', slot(4, 'metering', '1.0.0', true));
  (await device.expect('GET /9/2')).reply('2.05', slot(4, 'metering', '1.0.0', true));
  const uninstall = await device.expect('POST /9/2/6');
  expect(text(uninstall.request.payload)).toBe('1');
  uninstall.reply('2.04');
  (await device.expect('GET /9/2')).reply('2.05', slot(0, 'metering'));
  (await device.expect('GET /9/2 observe')).reply('4.05');
  (await device.expect('GET /9/2/7 observe')).reply('4.05');
  (await device.expect(`PUT /9/2/3 coap://${bench.address}/fw/${TOKEN}`)).reply('2.04');
  for (let num = 0; num < 4; num++) await device.request({ method: 'GET', path: ['fw', TOKEN], block2: { num, more: false, szx: 5 } });
  await registered('</1/0>,</3/0>,</9/2>', slot(3, 'metering', '2.0.0'));
  await bench.until(() => bench.facts.some(({ type }) => type === 'download-finished'));

  const permit = (): void =>
    bench.gateway.command({ type: 'execute', attempt: 'default/c/1.1/d', endpoint: ENDPOINT, epoch: 1, notAfter: undefined });
  permit();
  (await device.expect('GET /9/2')).reply('2.05', slot(3, 'metering', '2.0.0'));
  (await device.expect('POST /9/2/4')).reply('2.04');
  await registered('</1/0>,</3/0>,</9/2>', slot(4, 'metering', '2.0.0'));
  expect(await device.isLeftAlone(100)).toBe(true);
  permit();
  (await device.expect('GET /9/2')).reply('2.05', slot(4, 'metering', '2.0.0'));
  (await device.expect('POST /9/2/10')).reply('2.04');
  (await device.expect('GET /9/2')).reply('2.05', slot(4, 'metering', '2.0.0', true));
  await bench.until(() => bench.facts.some((fact) => fact.type === 'version-read' && fact.version === '2.0.0'));
});

describe('where the image can be had', () => {
  const written = async (schemes: readonly ('coap' | 'coap+tcp' | 'http' | 'https')[], listed: readonly number[]): Promise<string> => {
    await registered('</1/0>,</3/0>,</5/0>');
    bench.offer({ protocols: { order: schemes, tryNext: false } });
    const protocols = listed.map((value, index) => ({ path: `/5/0/8/${index}`, value }));
    (await bench.device.expect('GET /5/0')).reply('2.05', [...firmwareObject(0, 0), ...protocols]);
    (await bench.device.expect('GET /3/0/3')).reply('2.05', [{ path: '/3/0/3', value: '1.0.0' }]);
    (await bench.device.expect('GET /5/0 observe')).reply('4.05');
    (await bench.device.expect('GET /5/0/3 observe')).reply('4.05');
    return (await bench.device.expect('PUT /5/0/1')).text.slice('PUT /5/0/1 '.length);
  };

  it('is said for TCP', async () => {
    expect(await written(['coap+tcp', 'coap'], [0, 4])).toBe(`coap+tcp://${bench.address}/fw/${TOKEN}`);
  });

  it('is said for a file host, by the digest of the image', async () => {
    const hex = bench.release.digest.slice('sha256:'.length);
    expect(await written(['http', 'https', 'coap'], [2, 3])).toBe(`https://files.example/images/${hex}`);
  });
});

it('who has Object 33629 and no Object 5 is updated there', async () => {
  await registered('</1/0>,</3/0>,</33629/0>');
  bench.offer();
  (await bench.device.expect('GET /33629/0')).reply('2.05', [
    { path: '/33629/0/3', value: 0 },
    { path: '/33629/0/5', value: 0 },
    { path: '/33629/0/9', value: 0 },
    { path: '/33629/0/15', value: '1.0.0' },
  ]);
  (await bench.device.expect('GET /33629/0/15')).reply('2.05', [{ path: '/33629/0/15', value: '1.0.0' }]);
  (await bench.device.expect('GET /33629/0 observe')).reply('4.05');
  (await bench.device.expect('GET /33629/0/3 observe')).reply('4.05');
  await bench.device.expect(`PUT /33629/0/1 coap://${bench.address}/fw/${TOKEN}`);
});

it('a class that takes its image in Object 19 gets the blocks there', async () => {
  await registered('</1/0>,</3/0>,</5/0>,</19/0>');
  bench.classify({ pushTo: '/19/0/0/0', observe: 'None' });
  bench.offer({ method: 'Push' });
  await bench.untilTransfer([]);
  const block = await bench.device.expect('PUT /19/0/0/0');
  expect([block.request.options.contentFormat, block.request.options.block1?.num, block.request.payload.length]).toEqual([42, 0, 512]);
});

it('a battery that runs down while the image is on its way is told as a fact of the device', async () => {
  await registered('</1/0>,</3/0>,</5/0>');
  bench.offer({ watchBattery: true });
  await bench.untilTransfer();
  const observe = await bench.device.expect('GET /3/0/9 observe');
  observe.observed([{ path: '/3/0/9', value: 61 }]);
  await bench.device.expect('PUT /5/0/1');
  observe.notify([{ path: '/3/0/9', value: 34 }]);
  await bench.until(() => bench.told.some((message) => message.type === 'facts' && message.facts['battery.level'] === 34));
});

describe('a sleeper that has nothing to say', () => {
  const offered = async (keepAwakeMs: number): Promise<void> => {
    await bench.register(bench.device, ['b=U', 'Q'], '</3/0>,</5/0>');
    (await bench.device.expect('GET /3/0')).reply('2.05', [{ path: '/3/0/3', value: '1.0.0' }]);
    (await bench.device.expect('GET /5/0')).reply('2.05', firmwareObject(0, 0));
    bench.classify({ awakeMs: 400, observe: 'None' });
    bench.offer({ keepAwakeMs });
    await bench.untilTransfer([]);
    (await bench.device.expect('PUT /5/0/1')).reply('2.04');
  };

  it('is asked what is due soon before it sleeps, for as long as the campaign allows', async () => {
    await offered(500);
    const asked = performance.now();
    (await bench.device.expect('GET /5/0')).reply('2.05', firmwareObject(1, 0));
    expect(performance.now() - asked).toBeLessThan(400);
    (await bench.device.expect('GET /5/0')).reply('2.05', firmwareObject(1, 0));
    await bench.until(() => bench.facts.some(({ type }) => type === 'session-lost'));
    expect(await bench.device.isLeftAlone(50)).toBe(true);
  });

  it('is left to sleep where it does not', async () => {
    await offered(0);
    await bench.until(() => bench.facts.some(({ type }) => type === 'session-lost'));
    expect(await bench.device.isLeftAlone(50)).toBe(true);
  });
});
