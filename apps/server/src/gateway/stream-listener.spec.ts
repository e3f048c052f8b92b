import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CODE, CoapStreams, codeText, encodeFrame, FrameDecoder, SIGNAL, type StreamOutput, type StreamSettings } from '@drover/coap';
import { createLogger, SystemEntropy } from '@drover/platform';
import { StreamListener, type StreamLimits } from './stream-listener.ts';

const NO_BYTES = new Uint8Array(0);
const frame = (code: number, payload: string | Uint8Array = ''): Uint8Array =>
  encodeFrame({ code, token: NO_BYTES, options: [], payload: Buffer.from(payload) });
const CSM = frame(SIGNAL.CSM);
const now = (): number => performance.now();

/** Streams on real sockets; every request is answered with what came. */
class Server {
  readonly events: string[] = [];
  readonly streams: CoapStreams;
  readonly listener: StreamListener;
  wakes = 0;
  serve: (output: Extract<StreamOutput, { type: 'request' }>) => void = ({ handle, request }) =>
    this.streams.respond(handle, { code: CODE.CONTENT, payload: request.payload.slice() });

  constructor(limits: Partial<StreamLimits> = {}, settings: Partial<StreamSettings> = {}) {
    this.streams = new CoapStreams((output) => this.#onOutput(output), new SystemEntropy(), settings);
    const log = createLogger('fatal', 'test');
    this.listener = new StreamListener({ streams: this.streams, now, log, limits, wake: () => (this.wakes += 1) });
  }

  #onOutput(output: StreamOutput): void {
    if (output.type === 'datagram') return this.listener.write(output.peer, output.bytes);
    if (output.type === 'close') this.listener.close(output.peer);
    this.events.push(output.type === 'failed' ? `failed ${output.reason}` : output.type);
    if (output.type === 'request') this.serve(output);
  }
}

/** The other end: raw bytes out, messages in. */
class Client {
  readonly heard: string[] = [];
  readonly socket: Socket;
  readonly #decoder = new FrameDecoder(1_000_000);

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes) => {
      this.#decoder.push(bytes);
      for (let message = this.#decoder.next(); message !== undefined; message = this.#decoder.next()) {
        this.heard.push(`${codeText(message.code)} ${Buffer.from(message.payload).toString()}`.trim());
      }
    });
    this.socket.on('error', () => this.heard.push('error'));
    this.socket.on('close', () => this.heard.push('closed'));
  }

  async hears(count: number): Promise<string[]> {
    await until(() => this.heard.length >= count);
    return this.heard;
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const running: { server?: Server; clients: Client[] } = { clients: [] };

async function start(
  limits: Partial<StreamLimits> = {},
  settings: Partial<StreamSettings> = {},
): Promise<{ server: Server; port: number }> {
  const server = (running.server = new Server(limits, settings));
  return { server, port: (await server.listener.listen(0, '127.0.0.1')).port };
}

function dial(port: number): Client {
  const client = new Client(port);
  running.clients.push(client);
  return client;
}

beforeEach(() => {
  running.clients = [];
});
afterEach(async () => {
  for (const { socket } of running.clients) socket.destroy();
  await running.server?.listener.stop();
});

describe('a connection', () => {
  it('greets, is served in the order it asks, and its end is noticed', async () => {
    const { server, port } = await start();
    const client = dial(port);
    for (const byte of Buffer.concat([CSM, frame(1, 'one'), frame(1, 'two')])) client.socket.write(Uint8Array.of(byte));
    expect(await client.hears(3)).toEqual(['7.01', '2.05 one', '2.05 two']);
    expect([server.listener.size, server.streams.load.connections]).toEqual([1, 1]);
    client.socket.end();
    await until(() => server.listener.size === 0);
    expect(server.streams.load.connections).toBe(0);
    expect(server.wakes).toBeGreaterThanOrEqual(3);
  });

  it('reads why it is closed, though it has more to say', async () => {
    const { server, port } = await start();
    const client = dial(port);
    client.socket.write(Buffer.concat([frame(1), Buffer.alloc(100_000)]));
    expect(await client.hears(3)).toEqual(['7.01', '7.05 the first message must be a CSM', 'closed']);
    expect(server.listener.size).toBe(0);
  });

  it('that breaks fails what was asked of it', async () => {
    const { server, port } = await start();
    const client = dial(port);
    client.socket.write(CSM);
    await client.hears(1);
    const peer = `tcp:127.0.0.1:${client.socket.localPort}`;
    server.streams.request(peer, { method: 'GET', path: ['3'] }, now());
    await client.hears(2);
    client.socket.resetAndDestroy();
    await until(() => server.events.length > 0);
    expect(server.events).toEqual(['failed closed']);
  });

  it('of ours is one like the others', async () => {
    const other = await start();
    const { server } = await start();
    const socket = connect(other.port, '127.0.0.1');
    await once(socket, 'connect');
    const peer = server.listener.adopt(socket, 'client')!;
    server.streams.request(peer, { method: 'GET', path: ['3'] }, now());
    await until(() => server.events.includes('response'));
    socket.destroy();
    await other.server.listener.stop();
  });
});

describe('bounds', () => {
  it('a peer that does not read is cut off', async () => {
    const { server, port } = await start({ maxUnsentBytes: 65_536 }, { maxMessageBytes: 2_000_000 });
    server.serve = ({ handle }) => server.streams.respond(handle, { code: CODE.CONTENT, payload: new Uint8Array(60_000) });
    const client = dial(port);
    client.socket.pause();
    client.socket.on('close', () => undefined);
    const csm = encodeFrame({
      code: SIGNAL.CSM,
      token: NO_BYTES,
      options: [{ number: 2, value: Uint8Array.of(0x10, 0, 0) }],
      payload: NO_BYTES,
    });
    client.socket.write(Buffer.concat([csm, ...Array.from({ length: 200 }, () => frame(1))]));
    await until(() => server.events.length > 0 && server.listener.size === 0);
    expect(server.streams.load.connections).toBe(0);
  });

  it.each(['maxSockets', 'maxPerAddress'])('a connection too many is refused, and room comes back: %s', async (limit) => {
    const { server, port } = await start({ [limit]: 2 });
    const clients = [dial(port), dial(port)];
    await until(() => server.listener.size === 2);
    expect(await dial(port).hears(1)).toContain('closed');
    clients[0]!.socket.destroy();
    await until(() => server.listener.size === 1);
    const next = dial(port);
    next.socket.write(CSM);
    expect(await next.hears(1)).toEqual(['7.01']);
  });

  it('a peer that neither reads nor hangs up after our last word is not waited for', async () => {
    const { server, port } = await start({ lingerMs: 50 });
    const client = dial(port);
    client.socket.pause();
    client.socket.write(frame(1));
    await until(() => server.events.includes('close'));
    await server.listener.stop();
    expect(server.listener.size).toBe(0);
  });
});

describe('errors', () => {
  it('of what is served do not end the service', async () => {
    const { server, port } = await start();
    server.serve = () => {
      throw new TypeError('a fault of ours');
    };
    const clients = [dial(port), dial(port)];
    for (const { socket } of clients) socket.write(Buffer.concat([CSM, frame(1), frame(SIGNAL.PING)]));
    for (const client of clients) {
      expect(await client.hears(2)).toEqual(['7.01', '7.03']);
    }
  });

  it('a port that is taken is told', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await expect(new Server().listener.listen(port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
    taken.close();
  });
});
