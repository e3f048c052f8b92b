import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  CODE,
  codeOfMethod,
  codeOfText,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  methodOf,
  readOptions,
  writeOptions,
  type Method,
} from '@drover/coap';
import { CONTENT_FORMAT } from '@drover/lwm2m';
import type { Answer, Question } from './wire-device.ts';

/** A device on a real socket that answers by a script of the test: reads, writes, and notifications when it is told to. */
export class UdpDevice {
  readonly asked: Question[] = [];
  readonly #socket: Socket;
  readonly #server: { readonly host: string; readonly port: number };
  readonly #script: (question: Question) => Answer;
  #messageId = Math.floor(Math.random() * 60_000);
  /** Where it registered. */
  location: readonly string[] = [];
  #answered: (code: number) => void = () => undefined;

  private constructor(socket: Socket, coap: string, script: (question: Question) => Answer) {
    const { hostname, port } = new URL(coap);
    this.#socket = socket;
    this.#server = { host: hostname, port: Number(port) };
    this.#script = script;
    socket.on('message', (bytes) => this.#hear(bytes));
  }

  /** `coap` is `coap://host:port` of the server. */
  static async start(coap: string, script: (question: Question) => Answer): Promise<UdpDevice> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new UdpDevice(socket, coap, script);
  }

  get texts(): string[] {
    return this.asked.map(({ text }) => text);
  }

  close(): void {
    this.#socket.close();
  }

  /** Registers, and waits until the server has said yes. */
  register(query: readonly string[], links: string): Promise<number> {
    const options = { uriPath: ['rd'], uriQuery: query, contentFormat: CONTENT_FORMAT.LINK };
    this.#send({ type: 'CON', code: codeOfMethod('POST'), token: Uint8Array.of(1), options, payload: Buffer.from(links) });
    return new Promise((resolve) => (this.#answered = resolve));
  }

  /** Any request; answers the code. */
  ask(method: Method, uriPath: readonly string[], uriQuery: readonly string[] = []): Promise<number> {
    this.#send({ type: 'CON', code: codeOfMethod(method), token: Uint8Array.of(2), options: { uriPath, uriQuery } });
    return new Promise((resolve) => (this.#answered = resolve));
  }

  notify({ token }: Pick<Question, 'token'>, observe: number, { code, options, payload }: Answer): void {
    this.#send({ type: 'NON', code: codeOfText(code) ?? CODE.INTERNAL, token, options: { ...options, observe }, payload });
  }

  #send(message: {
    readonly type: 'CON' | 'NON';
    readonly code: number;
    readonly token: Uint8Array;
    readonly options: Parameters<typeof writeOptions>[0];
    readonly payload?: Uint8Array;
  }): void {
    const { options, payload = new Uint8Array(0), ...rest } = message;
    this.#write(encodeMessage({ ...rest, messageId: this.#messageId++ & 0xffff, options: writeOptions(options), payload }));
  }

  #hear(bytes: Uint8Array): void {
    const { type, code, messageId, token, payload, ...rest } = decodeMessage(bytes);
    const method = methodOf(code);
    const { options } = readOptions(rest);
    if (code === CODE.CREATED) this.location = [...options.locationPath];
    if (method === undefined) return code === 0 ? undefined : this.#answered(code);
    const question = { text: `${method} /${options.uriPath.join('/')}`, options, payload: payload.slice(), token: token.slice() };
    this.asked.push(question);
    const answer = this.#script(question);
    if (answer.code === 'silence' || type !== 'CON') return;
    if (answer.code === 'ack') return this.#write(emptyMessage('ACK', messageId));
    const reply = { type: 'ACK', code: codeOfText(answer.code) ?? CODE.INTERNAL, messageId, token } as const;
    this.#write(encodeMessage({ ...reply, options: writeOptions(answer.options ?? {}), payload: answer.payload ?? new Uint8Array(0) }));
  }

  #write(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#server.port, this.#server.host);
  }
}
