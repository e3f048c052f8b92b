import { beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@drover/kernel';
import { SeededEntropy } from '@drover/testkit';
import { CODE, codeText } from '../codes.ts';
import { CoapEndpoint } from '../endpoint.ts';
import type { CoapRequest, CoapResponse, IncomingHandle, IncomingRequest, RequestHandle } from '../endpoint-types.ts';
import { decodeMessage, encodeMessage, type CoapMessage } from '../message.ts';
import { OPTION, writeOptions } from '../options.ts';
import { OscoreContext, type OscoreMark } from './context.ts';
import type { OscoreSecret } from './keys.ts';
import { encodeOscoreOption, pivOf } from './option.ts';
import { OscoreTransport } from './oscore-transport.ts';
import { OscoreContexts, type NamedContext, type OscoreOutput } from './oscore-types.ts';
import { innerResponse, protectResponse } from './protection.ts';
import { seal } from './sealing.ts';

const SERVER = '192.0.2.1:5683';
const DEVICE = '192.0.2.2:5683';
const masterSecret = Uint8Array.from({ length: 16 }, (_, at) => 3 * at + 1);
const OF_DEVICE: OscoreSecret = { masterSecret, senderId: Uint8Array.of(0xd1), recipientId: Uint8Array.of(0x5e) };
const OF_SERVER: OscoreSecret = { masterSecret, senderId: Uint8Array.of(0x5e), recipientId: Uint8Array.of(0xd1) };
const READ: CoapRequest = { method: 'GET', path: ['3', '0', '3'], accept: 110 };

class Contexts extends OscoreContexts {
  readonly #all: readonly NamedContext[];

  constructor(all: readonly NamedContext[]) {
    super();
    this.#all = all;
  }

  find(kid: Uint8Array): NamedContext | undefined {
    return this.#all.find(({ context }) => Buffer.compare(context.keys.recipientId, kid) === 0);
  }
}

/** One side of the wire. */
class Side {
  readonly named: NamedContext;
  readonly transport: OscoreTransport;
  readonly requests: { handle: IncomingHandle; request: IncomingRequest; context: string | undefined; peer: string }[] = [];
  readonly answers: string[] = [];
  readonly notified: number[] = [];
  readonly refusals: string[] = [];
  readonly sent: Uint8Array[] = [];
  mark: OscoreMark | undefined;
  answer: (request: IncomingRequest) => CoapResponse | undefined = () => ({ code: CODE.CONTENT, payload: Buffer.from('2.4.0') });
  now = 1_000_000;

  constructor(secret: OscoreSecret, seed: number, mark?: OscoreMark) {
    this.named = { name: `context ${seed}`, context: new OscoreContext(secret, { reserve: mark ? 16 : 0, mark }) };
    const contexts = new Contexts([this.named]);
    this.transport = new OscoreTransport(
      (sink) => new CoapEndpoint(sink, new SeededEntropy(seed), { takesOscore: true, maxAmplification: Infinity }),
      {
        sink: (output) => this.#on(output),
        contexts,
        echoKey: new Uint8Array(32).fill(seed),
      },
    );
    const wanted = this.named.context.takeWanted();
    if (wanted) this.#write(wanted);
  }

  #write(mark: { number: number; sendBelow: number }): void {
    this.mark = { sendBelow: mark.sendBelow };
    this.named.context.saved(mark.number);
  }

  #on(output: OscoreOutput): void {
    switch (output.type) {
      case 'datagram':
        return void this.sent.push(output.bytes);
      case 'request': {
        const { handle, request, context, peer } = output;
        this.requests.push({ handle, request, context, peer });
        const response = this.answer(request);
        if (response) this.transport.respond(handle, response, this.now);
        return;
      }
      case 'response':
        return void this.answers.push(`${codeText(output.response.code)} ${Buffer.from(output.response.payload).toString()}`);
      case 'notification':
        return void this.notified.push(output.response.options.observe ?? -1);
      case 'failed':
        return void this.answers.push(output.reason);
      case 'mark-wanted':
        return this.#write(output.mark);
      case 'refused':
        return void this.refusals.push(output.error.code);
    }
  }

  get last(): CoapMessage {
    return decodeMessage(this.sent.at(-1)!);
  }

  take(bytes: Uint8Array, from: string): void {
    this.transport.receive(from, bytes, this.now);
  }
}

let server: Side;
let device: Side;

/** Until nobody says anything more. */
function carry(keep: (bytes: Uint8Array, from: 'server' | 'device') => boolean = () => true): void {
  for (;;) {
    const [fromServer, fromDevice] = [server.sent.splice(0), device.sent.splice(0)];
    if (fromServer.length + fromDevice.length === 0) return;
    for (const bytes of fromServer) if (keep(bytes, 'server')) device.take(bytes, SERVER);
    for (const bytes of fromDevice) if (keep(bytes, 'device')) server.take(bytes, DEVICE);
  }
}

const ask = (side: Side, request: CoapRequest = READ): RequestHandle =>
  side.transport.request(side === server ? DEVICE : SERVER, request, side.now);

beforeEach(() => {
  server = new Side(OF_SERVER, 1);
  device = new Side(OF_DEVICE, 2);
  server.transport.secure(DEVICE, server.named);
  device.transport.secure(SERVER, device.named);
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
    device.transport.secure(SERVER, undefined);
    ask(device);
    carry();
    expect(server.requests).toMatchObject([{ context: undefined }]);
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

  it('fails without a number that is reserved', () => {
    const named = { name: 'x', context: new OscoreContext(OF_SERVER, { reserve: 4, mark: { sendBelow: 0 } }) };
    server.transport.secure(DEVICE, named);
    ask(server);
    expect([server.answers, server.sent]).toEqual([['overflow'], []]);
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
    device.transport.secure(SERVER, undefined);
    ask(device);
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
    server = new Side(OF_SERVER, 1, { sendBelow: 0 });
    server.transport.secure(DEVICE, server.named);
    ask(device);
    recorded = device.sent[0]!;
    carry();
    expect(device.answers).toEqual(['2.05 2.4.0']);
    server = new Side(OF_SERVER, 5, server.mark);
  });

  it('does not know what it has received: what was recorded is challenged, not handed out', () => {
    server.take(encodeMessage({ ...decodeMessage(recorded), messageId: 1 }), DEVICE);
    expect([server.requests.length, codeText(server.last.code), server.last.options.map(({ number }) => number)]).toEqual([
      0,
      '2.04',
      [OPTION.OSCORE],
    ]);
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
      server = new Side(OF_SERVER, 10 + life, server.mark);
      server.transport.secure(DEVICE, server.named);
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
