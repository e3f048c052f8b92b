import { createPublicKey } from 'node:crypto';
import { DtlsClient, DtlsServer, PeerTrust } from '@drover/dtls';
import type {
  ClientPorts,
  ClientSettings,
  DtlsOutput,
  OwnCertificate,
  PeerIdentity,
  Presented,
  ServerSettings,
  SessionHandle,
  Verdict,
} from '@drover/dtls';
import { certificateDer, privateKeyOf } from './dtls-certificates.ts';
import type { CertificateName, KeyName } from './dtls-certificates.ts';
import { SeededEntropy } from './endpoint-bench.ts';

export const PSK_IDENTITY = 'urn:dev:psk';
export const PSK = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const SERVER = '192.0.2.1:5684';
const CLIENT = '198.51.100.1:40000';

/** Lets in whom a test says. */
export class TestTrust extends PeerTrust {
  readonly keys = new Map<string, Uint8Array>([[PSK_IDENTITY, PSK]]);
  verdict: Verdict = { name: 'urn:dev:1' };
  readonly presented: Presented[] = [];
  readonly asked: string[] = [];
  resumes = true;

  override pskOf(identity: Uint8Array): Uint8Array | undefined {
    this.asked.push(Buffer.from(identity).toString());
    return this.keys.get(Buffer.from(identity).toString());
  }

  override verifyPeer(presented: Presented): Verdict {
    this.presented.push(presented);
    return this.verdict;
  }

  override mayResume(_identity: PeerIdentity): boolean {
    return this.resumes;
  }
}

export interface Packet {
  readonly to: 'client' | 'server';
  readonly from: string;
  readonly bytes: Buffer;
}

/** What a test wants to be otherwise. */
export interface DtlsWorld {
  readonly server?: Partial<ServerSettings>;
  readonly client?: Partial<ClientSettings>;
  readonly ports?: Partial<ClientPorts>;
  readonly serverOwn?: OwnCertificate;
  readonly keyLog?: (line: string) => void;
}

export const ownCertificate = (name: KeyName & CertificateName): OwnCertificate => {
  const privateKey = privateKeyOf(name);
  const rawKey = createPublicKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'der', type: 'spki' });
  return { privateKey, chain: [certificateDer(name), certificateDer('intermediate')], rawKey };
};

/** A server and a client with a wire between them, on which a test may lay its hands. */
export class DtlsBench {
  readonly trust = new TestTrust();
  readonly clientTrust = new TestTrust();
  readonly wire: Packet[] = [];
  readonly serverSaid: DtlsOutput[] = [];
  readonly clientSaid: DtlsOutput[] = [];
  readonly entropy = new SeededEntropy();
  readonly server: DtlsServer;
  client: DtlsClient;
  now = 1_000_000;
  clientAddress = CLIENT;
  /** What becomes of a packet on its way: nothing, one, or several. */
  meddle: (packet: Packet, index: number) => readonly Packet[] = (packet) => [packet];
  #carried = 0;
  readonly #world: DtlsWorld;

  constructor(world: DtlsWorld = {}) {
    this.#world = world;
    const { serverOwn: own, keyLog } = world;
    const sink = (output: DtlsOutput): void => this.#fromServer(output);
    this.server = new DtlsServer({ sink, entropy: this.entropy, trust: this.trust, own, keyLog }, world.server);
    this.client = this.newClient();
  }

  newClient(ports: Partial<ClientPorts> = {}, settings: Partial<ClientSettings> = {}): DtlsClient {
    const psk = { identity: Buffer.from(PSK_IDENTITY), key: PSK };
    const sink = (output: DtlsOutput): void => this.#fromClient(output);
    const { entropy, clientTrust: trust } = this;
    this.client = new DtlsClient(
      { sink, entropy, trust, psk, server: SERVER, ...this.#world.ports, ...ports },
      { ...this.#world.client, ...settings },
    );
    return this.client;
  }

  /** Until nobody has anything to say. */
  run(): this {
    for (let rounds = 0; this.wire.length > 0 && rounds < 1000; rounds++) {
      const packet = this.wire.shift()!;
      for (const carried of this.meddle(packet, this.#carried++)) this.deliver(carried);
    }
    return this;
  }

  deliver({ to, from, bytes }: Packet): void {
    if (to === 'server') this.server.receive(from, bytes, this.now);
    else this.client.receive(bytes, this.now);
  }

  /** Lets time pass, timer by timer. */
  pass(ms: number): this {
    const end = this.now + ms;
    for (let rounds = 0; rounds < 1000; rounds++) {
      const next = Math.min(this.server.nextTimerAt() ?? Infinity, this.client.nextTimerAt() ?? Infinity);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      this.server.advance(this.now);
      this.client.advance(this.now);
      this.run();
    }
    this.now = end;
    return this;
  }

  connect(): this {
    this.client.connect(this.now);
    return this.run();
  }

  /** The session at the server, opened last. */
  get session(): SessionHandle {
    const opened = this.serverSaid.filter((output) => output.type === 'opened');
    return opened.at(-1)!.session;
  }

  said<T extends DtlsOutput['type']>(who: 'server' | 'client', type: T): Extract<DtlsOutput, { type: T }>[] {
    const outputs = who === 'server' ? this.serverSaid : this.clientSaid;
    return outputs.filter((output): output is Extract<DtlsOutput, { type: T }> => output.type === type);
  }

  /** Data that arrived, as text. */
  heard(who: 'server' | 'client'): string[] {
    return this.said(who, 'data').map(({ bytes }) => bytes.toString());
  }

  #fromServer(output: DtlsOutput): void {
    this.serverSaid.push(output);
    if (output.type === 'datagram') this.wire.push({ to: 'client', from: output.address, bytes: output.bytes });
  }

  #fromClient(output: DtlsOutput): void {
    this.clientSaid.push(output);
    if (output.type === 'datagram') this.wire.push({ to: 'server', from: this.clientAddress, bytes: output.bytes });
  }
}
