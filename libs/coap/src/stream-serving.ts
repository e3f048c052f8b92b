import { BERT_SZX } from './block.ts';
import { CODE } from './codes.ts';
import type { CoapResponse, IncomingHandle, StreamSink } from './endpoint-types.ts';
import { readRequest } from './incoming-request.ts';
import { NO_BYTES } from './message.ts';
import { writeOptions } from './options.ts';
import type { StreamConnection } from './stream-connection.ts';
import { encodeFrame } from './stream-frame.ts';
import type { StreamMessage } from './stream-frame.ts';
import type { StreamSettings } from './stream-settings.ts';

class Incoming implements IncomingHandle {
  readonly peer: string;
  readonly messageId: number;
  readonly token: Uint8Array;
  readonly connection: StreamConnection;
  isOpen = true;

  constructor(connection: StreamConnection, message: StreamMessage, number: number) {
    this.peer = connection.peer;
    this.messageId = number;
    this.token = message.token.slice();
    this.connection = connection;
    connection.open += 1;
  }
}

/** Requests of peers over streams: nothing comes twice, so nothing is remembered beyond the answer. */
export class StreamServing {
  readonly #settings: StreamSettings;
  readonly #sink: StreamSink;
  #count = 0;

  constructor(parts: { settings: StreamSettings; sink: StreamSink }) {
    this.#settings = parts.settings;
    this.#sink = parts.sink;
  }

  receive(connection: StreamConnection, message: StreamMessage): void {
    const { peer } = connection;
    const isFull = connection.open >= this.#settings.maxOpenPerPeer;
    this.#count = (this.#count + 1) % 0x1_0000_0000;
    const handle = new Incoming(connection, message, this.#count);
    if (isFull) return void this.respond(handle, { code: CODE.SERVICE_UNAVAILABLE });
    const read = readRequest(message, { maxSzx: BERT_SZX });
    if (read.type === 'refused') return void this.respond(handle, { code: read.code });
    const { method, options } = read;
    const room = connection.room(this.#settings);
    this.#sink({ type: 'request', peer, handle, request: { method, confirmable: true, options, payload: message.payload, room } });
  }

  /** The connection it left waiting, or `undefined`: answered before, or the connection is gone. */
  respond(handle: IncomingHandle, response: CoapResponse): StreamConnection | undefined {
    const incoming = handle as Incoming;
    if (!incoming.isOpen) return undefined;
    const { connection, token } = incoming;
    incoming.isOpen = false;
    connection.open -= 1;
    if (connection.isClosed) return undefined;
    const bytes = encodeResponse(token, response);
    const fits = bytes.length <= connection.peerCan.maxMessageBytes;
    // Silence would leave the peer waiting: it learns that there is an answer which it does not take.
    this.#sink({ type: 'datagram', peer: connection.peer, bytes: fits ? bytes : encodeResponse(token, { code: CODE.INTERNAL }) });
    return connection;
  }
}

function encodeResponse(token: Uint8Array, { code, options = {}, payload = NO_BYTES }: CoapResponse): Uint8Array {
  return encodeFrame({ code, token, options: writeOptions(options, BERT_SZX), payload });
}
