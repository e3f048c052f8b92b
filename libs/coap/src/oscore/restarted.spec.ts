import { beforeEach, describe, expect, it } from '@jest/globals';
import { OscorePair } from '@drover/testkit';
import { codeText } from '../codes.ts';
import { decodeMessage, encodeMessage } from '../message.ts';
import { OPTION } from '../options.ts';

const { DEVICE, SERVER } = OscorePair;

let pair: OscorePair;
beforeEach(() => void (pair = new OscorePair()));

describe('a server that has been killed', () => {
  let recorded: Uint8Array;

  beforeEach(() => {
    pair.restartServer(1, { sendBelow: 0 });
    pair.deviceAsks();
    recorded = pair.device.sent[0]!;
    pair.carry();
    expect(pair.device.answers).toEqual(['2.05 2.4.0']);
    pair.restartServer(5, pair.server.mark);
  });

  it('does not know what it has received: what was recorded is challenged, not handed out', () => {
    pair.server.take(encodeMessage({ ...decodeMessage(recorded), messageId: 1 }), DEVICE);
    expect([pair.server.requests.length, codeText(pair.server.last.code), pair.server.last.options.map(({ number }) => number)]).toEqual([
      0,
      '2.04',
      [OPTION.OSCORE],
    ]);
  });

  it('challenges when it has a number for it, and not before', () => {
    pair.server.unsaved = [];
    pair.deviceAsks();
    pair.server.take(pair.device.sent.splice(0)[0]!, DEVICE);
    expect([pair.server.sent.length, pair.server.unsaved.length]).toEqual([0, 1]);
    pair.server.save(pair.server.unsaved[0]!);
    pair.carry();
    expect([pair.server.requests.length, pair.device.answers.at(-1)]).toEqual([1, '2.05 2.4.0']);
  });

  it('hears the device that answers the challenge, once, and what was before no more', () => {
    pair.deviceAsks();
    const before = pair.device.sent[0]!;
    pair.carry();
    expect(pair.server.requests).toHaveLength(1);
    expect(pair.device.answers).toEqual(['2.05 2.4.0', '2.05 2.4.0']);
    pair.server.take(encodeMessage({ ...decodeMessage(before), messageId: 1 }), DEVICE);
    pair.server.take(encodeMessage({ ...decodeMessage(recorded), messageId: 2 }), DEVICE);
    expect([pair.server.requests.length, pair.server.refusals]).toEqual([1, ['OSCORE_REPLAY', 'OSCORE_REPLAY']]);
  });

  it('does not take an answer to the challenge of another address', () => {
    pair.deviceAsks();
    const [request] = pair.device.sent.splice(0);
    pair.server.take(request!, DEVICE);
    pair.device.take(pair.server.sent.splice(0)[0]!, SERVER);
    pair.server.take(pair.device.sent.splice(0)[0]!, '198.51.100.9:1');
    expect(pair.server.requests).toHaveLength(0);
  });

  it('uses none of its numbers twice', () => {
    const numbers = new Set<string>();
    for (let life = 0; life < 5; life++) {
      pair.restartServer(10 + life, pair.server.mark);
      for (let count = 0; count < 7; count++) {
        pair.serverAsks();
        pair.carry((bytes, from) => {
          const { value } = decodeMessage(bytes).options.find(({ number }) => number === OPTION.OSCORE)!;
          if (from === 'server') expect(numbers.size).toBe(numbers.add(Buffer.from(value).toString('hex')).size - 1);
          return true;
        });
      }
    }
    expect(numbers.size).toBe(35);
  });
});
