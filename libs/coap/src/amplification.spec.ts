import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Entropy } from '@drover/kernel';
import { Amplification } from './amplification.ts';
import { EchoValues } from './echo.ts';
import { CODE, CoapEndpoint, decodeMessage, encodeMessage, readOptions, writeOptions, type CoapRequest } from './index.ts';
import { NO_BYTES } from './message.ts';

const LIMITS = { maxAmplification: 3, provenMs: 1000, maxProven: 3, maxStrangers: 3 };
const VICTIM = '198.51.100.7:5683';

class FixedEntropy extends Entropy {
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, (_, i) => i);
  }
}

describe('an address not proven', () => {
  it('gets at most three times the bytes it sent, in whatever order they come and go', () => {
    const moves = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 4, max: 1200 })));
    fc.assert(
      fc.property(moves, (list) => {
        const counted = new Amplification(LIMITS);
        let [received, sent] = [0, 0];
        counted.received(VICTIM, 4, 0);
        for (const [isIn, bytes] of list) {
          if (isIn) counted.received(VICTIM, bytes, 0);
          else if (counted.spend(VICTIM, bytes, 0)) sent += bytes;
          received += isIn ? bytes : 0;
          expect(sent).toBeLessThanOrEqual(3 * (received + 4));
        }
      }),
    );
  });

  it('that never wrote to us may be asked something, but not for ever', () => {
    const counted = new Amplification(LIMITS);
    let sent = 0;
    while (counted.spend(VICTIM, 1152, 0)) sent += 1152;
    expect(sent).toBeGreaterThanOrEqual(5 * 1152);
    expect(sent).toBeLessThanOrEqual(8192);
    expect(counted.withheld).toBe(1);
  });

  it('is counted in bounded memory, and a flood of strangers forgets no proof', () => {
    const counted = new Amplification(LIMITS);
    counted.prove('192.0.2.1:1', 0);
    for (let i = 0; i < 1000; i++) counted.received(`203.0.113.1:${i}`, 100, 0);
    expect(counted.strangers).toBe(3);
    expect(counted.isProven('192.0.2.1:1', 0)).toBe(true);
    expect(counted.isProven('192.0.2.1:1', 1001)).toBe(false);
  });
});

/** An endpoint, what it sent, and a handler for requests. */
function aServer(onRequest: (endpoint: CoapEndpoint, handle: Parameters<CoapEndpoint['respond']>[0]) => void) {
  const sent: Uint8Array[] = [];
  const endpoint: CoapEndpoint = new CoapEndpoint((output) => {
    if (output.type === 'datagram') sent.push(output.bytes);
    if (output.type === 'request') onRequest(endpoint, output.handle);
  }, new FixedEntropy());
  return { endpoint, sent };
}

const aRequest = (messageId: number, echo?: Uint8Array): Uint8Array =>
  encodeMessage({
    type: 'CON',
    code: 1,
    messageId,
    token: Uint8Array.of(1),
    options: writeOptions({ uriPath: ['fw'], echo }),
    payload: NO_BYTES,
  });

it('a proof runs out, also for the address that was heard last', () => {
  const counted = new Amplification(LIMITS);
  counted.prove(VICTIM, 0);
  counted.received(VICTIM, 4, 999);
  expect(counted.spend(VICTIM, 100_000, 999)).toBe(true);
  expect(counted.spend(VICTIM, 100_000, 1000)).toBe(false);
});

describe('an endpoint', () => {
  it('serves no block to a stranger, and one to an address that a token has proven', () => {
    const block = { code: CODE.CONTENT, payload: new Uint8Array(1024) };
    const { endpoint, sent } = aServer((server, handle) => server.respond(handle, block, 0));
    endpoint.receive(VICTIM, aRequest(1), 0);
    expect(sent).toHaveLength(0);
    expect(endpoint.load.withheld).toBe(1);
    endpoint.prove(VICTIM, 0);
    endpoint.receive(VICTIM, aRequest(2), 0);
    expect(sent).toHaveLength(1);
  });

  it('leaves the explanation out of an error when it would be too long for the request', () => {
    const { endpoint, sent } = aServer((server, handle) =>
      server.respond(handle, { code: CODE.BAD_REQUEST, payload: new Uint8Array(200) }, 0),
    );
    endpoint.receive(VICTIM, aRequest(1), 0);
    expect(decodeMessage(sent[0]!)).toMatchObject({ code: CODE.BAD_REQUEST, payload: NO_BYTES });
  });

  it('sends no more copies of a read to a forged source than its Register has paid for', () => {
    const { endpoint, sent } = aServer(() => undefined);
    endpoint.receive(VICTIM, aRequest(1), 0);
    for (let i = 0; i < 16; i++) endpoint.request(VICTIM, { method: 'GET', path: ['3', '0'] }, 0);
    for (let at = endpoint.nextTimerAt(); at !== undefined && at < 3_000_000; at = endpoint.nextTimerAt()) endpoint.advance(at);
    expect(sent.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(3 * aRequest(1).length);
  });

  it('believes an address that gives our Echo back, once, fresh, and from there', () => {
    const { endpoint, sent } = aServer((server, handle) => server.challenge(handle, 0));
    endpoint.receive(VICTIM, aRequest(1), 0);
    const challenge = decodeMessage(sent[0]!);
    expect(challenge.code).toBe(CODE.UNAUTHORIZED);
    const { echo } = readOptions(challenge).options;
    endpoint.receive('203.0.113.9:1', aRequest(2, echo), 0);
    expect(endpoint.isProven('203.0.113.9:1', 0)).toBe(false);
    endpoint.receive(
      VICTIM,
      aRequest(
        3,
        Uint8Array.from(echo!, (byte) => byte ^ 1),
      ),
      0,
    );
    expect(endpoint.isProven(VICTIM, 0)).toBe(false);
    endpoint.receive(VICTIM, aRequest(4, echo), 0);
    expect(endpoint.isProven(VICTIM, 0)).toBe(true);
  });

  it('is convinced by an answer that carries our token, and by nothing less', () => {
    const { endpoint, sent } = aServer(() => undefined);
    endpoint.request(VICTIM, { method: 'GET', path: ['3', '0'] }, 0);
    const asked = decodeMessage(sent[0]!);
    endpoint.receive(VICTIM, encodeMessage({ ...asked, type: 'ACK', code: 0, token: NO_BYTES, options: [] }), 1);
    expect(endpoint.isProven(VICTIM, 1)).toBe(false);
    endpoint.receive(VICTIM, encodeMessage({ ...asked, type: 'CON', code: CODE.CONTENT, options: [] }), 2);
    expect(endpoint.isProven(VICTIM, 2)).toBe(true);
  });
});

it('an Echo value is fresh for its time and address only', () => {
  const values = new EchoValues(new Uint8Array(32));
  const value = values.valueFor(VICTIM, 5_000);
  expect(value).toHaveLength(12);
  expect([5_000, 98_000].map((now) => values.isFresh(VICTIM, value, now))).toEqual([true, true]);
  expect([4_000, 98_001].map((now) => values.isFresh(VICTIM, value, now))).toEqual([false, false]);
  expect(values.isFresh(VICTIM, value.subarray(0, 11), 5_000)).toBe(false);
});

it('a device that wants its Echo back gets the same request again, once, and the caller one answer', () => {
  const request: CoapRequest = { method: 'POST', path: ['5', '0', '2'] };
  const sent: Uint8Array[] = [];
  const events: string[] = [];
  const endpoint = new CoapEndpoint((output) => {
    if (output.type === 'datagram') sent.push(output.bytes);
    else events.push(output.type === 'response' ? `response ${output.response.code}` : output.type);
  }, new FixedEntropy());
  endpoint.request(VICTIM, request, 0);
  const answer = (code: number, echo?: Uint8Array) => {
    const { messageId, token } = decodeMessage(sent.at(-1)!);
    endpoint.receive(VICTIM, encodeMessage({ type: 'ACK', code, messageId, token, options: writeOptions({ echo }), payload: NO_BYTES }), 1);
  };
  answer(CODE.UNAUTHORIZED, Uint8Array.of(9, 9));
  expect(events).toEqual([]);
  expect(readOptions(decodeMessage(sent[1]!)).options).toMatchObject({ uriPath: ['5', '0', '2'], echo: Buffer.of(9, 9) });
  answer(CODE.UNAUTHORIZED, Uint8Array.of(8, 8));
  expect(events).toEqual([`response ${CODE.UNAUTHORIZED}`]);
});
