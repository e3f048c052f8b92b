import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DtlsClient, DtlsServer, SUITES } from '@drover/dtls';
import type { ClientPorts, ClientSettings, DtlsOutput, ServerSettings, SessionHandle, SuiteName } from '@drover/dtls';
import { Entropy } from '@drover/kernel';
import { certificateDer, ownCertificate, privateKeyOf, PSK, PSK_IDENTITY, TestTrust } from '@drover/testkit';
import type { CertificateName, KeyName } from '@drover/testkit';

class RandomEntropy extends Entropy {
  bytes = (count: number): Uint8Array => randomBytes(count);
}

const ALL_SUITES: readonly SuiteName[] = SUITES.map(({ name }) => name);

/** What a wire does to the n-th datagram of each direction: loses it, or holds it back until the next one has passed. */
export interface Weather {
  readonly lose?: readonly number[];
  readonly delay?: readonly number[];
}

/** A socket of the test: the library has none. */
class Wire {
  readonly socket: Socket = createSocket('udp4');
  readonly #weather: Weather;
  #sent = 0;
  #received = 0;
  #heldOut: [Buffer, number, string][] = [];

  constructor(weather: Weather) {
    this.#weather = weather;
  }

  async open(): Promise<number> {
    this.socket.bind(0, '127.0.0.1');
    await once(this.socket, 'listening');
    return this.socket.address().port;
  }

  send(bytes: Buffer, address: string): void {
    const [host, port] = address.split(':');
    const index = this.#sent++;
    if (this.#weather.lose?.includes(index)) return;
    const packet: [Buffer, number, string] = [bytes, Number(port), host!];
    const waiting = this.#heldOut;
    this.#heldOut = this.#weather.delay?.includes(index) ? [packet] : [];
    for (const one of this.#heldOut.length > 0 ? waiting : [packet, ...waiting]) this.socket.send(...one);
  }

  onDatagram(take: (bytes: Buffer, from: string) => void): void {
    this.socket.on('message', (bytes, { address, port }) => {
      if (!this.#weather.lose?.includes(this.#received++)) take(bytes, `${address}:${port}`);
    });
  }
}

abstract class Side {
  readonly said: DtlsOutput[] = [];
  readonly wire: Wire;
  #ticker: NodeJS.Timeout | undefined;

  constructor(weather: Weather) {
    this.wire = new Wire(weather);
  }

  protected start(advance: (now: number) => void): void {
    this.#ticker = setInterval(() => advance(performance.now()), 10);
  }

  stop(): void {
    clearInterval(this.#ticker);
    this.wire.socket.close();
  }

  /** Waits until something of this kind has been said, `count` times. */
  async until<T extends DtlsOutput['type']>(type: T, count = 1): Promise<Extract<DtlsOutput, { type: T }>> {
    for (let wait = 0; wait < 2000; wait++) {
      const found = this.said.filter((output): output is Extract<DtlsOutput, { type: T }> => output.type === type);
      if (found.length >= count) return found[count - 1]!;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new TypeError(
      `nothing was ${type}: ${JSON.stringify(this.said.map((output) => ({ ...output, session: undefined, bytes: undefined })))}`,
    );
  }
}

/** Our server on a port of its own; says back what it hears. */
export class ServerSide extends Side {
  readonly trust = new TestTrust();
  server: DtlsServer;
  port = 0;
  readonly #settings: Partial<ServerSettings>;
  hear: (session: SessionHandle, bytes: Buffer) => void = (session, bytes) =>
    void this.server.send(session, Buffer.concat([Buffer.from('echo '), bytes]));

  constructor(settings: Partial<ServerSettings> = {}, weather: Weather = {}) {
    super(weather);
    this.#settings = settings;
    this.server = this.#newServer();
  }

  #newServer(): DtlsServer {
    const sink = (output: DtlsOutput): void => {
      this.said.push(output);
      if (output.type === 'datagram') this.wire.send(output.bytes, output.address);
      if (output.type === 'data') this.hear(output.session, output.bytes);
      if (output.type === 'save') this.server.saved(output.session, output.save.number);
    };
    return new DtlsServer(
      { sink, entropy: new RandomEntropy(), trust: this.trust, own: ownCertificate('server') },
      { suites: ALL_SUITES, ...this.#settings },
    );
  }

  /** The next life of a server that keeps its sessions (`reserve`): its numbers go on at the clock's, far behind those used. */
  restart(session: SessionHandle): void {
    const state = this.server.export(session)!;
    this.server = this.#newServer();
    this.server.restore(state, { sendFrom: 2 ** 39 }, performance.now());
  }

  async listen(): Promise<this> {
    this.port = await this.wire.open();
    this.wire.onDatagram((bytes, from) => this.server.receive(from, bytes, performance.now()));
    this.start((now) => this.server.advance(now));
    return this;
  }
}

/** A peer says something, our server begins a new life, and both are heard as before. `shown`: how the peer prints our echo. */
export async function goesOnAfterStart(ours: ServerSide, theirs: Program, shown: (text: string) => string): Promise<void> {
  theirs.type('first');
  const { session } = await ours.until('opened');
  await theirs.prints(shown('echo first'));
  ours.restart(session);
  theirs.type('second');
  await theirs.prints(shown('echo second'));
}

/** Our client, to a server in another process. */
export class ClientSide extends Side {
  readonly client: DtlsClient;
  readonly trust = new TestTrust();
  hear: (bytes: Buffer) => void = () => undefined;

  constructor(port: number, settings: Partial<ClientSettings> = {}, more: { weather?: Weather; ports?: Partial<ClientPorts> } = {}) {
    super(more.weather ?? {});
    const sink = (output: DtlsOutput): void => {
      this.said.push(output);
      if (output.type === 'datagram') this.wire.send(output.bytes, output.address);
      if (output.type === 'data') this.hear(output.bytes);
    };
    const psk = { identity: Buffer.from(PSK_IDENTITY), key: PSK };
    const ports = { sink, entropy: new RandomEntropy(), trust: this.trust, psk, server: `127.0.0.1:${port}`, ...more.ports };
    this.client = new DtlsClient(ports, { suites: ALL_SUITES, ...settings });
  }

  async connect(): Promise<this> {
    await this.wire.open();
    this.wire.onDatagram((bytes) => this.client.receive(bytes, performance.now()));
    this.start((now) => this.client.advance(now));
    this.client.connect(performance.now());
    return this;
  }
}

/** The fixtures as files, for programs that want them so. */
export class Papers {
  readonly folder = mkdtempSync(join(tmpdir(), 'drover-dtls-'));
  readonly #written = new Set<string>();

  certificate(...names: CertificateName[]): string {
    const pem = names.map(
      (name) =>
        `-----BEGIN CERTIFICATE-----\n${certificateDer(name).toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    );
    return this.#write(`${names.join('-')}.pem`, pem.join(''));
  }

  key(name: KeyName): string {
    return this.#write(`${name}.key`, privateKeyOf(name).export({ format: 'pem', type: 'pkcs8' }) as string);
  }

  rawKey(name: KeyName & CertificateName): string {
    const spki = Buffer.from(ownCertificate(name).rawKey!).toString('base64').replaceAll(/.{64}/g, '$&\n');
    return this.#write(`${name}.pub`, `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`);
  }

  text(name: string, content: string): string {
    return this.#write(name, content);
  }

  bytes(name: string, content: Uint8Array): string {
    return this.#write(name, content);
  }

  read(path: string): string {
    return readFileSync(path, 'utf8');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  #write(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name);
    // Once: another program may be reading it.
    if (!this.#written.has(path)) writeFileSync(path, content);
    this.#written.add(path);
    return path;
  }
}

/** A program with a terminal, so to speak: what it prints is kept, and lines can be typed. */
export class Program {
  readonly #child: ChildProcess;
  #text = '';
  #isOver = false;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on('data', (chunk: Buffer) => (this.#text += chunk.toString('latin1')));
    this.#child.on('exit', () => (this.#isOver = true));
    this.#child.stdin!.on('error', () => undefined);
  }

  get printed(): string {
    return this.#text;
  }

  type(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /** Waits until it has printed something; throws with all it has printed otherwise. */
  async prints(what: string | RegExp, patienceMs = 20_000): Promise<void> {
    for (let waited = 0; waited < patienceMs; waited += 20) {
      if (typeof what === 'string' ? this.#text.includes(what) : what.test(this.#text)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new TypeError(`it did not print ${String(what)}, but${this.#isOver ? ', and ended' : ''}: ${this.#text.slice(-2000)}`);
  }

  async ends(): Promise<void> {
    for (let waited = 0; waited < 20_000 && !this.#isOver; waited += 20) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

const promised = new Set<number>();

/** A port that nobody has, and nobody of this suite gets; nor the next one, which libcoap takes for DTLS. */
export async function freePort(): Promise<number> {
  const probe = createSocket('udp4').bind(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  if ([port, port + 1].some((each) => promised.has(each))) return freePort();
  promised.add(port).add(port + 1);
  return port;
}

export const PSK_HEX = PSK.toString('hex');
export { PSK_IDENTITY };
