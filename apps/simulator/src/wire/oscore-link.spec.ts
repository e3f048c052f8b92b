import { beforeEach, describe, expect, it } from '@jest/globals';
import { CODE, codeText, decodeMessage, encodeMessage, emptyMessage, writeOptions, type CoapMessage } from '@drover/coap';
import { OscoreSide } from '@drover/testkit';
import { DeviceContext, OscoreLink } from './oscore-link.ts';

const masterSecret = Uint8Array.from({ length: 16 }, (_, at) => 3 * at + 1);
const [DEVICE_ID, SERVER_ID] = [Uint8Array.of(0xd1), Uint8Array.of(0x5e)];
const DEVICE = '192.0.2.2:5683';

let server: OscoreSide;
let link: OscoreLink;
let air: Uint8Array[];
let heard: CoapMessage[];

beforeEach(() => {
  server = new OscoreSide({ masterSecret, senderId: SERVER_ID, recipientId: DEVICE_ID }, 1);
  [air, heard] = [[], []];
  link = new OscoreLink({
    key: new DeviceContext({ masterSecret, senderId: DEVICE_ID, recipientId: SERVER_ID }),
    transmit: (bytes) => void air.push(bytes),
    deliver: (bytes) => void heard.push(decodeMessage(bytes)),
  });
});

const asked = (messageId: number): Uint8Array =>
  encodeMessage({
    type: 'CON',
    code: CODE_GET,
    messageId,
    token: Uint8Array.of(messageId),
    options: writeOptions({ uriPath: ['rd'] }),
    payload: new Uint8Array(0),
  });
const CODE_GET = 1;

function toServer(): void {
  for (const bytes of air.splice(0)) server.take(bytes, DEVICE);
}

function toDevice(): void {
  for (const bytes of server.sent.splice(0)) link.receive(bytes);
}

describe('a request of the device', () => {
  it('is protected, and its answer is heard under the message id that it has', () => {
    link.send(asked(7));
    toServer();
    toDevice();
    expect(server.requests).toMatchObject([{ request: { method: 'GET', options: { uriPath: ['rd'] } } }]);
    expect(heard).toMatchObject([{ type: 'ACK', messageId: 7, code: CODE.CONTENT }]);
  });

  it('goes out again as it did before', () => {
    link.send(asked(7));
    link.send(asked(7));
    expect(air[1]).toEqual(air[0]);
  });

  it('that is challenged is made again with what it was given, and only its answer is heard', () => {
    server = new OscoreSide({ masterSecret, senderId: SERVER_ID, recipientId: DEVICE_ID }, 1, { sendBelow: 0 });
    link.send(asked(7));
    for (let turn = 0; turn < 2; turn++) {
      toServer();
      toDevice();
    }
    expect(server.requests).toHaveLength(1);
    expect(heard.map(({ messageId, code }) => `${messageId} ${codeText(code)}`)).toEqual(['7 2.05']);
  });

  it('that is answered by somebody without the context is not heard, but as an error', () => {
    link.send(asked(7));
    const { token, messageId } = decodeMessage(air[0]!);
    for (const code of [CODE.CONTENT, CODE.UNAUTHORIZED])
      link.receive(encodeMessage({ type: 'ACK', code, messageId, token, options: [], payload: new Uint8Array(0) }));
    expect(heard.map(({ code }) => codeText(code))).toEqual(['4.01']);
  });
});

describe('a request of the server', () => {
  const answer = ({ messageId, token }: CoapMessage, text: string): Uint8Array =>
    encodeMessage({ type: 'ACK', code: CODE.CONTENT, messageId, token, options: [], payload: Buffer.from(text) });
  const asks = (): void =>
    void server.transport.request(`oscore:${server.named.name}@${DEVICE}`, { method: 'GET', path: ['3'] }, server.now);

  it('is opened, and answered once: a copy gets the same bytes and is not heard', () => {
    asks();
    const [bytes] = server.sent.splice(0);
    link.receive(bytes!);
    link.send(answer(heard[0]!, 'a'));
    link.receive(bytes!);
    expect([heard.length, air.length]).toEqual([1, 2]);
    expect(air[1]).toEqual(air[0]);
    toServer();
    expect(server.answers).toEqual(['2.05 a']);
  });

  it('that is recorded and sent anew is not heard', () => {
    asks();
    const [bytes] = server.sent.splice(0);
    link.receive(bytes!);
    link.receive(encodeMessage({ ...decodeMessage(bytes!), messageId: 999 }));
    expect(heard).toHaveLength(1);
  });

  it('without protection is not heard', () => {
    link.receive(asked(9));
    expect(heard).toEqual([]);
  });
});

it('what is empty passes as it is', () => {
  link.send(emptyMessage('ACK', 5));
  link.receive(emptyMessage('RST', 6));
  expect([air.map((bytes) => decodeMessage(bytes).messageId), heard.map(({ messageId }) => messageId)]).toEqual([[5], [6]]);
});
