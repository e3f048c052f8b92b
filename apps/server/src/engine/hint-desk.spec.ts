import { beforeEach, expect, it } from '@jest/globals';
import { DroverError, HOUR, plus } from '@drover/kernel';
import type { NetworkHint } from '@drover/schedule';
import { ANN, TestEngine } from '../../../../test/support/engine.ts';
import { HintSource } from '../network/hint-source.ts';
import { HintDesk } from './hint-desk.ts';

const CARRIER = '262-1/2A/NB-IoT';

class Network extends HintSource {
  readonly name = 'a network';
  hints: readonly NetworkHint[] = [];
  error: Error | undefined;
  read = (): Promise<readonly NetworkHint[]> => (this.error ? Promise.reject(this.error) : Promise.resolve(this.hints));
}

let test: TestEngine;
let network: Network;
let desk: HintDesk;
let wall = 0;

const hint = (share: number): NetworkHint => ({
  operator: '262-1',
  cells: undefined,
  bearer: undefined,
  from: test.clock.at,
  until: plus(test.clock.at, HOUR),
  share,
  text: '',
});
const tick = async (): Promise<void> => {
  wall += 6 * 60_000;
  desk.tick();
  await new Promise((resolve) => setImmediate(resolve));
  wall += 2000;
  desk.tick();
};
const toldShares = () => test.link.sent.flatMap((message) => (message.type === 'carrier-shares' ? message.shares : []));

beforeEach(async () => {
  test = new TestEngine().withFirmware().withDevices('d');
  network = new Network();
  wall = 0;
  desk = new HintDesk({ engine: test.engine, sources: [network], wallNow: () => wall });
  await test.running();
});

it('lowers what is taken of a carrier, and tells the gateway of those with a transfer on them', async () => {
  expect(test.update().state).toBe('offered');
  network.hints = [hint(0.2)];
  await tick();
  expect(test.state.ledger.carriers.budgetAt(CARRIER, test.clock.at)).toBe(0.2);
  expect(toldShares()).toEqual([{ carrier: CARRIER, share: 0.2 }]);
  test.clock.pass(HOUR);
  network.hints = [];
  await tick();
  expect(toldShares().at(-1)).toEqual({ carrier: CARRIER, share: 1 });
  expect(desk.sources).toMatchObject([{ name: 'a network', hints: 0, error: undefined }]);
});

it('goes on with what a source said before when it does not answer, and says so', async () => {
  network.hints = [hint(0.2)];
  await tick();
  network.error = new DroverError('HINTS_UNREACHABLE', 'transport', 'gone');
  await tick();
  expect(test.state.hints.shareAt(CARRIER, test.clock.at)).toBe(0.2);
  expect(desk.sources).toMatchObject([{ hints: 1, error: 'HINTS_UNREACHABLE: gone' }]);
});

it('a report of congestion counts at once, for half an hour or until it is over, and is in the log', async () => {
  await desk.report('262-1', 'HIGH', ANN);
  expect(test.state.hints.shareAt(CARRIER, test.clock.at)).toBe(0.1);
  expect(test.state.hints.shareAt(CARRIER, plus(test.clock.at, HOUR))).toBe(1);
  expect(test.writer.audited).toContain('network-reported');
  await desk.report('262-1', 'LOW', ANN);
  expect(test.state.hints.shareAt(CARRIER, test.clock.at)).toBe(1);
});

it('nothing begins on a network that has nothing to spare, not even on an empty carrier', async () => {
  const own = new TestEngine().withFirmware().withDevices('d');
  own.state.hints.put('x', [{ ...hint(0), from: own.clock.at, until: plus(own.clock.at, HOUR) }]);
  await own.running({ schedule: { appointments: 'Never' } });
  expect(own.update()).toMatchObject({ state: 'waiting', reason: { code: 'CELL_BUDGET' } });
});
