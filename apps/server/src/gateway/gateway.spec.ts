import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { CODE, CoapStreams, codeText, decodeMessage, encodeMessage, writeOptions } from '@drover/coap';
import { Instant } from '@drover/kernel';
import { CONTENT_FORMAT, encodeContent } from '@drover/lwm2m';
import { SeededEntropy } from '@drover/testkit';
import { ENDPOINT, GatewayBench } from '../../../../test/support/gateway.ts';
import { Gateway, type GatewayParts } from './gateway.ts';

const NO_BYTES = new Uint8Array(0);
let bench: GatewayBench;
beforeEach(async () => void (bench = await GatewayBench.start()));
afterEach(() => bench.close());

/** With other sockets. */
async function startOver(change: Partial<GatewayParts>): Promise<GatewayBench> {
  await bench.close();
  return (bench = await GatewayBench.start(change));
}

it('tells a contact and reads what campaigns need', async () => {
  await bench.registered();
  await bench.until(() => bench.told.length >= 2);
  expect(bench.told.map(({ type }) => type)).toEqual(['contact', 'facts']);
  expect(bench.told[1]).toMatchObject({
    facts: { model: 'WM-300', firmwareVersion: '1.0.0', 'update.delivery': 'Both', queueMode: false },
  });
});

it('is deaf until everything is restored: no device hears 4.04 for a location that is about to come back', async () => {
  const sent: Uint8Array[] = [];
  const closed: string[] = [];
  const deaf = new Gateway({
    ...bench.parts,
    sendDatagram: (_peer, bytes) => sent.push(bytes),
    closeStream: (peer) => closed.push(peer),
  });
  const update = encodeMessage({
    type: 'CON',
    code: 2,
    messageId: 1,
    token: Uint8Array.of(1),
    options: writeOptions({ uriPath: ['rd', 'location'] }),
    payload: new Uint8Array(),
  });
  deaf.wire.streamOpened('tcp:192.0.2.1:5', 0, 'server');
  expect(closed).toEqual(['tcp:192.0.2.1:5']);
  deaf.wire.receive('192.0.2.1:5683', update);
  expect(sent).toHaveLength(0);
  deaf.command({
    type: 'restore',
    registrations: [
      {
        endpoint: ENDPOINT,
        location: 'location',
        address: '192.0.2.1:5683',
        lifetimeS: 300,
        lwm2mVersion: '1.1',
        binding: 'U',
        queueMode: false,
        links: '</3/0>',
        refreshedAt: Instant(Date.now()),
      },
    ],
    tokens: [],
  });
  deaf.command({ type: 'open' });
  deaf.wire.receive('192.0.2.1:5683', update);
  expect(sent.map((bytes) => codeText(decodeMessage(bytes).code))).toEqual(['2.04']);
  deaf.close();
});

it('serves a device over TCP: registered, read, updated over another connection, and gone with neither', async () => {
  const [first, second] = ['tcp:192.0.2.1:40000', 'tcp:192.0.2.1:40001'];
  const heard: string[] = [];
  const closed: string[] = [];
  const { gateway, told } = await startOver({
    writeStream: (peer, bytes) => streams.receive(peer, bytes, performance.now()),
    closeStream: (peer) => closed.push(peer),
  });
  const streams: CoapStreams = new CoapStreams((output) => {
    if (output.type === 'datagram') gateway.wire.receive(output.peer, output.bytes);
    else if (output.type === 'response')
      heard.push(`${output.handle.peer} ${codeText(output.response.code)} ${output.response.options.locationPath.join('/')}`);
    else if (output.type === 'request') {
      heard.push(`${output.peer} ${output.request.method} /${output.request.options.uriPath.join('/')}`);
      streams.respond(output.handle, { code: CODE.NOT_FOUND });
    }
  }, new SeededEntropy());
  const connect = (peer: string): void => {
    gateway.wire.streamOpened(peer, 0, 'server');
    streams.opened(peer, 0, 'client');
  };
  const query = [`ep=${ENDPOINT}`, 'lt=300', 'lwm2m=1.1', 'b=T'];
  connect(first);
  streams.request(first, { method: 'POST', path: ['rd'], query, contentFormat: CONTENT_FORMAT.LINK, payload: Buffer.from('</3/0>') }, 0);
  const location =
    heard
      .find((line) => line.includes('2.01'))
      ?.split(' ')[2]
      ?.split('/') ?? [];
  expect(heard).toEqual([expect.stringMatching(/^tcp:192.0.2.1:40000 2.01 rd\/[\w-]{8}$/), `${first} GET /3/0`]);
  gateway.wire.streamClosed(first);
  streams.closed(first);
  connect(second);
  streams.request(second, { method: 'POST', path: location }, 0);
  expect(heard.at(-1)).toBe(`${second} 2.04 `);
  const contacts = told.flatMap((message) => (message.type === 'contact' ? [message] : []));
  expect(contacts.map(({ kind, registration }) => `${kind} ${registration?.address}`)).toEqual([`register ${first}`, `update ${second}`]);
  expect(closed).toEqual([]);
});

it('takes what a device sends on its own as facts', async () => {
  await bench.registered();
  const payload = encodeContent(CONTENT_FORMAT.SENML_CBOR, [{ path: '/3/0/9', value: 55 }], '/');
  const answer = await bench.device.request({ method: 'POST', path: ['dp'], contentFormat: CONTENT_FORMAT.SENML_CBOR, payload });
  expect(codeText(answer.code)).toBe('2.04');
  expect(bench.told.slice(-2)).toMatchObject([
    { type: 'facts', facts: { 'battery.level': 55 } },
    { type: 'contact', kind: 'send' },
  ]);
  const broken = await bench.device.request({
    method: 'POST',
    path: ['dp'],
    contentFormat: CONTENT_FORMAT.SENML_CBOR,
    payload: payload.subarray(0, 5),
  });
  expect(codeText(broken.code)).toBe('4.00');
});

it('answers 4.04 to an Update at a location it does not know', async () => {
  const answer = await bench.device.request({ method: 'POST', path: ['rd', 'gone'] });
  expect(codeText(answer.code)).toBe('4.04');
});

it('answers an empty confirmable message with a reset, and a request for nothing with 4.04', async () => {
  const pinging = createSocket('udp4');
  const [host, port] = bench.address.split(':') as [string, string];
  pinging.send(
    encodeMessage({ type: 'CON', code: CODE.EMPTY, messageId: 0x4711, token: NO_BYTES, options: [], payload: NO_BYTES }),
    Number(port),
    host,
  );
  const [bytes] = (await once(pinging, 'message')) as [Buffer];
  pinging.close();
  expect(decodeMessage(bytes)).toMatchObject({ type: 'RST', code: CODE.EMPTY, messageId: 0x4711 });
  const answer = await bench.device.request({ method: 'GET', path: ['nothing'] });
  expect(answer.code).toBe(CODE.NOT_FOUND);
});
