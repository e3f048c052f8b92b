import type { DtlsClient, DtlsOutput, DtlsServer, SessionHandle } from '@drover/dtls';
import type { Script } from '../script.ts';
import { demand } from '../target.ts';
import { FixedEntropy } from './coap-talk.ts';
import { Addresses } from './dtls-addresses.ts';
import { cookieOf, helloOf, helloWith, madeUp, mutated } from './dtls-forging.ts';
import { Nonces } from './dtls-nonces.ts';
import { clientOf, GOOD, HOME, LIMITS, serverOf, STRANGERS, type Manner } from './dtls-world.ts';

interface Packet {
  readonly to: 'server' | 'client';
  readonly from: string;
  readonly bytes: Buffer;
}

const MAX_STEPS = 60;
const PAUSES = [1, 900, 1100, 5000, 31_000, 91_000];
const PACKETS_KEPT = 24;
const EVIL_HOME = '203.0.113.9:9';
/** They prove their addresses, and may be sent a flight. */
const GREETERS = ['203.0.113.1:1', '203.0.113.1:2', '203.0.113.1:3', '203.0.113.2:1'];

/** A good client, its server, and somebody on the wire who may do everything but know a key. */
export class DtlsPlay {
  readonly #script: Script;
  readonly #manner: Manner;
  readonly #entropy = new FixedEntropy();
  #server: DtlsServer;
  #client: DtlsClient;
  /** Knows a name, and no key. */
  #evil?: DtlsClient;
  /** Machines must not be entered twice: what they send waits here. */
  readonly #wire: Packet[] = [];
  readonly #seen: Packet[] = [];
  readonly #sessions: SessionHandle[] = [];
  readonly #said = { client: new Set<string>(), server: new Set<string>() };
  readonly #heard = new Set<string>();
  readonly #nonces = new Nonces();
  readonly #addresses = new Addresses();
  #disk: { session: SessionHandle; bytes: Buffer; number: number }[] = [];
  /** The first state of each session, by name. */
  readonly #backup = new Map<string, Buffer>();
  #isOutdated = false;
  #connects = 0;
  #opened = 0;
  #texts = 0;
  #address = HOME;
  #now = 1_000_000;

  constructor(script: Script) {
    this.#script = script;
    const bits = script.byte();
    this.#manner = {
      hasCid: (bits & 1) !== 0,
      wantsTicket: (bits & 2) !== 0,
      reserve: (bits & 4) !== 0 ? 4 : 0,
      mtu: (bits & 8) !== 0 ? 256 : 1200,
      // A signature costs as much as thirty plays without.
      hasCertificates: (bits & 0xf0) === 0xf0,
    };
    this.#server = this.#newServer();
    this.#client = this.#newClient();
  }

  run(): void {
    this.#begin(this.#script.below(8));
    for (let step = 0; step < MAX_STEPS && !this.#script.isOver; step++) {
      this.#step();
      this.#checkTables();
    }
    this.#end();
  }

  /** Before the cookie, half-open, before the last flight, established, taken up again, restored, after a crash; or nothing yet. */
  #begin(state: number): void {
    if (state === 0) return;
    this.#connect(this.#client);
    if (state === 1) return;
    if (state === 2) return this.#carry(3);
    if (state === 3) return this.#carry(4);
    this.#carry(20);
    if (state === 5) this.#resume();
    if (state === 6) this.#restart('orderly');
    if (state === 7) this.#restart('crashed');
  }

  #step(): void {
    const script = this.#script;
    const kind = script.below(22);
    if (kind < 5) return this.#carry(1);
    if (kind < 8) return this.#meddle();
    if (kind < 10) return this.#arrives(this.#anybody(), madeUp(script, this.#cids()), script.flag() ? 'server' : 'client');
    if (kind === 10) return this.#again();
    if (kind < 13) return this.#say('client');
    if (kind === 13) return this.#say('server');
    if (kind === 14) return this.#pass(script.pick(PAUSES));
    if (kind === 15) return void (this.#address = script.pick([HOME, HOME, '192.0.2.1:2', '192.0.2.3:3']));
    if (kind === 16) return this.#restart(script.flag() ? 'orderly' : script.flag() ? 'crashed' : 'put back');
    if (kind === 17) return this.#call();
    if (kind > 19) return this.#greet();
    if (kind === 18) return script.flag() ? this.#resume() : this.#connect(this.#newClient());
    this.#evil = clientOf((output) => this.#fromEvil(output), this.#entropy, this.#manner, { isEvil: true });
    return this.#evil.connect(this.#now);
  }

  #newServer(): DtlsServer {
    return serverOf((output) => this.#fromServer(output), this.#entropy, this.#manner);
  }

  #newClient(resume?: DtlsClient['resumable']): DtlsClient {
    const client = clientOf((output) => this.#fromClient(output, client), this.#entropy, this.#manner, { resume });
    this.#client = client;
    return client;
  }

  #connect(client: DtlsClient): void {
    this.#connects += 1;
    client.connect(this.#now);
  }

  #resume(): void {
    const { resumable } = this.#client;
    this.#connect(this.#newClient(resumable));
    this.#carry(12);
  }

  #fromServer(output: DtlsOutput): void {
    switch (output.type) {
      case 'datagram':
        return this.#leaves(output.address, output.bytes);
      case 'opened':
        return this.#onOpened(output.session);
      case 'data':
        demand(this.#said.client.has(output.bytes.toString('latin1')), 'the server heard what no client has said');
        demand(output.isDoubtful || !this.#heard.has(output.bytes.toString('latin1')), 'the server heard something twice');
        this.#heard.add(output.bytes.toString('latin1'));
        return;
      case 'save':
        this.#disk.push({ session: output.session, bytes: output.save.bytes, number: output.save.number });
        if (!this.#backup.has(nameOf(output.session))) this.#backup.set(nameOf(output.session), output.save.bytes);
        return;
      default:
        return;
    }
  }

  #onOpened(session: SessionHandle): void {
    this.#opened += 1;
    const { identity } = session;
    const name = identity.kind === 'psk' ? identity.identity.toString() : identity.kind;
    demand(name === (this.#manner.hasCertificates ? 'rpk' : GOOD), `a session for ${name}`);
    demand(this.#opened <= this.#connects, 'more sessions than good clients have asked for');
    this.#sessions.push(session);
    this.#nonces.opened(session);
  }

  #fromClient(output: DtlsOutput, client: DtlsClient): void {
    if (output.type === 'datagram') this.#put({ to: 'server', from: this.#address, bytes: output.bytes });
    if (output.type !== 'data' || client !== this.#client) return;
    const text = output.bytes.toString('latin1');
    demand(this.#said.server.has(text), 'a client heard what the server has not said');
    demand(!this.#heard.has(text), 'a client heard something twice');
    this.#heard.add(text);
  }

  #fromEvil(output: DtlsOutput): void {
    demand(output.type !== 'opened' && output.type !== 'data', 'a session for somebody without a key');
    if (output.type === 'datagram') this.#put({ to: 'server', from: EVIL_HOME, bytes: output.bytes });
  }

  #leaves(address: string, bytes: Buffer): void {
    this.#addresses.left(address, bytes);
    this.#put({ to: 'client', from: address, bytes });
  }

  #put(packet: Packet): void {
    this.#wire.push(packet);
    this.#seen.push(packet);
    if (this.#seen.length > PACKETS_KEPT) this.#seen.shift();
  }

  #carry(count: number): void {
    for (let i = 0; i < count; i++) {
      const packet = this.#wire.shift();
      if (packet === undefined) return;
      this.#arrives(packet.from, packet.bytes, packet.to);
    }
  }

  #meddle(): void {
    const packet = this.#wire.shift() ?? this.#seen[this.#script.byte() % Math.max(1, this.#seen.length)];
    if (packet === undefined) return;
    if (this.#script.below(8) === 0) return;
    this.#arrives(this.#script.flag() ? packet.from : this.#anybody(), mutated(this.#script, packet.bytes), packet.to);
  }

  #again(): void {
    const packet = this.#seen[this.#script.byte() % Math.max(1, this.#seen.length)];
    if (packet) this.#arrives(this.#script.flag() ? packet.from : this.#anybody(), packet.bytes, packet.to);
  }

  /** A stranger who shows where he is, and then says whatever he likes. */
  #greet(): void {
    const body = this.#seen.map(({ bytes }) => helloOf(bytes)).find((hello) => hello !== undefined);
    if (body === undefined) return;
    const [from, hello] = [this.#script.pick(GREETERS), helloWith(this.#script, body)];
    this.#arrives(from, hello(Buffer.alloc(0)), 'server');
    const cookie = this.#wire.findLast((packet) => packet.from === from && packet.to === 'client');
    const told = cookie && cookieOf(cookie.bytes);
    if (told) this.#arrives(from, hello(told), 'server');
  }

  #anybody(): string {
    return this.#script.pick([HOME, ...STRANGERS]);
  }

  #cids(): Buffer[] {
    const known = this.#sessions.map(({ connectionId }) => Buffer.from(connectionId, 'hex')).filter(({ length }) => length > 0);
    return [...known, Buffer.alloc(6, 1)];
  }

  #arrives(from: string, bytes: Buffer, to: 'server' | 'client'): void {
    if (to === 'client') return (from === EVIL_HOME ? this.#evil : this.#client)?.receive(bytes, this.#now);
    this.#addresses.arrived(from, bytes);
    this.#server.receive(from, bytes, this.#now);
  }

  #say(who: 'client' | 'server'): void {
    const text = `${who} ${(this.#texts += 1)}`;
    this.#said[who].add(text);
    if (who === 'client') this.#client.send(Buffer.from(text));
    else for (const session of this.#sessions.slice(-1)) this.#server.send(session, Buffer.from(text));
  }

  /** What a caller may do at any time, with any session that it has seen. */
  #call(): void {
    const session = this.#sessions[this.#script.byte() % Math.max(1, this.#sessions.length)];
    switch (this.#script.below(5)) {
      case 0:
        return session && this.#prove(session, this.#anybody());
      case 1:
        return session && this.#server.close(session);
      case 2:
        return this.#client.close();
      case 3:
        for (const { session: of, number } of this.#disk) this.#server.saved(of, number);
        return;
      default:
        if (session) this.#server.export(session);
    }
  }

  /** A caller's word counts, also where it is wrong. */
  #prove(session: SessionHandle, address: string): void {
    this.#addresses.prove(address);
    this.#server.prove(session, address);
  }

  /** With what was saved and told so; what was not reached the disk as well. Or with a backup of long ago, and as such from then on. */
  #restart(how: 'orderly' | 'crashed' | 'put back'): void {
    const states = how === 'put back' ? this.#backup : this.#states(how);
    this.#isOutdated ||= how === 'put back';
    const ending = how === 'orderly' ? how : this.#isOutdated ? { sendFrom: this.#nonces.next } : 'crashed';
    this.#server = this.#newServer();
    this.#sessions.length = 0;
    this.#disk = [];
    for (const state of states.values()) {
      const session = this.#server.restore(state, ending, this.#now);
      this.#sessions.push(session);
      this.#nonces.watch(session);
      this.#disk.push({ session, bytes: state, number: 0 });
    }
  }

  #states(ending: 'orderly' | 'crashed'): Map<string, Buffer> {
    const states = new Map<string, Buffer>();
    for (const session of this.#server.sessions()) {
      const saved = this.#manner.reserve > 0 ? this.#disk.findLast((save) => save.session === session)?.bytes : undefined;
      const state = ending === 'orderly' ? this.#server.export(session) : saved;
      if (state) states.set(nameOf(session), state);
    }
    return states;
  }

  #pass(ms: number): void {
    const end = this.#now + ms;
    for (let rounds = 0; rounds < 1000; rounds++) {
      const next = Math.min(this.#server.nextTimerAt() ?? Infinity, this.#client.nextTimerAt() ?? Infinity);
      if (next > end) break;
      this.#now = Math.max(this.#now, next);
      this.#server.advance(this.#now);
      this.#client.advance(this.#now);
    }
    this.#now = end;
  }

  #checkTables(): void {
    const { sessions, halfOpen, resumable } = this.#server.load;
    demand(
      sessions <= LIMITS.maxSessions && halfOpen <= LIMITS.maxHalfOpen && resumable <= LIMITS.maxResumable,
      () => `tables beyond their bounds: ${JSON.stringify(this.#server.load)}`,
    );
  }

  #end(): void {
    this.#pass(200_000);
    demand(this.#server.load.halfOpen === 0, 'a half-open handshake stays for ever');
    demand(this.#server.nextTimerAt() === undefined, 'a timer that nothing waits for');
  }
}

const nameOf = ({ connectionId, address }: SessionHandle): string => connectionId || address;
