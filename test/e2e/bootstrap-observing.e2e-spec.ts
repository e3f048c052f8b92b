import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import type { OperationView } from '@drover/contracts';
import { CONTENT_FORMAT, encodeContent } from '@drover/lwm2m';
import type { Respond } from '../support/secured-device.ts';
import { api, startServer, untilKnown } from '../support/server.ts';
import { account, aFactoryDevice, apply, bootstraps, comes, registers, until, world } from './bootstrap-world.ts';

// What was observed before a device bootstraps is observed no more after it: its registration, its key and its session are others.

jest.setTimeout(60_000);

beforeAll(async () => {
  world.server = await startServer({ isSecured: true, args: ['--bootstraps-port', '0'] });
  await apply('all', { match: { endpoint: ['*'] }, accounts: [account()] });
});
afterEach(() => world.open.splice(0).forEach((each) => each.close()));
afterAll(() => world.server.stop());

const valued = (value: number, path: string) => ({
  options: { contentFormat: CONTENT_FORMAT.SENML_CBOR },
  payload: encodeContent(CONTENT_FORMAT.SENML_CBOR, [{ path, value }], '/'),
});

it.each([
  ['an object', '/5', '/5/0/3'],
  ['an object instance', '/5/0', '/5/0/3'],
  ['a resource', '/5/0/3', '/5/0/3'],
  ['a resource instance', '/5/0/8/0', '/5/0/8/0'],
])('%s: written attributes, observed, bootstrapped, and no notification is taken any more', async (_what, path, of) => {
  const { endpoint, factory, device: first } = await aFactoryDevice();
  let observations = 0;
  const respond: Respond = (text, { options }) => {
    if (text === `PUT ${path}`) return { code: '2.04' };
    if (text !== `GET ${path}` || options.observe !== 0) return { code: '4.04' };
    observations += 1;
    const { options: format, payload } = valued(0, of);
    return { code: '2.05', options: { ...format, observe: 1 }, payload };
  };
  const before = await registers(endpoint, await bootstraps(first), respond);
  await untilKnown(world.server, endpoint);
  const order = async (to: string, body: object): Promise<string> => {
    const answer = await api<OperationView>(world.server, 'POST', `/devices/${encodeURIComponent(endpoint)}/${to}`, body);
    expect(answer).not.toHaveProperty('body.error');
    return answer.body.id;
  };
  const seen = async (id: string): Promise<OperationView> =>
    (await api<OperationView>(world.server, 'GET', `/devices/${encodeURIComponent(endpoint)}/operations/${id}`)).body;
  const written = await order('changes', { operation: 'write-attributes', path, attributes: { pmin: 1, pmax: 60 } });
  await until(async () => (await seen(written)).state === 'done', 'attributes');
  const observed = await order('inquiries', { operation: 'observe', path });
  await until(async () => (await seen(observed)).state === 'observing', 'an observation');
  before.notify(`GET ${path}`, 2, valued(1, of));
  await until(async () => (await seen(observed)).notifications.length === 1, 'a notification');

  const own = await bootstraps(await comes(factory));
  const after = await registers(endpoint, own, respond);
  await until(async () => (await seen(observed)).state !== 'observing', 'its end');
  const token = before.tokens.get(`GET ${path}`)!;
  before.notify(`GET ${path}`, 3, valued(2, of));
  after.tokens.set(`GET ${path}`, token);
  const heard = after.wire.length;
  after.notify(`GET ${path}`, 3, valued(3, of));
  // Whoever gets a notification that it does not want says so by Reset (RFC 7641 section 3.2).
  await until(() => after.wire.slice(heard).some(({ from }) => from === 'server'), 'an answer');
  expect(await seen(observed)).toMatchObject({ state: 'done', notifications: [{}] });
  expect(observations).toBe(1);
});
