import { beforeEach, describe, expect, it } from '@jest/globals';
import { OscorePair } from '@drover/testkit';
import { CODE } from '../codes.ts';
import type { IncomingHandle, RequestHandle } from '../endpoint-types.ts';
import { decodeMessage, encodeMessage } from '../message.ts';
import { OPTION, writeOptions } from '../options.ts';
import { pivOf } from './option.ts';
import { innerResponse, protectResponse } from './protection.ts';

const { DEVICE, OF_SERVER, READ } = OscorePair;

let pair: OscorePair;
beforeEach(() => void (pair = new OscorePair()));

describe('an observation', () => {
  /** The device tells its observer something, as a server of its own would. */
  const tell = (handle: IncomingHandle, binding: { kid: Uint8Array; piv: Uint8Array }, observe: number): Uint8Array => {
    const inner = innerResponse(CODE.CONTENT, { observe }, Buffer.from(`${observe}`));
    const { oscore, payload } = protectResponse(pair.device.named.context, binding, inner, { ownNumber: true });
    const options = writeOptions({ oscore, observe });
    return encodeMessage({ type: 'NON', code: CODE.CONTENT, messageId: 900 + observe, token: handle.token, options, payload });
  };
  const observed = (): { handle: RequestHandle; incoming: IncomingHandle; binding: { kid: Uint8Array; piv: Uint8Array } } => {
    pair.device.answer = () => ({ code: CODE.CONTENT, options: { observe: 1 }, payload: Buffer.from('1') });
    const handle = pair.serverAsks({ ...READ, observe: 0 });
    pair.carry();
    const { handle: incoming } = pair.device.requests.at(-1)!;
    return { handle, incoming, binding: { kid: OF_SERVER.senderId, piv: pivOf(0) } };
  };

  it('is asked for by FETCH, answered by 2.05, and told in the order of its numbers', () => {
    const { incoming, binding } = observed();
    expect(pair.device.requests[0]?.request.options.observe).toBe(0);
    const [first, second, third] = [2, 3, 4].map((observe) => tell(incoming, binding, observe));
    pair.server.take(first!, DEVICE);
    pair.server.take(third!, DEVICE);
    pair.server.take(second!, DEVICE);
    expect(pair.server.notified).toEqual([0, 2]);
  });

  it('is not told twice what was recorded, whatever stands outside', () => {
    const { incoming, binding } = observed();
    const one = tell(incoming, binding, 2);
    pair.server.take(one, DEVICE);
    pair.server.take(tell(incoming, binding, 3), DEVICE);
    const message = decodeMessage(one);
    const options = message.options.map((option) => (option.number === OPTION.OBSERVE ? { ...option, value: Uint8Array.of(99) } : option));
    pair.server.take(encodeMessage({ ...message, messageId: 1, options }), DEVICE);
    expect(pair.server.notified).toEqual([0, 1]);
  });

  it('ends with a number of its own', () => {
    const { handle } = observed();
    pair.device.answer = () => ({ code: CODE.CONTENT, payload: Buffer.from('1') });
    pair.server.transport.cancelObservation(handle, pair.server.now);
    pair.carry();
    expect(pair.device.requests.at(-1)?.request.options.observe).toBe(1);
    expect([pair.device.refusals, pair.server.answers]).toEqual([[], ['2.05 1', '2.05 1']]);
  });

  it('renewed, is told under the old name, sealed for the new request', () => {
    const { handle } = observed();
    pair.server.transport.refreshObservation(handle, pair.server.now);
    pair.carry();
    const { handle: incoming } = pair.device.requests.at(-1)!;
    pair.server.take(tell(incoming, { kid: OF_SERVER.senderId, piv: pivOf(1) }, 5), DEVICE);
    expect(pair.server.notified).toHaveLength(1);
  });
});
