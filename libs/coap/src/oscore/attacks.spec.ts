import { beforeEach, describe, expect, it } from '@jest/globals';
import { OscorePair } from '@drover/testkit';
import { CODE, codeText } from '../codes.ts';
import { decodeMessage, encodeMessage, type CoapMessage } from '../message.ts';
import { OPTION, writeOptions } from '../options.ts';
import { encodeOscoreOption, pivOf } from './option.ts';
import { seal } from './sealing.ts';

const { DEVICE, OF_DEVICE, READ, SERVER } = OscorePair;

let pair: OscorePair;
beforeEach(() => void (pair = new OscorePair()));

describe('an attacker', () => {
  /** The same protected message in a datagram of its own. */
  const sentAnew = (bytes: Uint8Array, change: Partial<CoapMessage> = {}): Uint8Array =>
    encodeMessage({ ...decodeMessage(bytes), messageId: 4711, ...change });
  const recorded = (): Uint8Array => {
    pair.deviceAsks();
    const [bytes] = pair.device.sent.splice(0);
    pair.server.take(bytes!, DEVICE);
    expect(pair.server.requests).toHaveLength(1);
    return bytes!;
  };

  it('who replays a request is told so, and nothing is handed out', () => {
    const bytes = recorded();
    pair.server.take(sentAnew(bytes), DEVICE);
    expect([pair.server.requests.length, pair.server.refusals, codeText(pair.server.last.code)]).toEqual([1, ['OSCORE_REPLAY'], '4.01']);
  });

  it('who changes the code outside changes nothing', () => {
    pair.deviceAsks();
    const [bytes] = pair.device.sent.splice(0);
    pair.server.take(sentAnew(bytes!, { code: 3 }), DEVICE);
    expect(pair.server.requests[0]?.request.method).toBe('GET');
  });

  it('who adds options outside adds nothing', () => {
    pair.deviceAsks();
    const message = decodeMessage(pair.device.sent[0]!);
    const path = { number: OPTION.URI_PATH, value: Buffer.from('rd') };
    pair.server.take(
      sentAnew(pair.device.sent[0]!, { options: [...message.options, path].toSorted((a, b) => a.number - b.number) }),
      DEVICE,
    );
    expect(pair.server.requests[0]?.request.options.uriPath).toEqual(['3', '0', '3']);
  });

  it('who sends a request back to where it came from finds no context', () => {
    pair.serverAsks();
    const [bytes] = pair.server.sent.splice(0);
    pair.server.take(bytes!, DEVICE);
    expect([pair.server.requests.length, pair.server.refusals]).toEqual([0, ['OSCORE_UNKNOWN_CONTEXT']]);
    expect(codeText(pair.server.last.code)).toBe('4.01');
  });

  it('who answers one request with the answer to another is not believed', () => {
    pair.deviceAsks();
    pair.server.take(pair.device.sent.splice(0)[0]!, DEVICE);
    const answer = decodeMessage(pair.server.sent.splice(0)[0]!);
    pair.device.take(encodeMessage({ ...answer }), SERVER);
    pair.deviceAsks({ ...READ, path: ['3', '0', '9'] });
    const { token, messageId } = decodeMessage(pair.device.sent.splice(0)[0]!);
    pair.device.take(encodeMessage({ ...answer, token, messageId }), SERVER);
    expect(pair.device.answers).toEqual(['2.05 2.4.0', 'unprotected']);
  });

  it('who answers unprotected is not believed', () => {
    pair.deviceAsks();
    const { token, messageId } = decodeMessage(pair.device.sent.splice(0)[0]!);
    pair.device.take(
      encodeMessage({ type: 'ACK', code: CODE.CONTENT, messageId, token, options: [], payload: Buffer.from('9.9.9') }),
      SERVER,
    );
    expect(pair.device.answers).toEqual(['unprotected']);
  });

  it('who protects an answer to a request that was not is not believed', () => {
    pair.deviceAsksPlainly();
    const { token, messageId } = decodeMessage(pair.device.sent.splice(0)[0]!);
    const options = writeOptions({ oscore: new Uint8Array() });
    pair.device.take(encodeMessage({ type: 'ACK', code: CODE.CHANGED, messageId, token, options, payload: new Uint8Array(20) }), SERVER);
    expect(pair.device.answers).toEqual(['rejected']);
  });

  it.each<[string, Uint8Array, string, string]>([
    ['no number', encodeOscoreOption({ kid: OF_DEVICE.senderId }), 'OSCORE_OPTION', '4.02'],
    ['no sender', encodeOscoreOption({ piv: pivOf(1) }), 'OSCORE_UNKNOWN_CONTEXT', '4.01'],
    ['a sender that nobody knows', encodeOscoreOption({ piv: pivOf(1), kid: Uint8Array.of(9) }), 'OSCORE_UNKNOWN_CONTEXT', '4.01'],
    ['reserved flags', Uint8Array.of(0xe1, 1), 'OSCORE_OPTION', '4.02'],
    ['what it did not seal', encodeOscoreOption({ piv: pivOf(9), kid: OF_DEVICE.senderId }), 'OSCORE_DECRYPTION', '4.00'],
  ])('with %s', (_what, oscore, code, answer) => {
    pair.deviceAsks();
    pair.server.take(sentAnew(pair.device.sent[0]!, { options: writeOptions({ oscore }) }), DEVICE);
    expect([pair.server.requests.length, pair.server.refusals, codeText(pair.server.last.code)]).toEqual([0, [code], answer]);
  });

  it('who burns a number that is not his does not lock the device out', () => {
    pair.deviceAsks();
    const [bytes] = pair.device.sent.splice(0);
    const { payload } = decodeMessage(bytes!);
    pair.server.take(sentAnew(bytes!, { payload: payload.map((byte) => byte ^ 1) }), DEVICE);
    pair.server.take(bytes!, DEVICE);
    expect([pair.server.refusals, pair.server.requests.length]).toEqual([['OSCORE_DECRYPTION'], 1]);
  });

  it('who hides a second OSCORE option, or a proxy, inside changes nothing', () => {
    const { keys } = pair.device.named.context;
    const binding = { kid: keys.senderId, piv: pivOf(7) };
    const options = writeOptions({ oscore: Uint8Array.of(9), uriPath: ['a'], proxyUri: 'coap://x' });
    const payload = seal(keys, { code: 1, options, payload: new Uint8Array() }, { id: keys.senderId, piv: binding.piv }, binding);
    const outer = writeOptions({ oscore: encodeOscoreOption(binding) });
    pair.server.take(encodeMessage({ type: 'CON', code: 2, messageId: 1, token: Uint8Array.of(1), options: outer, payload }), DEVICE);
    expect(pair.server.requests[0]?.request.options).toEqual({ uriPath: ['a'], uriQuery: [], locationPath: [] });
  });
});

describe('a device that has moved', () => {
  const ELSEWHERE = '198.51.100.9:4711';

  beforeEach(() => {
    pair.server.homes = [DEVICE];
    pair.deviceAsks();
    pair.carry();
  });

  it('shows that it receives there, and is heard then, once for its next requests', () => {
    for (let round = 0; round < 2; round++) {
      pair.deviceAsks();
      for (let turn = 0; turn < 4; turn++) {
        for (const bytes of pair.device.sent.splice(0)) pair.server.take(bytes, ELSEWHERE);
        for (const bytes of pair.server.sent.splice(0)) pair.device.take(bytes, SERVER);
      }
    }
    expect(pair.server.requests.map(({ peer }) => peer.slice(peer.indexOf('@') + 1))).toEqual([DEVICE, ELSEWHERE, ELSEWHERE]);
    expect(pair.device.answers).toEqual(['2.05 2.4.0', '2.05 2.4.0', '2.05 2.4.0']);
  });

  it('is not believed to be where somebody else has put its datagrams, who gets less than three times their bytes', () => {
    pair.deviceAsks();
    const [bytes] = pair.device.sent.splice(0);
    pair.server.take(bytes!, ELSEWHERE);
    expect([pair.server.requests.length, pair.server.transport.isProven(ELSEWHERE, pair.server.now)]).toEqual([1, false]);
    expect(pair.server.sent[0]!.length).toBeLessThan(3 * bytes!.length);
    pair.server.sent.splice(0);
    pair.server.take(encodeMessage({ ...decodeMessage(bytes!), messageId: 5 }), ELSEWHERE);
    expect(pair.server.refusals).toEqual(['OSCORE_REPLAY']);
  });
});
