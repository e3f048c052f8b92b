import { describe, expect, it } from '@jest/globals';
import { BlockAssembly, CODE, CoapEndpoint, codeOfText, codeText, decodeMessage, encodeMessage, writeOptions } from '@drover/coap';
import type { CoapMessage, CoapOptions, CoapOutput, IncomingRequest } from '@drover/coap';
import { Entropy, seededRandom } from '@drover/kernel';
import { parseRegister } from '@drover/lwm2m';

class SeededEntropy extends Entropy {
  readonly #next = seededRandom(1);
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.#next() * 256));
  }
}

const DEVICE = '192.0.2.1:5683';
const LINKS = Buffer.from('</>;rt="oma.lwm2m";ct="110 112",</1/0>,</3/0>,</4/0>,</5/0>,</7/0>,</10/0>,</33629/0>');

/** The registration interface at its smallest: endpoint, assembly of blocks, parser. Answers are noted, not sent. */
class Door {
  readonly answers: string[] = [];
  readonly registered: string[] = [];
  readonly #assembly = new BlockAssembly({ maxBodyBytes: 4096, maxPending: 8 });
  readonly #endpoint = new CoapEndpoint((output) => this.#take(output), new SeededEntropy());
  now = 0;

  receive(bytes: Uint8Array, peer = DEVICE): void {
    this.now += 10;
    this.#endpoint.receive(peer, bytes, this.now);
  }

  #take(output: CoapOutput): void {
    if (output.type === 'datagram') {
      const { type, code } = decodeMessage(output.bytes);
      this.answers.push(`${type} ${codeText(code)}`);
    } else if (output.type === 'request') {
      const code = this.#codeFor(output.peer, output.request);
      this.#endpoint.respond(output.handle, { code: codeOfText(code) ?? CODE.INTERNAL }, this.now);
    }
  }

  #codeFor(peer: string, { method, options, payload }: IncomingRequest): string {
    const path = options.uriPath.filter((segment) => segment !== '').join('/');
    if (path !== 'rd') return '4.04';
    if (method !== 'POST') return '4.05';
    let body = payload;
    if (options.block1 !== undefined) {
      const { contentFormat, size1: announcedSize } = options;
      const outcome = this.#assembly.add({ peer, path }, { block: options.block1, payload, contentFormat, announcedSize }, this.now);
      if (outcome.type === 'refused') return codeText(outcome.code);
      if (outcome.type === 'continue') return '2.31';
      body = outcome.body;
    }
    const outcome = parseRegister({ query: options.uriQuery, contentFormat: options.contentFormat, payload: body });
    if (outcome.type === 'refused') return outcome.code;
    this.registered.push(outcome.registration.endpoint);
    return '2.01';
  }
}

interface RegisterParts extends Partial<CoapOptions> {
  readonly message?: Partial<CoapMessage>;
  readonly payload?: string | Uint8Array;
}

let messageId = 100;
function register(parts: RegisterParts = {}): Uint8Array {
  const { message, payload = LINKS, ...options } = parts;
  return encodeMessage({
    type: 'CON',
    code: 2,
    messageId: (messageId += 1),
    token: Uint8Array.of(1, 2, 3, 4),
    options: writeOptions({ uriPath: ['rd'], uriQuery: ['ep=meter-1', 'lt=300', 'lwm2m=1.1', 'b=U'], contentFormat: 40, ...options }),
    payload: Buffer.from(payload),
    ...message,
  });
}

const raw = (hex: string): Uint8Array[] => [Uint8Array.from(Buffer.from(hex, 'hex'))];
const query = (...uriQuery: string[]): Uint8Array[] => [register({ uriQuery })];
const option = (number: number, hex: string): Uint8Array[] => {
  const options = [...decodeMessage(register()).options, { number, value: Uint8Array.from(Buffer.from(hex, 'hex')) }];
  return [register({ message: { options: options.sort((a, b) => a.number - b.number) } })];
};
const block = (num: number, more: boolean, size = 32, extra: RegisterParts = {}): Uint8Array =>
  register({ block1: { num, more, szx: 1 }, payload: LINKS.subarray(num * 32, num * 32 + size), ...extra });
const edited = (edit: (bytes: Uint8Array) => void): Uint8Array[] => {
  const bytes = register();
  edit(bytes);
  return [bytes];
};

const HOSTILE: readonly (readonly [string, () => Uint8Array[], string])[] = [
  ['nothing at all', () => raw(''), ''],
  ['one byte', () => raw('40'), ''],
  ['three bytes', () => raw('400200'), ''],
  ['text', () => [Buffer.from('GET / HTTP/1.1\r\n\r\n')], 'RST 0.00'], // "G" reads as a CON with a token of 7.
  ['a TLS hello', () => raw('160301020001000100'), ''],
  ['CoAP version 0', () => raw('00020001'), ''],
  ['CoAP version 2', () => raw('80020001'), ''],
  ['CoAP version 3', () => raw('c0020001'), ''],
  ['a token of 9 bytes', () => raw('49020001010203040506070809'), 'RST 0.00'],
  ['a token of 15 bytes', () => raw('4f020001'), 'RST 0.00'],
  ['a token that is cut off', () => raw('4802000101'), 'RST 0.00'],
  ['a ping', () => raw('40000001'), 'RST 0.00'],
  ['a ping with a tail', () => raw('4000000101'), 'RST 0.00'],
  ['a NON that is empty', () => raw('50000001'), ''],
  ['code class 1', () => raw('40210001'), 'RST 0.00'],
  ['code class 7', () => raw('40e10001'), 'RST 0.00'],
  ['an unknown method', () => raw('401e0001'), 'ACK 4.05'],
  ['option delta 15', () => raw('40020001f1'), 'RST 0.00'],
  ['option length 15', () => raw('400200011f'), 'RST 0.00'],
  ['an option that is cut off', () => raw('40020001b57264'), 'RST 0.00'],
  ['an extended delta that is cut off', () => raw('40020001d0'), 'RST 0.00'],
  ['an extended length that is cut off', () => raw('400200010e01'), 'RST 0.00'],
  ['an option of 65804 bytes that is not there', () => raw('400200010effff'), 'RST 0.00'],
  ['an option number beyond 65535', () => raw('40020001e0fff0e0fff0'), 'RST 0.00'],
  ['65 options', () => raw(`40020001${'00'.repeat(65)}`), 'RST 0.00'],
  ['a marker with no payload', () => raw('40020001b27264ff'), 'RST 0.00'],
  ['the same as NON', () => raw('50020001b27264ff'), ''],
  ['an ACK nobody waits for', () => raw('60450001'), ''],
  ['an ACK with a request in it', () => raw('60020001b27264'), ''],
  ['a RST nobody waits for', () => raw('70000001'), ''],
  ['a RST with a request in it', () => raw('70020001b27264'), ''],
  ['a response nobody waits for', () => raw('40450001'), 'RST 0.00'],
  ['a notification nobody asked for', () => raw('504500016101'), 'RST 0.00'],
  ['5 KiB of payload', () => [register({ payload: new Uint8Array(5000).fill(0x20) })], 'RST 0.00'],
  ['an unknown critical option', () => option(9, '00'), 'ACK 4.02'],
  ['Proxy-Uri', () => option(35, '636f61703a2f2f78'), 'ACK 5.05'],
  ['If-None-Match', () => option(5, ''), 'ACK 4.02'],
  ['Accept twice', () => [...option(17, '28')].map((bytes) => withOption(bytes, 17, '28')), 'ACK 4.02'],
  ['Block1 of the reserved size', () => option(27, '0f'), 'ACK 4.02'],
  ['Block1 of four bytes', () => option(27, '00000000'), 'ACK 4.02'],
  ['a query that is no UTF-8', () => option(15, 'c328'), 'ACK 4.02'],
  ['a path that is no UTF-8', () => option(11, 'ff'), 'ACK 4.02'],
  ['a path with a NUL', () => [register({ uriPath: ['rd\0'] })], 'ACK 4.04'],
  ['a path that climbs', () => [register({ uriPath: ['rd', '..', 'admin'] })], 'ACK 4.04'],
  ['a location we never gave', () => [register({ uriPath: ['rd', 'zzz'] })], 'ACK 4.04'],
  ['GET /rd', () => [register({ message: { code: 1 } })], 'ACK 4.05'],
  ['no endpoint name', () => query('lt=300', 'lwm2m=1.1'), 'ACK 4.00'],
  ['an empty endpoint name', () => query('ep=', 'lwm2m=1.1'), 'ACK 4.00'],
  ['two endpoint names', () => query('ep=a', 'ep=b'), 'ACK 4.00'],
  ['a line break in the name', () => query('ep=a\r\nadmin'), 'ACK 4.00'],
  ['a terminal escape in the name', () => query('ep=\u001b[2J'), 'ACK 4.00'],
  ['a lifetime of words', () => query('ep=a', 'lt=for ever'), 'ACK 4.00'],
  ['a lifetime below zero', () => query('ep=a', 'lt=-5'), 'ACK 4.00'],
  ['a lifetime beyond 32 bits', () => query('ep=a', 'lt=99999999999'), 'ACK 4.00'],
  ['LwM2M 9.9', () => query('ep=a', 'lwm2m=9.9'), 'ACK 4.12'],
  ['LwM2M of words', () => query('ep=a', 'lwm2m=new'), 'ACK 4.00'],
  ['a binding that is none', () => query('ep=a', 'b=ZZZ'), 'ACK 4.00'],
  ['no object list', () => [register({ payload: '' })], 'ACK 4.00'],
  ['an object list that is JSON', () => [register({ payload: '{"objects":[]}' })], 'ACK 4.00'],
  ['an object list that is not UTF-8', () => [register({ payload: Uint8Array.of(0x3c, 0xff, 0x3e) })], 'ACK 4.00'],
  ['an object list of another format', () => [register({ contentFormat: 11542 })], 'ACK 4.00'],
  ['a link that is cut off', () => [register({ payload: '</3/0>,</5/' })], 'ACK 4.00'],
  ['a quote that is never closed', () => [register({ payload: '</>;rt="oma.lwm2m' })], 'ACK 4.00'],
  ['links to objects that cannot be', () => [register({ payload: '</65535/0>,</99999/1>' })], 'ACK 4.00'],
  ['a thousand open brackets', () => [register({ payload: '<'.repeat(1000) })], 'ACK 4.00'],
  ['an alternate path with a number', () => [register({ payload: '</a/5>;rt="oma.lwm2m",</a/5/3/0>' })], 'ACK 4.00'],
  ['a block in the middle', () => [block(1, true)], 'ACK 4.08'],
  ['a block out of order', () => [block(0, true), block(2, false)], 'ACK 2.31, ACK 4.08'],
  ['a block of the wrong length', () => [block(0, true, 31)], 'ACK 4.00'],
  ['a block of another format', () => [block(0, true), block(1, false, 20, { contentFormat: 0 })], 'ACK 2.31, ACK 4.08'],
  ['a block far away', () => [block(0xfffff, false)], 'ACK 4.13'],
  ['a body announced too large', () => [block(0, true, 32, { size1: 4_000_000_000 })], 'ACK 4.13'],
  ['a body whose end is another beginning', () => [block(0, true), block(0, false, 5)], 'ACK 2.31, ACK 4.00'],
];

function withOption(bytes: Uint8Array, number: number, hex: string): Uint8Array {
  const message = decodeMessage(bytes);
  const options = [...message.options, { number, value: Uint8Array.from(Buffer.from(hex, 'hex')) }].sort((a, b) => a.number - b.number);
  return encodeMessage({ ...message, options });
}

describe('hostile datagrams', () => {
  it.each(HOSTILE)('%s', (_, datagrams, expected) => {
    const door = new Door();
    for (const bytes of datagrams()) door.receive(bytes);
    expect(door.answers.join(', ')).toBe(expected);
    expect(door.registered).toEqual([]);
  });

  it('are more than forty', () => {
    expect(HOSTILE.length).toBeGreaterThan(40);
  });

  it('a Register truncated at every byte registers nobody it should not', () => {
    const whole = register();
    const links = whole.length - LINKS.length;
    for (let length = 0; length < whole.length; length++) {
      const door = new Door();
      door.receive(whole.subarray(0, length));
      // Cut in the options it is malformed or incomplete; cut in the list, what is left may be a shorter list.
      expect(door.answers.join()).toMatch(length < 4 ? /^$/ : length <= links ? /^(RST 0\.00|ACK 4\.0[04])$/ : /^ACK (4\.00|2\.01)$/);
      if (length <= links) expect(door.registered).toEqual([]);
    }
  });

  it('a Register with every single bit flipped gets one answer or none', () => {
    const length = register().length;
    for (let bit = 0; bit < length * 8; bit++) {
      const door = new Door();
      for (const bytes of edited((copy) => (copy[bit >> 3]! ^= 1 << (bit & 7)))) door.receive(bytes);
      expect(door.answers.length).toBeLessThanOrEqual(1);
    }
  });

  it('all of them together, from many addresses, and then a good Register still works', () => {
    const door = new Door();
    for (let round = 0; round < 20; round++) {
      for (const [, datagrams] of HOSTILE) for (const bytes of datagrams()) door.receive(bytes, `198.51.100.${round}:${4000 + round}`);
    }
    expect(door.registered).toEqual([]);
    door.answers.length = 0;
    door.receive(register());
    expect(door.answers).toEqual(['ACK 2.01']);
    expect(door.registered).toEqual(['meter-1']);
    for (const bytes of [block(0, true), block(1, true), block(2, false)]) door.receive(bytes);
    expect(door.answers).toEqual(['ACK 2.01', 'ACK 2.31', 'ACK 2.31', 'ACK 2.01']);
  });
});
