import { beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@drover/kernel';
import { OscorePair, SeededEntropy } from '@drover/testkit';
import { CODE, codeText } from '../codes.ts';
import { CoapEndpoint } from '../endpoint.ts';
import { decodeMessage } from '../message.ts';
import { OPTION } from '../options.ts';
import { oscorePeer } from './oscore-peers.ts';

const { DEVICE, SERVER } = OscorePair;

let pair: OscorePair;
beforeEach(() => void (pair = new OscorePair()));

describe('a request', () => {
  it('is opened, answered, and the answer is opened', () => {
    pair.serverAsks();
    pair.carry();
    expect(pair.device.requests[0]).toMatchObject({
      context: 'context 2',
      request: { method: 'GET', options: { uriPath: ['3', '0', '3'], accept: 110 } },
    });
    expect(pair.server.answers).toEqual(['2.05 2.4.0']);
  });

  it('shows on the wire that it is one, and nothing of what it says; neither does its answer', () => {
    const seen: string[] = [];
    pair.serverAsks({ method: 'PUT', path: ['5', '0', '1'], payload: Buffer.from('coap://firmware') });
    pair.carry((bytes) => {
      const { code, options, payload } = decodeMessage(bytes);
      seen.push(`${codeText(code)} ${options.map(({ number }) => number).join()}`);
      expect(Buffer.from(payload).includes('firmware')).toBe(false);
      return true;
    });
    expect(seen).toEqual([`0.02 ${OPTION.OSCORE}`, `2.04 ${OPTION.OSCORE}`]);
  });

  it('that is lost goes out again as it was, and is handed out once', () => {
    pair.serverAsks();
    const [first] = pair.server.sent.splice(0);
    pair.server.now += 5000;
    pair.server.transport.advance(pair.server.now);
    expect(pair.server.sent[0]).toEqual(first);
    pair.device.take(first!, SERVER);
    pair.device.sent.splice(0);
    pair.carry();
    expect(pair.device.requests).toHaveLength(1);
    expect(pair.server.answers).toEqual(['2.05 2.4.0']);
  });

  it('of somebody who protects nothing passes without a context', () => {
    pair.deviceAsksPlainly();
    pair.carry();
    expect(pair.server.requests).toMatchObject([{ peer: DEVICE, context: undefined }]);
  });

  it('is refused with 4.02 where nobody opens any', () => {
    const said: string[] = [];
    const plain = new CoapEndpoint((output) => {
      if (output.type === 'datagram') said.push(codeText(decodeMessage(output.bytes).code));
      else said.push(output.type);
    }, new SeededEntropy(3));
    pair.serverAsks();
    plain.receive(SERVER, pair.server.sent[0]!, 0);
    expect(said).toEqual(['4.02']);
  });

  it('waits for a number that is reserved, sixteen at a time, and goes out when the mark is saved', () => {
    pair.restartServer(4, { sendBelow: 0 });
    pair.server.unsaved = [];
    for (let count = 0; count < 17; count++) pair.serverAsks();
    expect([pair.server.answers, pair.server.sent, pair.server.unsaved]).toEqual([['overflow'], [], [0]]);
    pair.server.save(0);
    pair.carry();
    expect(pair.server.answers.slice(1)).toEqual(Array.from({ length: 16 }, () => '2.05 2.4.0'));
  });

  it('that waits can be taken back', () => {
    pair.restartServer(4, { sendBelow: 0 });
    pair.server.unsaved = [];
    pair.server.transport.cancelRequest(pair.serverAsks(), pair.server.now);
    pair.server.save(0);
    expect(pair.server.sent).toEqual([]);
  });

  it('of a context that is no more is closed', () => {
    pair.server.contexts.revoked = true;
    pair.serverAsks();
    expect([pair.server.answers, pair.server.sent]).toEqual([['closed'], []]);
  });

  it('under way when its context ends is not believed, nor answered under it', () => {
    pair.serverAsks();
    const [request] = pair.server.sent.splice(0);
    pair.device.take(request!, SERVER);
    pair.server.contexts.revoked = true;
    pair.server.take(pair.device.sent.splice(0)[0]!, DEVICE);
    expect(pair.server.answers).toEqual(['unprotected']);
    pair.server.answer = () => undefined;
    pair.server.contexts.revoked = false;
    pair.deviceAsks();
    pair.server.take(pair.device.sent.splice(0)[0]!, DEVICE);
    pair.server.contexts.revoked = true;
    expect(pair.server.transport.respond(pair.server.requests[0]!.handle, { code: CODE.CONTENT }, pair.server.now)).toBe(false);
    expect([codeText(pair.server.last.code), pair.server.last.options.some(({ number }) => number === OPTION.OSCORE)]).toEqual([
      '4.01',
      false,
    ]);
  });

  it('is handed out under who and where its sender is, and so is the handle of its answer', () => {
    pair.deviceAsks();
    pair.carry();
    const peer = `oscore:${pair.server.named.name}@${DEVICE}`;
    expect(pair.server.requests[0]).toMatchObject({ peer, handle: { peer } });
    expect(pair.serverAsks().peer).toBe(peer);
  });

  it('of one context is forgotten without those of another, or of none, at the same address', () => {
    pair.serverAsks();
    pair.serverAsksPlainly();
    pair.server.transport.forgetPeer(oscorePeer('another', DEVICE));
    expect(pair.server.answers).toEqual([]);
    pair.server.transport.forgetPeer(oscorePeer(pair.server.named.name, DEVICE));
    expect(pair.server.answers).toEqual(['forgotten']);
    pair.server.sent.shift(); // It was on its way already.
    pair.carry();
    expect(pair.device.requests).toMatchObject([{ context: undefined }]);
  });
});

it('a third of the datagrams is lost: every request is answered or has failed, and is handed out once', () => {
  const chance = seededRandom(7);
  for (let count = 0; count < 50; count++) pair.serverAsks({ method: 'GET', path: [String(count)] });
  for (let step = 0; step < 20_000 && pair.server.answers.length < 16 + 34; step++) {
    for (const side of [pair.server, pair.device]) {
      side.now += 100;
      side.transport.advance(side.now);
    }
    pair.carry(() => chance() > 0.33);
  }
  const paths = pair.device.requests.map(({ request }) => request.options.uriPath[0]);
  expect(new Set(paths).size).toBe(paths.length);
  expect(pair.server.answers).toHaveLength(50);
});
