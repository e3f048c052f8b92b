import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { outlookOf, type Outlook, type OutlookOptions, type OutlookProgress } from '@drover/schedule';
import { TestEngine } from '../../../../test/support/engine.ts';
import { ForecastDesk } from './forecast-desk.ts';
import type { ForecastTicket } from './forecast-ticket.ts';
import { OutlookRunner, type OutlookStart, type Running } from './outlook-thread.ts';
import type { OutlookSource } from './snapshot-maker.ts';

/** Computes when it is told to. */
class HandRunner extends OutlookRunner {
  readonly started: { start: OutlookStart; tell: (progress: OutlookProgress) => void; finish: () => void; fail: (error: Error) => void }[] =
    [];
  stopped = 0;

  run(start: OutlookStart, tell: (progress: OutlookProgress) => void): Running {
    let stop!: () => void;
    const result = new Promise<Outlook>((resolve, reject) => {
      const finish = (): void => {
        const computing = outlookOf(start.snapshot, start.options);
        for (let next = computing.next(); ; next = computing.next()) if (next.done) return resolve(next.value);
      };
      stop = () => {
        this.stopped += 1;
        reject(new TypeError('stopped'));
      };
      this.started.push({ start, tell, finish, fail: reject });
    });
    return { result, stop };
  }
}

let test: TestEngine;
let runner: HandRunner;
let desk: ForecastDesk;
let source: OutlookSource;
let wall = 0;

beforeEach(async () => {
  test = new TestEngine().withFirmware().withDevices('a', 'b');
  source = await test.running();
  runner = new HandRunner();
  wall = 0;
  desk = new ForecastDesk({ engine: test.engine, runner, entropy: test.entropy, wallNow: () => wall });
});
afterEach(() => desk.onModuleDestroy());

function ask(campaign = 'c', options: Partial<OutlookOptions> = {}, isPlan = false): ForecastTicket {
  return desk.ask({ namespace: 'default', campaign, isPlan, source, options: { runs: 2, seed: 1, ...options }, assumes: [] });
}
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};
const statesOf = (...tickets: ForecastTicket[]): string[] => tickets.map(({ state }) => state);

it('goes from the question to the answer, and tells how far it is', async () => {
  const ticket = ask();
  expect(statesOf(ticket)).toEqual(['collecting']);
  await turns();
  expect(statesOf(ticket)).toEqual(['running']);
  expect(runner.started[0]!.start.snapshot.size).toBe(2);
  const news = ticket.newerThan(ticket.revision, 10_000);
  runner.started[0]!.tell({ done: 1, of: 2 });
  await news;
  expect(ticket.progress).toEqual({ done: 1, of: 2 });
  runner.started[0]!.finish();
  await turns();
  expect([ticket.state, ticket.outlook?.devices.feasible, ticket.source]).toEqual(['done', 2, undefined]);
  expect(desk.latest('default', 'c')).toBe(ticket);
  expect(desk.find(ticket.asked.id)).toBe(ticket);
});

it('one a campaign: the same question joins, another one is refused until it is over', async () => {
  const first = ask();
  expect(ask()).toBe(first);
  expect(() => ask('c', { runs: 3 })).toThrow(expect.objectContaining({ code: 'FORECAST_UNDER_WAY', kind: 'conflict' }));
  expect(ask('c', {}, true)).not.toBe(first);
  desk.cancel(first);
  expect(ask('c', { runs: 3 })).not.toBe(first);
  await turns();
});

it('one at a time, the others wait in a line that has an end', async () => {
  const all = Array.from({ length: 9 }, (_, index) => ask(`c${index}`));
  expect(() => ask('one-more')).toThrow(expect.objectContaining({ code: 'FORECAST_QUEUE_FULL', kind: 'transport' }));
  await turns();
  expect(statesOf(...all.slice(0, 3))).toEqual(['running', 'queued', 'queued']);
  runner.started[0]!.finish();
  await turns();
  expect(statesOf(...all.slice(0, 3))).toEqual(['done', 'running', 'queued']);
  expect(runner.started).toHaveLength(2);
  ask('one-more');
});

describe('is given up', () => {
  it('when somebody takes it back, running or not', async () => {
    const [running, queued, next] = [ask('x'), ask('y'), ask('z')];
    await turns();
    desk.cancel(queued);
    desk.cancel(running);
    await turns();
    expect(statesOf(running, queued, next)).toEqual(['cancelled', 'cancelled', 'running']);
    expect(runner.stopped).toBe(1);
  });

  it('when nobody has asked for it for half a minute', async () => {
    const [left, kept] = [ask('x'), ask('y')];
    await turns();
    wall = 20_000;
    desk.find(kept.asked.id);
    wall = 31_000;
    desk.tick();
    await turns();
    expect(statesOf(left, kept)).toEqual(['cancelled', 'running']);
  });

  it('not while somebody waits for news', async () => {
    const ticket = ask();
    await turns();
    const news = ticket.newerThan(ticket.revision, 60_000);
    wall = 50_000;
    desk.tick();
    expect(ticket.state).toBe('running');
    desk.cancel(ticket);
    await news;
  });

  it('who has gone does not wait any more', async () => {
    const ticket = ask();
    await turns();
    const client = new AbortController();
    const news = desk.news(ticket, { after: ticket.revision, ms: 60_000 }, client.signal);
    wall = 25_000;
    desk.tick();
    client.abort();
    await news;
    wall = 31_000;
    desk.tick();
    await turns();
    expect(ticket.state).toBe('cancelled');
  });

  it('when the server stops', async () => {
    const [running, queued] = [ask('x'), ask('y')];
    await turns();
    desk.onModuleDestroy();
    await turns();
    expect([...statesOf(running, queued), runner.stopped, runner.started.length]).toEqual(['cancelled', 'cancelled', 1, 1]);
    expect(() => ask('z')).toThrow(expect.objectContaining({ code: 'FORECAST_QUEUE_FULL' }));
  });
});

it('a computation that fails is told, and the next one goes on', async () => {
  const [broken, next] = [ask('x'), ask('y')];
  await turns();
  runner.started[0]!.fail(new TypeError('out of memory'));
  await turns();
  expect([broken.state, broken.failure?.code, next.state]).toEqual(['failed', 'FORECAST_FAILED', 'running']);
});

it('keeps the last answers and forgets older ones', async () => {
  const first = ask('first');
  desk.cancel(first);
  for (let index = 0; index < 64; index++) desk.cancel(ask(`c${index}`));
  expect(() => desk.find(first.asked.id)).toThrow(expect.objectContaining({ code: 'FORECAST_NOT_FOUND', kind: 'missing' }));
  expect(desk.latest('default', 'c63').state).toBe('cancelled');
  expect(() => desk.latest('other', 'c63')).toThrow(expect.objectContaining({ code: 'FORECAST_NOT_FOUND' }));
});
