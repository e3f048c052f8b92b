import { describe, expect, it } from '@jest/globals';
import { EndpointBench, PEER, READ } from '@drover/testkit';
import { CODE, writeOptions } from './index.ts';
import type { CoapMessage } from './index.ts';
import { NO_BYTES } from './message.ts';

describe('observations', () => {
  const observing = (): { bench: EndpointBench; request: CoapMessage } => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, { ...READ, observe: 0 }, bench.now);
    const request = bench.last();
    bench.answer(request, CODE.CONTENT, { options: { observe: 10 } });
    return { bench, request };
  };
  const notify = (
    bench: EndpointBench,
    request: CoapMessage,
    observe: number | undefined,
    messageId: number,
    code: number = CODE.CONTENT,
  ): void => bench.answer(request, code, { type: 'CON', messageId, options: { observe }, payload: `n${messageId}` });

  it('match by token for as long as they live, newest only, and acknowledge every CON', () => {
    const { bench, request } = observing();
    notify(bench, request, 12, 1);
    notify(bench, request, 11, 2);
    notify(bench, request, 12, 1);
    bench.now += 200_000;
    notify(bench, request, 3, 3);
    expect(bench.events()).toEqual(['response 2.05', 'notification 2.05 n1', 'notification 2.05 n3']);
    expect(
      bench
        .sent()
        .slice(1)
        .map(({ type, messageId }) => `${type} ${messageId}`),
    ).toEqual(['ACK 1', 'ACK 2', 'ACK 1', 'ACK 3']);
  });

  it.each([
    [undefined, CODE.CONTENT],
    [13, CODE.NOT_FOUND],
  ])('end with a notification of Observe %s and code %d', (observe, code) => {
    const { bench, request } = observing();
    notify(bench, request, observe, 1, code);
    expect(bench.outputs.at(-1)).toMatchObject({ type: 'notification', ended: true });
    notify(bench, request, 14, 2);
    expect(bench.last()).toMatchObject({ type: 'RST', messageId: 2 });
  });

  it('are not there when the device does not say so', () => {
    const bench = new EndpointBench();
    bench.endpoint.request(PEER, { ...READ, observe: 0 }, bench.now);
    const request = bench.last();
    bench.answer(request, CODE.CONTENT);
    notify(bench, request, 1, 1);
    expect(bench.last()).toMatchObject({ type: 'RST', messageId: 1 });
  });

  it('are cancelled with the same token and Observe 1', () => {
    const { bench, request } = observing();
    const { handle } = bench.outputs.find((output) => output.type === 'response')!;
    expect(bench.endpoint.cancelObservation(handle as never, bench.now)).toBeDefined();
    expect(bench.last()).toMatchObject({ type: 'CON', code: 1, token: request.token });
    expect(bench.last().options[0]).toEqual({ number: 6, value: Uint8Array.of(1) });
    bench.answer(bench.last(), CODE.CONTENT);
    notify(bench, request, 20, 5);
    expect(bench.last()).toMatchObject({ type: 'RST', messageId: 5 });
  });

  it('are registered anew with the same token, and told under the old handle (RFC 7641 section 3.3.1)', () => {
    const { bench, request } = observing();
    const first = bench.outputs.find((output) => output.type === 'response')!.handle;
    expect(bench.endpoint.refreshObservation(first as never, bench.now)).toBeDefined();
    expect(bench.last()).toMatchObject({ type: 'CON', code: 1, token: request.token });
    expect(bench.last().options[0]).toEqual({ number: 6, value: NO_BYTES });
    bench.answer(bench.last(), CODE.CONTENT, { options: { observe: 30 } });
    notify(bench, request, 31, 6);
    const notification = bench.outputs.findLast((output) => output.type === 'notification')!;
    expect(notification.handle).toBe(first);
  });

  it('that the device refuses to register anew are over', () => {
    const { bench, request } = observing();
    const first = bench.outputs.find((output) => output.type === 'response')!.handle;
    bench.endpoint.refreshObservation(first as never, bench.now);
    bench.answer(bench.last(), CODE.NOT_FOUND);
    notify(bench, request, 31, 6);
    expect(bench.last()).toMatchObject({ type: 'RST', messageId: 6 });
    expect(bench.endpoint.refreshObservation(first as never, bench.now)).toBeUndefined();
  });

  it('from another peer are refused', () => {
    const { bench, request } = observing();
    bench.receive(
      { type: 'CON', code: CODE.CONTENT, messageId: 3, token: request.token, options: writeOptions({ observe: 99 }) },
      '192.0.2.9:1',
    );
    expect(bench.events()).toEqual(['response 2.05']);
    expect(bench.outputs.at(-1)).toMatchObject({ type: 'datagram', peer: '192.0.2.9:1' });
    expect(bench.last().type).toBe('RST');
  });
});
