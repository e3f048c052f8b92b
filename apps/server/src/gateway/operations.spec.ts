import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CoapEndpoint, type CoapOutput } from '@drover/coap';
import { Endpoint, Instant } from '@drover/kernel';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import { SystemEntropy } from '@drover/platform';
import { LockstepDevice } from '@drover/testkit';
import { Operations, type Correlated, type Operation, type Outcome } from './operations.ts';
import type { Registered } from './registry.ts';

let socket: Socket;
let device: LockstepDevice;
let operations: Operations;
let registered: Registered;

const now = (): number => performance.now();

beforeEach(async () => {
  socket = createSocket('udp4');
  const coap = new CoapEndpoint((output: CoapOutput) => {
    if (output.type === 'datagram') socket.send(output.bytes, Number(output.peer.split(':')[1]), '127.0.0.1');
    else if (output.type === 'response') (output.handle.correlation as Correlated).onResponse(output.response, 0);
    else if (output.type === 'notification') (output.handle.correlation as Correlated).onNotification?.(output.response);
    else if (output.type === 'failed') (output.handle.correlation as Correlated).onFailed();
  }, new SystemEntropy());
  socket.on('message', (bytes, { port }) => coap.receive(`127.0.0.1:${port}`, bytes, now()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  device = await LockstepDevice.start(`127.0.0.1:${socket.address().port}`);
  operations = new Operations(coap, now);
  registered = {
    endpoint: Endpoint('d'),
    lifetimeS: 300,
    lwm2mVersion: '1.1',
    binding: 'U',
    queueMode: false,
    objects: [],
    rootPath: '/',
    links: '',
    contentFormats: [],
    location: 'x',
    peer: device.address,
    refreshedAt: Instant(0),
  };
});
afterEach(() => {
  device.close();
  socket.close();
});

const outcomeOf = (operation: Operation, change: Partial<Registered> = {}): Promise<Outcome> =>
  new Promise((done) => operations.perform({ ...registered, ...change }, operation, { done }));

describe('each operation is the request the standard names', () => {
  it.each<[string, Operation, string, number | undefined]>([
    ['Read', { type: 'read', path: '/3/0' }, 'GET /3/0', undefined],
    ['Discover', { type: 'discover', path: '/5/0' }, 'GET /5/0', CONTENT_FORMAT.LINK],
    ['Observe', { type: 'observe', path: '/5/0/3' }, 'GET /5/0/3 observe', undefined],
    ['Execute', { type: 'execute', path: '/5/0/2' }, 'POST /5/0/2', undefined],
    ['Write', { type: 'write', path: '/5/0/1', format: CONTENT_FORMAT.TEXT, value: 'coap://x' }, 'PUT /5/0/1 coap://x', undefined],
    ['Write of nothing resets', { type: 'write', path: '/5/0/1', format: CONTENT_FORMAT.TEXT, value: '' }, 'PUT /5/0/1 ', undefined],
  ])('%s', async (_name, operation, text, accept) => {
    const outcome = outcomeOf(operation);
    const asked = await device.next();
    expect([asked.text, asked.request.options.accept]).toEqual([text, accept]);
    asked.reply('2.04');
    expect(await outcome).toMatchObject({ type: 'answer', code: '2.04' });
  });
});

it.each([
  ['1.0', [], CONTENT_FORMAT.TLV],
  ['1.1', [], undefined],
  ['1.1', [60, 112], CONTENT_FORMAT.SENML_CBOR],
  ['1.1', [11_542], CONTENT_FORMAT.TLV],
  ['1.2', [11_544], CONTENT_FORMAT.LWM2M_CBOR],
  ['1.0', [11_543], CONTENT_FORMAT.LWM2M_JSON],
  ['1.1', [11_543], undefined],
] as const)('reads an instance of a %s device that announces %j with Accept %s', async (lwm2mVersion, contentFormats, accept) => {
  const outcome = outcomeOf({ type: 'read', path: '/3/0' }, { lwm2mVersion, contentFormats });
  const asked = await device.next();
  expect(asked.request.options.accept).toBe(accept);
  asked.reply('2.05', [{ path: '/3/0/3', value: '1.0' }]);
  expect(await outcome).toMatchObject({ values: [{ path: '/3/0/3', value: '1.0' }] });
});

it('asks again without Accept when the format is not acceptable', async () => {
  const outcome = outcomeOf({ type: 'read', path: '/3/0' }, { contentFormats: [112] });
  (await device.next()).reply('4.06');
  const again = await device.next();
  expect(again.request.options.accept).toBeUndefined();
  again.reply('2.05', []);
  expect(await outcome).toMatchObject({ code: '2.05' });
});

it('prefixes the alternate path', async () => {
  void outcomeOf({ type: 'execute', path: '/5/0/2' }, { rootPath: '/lwm2m' });
  expect((await device.next()).text).toBe('POST /lwm2m/5/0/2');
});
