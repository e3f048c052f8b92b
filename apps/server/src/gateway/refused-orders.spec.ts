import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Instant } from '@drover/kernel';
import { aRelease } from '@drover/testkit';
import { ATTEMPT, ENDPOINT, firmwareObject, GatewayBench } from '../../../../test/support/gateway.ts';
import { papersOf } from '../../../../test/support/orders.ts';
import type { FromGateway, OfferOrder } from '../link/messages.ts';

let bench: GatewayBench;
beforeEach(async () => void (bench = await GatewayBench.start()));
afterEach(() => bench.close());

describe('refuses', () => {
  const refusal = async (change: Partial<OfferOrder>): Promise<FromGateway | undefined> => {
    await bench.registered();
    bench.offer(change);
    expect(await bench.device.isLeftAlone(200)).toBe(true);
    return bench.told.filter(({ type }) => type === 'update' || type === 'refused-command').at(-1);
  };
  it('an offer past its window', async () => {
    expect(await refusal({ notAfter: Instant(1) })).toMatchObject({ type: 'refused-command', command: 'offer' });
  });
  it('a command of an older engine', async () => {
    await bench.registered();
    bench.gateway.command({ type: 'cancel', attempt: 'other', endpoint: ENDPOINT, epoch: 7 });
    bench.gateway.command({ type: 'execute', attempt: ATTEMPT, endpoint: ENDPOINT, epoch: 6, notAfter: undefined });
    expect(bench.told.at(-1)).toMatchObject({ type: 'refused-command', command: 'execute', why: expect.stringContaining('epoch 6') });
  });
  it.each<[string, Partial<OfferOrder>, string]>([
    ['an image for another model', { device: { model: 'WM-100', version: '1.0.0' } }, 'ARTIFACT_INCOMPATIBLE'],
    ['a rollback', { device: { model: 'WM-300', version: '3.0.0' } }, 'ARTIFACT_ROLLBACK'],
  ])('%s at the last door', async (_name, change, code) => {
    expect(await refusal(change)).toMatchObject({ type: 'update', fact: { type: 'refused', why: expect.stringContaining(code) } });
  });
  it('an envelope of somebody else at the last door, however often', async () => {
    const papers = papersOf({ ...aRelease(), policy: bench.release.policy });
    for (let time = 0; time < 2; time++)
      expect(await refusal({ papers })).toMatchObject({ fact: { type: 'refused', why: expect.stringContaining('ARTIFACT_UNSIGNED') } });
  });
  it('nothing when the image cannot be read: the transfer did not come about, and may be tried again', async () => {
    await bench.loseImage();
    expect(await refusal({})).toMatchObject({ type: 'update', fact: { type: 'session-lost', offset: 0 } });
  });
  it('not to finish an update that is past its transfer, image or no image', async () => {
    await bench.registered();
    await bench.loseImage();
    bench.offer({ phase: 'install' });
    (await bench.device.expect('GET /5/0')).reply('2.05', firmwareObject(3, 0));
    await bench.until(() => bench.factTypes.includes('state'));
    expect(bench.factTypes).not.toContain('refused');
  });
  it('a withdrawn image at the last door, whatever the engine says', async () => {
    bench.gateway.command({ type: 'withdrawn', digests: [bench.release.digest] });
    expect(await refusal({})).toMatchObject({ fact: { type: 'refused', why: expect.stringContaining('ARTIFACT_WITHDRAWN') } });
  });
});
