import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Endpoint } from '@drover/kernel';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { LockstepDevice } from '@drover/testkit';
import { ENDPOINT, firmwareObject, GatewayBench, TOKEN } from '../../../../test/support/gateway.ts';
import { DeviceClasses, NO_CLASS } from './device-classes.ts';
import { Pauses } from './pauses.ts';

describe('which class a device has', () => {
  const [a, b] = [Endpoint('a'), Endpoint('b')];
  const classes = new DeviceClasses();
  classes.handle({ type: 'device-classes', classes: [{ key: 'ns/x', awakeMs: 1 }, { key: 'ns/y' }] });
  classes.handle({ type: 'classify', key: 'ns/x', endpoints: [a, b] });

  it('is one object for all of them, which changes for all at once', () => {
    expect(classes.of(a)).toBe(classes.of(b));
    classes.handle({ type: 'device-classes', classes: [{ key: 'ns/x', awakeMs: 2 }, { key: 'ns/y' }] });
    expect([classes.of(a).awakeMs, classes.of(b).awakeMs]).toEqual([2, 2]);
  });

  it('changes device by device, and is none when the class is gone', () => {
    classes.handle({ type: 'classify', key: 'ns/y', endpoints: [b] });
    expect(classes.of(b)).toEqual({ key: 'ns/y' });
    classes.handle({ type: 'device-classes', classes: [{ key: 'ns/y' }] });
    expect(classes.of(a)).toBe(NO_CLASS);
    classes.handle({ type: 'classify', key: undefined, endpoints: [a, b] });
    expect([classes.of(b), classes.size]).toEqual([NO_CLASS, 0]);
  });

  it('of the engine that nobody has told of is none', () => {
    classes.handle({ type: 'classify', key: 'ns/unheard-of', endpoints: [a] });
    expect(classes.of(a)).toBe(NO_CLASS);
  });
});

it('a pause ends by itself', () => {
  const pauses = new Pauses();
  pauses.begin(ENDPOINT, 500, 1000);
  expect([1000, 1400, 1500, 1600].map((now) => pauses.left(ENDPOINT, now))).toEqual([500, 100, 0, 0]);
  pauses.begin(ENDPOINT, 0, 2000);
  expect(pauses.left(ENDPOINT, 2000)).toBe(0);
});

let bench: GatewayBench;
beforeEach(async () => void (bench = await GatewayBench.start()));
afterEach(() => bench.close());

describe('a Register of a class that knows Echo', () => {
  it('is asked to show its address, and goes on by itself', async () => {
    bench.classify({ echo: true });
    expect(await bench.register()).toBe('2.01');
    expect(bench.sent.slice(0, 2)).toEqual(['4.01', '2.01']);
    await bench.answerReads();
  });

  it('from where it is already, is not asked again', async () => {
    bench.classify({ echo: true });
    await bench.register();
    await bench.answerReads();
    bench.sent.length = 0;
    expect(await bench.register()).toBe('2.01');
    expect(bench.sent).not.toContain('4.01');
  });

  it('from another address is asked there', async () => {
    await bench.register();
    await bench.answerReads();
    bench.classify({ echo: true });
    bench.sent.length = 0;
    const other = await LockstepDevice.start(bench.address);
    expect(await bench.register(other)).toBe('2.01');
    expect(bench.sent.slice(0, 2)).toEqual(['4.01', '2.01']);
    other.close();
  });

  it('with a quoted name is the same device', async () => {
    bench.classify({ echo: true });
    await bench.device.register([`ep="${ENDPOINT}"`, 'lt=300', 'lwm2m=1.1', 'b=U']);
    expect(bench.sent[0]).toBe('4.01');
  });

  it('without the class is not asked', async () => {
    await bench.register();
    expect(bench.sent[0]).toBe('2.01');
  });
});

describe('a pause after the Register', () => {
  it('keeps everything back, then the reads come', async () => {
    bench.classify({ pauseAfterRegisterMs: 700 });
    const started = performance.now();
    await bench.register();
    expect(await bench.device.isLeftAlone(120)).toBe(true);
    const woken = bench.wakes;
    await bench.device.expect('GET /3/0');
    expect(performance.now() - started).toBeGreaterThanOrEqual(695);
    // Began with a timer and not with a datagram: the timer of its repetitions must be armed all the same.
    expect(bench.wakes).toBeGreaterThan(woken);
  });

  it('an operation of a person waits as well', async () => {
    bench.classify({ pauseAfterRegisterMs: 700 });
    await bench.register();
    const order = { operation: 'read', path: '/1/0/1' } as const;
    bench.gateway.command({ type: 'operate', id: 'a', endpoint: ENDPOINT, order, notAfter: (Date.now() + 60_000) as never });
    expect(await bench.device.isLeftAlone(100)).toBe(true);
    const texts = [(await bench.device.next()).text];
    expect(texts).toEqual(['GET /3/0']);
  });
});

describe('a push', () => {
  const push = async (): Promise<void> => {
    await bench.register();
    await bench.answerReads();
    bench.offer({ method: 'Push' });
    await bench.untilTransfer();
  };
  /** Protocol ms until something of ours is due, right after block 0 went out. */
  const dueIn = (): number => (bench.gateway.wire.nextTimerAt() ?? Number.NaN) - performance.now();

  it.each([
    [undefined, 10_000, 15_000],
    [40_000, 40_000, 60_000],
  ])('block 0 with a first timeout of %s is repeated after %d to %d ms', async (firstBlockTimeoutMs, least, most) => {
    bench.classify({ firstBlockTimeoutMs });
    await push();
    await bench.device.expect('PUT /5/0/0');
    expect(dueIn()).toBeGreaterThan(least - 5000);
    expect(dueIn()).toBeLessThanOrEqual(most);
  });

  it('is cut into the blocks that the offer says', async () => {
    await bench.register();
    await bench.answerReads();
    bench.offer({ method: 'Push', blockSize: 256 });
    await bench.untilTransfer();
    expect((await bench.device.expect('PUT /5/0/0')).request.options.block1).toEqual({ num: 0, more: true, szx: 4 });
  });

  it('a device that is busy is tried again after its own time', async () => {
    bench.classify({ busyRetryMs: 150 });
    await push();
    (await bench.device.expect('PUT /5/0/0')).reply('5.03');
    const said = performance.now();
    await bench.device.expect('PUT /5/0/0');
    expect(performance.now() - said).toBeGreaterThanOrEqual(140);
    expect(performance.now() - said).toBeLessThan(4000);
  });
});

it('a pull is served in the blocks that the offer says, however large the device asks', async () => {
  await bench.register();
  await bench.answerReads();
  bench.offer({ blockSize: 256 });
  await bench.untilTransfer();
  (await bench.device.expect('PUT /5/0/1')).reply('2.04');
  const answer = await bench.device.request({ method: 'GET', path: ['fw', TOKEN], block2: { num: 0, more: false, szx: 6 } });
  expect([answer.options.block2, answer.payload.length]).toEqual([{ num: 0, more: true, szx: 4 }, 256]);
});

describe('timing', () => {
  it('of the first read, which nobody has measured yet', async () => {
    bench.classify({ timing: { ackTimeoutMs: 20_000 } });
    await bench.register();
    await bench.device.expect('GET /3/0');
    const dueIn = (bench.gateway.wire.nextTimerAt() ?? 0) - performance.now();
    expect(dueIn).toBeGreaterThan(15_000);
    expect(dueIn).toBeLessThanOrEqual(30_000);
  });
});

describe('formats', () => {
  it('are asked for in the order of the class', async () => {
    bench.classify({ formats: [CONTENT_FORMAT.TLV, CONTENT_FORMAT.SENML_CBOR] });
    await bench.register();
    const first = await bench.device.expect('GET /3/0');
    expect(first.request.options.accept).toBe(CONTENT_FORMAT.TLV);
    first.reply('4.06');
    const second = await bench.device.expect('GET /3/0');
    expect(second.request.options.accept).toBe(CONTENT_FORMAT.SENML_CBOR);
  });

  it('count before what was learned', async () => {
    await bench.register();
    await bench.answerReads();
    await bench.until(() => bench.told.some(({ type }) => type === 'facts'));
    bench.classify({ formats: [CONTENT_FORMAT.SENML_JSON] });
    bench.gateway.command({ type: 'read-facts', endpoint: ENDPOINT });
    expect((await bench.device.expect('GET /3/0')).request.options.accept).toBe(CONTENT_FORMAT.SENML_JSON);
  });
});

describe('composite requests', () => {
  const operate = (operation: 'read-composite' | 'observe-composite'): void =>
    bench.gateway.command({
      type: 'operate',
      id: 'a',
      endpoint: ENDPOINT,
      order: { operation, paths: ['/3/0/1', '/3/0/3'] },
      notAfter: (Date.now() + 60_000) as never,
    });
  beforeEach(async () => {
    await bench.register();
    await bench.answerReads();
  });

  it.each([
    [undefined, 'FETCH /'],
    [true, 'FETCH /'],
    [false, 'GET /3/0/1'],
  ])('known: %s begins with %s', async (composite, text) => {
    bench.classify({ composite });
    operate('read-composite');
    await bench.device.expect(text);
  });

  it('that have no other way are refused without a word to the device', async () => {
    bench.classify({ composite: false });
    operate('observe-composite');
    await bench.until(() => bench.told.some(({ type }) => type === 'operated'));
    expect(bench.told.at(-1)).toMatchObject({ result: { type: 'failed', failure: 'OPERATION_UNAVAILABLE' } });
    expect(await bench.device.isLeftAlone(50)).toBe(true);
  });
});

describe('the Firmware Update object', () => {
  it.each([
    ['Resource', ['GET /5/0/3 observe']],
    ['None', []],
  ] as const)('is observed by %s', async (observe, expected) => {
    bench.classify({ observe });
    await bench.register();
    await bench.answerReads();
    bench.offer();
    await bench.untilTransfer(expected);
    await bench.device.expect('PUT /5/0/1');
  });
});

it('a notification of State is looked into after the time of the class', async () => {
  bench.classify({ settleMs: 150 });
  await bench.register();
  await bench.answerReads();
  bench.offer();
  await bench.untilTransfer([]);
  const observed = await bench.device.expect('GET /5/0 observe');
  observed.observed(firmwareObject(0, 0));
  (await bench.device.expect('PUT /5/0/1')).reply('2.04');
  observed.notify(firmwareObject(1, 0));
  const said = performance.now();
  await bench.device.expect('GET /5/0');
  expect(performance.now() - said).toBeGreaterThanOrEqual(140);
  expect(performance.now() - said).toBeLessThan(1450);
});

describe('the version', () => {
  it('is a fact from where the class says, which is read when it is in none of the objects', async () => {
    bench.classify({ versionFrom: '/26241/0/1' });
    await bench.register();
    await bench.answerReads();
    (await bench.device.expect('GET /26241/0/1')).reply('2.05', [{ path: '/26241/0/1', value: '7.1' }]);
    await bench.until(() => bench.told.some(({ type }) => type === 'facts'));
    expect(bench.told.at(-1)).toMatchObject({ facts: { firmwareVersion: '7.1', model: 'WM-300' } });
  });

  it('and read there by the update itself', async () => {
    bench.classify({ versionFrom: '/3/0/19' });
    await bench.register();
    await bench.answerReads([
      { path: '/3/0/3', value: '1.0.0' },
      { path: '/3/0/19', value: '9.9' },
    ]);
    await bench.until(() => bench.told.some(({ type }) => type === 'facts'));
    expect(bench.told.at(-1)).toMatchObject({ facts: { firmwareVersion: '9.9', softwareVersion: '9.9' } });
    bench.offer();
    (await bench.device.expect('GET /5/0')).reply('2.05', firmwareObject(0, 0));
    await bench.device.expect('GET /3/0/19');
  });
});

describe('the awake window', () => {
  it.each([
    [150, true],
    [undefined, false],
  ])('of %s ms: a sleeper in a transfer is given up after it: %s', async (awakeMs, isLost) => {
    bench.classify({ awakeMs });
    await bench.register(bench.device, ['b=U', 'Q']);
    await bench.answerReads();
    bench.offer();
    await bench.device.expect('GET /5/0');
    const isGivenUp = (): boolean => bench.facts.some(({ type }) => type === 'session-lost');
    if (isLost) await bench.until(isGivenUp);
    else await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isGivenUp()).toBe(isLost);
  });
});
