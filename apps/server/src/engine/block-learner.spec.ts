import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint, Instant, MINUTE, must } from '@drover/kernel';
import { AuditAppender, loadSnapshot, openDatabase, takeLease, Writer } from '@drover/persistence';
import { CampaignClock } from '@drover/platform';
import { blockMs, ENOUGH, MOST_CALIBRATED } from '@drover/schedule';
import { scratchFolder } from '@drover/testkit';
import { TestEngine } from '../../../../test/support/engine.ts';
import { firmwareObject, GatewayBench, TOKEN } from '../../../../test/support/gateway.ts';
import type { UpdateFact } from '../link/messages.ts';
import { CarrierDesk } from './carrier-desk.ts';
import type { EngineState } from './engine-state.ts';
import { LoggedTrust } from './logged-trust.ts';
import { ModelDesk } from './model-desk.ts';
import { stateFrom } from './recovery.ts';

type BlocksSeen = Extract<UpdateFact, { type: 'blocks-seen' }>;
const LINK = { bearer: 'NB-IoT', ce: 0, blockSize: 512 } as const;
const MODELLED = blockMs(LINK);
const seen = (medianMs: number | undefined, change: Partial<BlocksSeen> = {}): BlocksSeen => ({
  type: 'blocks-seen',
  ...LINK,
  blocks: 32,
  repeated: 0,
  bytes: 16_384,
  spanMs: 40_000,
  medianMs,
  ...change,
});
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `d${index}`);

async function underWay(count: number): Promise<TestEngine> {
  const test = new TestEngine().withFirmware().withDevices(...names(count));
  await test.running();
  return test;
}
const order = (test: TestEngine, name = 'd0') =>
  must(
    test.link.sent.flatMap((message) => (message.type === 'offer' && message.order.endpoint === name ? [message.order] : []))[0],
    'an offer',
  );
const calibration = (test: TestEngine) => new ModelDesk(test.engine).calibration().kinds;

describe('what blocks have shown', () => {
  it('is kept with the device, its carrier and the kind of block, lazily: it will be told again', async () => {
    const test = await underWay(1);
    await test.tell(seen(2 * MODELLED, { repeated: 8 }), 'd0');
    const { changes, events, urgency } = test.writer.commits.at(-1)!;
    expect([events, urgency]).toEqual([[], 'lazy']);
    expect(changes.devices?.[0]?.transfers).toEqual({ measured: 1, slowness: expect.closeTo(2, 6), loss: 0.2 });
    expect(changes.carriers).toMatchObject([
      { share: 1, capacity: { part: 1 }, transfers: { measured: 1, bytesPerSecond: expect.closeTo(409.6, 1) } },
    ]);
    expect(changes.calibrations).toMatchObject([{ kind: 'NB-IoT/0/512', samples: 1, loss: 0.2 }]);
  });

  it('of blocks that were held up is loss and rate, and no time', async () => {
    const test = await underWay(1);
    await test.tell(seen(undefined, { repeated: 8 }), 'd0');
    expect(test.device('d0').transfers).toEqual({ measured: 0, slowness: 1, loss: 0.2 });
    expect(test.writer.commits.at(-1)!.changes.calibrations).toEqual([]);
  });

  it('outlives what its carrier is found to have, and the other way round', async () => {
    const test = await underWay(1);
    await test.tell(seen(MODELLED), 'd0');
    const [carrier] = test.state.carriers.keys();
    const quiet = { carrier: carrier!, samples: 30, inflation: 3, duplicates: 0, lost: 0, airtimeMs: MINUTE };
    await new CarrierDesk(test.engine).onSeen({ type: 'carriers-seen', at: test.clock.at, carriers: [quiet] });
    await test.tell(seen(MODELLED), 'd0');
    expect(test.state.carriers.get(carrier!)).toMatchObject({ capacity: { part: expect.closeTo(0.5, 1) }, transfers: { measured: 2 } });
  });

  it('of another attempt is dropped', async () => {
    const test = await underWay(1);
    await test.tell(seen(MODELLED), 'd0', 'another');
    expect(test.device('d0').transfers).toBeUndefined();
  });
});

describe('a calibrated kind of block', () => {
  it('counts in offers, ledger and energy once enough devices have shown it, within its bounds', async () => {
    const test = await underWay(ENOUGH.devices);
    for (let round = 0; calibration(test).every(({ isUsed }) => !isUsed) && round < 50; round++)
      for (const name of names(ENOUGH.devices)) await test.tell(seen(2 * MODELLED), name);
    expect(calibration(test)).toMatchObject([
      { bearer: 'NB-IoT', ce: 0, blockSize: 512, ratio: 2, samples: ENOUGH.samples, devices: ENOUGH.devices, isUsed: true },
    ]);
    expect(calibration(test)[0]!.plannedMs).toBeCloseTo(2 * MODELLED, -1);
    expect(blockMs(LINK, test.state.models.cost) / MODELLED).toBeCloseTo(2, 6);
    // A device of which nothing is known yet.
    const fresh = await restarted(test.state, 'new');
    expect(order(fresh, 'new').blockMs / MODELLED).toBeCloseTo(2, 6);
    expect(fresh.update('new').transfer!.share).toBeCloseTo(order(test).share / 2, 6);
  });

  it.each([
    [100, MOST_CALIBRATED],
    [0.01, 1 / MOST_CALIBRATED],
  ])('never by more than its bound: %d times as long is taken for %d', async (times, taken) => {
    const test = await underWay(ENOUGH.devices);
    for (let round = 0; round < 6; round++) for (const name of names(ENOUGH.devices)) await test.tell(seen(times * MODELLED), name);
    expect(blockMs(LINK, test.state.models.cost) / MODELLED).toBeCloseTo(taken, 6);
  });
});

/** An engine that has been told what the other one knew of blocks, and of the devices whose names both have. */
async function restarted(state: EngineState, ...devices: string[]): Promise<TestEngine> {
  const test = new TestEngine().withFirmware().withDevices(...devices);
  for (const name of devices) {
    const transfers = state.devices.get(Endpoint(name))?.transfers;
    if (transfers) test.putDevice({ ...test.device(name), transfers });
  }
  for (const record of state.models.measured.values()) test.state.models.load(record);
  await test.running();
  return test;
}

class NoLog extends AuditAppender<never> {
  append(): { rows: []; committed: () => void } {
    return { rows: [], committed: () => undefined };
  }
}

describe('from the socket to the next decision', () => {
  let bench: GatewayBench;
  const scratch = scratchFolder();
  beforeEach(async () => {
    bench = await GatewayBench.start();
  });
  afterEach(async () => {
    await bench.close();
    scratch.remove();
  });

  /** A device that pulls the whole image in blocks of 64 bytes, and takes its time over each. */
  async function pull(thinksMs: number): Promise<void> {
    await bench.register();
    await bench.answerReads();
    bench.offer({ blockSize: 64 });
    await bench.untilTransfer();
    (await bench.device.expect(`PUT /5/0/1 coap://${bench.address}/fw/${TOKEN}`)).reply('2.04');
    for (let num = 0; num < bench.release.image.length / 64; num++) {
      await new Promise((resolve) => setTimeout(resolve, thinksMs));
      await bench.device.request({ method: 'GET', path: ['fw', TOKEN], block2: { num, more: false, szx: 2 } });
    }
    // It tells that it has all of it with its next Register.
    await bench.register();
    for (let read = 0; read < 6; read++) {
      const asked = await bench.device.next();
      if (asked.text.endsWith('observe') || asked.text === 'GET /4/0') asked.reply('4.05');
      else if (asked.text === 'GET /3/0') asked.reply('2.05', [{ path: '/3/0/3', value: '1.0.0' }]);
      else asked.reply('2.05', firmwareObject(2, 0));
    }
    await bench.until(() => bench.facts.some(({ type }) => type === 'download-finished'));
  }

  it('with a compressed clock nothing is measured: a network does not run faster with it', async () => {
    await bench.close();
    const clock = new CampaignClock({ campaignOrigin: Instant(0), wallOrigin: Date.now(), scale: 20 });
    bench = await GatewayBench.start({ clock });
    await pull(0);
    expect(bench.facts.some(({ type }) => type === 'blocks-seen')).toBe(false);
    expect(bench.facts.some(({ type }) => type === 'progress')).toBe(true);
  });

  it('a device is measured, stored, and planned for as it has shown itself after a restart', async () => {
    await pull(10);
    const [fact, ...others] = bench.facts.filter(({ type }) => type === 'blocks-seen') as BlocksSeen[];
    expect(others).toEqual([]);
    expect(fact).toMatchObject({ bearer: 'NB-IoT', ce: 0, blockSize: 64, blocks: 32, repeated: 0, bytes: 2048 });
    expect(fact!.medianMs).toBeGreaterThanOrEqual(9);
    expect(fact!.medianMs).toBeLessThan(200);

    const test = await underWay(1);
    await test.tell(fact!, 'd0');
    const database = await openDatabase(scratch.file('drover.sqlite'));
    const writer = new Writer<never>(database, { log: new NoLog(), epoch: await takeLease(database), onFatal: () => undefined });
    const { devices, carriers, calibrations } = test.writer.commits.at(-1)!.changes;
    await writer.commit({ devices: devices!, carriers: carriers!, calibrations: calibrations! }, []);
    await writer.drain();
    const state = await stateFrom(await loadSnapshot(database), new LoggedTrust(), test.clock.at);
    await database.destroy();

    expect([...state.models.measured.values()]).toEqual(calibrations);
    expect([...state.carriers.values()]).toEqual(carriers);
    const again = await restarted(state, 'd0', 'other');
    // Far quicker than NB-IoT is; of one measurement it is believed a third.
    const factor = order(again).blockMs / order(again, 'other').blockMs;
    expect(factor).toBeCloseTo(Math.max(fact!.medianMs! / blockMs({ ...LINK, blockSize: 64 }), 1 / 16) ** (1 / 3), 6);
    expect(again.update('d0').transfer!.share).toBeCloseTo(again.update('other').transfer!.share / factor, 6);
  });
});
