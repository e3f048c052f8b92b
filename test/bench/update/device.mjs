// A meter at speed: registers, answers what it is read, takes the image, and comes back with the new version. It trusts the server.
import { createSocket } from 'node:dgram';
import { CODE, encodeMessage, writeOptions } from '@drover/coap';
import { DtlsClient, KeysAtHand, PeerTrust } from '@drover/dtls';
import { CONTENT_FORMAT, encodeContent } from '@drover/lwm2m';
import { SystemEntropy } from '@drover/platform';
import { answerTo, blockAnswer, blockIn, isRequest, OPTION, optionIn, pathIn, payloadIn } from '../wire.mjs';

export const OLD = '2.4.0';
const LINKS = Buffer.from('</>;rt="oma.lwm2m";ct=112,</1/0>,</3/0>,</4/0>,</5/0>');
const INSTALLS_FOR_MS = 50;
/** After so long without an answer a request goes out again. */
const REPEAT_MS = 2000;
const SZX = 6;
const [PUSH, PULL] = [1, 0];
const CONTINUE = 0x5f;

const tailOf = (options, payload) => {
  const bytes = Buffer.from(encodeMessage({ type: 'ACK', code: 0, messageId: 0, token: Buffer.alloc(0), options: writeOptions(options), payload }));
  return bytes.subarray(4);
};
const content = (path, values) => tailOf({ contentFormat: CONTENT_FORMAT.SENML_CBOR }, encodeContent(CONTENT_FORMAT.SENML_CBOR, values, path));
const known = new Map();
/** Most devices say the same: encoded once. */
const shared = (key, make) => known.get(key) ?? known.set(key, make()).get(key);
const EMPTY = Buffer.alloc(0);
const SETTINGS = { suites: ['TLS_PSK_WITH_AES_128_CCM_8'], cidBytes: 0 };
const [entropy, trust, keysAtHand] = [new SystemEntropy(), new (class extends PeerTrust {})(), new KeysAtHand(4096)];

export class Device {
  #socket = createSocket({ type: 'udp4' });
  /** Of a device with a key. */
  #session;
  #index;
  #fleet;
  #messageId = 1;
  #version = OLD;
  #state = 0;
  #result = 0;
  /** Of the last request that was not answered yet. */
  #sent;
  #sentAt = 0;
  #pull;
  #observed;
  #sequence = 1;
  #last = { id: -1, answer: EMPTY };
  #next = 0;
  registrations = 0;
  /** Requests of either side that carry no block of the image. */
  exchanges = 0;
  blocks = 0;

  constructor(index, fleet) {
    this.#index = index;
    this.#fleet = fleet;
    if (fleet.keyOf) this.#session = this.#secured(fleet.keyOf(index));
    this.#socket.on('message', (bytes) => (this.#session ? this.#session.receive(bytes, performance.now()) : this.#heard(bytes)));
    this.#socket.on('error', () => undefined);
  }

  start() {
    this.#socket.bind(0, `127.${1 + (this.#index >> 16)}.${(this.#index >> 8) & 255}.${this.#index & 255}`, () => (this.#session ? this.#session.connect(performance.now()) : this.#register()));
  }

  #secured(key) {
    const sink = (output) => {
      if (output.type === 'datagram') this.#socket.send(output.bytes, this.#fleet.port, this.#fleet.host);
      else if (output.type === 'data') this.#heard(output.bytes);
      else if (output.type === 'opened') this.#register();
    };
    const psk = { identity: Buffer.from(this.#fleet.endpointOf(this.#index)), key };
    return new DtlsClient({ sink, server: 'server', entropy, trust, keysAtHand, psk }, SETTINGS);
  }

  #heard(bytes) {
    if (isRequest(bytes)) this.#asked(bytes);
    else this.#answered(bytes);
  }

  #transmit(bytes) {
    if (this.#session) this.#session.send(bytes);
    else this.#socket.send(bytes, this.#fleet.port, this.#fleet.host);
  }

  close() {
    this.#socket.close();
  }

  get isUpdated() {
    return this.registrations > 1;
  }

  get isHeld() {
    return this.#pull !== undefined && this.#next === this.#fleet.holdsAt;
  }

  repeat(now) {
    this.#session?.advance(now);
    if (this.#sent && now - this.#sentAt > REPEAT_MS) this.#send(this.#sent);
  }

  #register() {
    const query = [`ep=${this.#fleet.endpointOf(this.#index)}`, 'lt=2592000', 'lwm2m=1.1', 'b=U'];
    const options = writeOptions({ uriPath: ['rd'], contentFormat: CONTENT_FORMAT.LINK, uriQuery: query });
    this.exchanges += 1;
    this.#request({ code: 2, options, payload: LINKS });
  }

  #request({ code, options, payload = EMPTY }) {
    this.#messageId = (this.#messageId + 1) & 0xffff;
    this.#send(Buffer.from(encodeMessage({ type: 'CON', code, messageId: this.#messageId, token: Buffer.of(this.#messageId & 255), options, payload })));
  }

  #send(bytes) {
    this.#sent = bytes;
    this.#sentAt = performance.now();
    this.#transmit(bytes);
  }

  #answered(bytes) {
    if (this.#sent === undefined || bytes.readUInt16BE(2) !== this.#messageId) return;
    this.#sent = undefined;
    if (bytes[1] === CODE.CREATED) this.registrations += 1;
    else if (this.#pull !== undefined) this.#pulled(bytes);
  }

  #asked(bytes) {
    const id = bytes.readUInt16BE(2);
    const answer = this.#last.id === id ? this.#last.answer : this.#answerTo(bytes);
    this.#last = { id, answer };
    this.#transmit(answer);
  }

  #answerTo(bytes) {
    const path = pathIn(bytes);
    if (path === '/5/0/0') return this.#pushed(bytes);
    this.exchanges += 1;
    switch (path) {
      case '/5/0/1':
        return this.#offered(bytes);
      case '/5/0/2':
        setTimeout(() => this.#installed(), INSTALLS_FOR_MS);
        this.#state = 3;
        return answerTo(bytes, CODE.CHANGED, EMPTY);
      default:
        return this.#read(bytes, path);
    }
  }

  #read(bytes, path) {
    if (optionIn(bytes, OPTION.OBSERVE)?.length === 0 && path === '/5/0') {
      this.#observed = Buffer.from(bytes.subarray(4, 4 + (bytes[0] & 15)));
      return answerTo(bytes, CODE.CONTENT, this.#firmware({ observe: this.#sequence++ }));
    }
    const tail = this.#tailAt(path);
    return tail === undefined ? answerTo(bytes, CODE.NOT_FOUND, EMPTY) : answerTo(bytes, CODE.CONTENT, tail);
  }

  #tailAt(path) {
    switch (path) {
      case '/3/0':
        return shared(`3 ${this.#version}`, () =>
          content('/3/0', [
            { path: '/3/0/1', value: 'WM-300' },
            { path: '/3/0/3', value: this.#version },
            { path: '/3/0/9', value: 90 },
          ]),
        );
      case '/3/0/3':
        return shared(`3 3 ${this.#version}`, () => content('/3/0/3', [{ path: '/3/0/3', value: this.#version }]));
      case '/4/0': // A cell to itself, so that none waits for another.
        return content('/4/0', Object.entries({ 0: 6, 8: 1_000_000 + this.#index, 9: 1, 10: 262 }).map(([resource, value]) => ({ path: `/4/0/${resource}`, value })));
      case '/5/0':
        return this.#firmware();
      default:
        return undefined;
    }
  }

  #firmware(options = {}) {
    const method = this.#fleet.method === 'push' ? PUSH : PULL;
    const [state, result] = [this.#state, this.#result];
    const make = () => {
      const values = [
        { path: '/5/0/3', value: state },
        { path: '/5/0/5', value: result },
        { path: '/5/0/9', value: method },
      ];
      return tailOf({ contentFormat: CONTENT_FORMAT.SENML_CBOR, ...options }, encodeContent(CONTENT_FORMAT.SENML_CBOR, values, '/5/0'));
    };
    return options.observe === undefined ? shared(`5 ${state} ${result}`, make) : make();
  }

  #offered(bytes) {
    const uri = payloadIn(bytes).toString();
    if (uri === '') this.#state = 0;
    else {
      const url = new URL(uri);
      this.#pull = { options: { uriPath: url.pathname.slice(1).split('/') } };
      this.#state = 1;
      this.#next = 0;
      setImmediate(() => this.#ask());
    }
    return answerTo(bytes, CODE.CHANGED, EMPTY);
  }

  #ask() {
    this.blocks += 1;
    const block2 = { num: this.#next, more: false, szx: SZX };
    this.#request({ code: 1, options: writeOptions({ ...this.#pull.options, block2 }) });
  }

  #pulled(bytes) {
    if (bytes[1] !== CODE.CONTENT) return void setTimeout(() => this.#ask(), REPEAT_MS);
    const { num, more } = blockIn(optionIn(bytes, OPTION.BLOCK2) ?? EMPTY);
    if (num !== this.#next) return this.#ask();
    this.#next += 1;
    if (!more) return this.#complete();
    if (this.isHeld) return;
    this.#ask();
  }

  #pushed(bytes) {
    this.blocks += 1;
    const value = optionIn(bytes, OPTION.BLOCK1) ?? EMPTY;
    const { more } = blockIn(value);
    if (!more) setImmediate(() => this.#complete());
    return blockAnswer(bytes, value, more ? CONTINUE : CODE.CHANGED);
  }

  #complete() {
    this.#pull = undefined;
    this.#state = 2;
    this.#notify();
  }

  #notify() {
    if (this.#observed === undefined) return;
    this.#messageId = (this.#messageId + 1) & 0xffff;
    const head = Buffer.alloc(4);
    head[0] = 0x50 | this.#observed.length;
    head[1] = CODE.CONTENT;
    head.writeUInt16BE(this.#messageId, 2);
    this.#transmit(Buffer.concat([head, this.#observed, this.#firmware({ observe: this.#sequence++ })]));
  }

  #installed() {
    this.#state = 0;
    this.#result = 1;
    this.#version = this.#fleet.version;
    this.#observed = undefined;
    this.#register();
  }
}
