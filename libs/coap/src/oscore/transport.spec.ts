import { beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@drover/kernel';
import { OscoreSide, SeededEntropy } from '@drover/testkit';
import { CODE, codeText } from '../codes.ts';
import { CoapEndpoint } from '../endpoint.ts';
import type { CoapRequest, IncomingHandle, RequestHandle } from '../endpoint-types.ts';
import { decodeMessage, encodeMessage, type CoapMessage } from '../message.ts';
import { OPTION, writeOptions } from '../options.ts';
import type { OscoreSecret } from './keys.ts';
import { encodeOscoreOption, pivOf } from './option.ts';
import { oscorePeer } from './oscore-peers.ts';
import { innerResponse, protectResponse } from './protection.ts';
import { seal } from './sealing.ts';

const SERVER = '192.0.2.1:5683';
const DEVICE = '192.0.2.2:5683';
const masterSecret = Uint8Array.from({ length: 16 }, (_, at) => 3 * at + 1);
const OF_DEVICE: OscoreSecret = { masterSecret, senderId: Uint8Array.of(0xd1), recipientId: Uint8Array.of(0x5e) };
const OF_SERVER: OscoreSecret = { masterSecret, senderId: Uint8Array.of(0x5e), recipientId: Uint8Array.of(0xd1) };
const READ: CoapRequest = { method: 'GET', path: ['3', '0', '3'], accept: 110 };

let server: OscoreSide;
let device: OscoreSide;

/** Until nobody says anything more. */
function carry(keep: (bytes: Uint8Array, from: 'server' | 'device') => boolean = () => true): void {
  for (;;) {
    const [fromServer, fromDevice] = [server.sent.splice(0), device.sent.splice(0)];
    if (fromServer.length + fromDevice.length === 0) return;
    for (const bytes of fromServer) if (keep(bytes, 'server')) device.take(bytes, SERVER);
    for (const bytes of fromDevice) if (keep(bytes, 'device')) server.take(bytes, DEVICE);
  }
}

const addressFrom = (side: OscoreSide): string => (side === server ? DEVICE : SERVER);
const ask = (side: OscoreSide, request: CoapRequest = READ): RequestHandle =>
  side.transport.request(oscorePeer(side.named.name, addressFrom(side)), request, side.now);
const askPlain = (side: OscoreSide, request: CoapRequest = READ): RequestHandle =>
  side.transport.request(addressFrom(side), request, side.now);

beforeEach(() => {
  server = new OscoreSide(OF_SERVER, 1);
  device = new OscoreSide(OF_DEVICE, 2);
});

describe('a request', () => {
  it('is opened, answered, and the answer is opened', () => {
    ask(server);
    carry();
    expect(device.requests[0]).toMatchObject({
      context: 'context 2',
      request: { method: 'GET', options: { uriPath: ['3', '0', '3'], accept: 110 } },
    });
    expect(server.answers).toEqual(['2.05 2.4.0']);
  });

  it('shows on the wire that it is one, and nothing of what it says; neither does its answer', () => {
    const seen: string[] = [];
    ask(server, { method: 'PUT', path: ['5', '0', '1'], payload: Buffer.from('coap://firmware') });
    carry((bytes) => {
      const { code, options, payload } = decodeMessage(bytes);
      seen.push(`${codeText(code)} ${options.map(({ number }) => number).join()}`);
      expect(Buffer.from(payload).includes('firmware')).toBe(false);
      return true;
    });
    expect(seen).toEqual([`0.02 ${OPTION.OSCORE}`, `2.04 ${OPTION.OSCORE}`]);
  });

  it('that is lost goes out again as it was, and is handed out once', () => {
    ask(server);
    const [first] = server.sent.splice(0);
    server.now += 5000;
    server.transport.advance(server.now);
    expect(server.sent[0]).toEqual(first);
    device.take(first!, SERVER);
    device.sent.splice(0);
    carry();
    expect(device.requests).toHaveLength(1);
    expect(server.answers).toEqual(['2.05 2.4.0']);
  });

  it('of somebody who protects nothing passes without a context', () => {
    askPlain(device);
    carry();
    expect(server.requests).toMatchObject([{ peer: DEVICE, context: undefined }]);
  });

  it('is refused with 4.02 where nobody opens any', () => {
    const said: string[] = [];
    const plain = new CoapEndpoint((output) => {
      if (output.type === 'datagram') said.push(codeText(decodeMessage(output.bytes).code));
      else said.push(output.type);
    }, new SeededEntropy(3));
    ask(server);
    plain.receive(SERVER, server.sent[0]!, 0);
    expect(said).toEqual(['4.02']);
  });

  it('waits for a number that is reserved, sixteen at a time, and goes out when the mark is saved', () => {
    server = new OscoreSide(OF_SERVER, 4, { sendBelow: 0 });
    server.unsaved = [];
    for (let count = 0; count < 17; count++) ask(server);
    expect([server.answers, server.sent, server.unsaved]).toEqual([['overflow'], [], [0]]);
    server.save(0);
    carry();
    expect(server.answers.slice(1)).toEqual(Array.from({ length: 16 }, () => '2.05 2.4.0'));
  });

  it('that waits can be taken back', () => {
    server = new OscoreSide(OF_SERVER, 4, { sendBelow: 0 });
    server.unsaved = [];
    server.transport.cancelRequest(ask(server), server.now);
    server.save(0);
    expect(server.sent).toEqual([]);
  });

  it('of a context that is no more is closed', () => {
    server.contexts.revoked = true;
    ask(server);
    expect([server.answers, server.sent]).toEqual([['closed'], []]);
  });

  it('under way when its context ends is not believed, nor answered under it', () => {
    ask(server);
    const [request] = server.sent.splice(0);
    device.take(request!, SERVER);
    server.contexts.revoked = true;
    server.take(device.sent.splice(0)[0]!, DEVICE);
    expect(server.answers).toEqual(['unprotected']);
    server.answer = () => undefined;
    server.contexts.revoked = false;
    ask(device);
    server.take(device.sent.splice(0)[0]!, DEVICE);
    server.contexts.revoked = true;
    expect(server.transport.respond(server.requests[0]!.handle, { code: CODE.CONTENT }, server.now)).toBe(false);
    expect([codeText(server.last.code), server.last.options.some(({ number }) => number === OPTION.OSCORE)]).toEqual(['4.01', false]);
  });

  it('is handed out under who and where its sender is, and so is the handle of its answer', () => {
    ask(device);
    carry();
    const peer = `oscore:${server.named.name}@${DEVICE}`;
    expect(server.requests[0]).toMatchObject({ peer, handle: { peer } });
    expect(ask(server).peer).toBe(peer);
  });

  it('of one context is forgotten without those of another, or of none, at the same address', () => {
    ask(server);
    askPlain(server);
    server.transport.forgetPeer(oscorePeer('another', DEVICE));
    expect(server.answers).toEqual([]);
    server.transport.forgetPeer(oscorePeer(server.named.name, DEVICE));
    expect(server.answers).toEqual(['forgotten']);
    server.sent.shift(); // It was on its way already.
    carry();
    expect(device.requests).toMatchObject([{ context: undefined }]);
  });
});

describe('an attacker', () => {
  /** The same protected message in a datagram of its own. */
  const sentAnew = (bytes: Uint8Array, change: Partial<CoapMessage> = {}): Uint8Array =>
    encodeMessage({ ...decodeMessage(bytes), messageId: 4711, ...change });
  const recorded = (): Uint8Array => {
    ask(device);
    const [bytes] = device.sent.splice(0);
    server.take(bytes!, DEVICE);
    expect(server.requests).toHaveLength(1);
    return bytes!;
  };

  it('who replays a request is told so, and nothing is handed out', () => {
    const bytes = recorded();
    server.take(sentAnew(bytes), DEVICE);
    expect([server.requests.length, server.refusals, codeText(server.last.code)]).toEqual([1, ['OSCORE_REPLAY'], '4.01']);
  });

  it('who changes the code outside changes nothing', () => {
    ask(device);
    const [bytes] = device.sent.splice(0);
    server.take(sentAnew(bytes!, { code: 3 }), DEVICE);
    expect(server.requests[0]?.request.method).toBe('GET');
  });

  it('who adds options outside adds nothing', () => {
    ask(device);
    const message = decodeMessage(device.sent[0]!);
    const path = { number: OPTION.URI_PATH, value: Buffer.from('rd') };
    server.take(sentAnew(device.sent[0]!, { options: [...message.options, path].toSorted((a, b) => a.number - b.number) }), DEVICE);
    expect(server.requests[0]?.request.options.uriPath).toEqual(['3', '0', '3']);
  });

  it('who sends a request back to where it came from finds no context', () => {
    ask(server);
    const [bytes] = server.sent.splice(0);
    server.take(bytes!, DEVICE);
    expect([server.requests.length, server.refusals]).toEqual([0, ['OSCORE_UNKNOWN_CONTEXT']]);
    expect(codeText(server.last.code)).toBe('4.01');
  });

  it('who answers one request with the answer to another is not believed', () => {
    ask(device);
    server.take(device.sent.splice(0)[0]!, DEVICE);
    const answer = decodeMessage(server.sent.splice(0)[0]!);
    device.take(encodeMessage({ ...answer }), SERVER);
    ask(device, { ...READ, path: ['3', '0', '9'] });
    const { token, messageId } = decodeMessage(device.sent.splice(0)[0]!);
    device.take(encodeMessage({ ...answer, token, messageId }), SERVER);
    expect(device.answers).toEqual(['2.05 2.4.0', 'unprotected']);
  });

  it('who answers unprotected is not believed', () => {
    ask(device);
    const { token, messageId } = decodeMessage(device.sent.splice(0)[0]!);
    device.take(encodeMessage({ type: 'ACK', code: CODE.CONTENT, messageId, token, options: [], payload: Buffer.from('9.9.9') }), SERVER);
    expect(device.answers).toEqual(['unprotected']);
  });

  it('who protects an answer to a request that was not is not believed', () => {
    askPlain(device);
    const { token, messageId } = decodeMessage(device.sent.splice(0)[0]!);
    const options = writeOptions({ oscore: new Uint8Array() });
    device.take(encodeMessage({ type: 'ACK', code: CODE.CHANGED, messageId, token, options, payload: new Uint8Array(20) }), SERVER);
    expect(device.answers).toEqual(['rejected']);
  });

  it.each<[string, Uint8Array, string, string]>([
    ['no number', encodeOscoreOption({ kid: OF_DEVICE.senderId }), 'OSCORE_OPTION', '4.02'],
    ['no sender', encodeOscoreOption({ piv: pivOf(1) }), 'OSCORE_UNKNOWN_CONTEXT', '4.01'],
    ['a sender that nobody knows', encodeOscoreOption({ piv: pivOf(1), kid: Uint8Array.of(9) }), 'OSCORE_UNKNOWN_CONTEXT', '4.01'],
    ['reserved flags', Uint8Array.of(0xe1, 1), 'OSCORE_OPTION', '4.02'],
    ['what it did not seal', encodeOscoreOption({ piv: pivOf(9), kid: OF_DEVICE.senderId }), 'OSCORE_DECRYPTION', '4.00'],
  ])('with %s', (_what, oscore, code, answer) => {
    ask(device);
    server.take(sentAnew(device.sent[0]!, { options: writeOptions({ oscore }) }), DEVICE);
    expect([server.requests.length, server.refusals, codeText(server.last.code)]).toEqual([0, [code], answer]);
  });

  it('who burns a number that is not his does not lock the device out', () => {
    ask(device);
    const [bytes] = device.sent.splice(0);
    const { payload } = decodeMessage(bytes!);
    server.take(sentAnew(bytes!, { payload: payload.map((byte) => byte ^ 1) }), DEVICE);
    server.take(bytes!, DEVICE);
    expect([server.refusals, server.requests.length]).toEqual([['OSCORE_DECRYPTION'], 1]);
  });

  it('who hides a second OSCORE option, or a proxy, inside changes nothing', () => {
    const { keys } = device.named.context;
    const binding = { kid: keys.senderId, piv: pivOf(7) };
    const options = writeOptions({ oscore: Uint8Array.of(9), uriPath: ['a'], proxyUri: 'coap://x' });
    const payload = seal(keys, { code: 1, options, payload: new Uint8Array() }, { id: keys.senderId, piv: binding.piv }, binding);
    const outer = writeOptions({ oscore: encodeOscoreOption(binding) });
    server.take(encodeMessage({ type: 'CON', code: 2, messageId: 1, token: Uint8Array.of(1), options: outer, payload }), DEVICE);
    expect(server.requests[0]?.request.options).toEqual({ uriPath: ['a'], uriQuery: [], locationPath: [] });
  });
});

describe('a device that has moved', () => {
  const ELSEWHERE = '198.51.100.9:4711';

  beforeEach(() => {
    server.homes = [DEVICE];
    ask(device);
    carry();
  });

  it('shows that it receives there, and is heard then, once for its next requests', () => {
    for (let round = 0; round < 2; round++) {
      ask(device);
      for (let turn = 0; turn < 4; turn++) {
        for (const bytes of device.sent.splice(0)) server.take(bytes, ELSEWHERE);
        for (const bytes of server.sent.splice(0)) device.take(bytes, SERVER);
      }
    }
    expect(server.requests.map(({ peer }) => peer.slice(peer.indexOf('@') + 1))).toEqual([DEVICE, ELSEWHERE, ELSEWHERE]);
    expect(device.answers).toEqual(['2.05 2.4.0', '2.05 2.4.0', '2.05 2.4.0']);
  });

  it('is not believed to be where somebody else has put its datagrams, who gets less than three times their bytes', () => {
    ask(device);
    const [bytes] = device.sent.splice(0);
    server.take(bytes!, ELSEWHERE);
    expect([server.requests.length, server.transport.isProven(ELSEWHERE, server.now)]).toEqual([1, false]);
    expect(server.sent[0]!.length).toBeLessThan(3 * bytes!.length);
    server.sent.splice(0);
    server.take(encodeMessage({ ...decodeMessage(bytes!), messageId: 5 }), ELSEWHERE);
    expect(server.refusals).toEqual(['OSCORE_REPLAY']);
  });
});

describe('an observation', () => {
  /** The device tells its observer something, as a server of its own would. */
  const tell = (handle: IncomingHandle, binding: { kid: Uint8Array; piv: Uint8Array }, observe: number): Uint8Array => {
    const inner = innerResponse(CODE.CONTENT, { observe }, Buffer.from(`${observe}`));
    const { oscore, payload } = protectResponse(device.named.context, binding, inner, { ownNumber: true });
    const options = writeOptions({ oscore, observe });
    return encodeMessage({ type: 'NON', code: CODE.CONTENT, messageId: 900 + observe, token: handle.token, options, payload });
  };
  const observed = (): { handle: RequestHandle; incoming: IncomingHandle; binding: { kid: Uint8Array; piv: Uint8Array } } => {
    device.answer = () => ({ code: CODE.CONTENT, options: { observe: 1 }, payload: Buffer.from('1') });
    const handle = ask(server, { ...READ, observe: 0 });
    carry();
    const { handle: incoming } = device.requests.at(-1)!;
    return { handle, incoming, binding: { kid: OF_SERVER.senderId, piv: pivOf(0) } };
  };

  it('is asked for by FETCH, answered by 2.05, and told in the order of its numbers', () => {
    const { incoming, binding } = observed();
    expect(device.requests[0]?.request.options.observe).toBe(0);
    const [first, second, third] = [2, 3, 4].map((observe) => tell(incoming, binding, observe));
    server.take(first!, DEVICE);
    server.take(third!, DEVICE);
    server.take(second!, DEVICE);
    expect(server.notified).toEqual([0, 2]);
  });

  it('is not told twice what was recorded, whatever stands outside', () => {
    const { incoming, binding } = observed();
    const one = tell(incoming, binding, 2);
    server.take(one, DEVICE);
    server.take(tell(incoming, binding, 3), DEVICE);
    const message = decodeMessage(one);
    const options = message.options.map((option) => (option.number === OPTION.OBSERVE ? { ...option, value: Uint8Array.of(99) } : option));
    server.take(encodeMessage({ ...message, messageId: 1, options }), DEVICE);
    expect(server.notified).toEqual([0, 1]);
  });

  it('ends with a number of its own', () => {
    const { handle } = observed();
    device.answer = () => ({ code: CODE.CONTENT, payload: Buffer.from('1') });
    server.transport.cancelObservation(handle, server.now);
    carry();
    expect(device.requests.at(-1)?.request.options.observe).toBe(1);
    expect([device.refusals, server.answers]).toEqual([[], ['2.05 1', '2.05 1']]);
  });

  it('renewed, is told under the old name, sealed for the new request', () => {
    const { handle } = observed();
    server.transport.refreshObservation(handle, server.now);
    carry();
    const { handle: incoming } = device.requests.at(-1)!;
    server.take(tell(incoming, { kid: OF_SERVER.senderId, piv: pivOf(1) }, 5), DEVICE);
    expect(server.notified).toHaveLength(1);
  });
});

describe('a server that has been killed', () => {
  let recorded: Uint8Array;

  beforeEach(() => {
    server = new OscoreSide(OF_SERVER, 1, { sendBelow: 0 });
    ask(device);
    recorded = device.sent[0]!;
    carry();
    expect(device.answers).toEqual(['2.05 2.4.0']);
    server = new OscoreSide(OF_SERVER, 5, server.mark);
  });

  it('does not know what it has received: what was recorded is challenged, not handed out', () => {
    server.take(encodeMessage({ ...decodeMessage(recorded), messageId: 1 }), DEVICE);
    expect([server.requests.length, codeText(server.last.code), server.last.options.map(({ number }) => number)]).toEqual([
      0,
      '2.04',
      [OPTION.OSCORE],
    ]);
  });

  it('challenges when it has a number for it, and not before', () => {
    server.unsaved = [];
    ask(device);
    server.take(device.sent.splice(0)[0]!, DEVICE);
    expect([server.sent.length, server.unsaved.length]).toEqual([0, 1]);
    server.save(server.unsaved[0]!);
    carry();
    expect([server.requests.length, device.answers.at(-1)]).toEqual([1, '2.05 2.4.0']);
  });

  it('hears the device that answers the challenge, once, and what was before no more', () => {
    ask(device);
    const before = device.sent[0]!;
    carry();
    expect(server.requests).toHaveLength(1);
    expect(device.answers).toEqual(['2.05 2.4.0', '2.05 2.4.0']);
    server.take(encodeMessage({ ...decodeMessage(before), messageId: 1 }), DEVICE);
    server.take(encodeMessage({ ...decodeMessage(recorded), messageId: 2 }), DEVICE);
    expect([server.requests.length, server.refusals]).toEqual([1, ['OSCORE_REPLAY', 'OSCORE_REPLAY']]);
  });

  it('does not take an answer to the challenge of another address', () => {
    ask(device);
    const [request] = device.sent.splice(0);
    server.take(request!, DEVICE);
    device.take(server.sent.splice(0)[0]!, SERVER);
    server.take(device.sent.splice(0)[0]!, '198.51.100.9:1');
    expect(server.requests).toHaveLength(0);
  });

  it('uses none of its numbers twice', () => {
    const numbers = new Set<string>();
    for (let life = 0; life < 5; life++) {
      server = new OscoreSide(OF_SERVER, 10 + life, server.mark);
      for (let count = 0; count < 7; count++) {
        ask(server);
        carry((bytes, from) => {
          const { value } = decodeMessage(bytes).options.find(({ number }) => number === OPTION.OSCORE)!;
          if (from === 'server') expect(numbers.size).toBe(numbers.add(Buffer.from(value).toString('hex')).size - 1);
          return true;
        });
      }
    }
    expect(numbers.size).toBe(35);
  });
});

it('a third of the datagrams is lost: every request is answered or has failed, and is handed out once', () => {
  const chance = seededRandom(7);
  for (let count = 0; count < 50; count++) ask(server, { method: 'GET', path: [String(count)] });
  for (let step = 0; step < 20_000 && server.answers.length < 16 + 34; step++) {
    for (const side of [server, device]) {
      side.now += 100;
      side.transport.advance(side.now);
    }
    carry(() => chance() > 0.33);
  }
  const paths = device.requests.map(({ request }) => request.options.uriPath[0]);
  expect(new Set(paths).size).toBe(paths.length);
  expect(server.answers).toHaveLength(50);
});
