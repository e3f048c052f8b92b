import { expect, it } from '@jest/globals';
import { Endpoint } from '@drover/kernel';
import { aDeviceRecord } from '@drover/testkit';
import { NOW, TestEngine } from '../../../../test/support/engine.ts';
import { draft } from './audit-drafts.ts';
import type { UnitOfWork } from './unit-of-work.ts';

const read = (name: string) => ({ type: 'read-facts', endpoint: Endpoint(name) }) as const;
const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('sends only after the commit', async () => {
  const { engine, writer, link } = new TestEngine();
  writer.hold();
  const done = engine.change((unit) => unit.send(read('d')));
  await turnOfTheLoop();
  expect(link.sent).toEqual([]);
  writer.release();
  await done;
  expect(link.sent).toEqual([read('d')]);
});

it('sends nothing of a commit that failed, and says so', async () => {
  const { engine, writer, link } = new TestEngine();
  writer.fails = new TypeError('disk');
  await expect(engine.change((unit) => unit.send(read('d')))).rejects.toBe(writer.fails);
  expect(link.sent).toEqual([]);
});

it('writes and sends nothing of a decision that was not reached', async () => {
  const { engine, writer, link } = new TestEngine();
  const decide = (unit: UnitOfWork): never => {
    unit.send(read('d'));
    throw new TypeError('undecided');
  };
  await expect(engine.change(decide)).rejects.toThrow('undecided');
  expect([writer.commits, link.sent]).toEqual([[], []]);
});

it('keeps the order of changes, in the file and on the link', async () => {
  const { engine, writer, link } = new TestEngine();
  writer.hold();
  const both = Promise.all(['a', 'b'].map((name) => engine.change((unit) => unit.send(read(name)))));
  writer.release();
  await both;
  expect(link.sent).toEqual([read('a'), read('b')]);
});

it('commits no change that changes nothing', async () => {
  const { engine, writer } = new TestEngine();
  expect(await engine.change(() => 7)).toBe(7);
  expect(writer.commits).toEqual([]);
});

it('shows a change in memory at once, and hands its rows and events to one commit', async () => {
  const { engine, writer, state } = new TestEngine();
  const device = aDeviceRecord('d');
  writer.hold();
  const done = engine.change((unit) => {
    unit.putDevice(device);
    unit.note(device.namespace, device.endpoint, 'seen', { by: 'test' });
    unit.audit(draft('device-registered', unit.now, { namespace: device.namespace, endpoint: 'd' }, {}));
  });
  expect(state.devices.get(device.endpoint)).toBe(device);
  writer.release();
  await done;
  expect(writer.commits).toMatchObject([
    { changes: { devices: [device], timeline: [{ kind: 'seen', at: NOW }] }, events: [{ type: 'device-registered', source: 'engine' }] },
  ]);
});
