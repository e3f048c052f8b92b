import { describe, expect, it } from '@jest/globals';
import { BlockAssembly, type CoapRequest } from '@drover/coap';
import { WireDevice, type Script } from '../../../../../test/support/wire-device.ts';
import { Exchange, type ExchangeEnd } from './exchange.ts';

const PEER = '127.0.0.1:5683';
const body = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => index & 255);

function exchange(script: Script, request: Partial<CoapRequest>, maxBodyBytes = 65_536) {
  const device = new WireDevice(script);
  const ends: ExchangeEnd[] = [];
  const notified: Uint8Array[] = [];
  const parts = { coap: device.coap, now: device.now, bodies: new BlockAssembly({ maxBodyBytes }) };
  const running = new Exchange(
    parts,
    PEER,
    { method: 'GET', path: ['3', '0'], ...request },
    {
      ended: (end) => ends.push(end),
      notified: ({ payload }) => notified.push(payload),
    },
  );
  running.start();
  device.settle();
  return { device, ends, notified, running, bodies: parts.bodies };
}
const payloadOf = ([end]: readonly ExchangeEnd[]): Uint8Array | undefined => (end?.type === 'answer' ? end.response.payload : undefined);
const blocks = (device: WireDevice) => device.asked.map(({ options: { block1, block2 } }) => block1 ?? block2);

describe('a large answer', () => {
  const whole = body(2500);
  const slice = (num: number) => ({
    payload: whole.slice(num * 1024, (num + 1) * 1024),
    options: { contentFormat: 42, block2: { num, more: num < 2, szx: 6 } },
  });

  it('is fetched block by block, and put together', () => {
    const { device, ends, bodies } = exchange(({ options }) => ({ code: '2.05', ...slice(options.block2?.num ?? 0) }), { accept: 42 });
    expect(blocks(device)).toEqual([undefined, { num: 1, more: false, szx: 6 }, { num: 2, more: false, szx: 6 }]);
    expect(device.asked.every(({ options }) => options.accept === 42)).toBe(true);
    expect(payloadOf(ends)).toEqual(whole);
    expect([ends.length, bodies.pending]).toEqual([1, 0]);
  });

  it('that changes on the way is fetched from its beginning', () => {
    const etags = [1, 1, 2, 2, 2, 2];
    const { device, ends } = exchange(({ options }, index) => {
      const { payload, options: more } = slice(options.block2?.num ?? 0);
      return { code: '2.05', payload, options: { ...more, etag: Uint8Array.of(etags[index] ?? 2) } };
    }, {});
    expect(blocks(device).map((block) => block?.num)).toEqual([undefined, 1, 2, 0, 1, 2]);
    expect(payloadOf(ends)).toEqual(whole);
  });

  it('that never stops changing is given up', () => {
    const { ends, bodies } = exchange(({ options }, index) => {
      const { payload, options: more } = slice(options.block2?.num ?? 0);
      return { code: '2.05', payload, options: { ...more, etag: Uint8Array.of(index) } };
    }, {});
    expect(ends).toEqual([{ type: 'broken' }]);
    expect(bodies.pending).toBe(0);
  });

  it('larger than we take is given up', () => {
    expect(exchange(({ options }) => ({ code: '2.05', ...slice(options.block2?.num ?? 0) }), {}, 2000).ends).toEqual([{ type: 'broken' }]);
  });

  it('that stops in the middle is no answer', () => {
    const { device, ends } = exchange(({ options }) => (options.block2 ? { code: 'silence' } : { code: '2.05', ...slice(0) }), {});
    device.pass(200_000);
    expect(ends).toEqual([{ type: 'no-answer' }]);
  });

  it('to a FETCH is asked for with the same list, to a change without its body', () => {
    const script: Script = ({ options }) => ({ code: '2.05', ...slice(options.block2?.num ?? 0) });
    const fetch = exchange(script, { method: 'FETCH', payload: body(3), contentFormat: 112 });
    expect(fetch.device.asked.map(({ payload }) => payload.length)).toEqual([3, 3, 3]);
    const post = exchange(script, { method: 'POST', payload: body(3), contentFormat: 0 });
    expect(post.device.asked.map(({ payload, options }) => [payload.length, options.contentFormat])).toEqual([
      [3, 0],
      [0, undefined],
      [0, undefined],
    ]);
  });

  it('of an observation is fetched without observing again, and so are its notifications', () => {
    const { device, notified, ends } = exchange(
      ({ options }) => ({
        code: '2.05',
        ...slice(options.block2?.num ?? 0),
        ...(options.observe === 0 && { options: { ...slice(0).options, observe: 1 } }),
      }),
      { observe: 0 },
    );
    expect(device.asked.map(({ options }) => options.observe)).toEqual([0, undefined, undefined]);
    expect(payloadOf(ends)).toEqual(whole);
    device.notify(device.asked[0]!, 2, { code: '2.05', ...slice(0) });
    expect(notified).toEqual([whole]);
  });
});

describe('a large request', () => {
  const payload = body(2500);

  it('goes out block by block', () => {
    const received: Uint8Array[] = [];
    const { device, ends } = exchange(
      (question) => {
        received.push(question.payload);
        return { code: question.options.block1?.more ? '2.31' : '2.04', options: { block1: question.options.block1 } };
      },
      { method: 'PUT', payload, contentFormat: 11_542 },
    );
    expect(device.asked.map(({ options }) => [options.block1?.num, options.size1, options.contentFormat])).toEqual([
      [0, 2500, 11_542],
      [1, undefined, 11_542],
      [2, undefined, 11_542],
    ]);
    expect(Buffer.concat(received)).toEqual(Buffer.from(payload));
    expect(ends).toMatchObject([{ type: 'answer' }]);
  });

  it('takes the smaller blocks that a device asks for', () => {
    const { device } = exchange(
      ({ options }) => ({
        code: options.block1?.more ? '2.31' : '2.04',
        options: { block1: options.block1 && { ...options.block1, szx: 4 } },
      }),
      { method: 'PUT', payload, contentFormat: 0 },
    );
    expect(device.asked.slice(0, 3).map(({ options }) => [options.block1?.num, options.block1?.szx])).toEqual([
      [0, 6],
      [4, 4],
      [5, 4],
    ]);
  });

  it('in one piece that is too much for one message goes out in blocks', () => {
    const { device, ends } = exchange(
      ({ options }) =>
        options.block1
          ? { code: options.block1.more ? '2.31' : '2.04', options: { block1: options.block1 } }
          : { code: '4.13', options: { block1: { num: 0, more: false, szx: 2 } } },
      { method: 'PUT', payload: body(200), contentFormat: 0 },
    );
    expect(blocks(device).map((block) => block?.num)).toEqual([undefined, 0, 1, 2, 3]);
    expect(ends).toMatchObject([{ type: 'answer' }]);
  });

  it.each(['4.08', '4.13', '5.03', '4.05'])('ends with the answer that refuses it: %s', (code) => {
    const { ends } = exchange(() => ({ code }), { method: 'PUT', payload, contentFormat: 0 });
    expect(ends).toMatchObject([{ type: 'answer' }]);
  });
});

it('says nothing after it was cancelled', () => {
  const { device, ends, running } = exchange(() => ({ code: 'ack' }), {});
  running.cancel();
  device.pass(300_000);
  expect(ends).toEqual([]);
});

it('ends an observation by a word, and hears no more of it', () => {
  const { device, notified, running } = exchange(
    ({ options }) => ({ code: '2.05', payload: body(1), options: { observe: options.observe === 0 ? 5 : undefined } }),
    { observe: 0 },
  );
  running.endObservation();
  device.settle();
  expect(device.asked.map(({ options }) => options.observe)).toEqual([0, 1]);
  expect(device.asked[1]?.token).toEqual(device.asked[0]?.token);
  device.notify(device.asked[0]!, 6, { code: '2.05', payload: body(1) });
  expect(notified).toEqual([]);
});
