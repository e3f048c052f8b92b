import { MINUTE, type Duration, type Endpoint, type Entropy } from '@drover/kernel';
import { type CoapOutput, type IncomingHandle, type IncomingRequest, type RequestHandle, type StreamRole } from '@drover/coap';
import { CredentialBook, needsCredential, useOf } from '@drover/credentials';
import type { PeerIdentity } from '@drover/dtls';
import { BUILT_IN, type ObjectModels, type UriScheme } from '@drover/lwm2m';
import { monotonicMs, SystemEntropy, type CampaignClock, type Logger } from '@drover/platform';
import type { FromGateway, RestoredRegistration, ToGateway } from '../link/messages.ts';
import { isOfBootstrap } from '../link/bootstrap.ts';
import { isOfSecurity, isSecured, type SharedCredential } from '../link/security.ts';
import { CommandDesk } from './command-desk.ts';
import { ContactDesk } from './contact-desk.ts';
import { ConversationParts, type GatewayServices } from './conversation-parts.ts';
import { DeviceClasses } from './device-classes.ts';
import type { DeviceTrust } from './dtls/device-trust.ts';
import { Probe } from './dtls/probe.ts';
import { Secured, type SecuredParts, type SecurityParts } from './dtls/secured.ts';
import { DeviceReader } from './device-reader.ts';
import { imageUris } from './image-uris.ts';
import { LearnedBlocks } from './learned-blocks.ts';
import { LookDesk } from './look-desk.ts';
import { OscoreDesk } from './oscore/oscore-desk.ts';
import { oscoreSetting } from './oscore/oscore-setting.ts';
import { Operations, type Correlated } from './operations.ts';
import { OperatorDesk } from './operations/operator-desk.ts';
import { CarrierWatch } from './carrier-watch.ts';
import { Pacer } from './pacer.ts';
import { Pauses } from './pauses.ts';
import { PullDesk } from './pull-desk.ts';
import { HELD_MS } from './pull-gate.ts';
import { PULL_PATH } from './pull-server.ts';
import { RegistrationHandler, type Takeover } from './registration-handler.ts';
import { Registry, type Registered } from './registry.ts';
import type { ServeDoor } from './serve-door.ts';
import { TraceDesk } from './trace/trace-desk.ts';
import { earlier, Transports } from './transports.ts';

export interface GatewayParts {
  readonly clock: CampaignClock;
  readonly log: Logger;
  readonly door: ServeDoor;
  readonly awakeMs: number;
  /** Object definitions; the built-in ones without it. */
  readonly models?: ObjectModels;
  readonly takeover: Takeover;
  readonly sendDatagram: (peer: string, bytes: Uint8Array) => void;
  readonly writeStream: (peer: string, bytes: Uint8Array) => void;
  readonly closeStream: (peer: string) => void;
  readonly tell: (message: FromGateway) => void;
  /** `coap://host:port` and the like, no trailing slash; undefined where that is not offered. */
  readonly publicUri: (scheme: UriScheme) => string | undefined;
  /** `http://…` or `https://…` of the operator's file host. */
  readonly fileHost?: string;
  /** Without it DTLS is not spoken, and nobody needs a credential. */
  readonly security?: SecurityParts;
  readonly wake: () => void;
}

/** How often lapsed registrations are looked for, campaign ms. */
const SWEEP_MS = 30_000;

/** Devices that one gateway knows and talks to. */
export const MAX_DEVICES = 1_000_000;

/** Where the standards meet: datagrams become registrations, answers and facts; commands become conversations. */
export class Gateway {
  readonly #parts: GatewayParts;
  readonly #registry: Registry;
  readonly #coap: Transports;
  readonly #operations: Operations;
  readonly #registrations: RegistrationHandler;
  readonly #reader: DeviceReader;
  readonly #operators: OperatorDesk;
  readonly #commands: CommandDesk;
  readonly #sweeper: NodeJS.Timeout;
  readonly #minutes: NodeJS.Timeout;
  readonly #contacts: ContactDesk;
  readonly #pulls: PullDesk;
  readonly #classes = new DeviceClasses();
  readonly #pauses = new Pauses();
  readonly #blocks = new LearnedBlocks();
  readonly #trace: TraceDesk;
  readonly #looks: LookDesk;
  readonly #secured: Secured | undefined;
  readonly #oscore: OscoreDesk | undefined;
  #isOpen = false;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    const entropy = new SystemEntropy();
    this.#registry = new Registry(parts.clock.now());
    const book = new CredentialBook<SharedCredential>();
    this.#oscore = parts.security && this.#oscoreDesk(book, parts.security);
    this.#coap = this.#transports(entropy);
    this.#secured = parts.security && this.#oscore && this.#secure(entropy, { ...parts.security, book, oscore: this.#oscore });
    const guard = this.#secured?.guard;
    this.#operations = new Operations(this.#coap, monotonicMs, {
      models: parts.models,
      classOf: (endpoint) => this.#classes.of(endpoint),
      pauseFor: (endpoint) => this.#pauses.left(endpoint, monotonicMs()),
    });
    this.#operators = new OperatorDesk({
      operations: this.#operations,
      models: parts.models ?? BUILT_IN,
      clock: () => parts.clock.now(),
      device: (endpoint) => this.#registry.of(endpoint, parts.clock.now()),
      tell: parts.tell,
    });
    this.#registrations = new RegistrationHandler(this.#registry, entropy, { takeover: parts.takeover, guard });
    this.#reader = this.#deviceReader();
    this.#pulls = this.#pullDesk();
    this.#trace = new TraceDesk({
      clock: () => parts.clock.now(),
      endpointsAt: (peer) => this.#registry.endpointsAt(peer),
      ownerOf: (token) => this.#commands.ownerOf(token),
    });
    this.#looks = this.#lookDesk();
    this.#minutes = setInterval(() => this.#tellCarriers(), Math.max(250, parts.clock.wallMs(MINUTE)));
    this.#sweeper = setInterval(() => this.#sweep(), Math.max(250, parts.clock.wallMs(SWEEP_MS as Duration)));
    const services = this.#services();
    this.#commands = new CommandDesk({
      clock: parts.clock,
      log: parts.log,
      door: parts.door,
      tell: parts.tell,
      tokenGone: (token) => this.#pulls.forget(token),
      conversationParts: (endpoint, attempt) => new ConversationParts(services, endpoint, attempt),
    });
    this.#contacts = new ContactDesk({
      clock: parts.clock,
      coap: this.#coap,
      registry: this.#registry,
      registrations: this.#registrations,
      classes: this.#classes,
      pauses: this.#pauses,
      reader: this.#reader,
      operators: this.#operators,
      commands: this.#commands,
      guard,
      tell: parts.tell,
    });
  }

  readonly #pacer = new Pacer();
  readonly #carriers = new CarrierWatch();

  #transports(entropy: Entropy): Transports {
    const { clock, log, security } = this.#parts;
    const only = security?.oscoreOnly === true;
    return new Transports({
      sink: (output) => this.#onOutput(output),
      sendDatagram: (peer, bytes) => this.#sendDatagram(peer, bytes),
      sendSecured: (peer, bytes) => this.#sendSecured(peer, bytes),
      writeStream: (peer, bytes) => this.#writeStream(peer, bytes),
      closeStream: (peer) => {
        this.#secured?.tls.remove(peer);
        this.#parts.closeStream(peer);
      },
      entropy,
      settings: { wallOffsetMs: Date.now() - monotonicMs(), maxPeers: MAX_DEVICES, maxProven: MAX_DEVICES },
      ...(this.#oscore && { oscore: oscoreSetting(this.#oscore, { clock, log, registry: this.#registry, only }) }),
    });
  }

  #oscoreDesk(book: CredentialBook<SharedCredential>, { keys }: SecurityParts): OscoreDesk {
    const { clock, log, tell } = this.#parts;
    return new OscoreDesk({ book, ring: keys.ring, log, clock: () => clock.now(), now: monotonicMs, wall: Date.now, tell });
  }

  #secure(entropy: Entropy, security: SecurityParts & Pick<SecuredParts, 'book' | 'oscore'>): Secured {
    const { clock, log, tell } = this.#parts;
    const probe = new Probe(this.#coap, monotonicMs);
    return new Secured({
      ...security,
      entropy,
      log,
      clock,
      deliver: (peer, bytes) => this.#hear(peer, bytes),
      closed: (peer) => this.#coap.forgetPeer(peer),
      closeStream: (peer) => this.#hangUp(peer),
      ask: (peer, done) => probe.ask(peer, done),
      oscoreSaved: (context, number) => this.#coap.oscoreSaved(context, number, monotonicMs()),
      knowsEcho: (endpoint) => this.#classes.of(endpoint).echo === true,
      barred: (endpoint) => this.#bar(endpoint),
      tell,
      onFatal: (error) => tell({ type: 'fatal', code: (error as { code?: string }).code ?? 'KEYS', message: String(error) }),
    });
  }

  #deviceReader(): DeviceReader {
    const { tell, clock } = this.#parts;
    return new DeviceReader({
      operations: this.#operations,
      tell,
      clock: () => clock.now(),
      versionFrom: ({ endpoint }) => this.#classes.of(endpoint).versionFrom,
      // Poor coverage answers late: a first timeout of three seconds would only send copies over a weak radio.
      covered: ({ peer }, ce) => this.#coap.setCoverage(peer, Math.min(ce, 2) as 0 | 1 | 2, monotonicMs()),
    });
  }

  #pullDesk(): PullDesk {
    const { tell, clock, wake } = this.#parts;
    return new PullDesk({
      coap: this.#coap,
      conversationByToken: (token) => this.#commands.conversationByToken(token),
      ownerOf: (token) => this.#commands.ownerOf(token),
      refuses: (peer, owner) => this.#secured?.guard.refuses(peer, owner),
      unserved: (endpoint) => tell({ type: 'contact', endpoint, kind: 'pull', at: clock.now(), registration: undefined }),
      wake,
      heldMs: clock.wallMs(HELD_MS as Duration),
    });
  }

  #lookDesk(): LookDesk {
    return new LookDesk({
      memory: this.#operations.memory,
      blocks: this.#blocks,
      trace: this.#trace,
      timeoutOf: (endpoint) => {
        const device = this.#registry.of(endpoint, this.#parts.clock.now());
        return device && this.#coap.timeoutOf(device.peer);
      },
      tell: this.#parts.tell,
    });
  }

  #services(): GatewayServices {
    const { clock, awakeMs, tell } = this.#parts;
    return {
      coap: this.#coap,
      operations: this.#operations,
      pacer: this.#pacer,
      carriers: this.#carriers,
      clock,
      registry: this.#registry,
      classes: this.#classes,
      blocks: this.#blocks,
      awakeMs,
      uriFor: imageUris(this.#parts),
      tell,
    };
  }

  /** What has lapsed is not addressed any more, and its observations are gone with it (Core section 6.2.2). */
  #sweep(): void {
    const at = this.#parts.clock.now();
    this.#registry.expire(at, (device) => this.#lapsed(device, 'its registration has lapsed'));
  }

  #lapsed({ endpoint, peer }: Registered, why: string): void {
    if (this.#registry.endpointsAt(peer).length === 0) this.#coap.forgetPeer(peer);
    this.#operators.forget(endpoint, why);
    this.#reader.forget(endpoint);
    this.#parts.tell({ type: 'lapsed', endpoint, at: this.#parts.clock.now() });
  }

  /** A 4.04 for a location that is about to be restored would make a whole fleet register again. */
  receive(peer: string, bytes: Uint8Array): void {
    if (this.#isOpen) this.#hear(peer, bytes);
  }

  /** From the port of DTLS; `address:port`. */
  receiveSecured(address: string, datagram: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#secured?.desk.receive(address, datagram);
    this.#parts.wake();
  }

  #hear(peer: string, bytes: Uint8Array): void {
    if (this.#trace.isOn) this.#trace.received(peer, bytes);
    this.#coap.receive(peer, bytes, monotonicMs());
    this.#parts.wake();
  }

  #sendSecured(peer: string, bytes: Uint8Array): void {
    if (this.#trace.isOn) this.#trace.sent(peer, bytes);
    this.#secured?.desk.send(peer, bytes);
    this.#parts.wake();
  }

  /** A credential of its has changed. Registered without one, or left without any, it is not what it was. */
  #bar(endpoint: Endpoint): void {
    const device = this.#registry.of(endpoint, this.#parts.clock.now());
    const isInForce = this.#secured?.book.of(endpoint).some((each) => each.state !== 'revoked' && useOf(each) === 'management');
    if (!device || (isInForce && isSecured(device.peer))) return;
    this.#registry.remove(endpoint);
    this.#lapsed(device, 'its credential has changed');
  }

  /** Whatever is sent may have to be repeated, also what began with a timer of our own: a paced block, the end of a pause. */
  #sendDatagram(peer: string, bytes: Uint8Array): void {
    if (this.#trace.isOn) this.#trace.sent(peer, bytes);
    this.#parts.sendDatagram(peer, bytes);
    this.#parts.wake();
  }

  #writeStream(peer: string, bytes: Uint8Array): void {
    if (this.#trace.isOn) this.#trace.sent(peer, bytes);
    this.#parts.writeStream(peer, bytes);
    this.#parts.wake();
  }

  /** A TCP connection stands, or has ended; what it carries comes through `receive`. */
  streamOpened(peer: string, now: number, role: StreamRole): void {
    if (!this.#isOpen) return this.#parts.closeStream(peer);
    this.#coap.opened(peer, now, role);
  }

  streamClosed(peer: string): void {
    this.#coap.closed(peer);
    this.#secured?.tls.remove(peer);
    this.#trace.closed(peer);
  }

  /** Before `streamOpened`, of a connection over TLS: whether whoever has shown this is let in. */
  connected(peer: string, identity: PeerIdentity): boolean {
    return this.#isOpen && this.#secured?.connected(peer, identity) === true;
  }

  /** Everything is restored, and keys are there. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Of all devices, for whatever door. */
  get credentials(): CredentialBook<SharedCredential> | undefined {
    return this.#secured?.book;
  }

  /** What whoever comes over TLS is judged by. */
  get trust(): DeviceTrust | undefined {
    return this.#secured?.trust;
  }

  #hangUp(peer: string): void {
    this.streamClosed(peer);
    this.#parts.closeStream(peer);
  }

  advance(): void {
    this.#coap.advance(monotonicMs());
    this.#secured?.desk.advance();
  }

  nextTimerAt(): number | undefined {
    return earlier(this.#coap.nextTimerAt(), this.#secured?.desk.nextTimerAt());
  }

  command(message: ToGateway): void {
    if (message.type === 'restore') {
      for (const registration of message.registrations) this.#restore(registration);
      this.#commands.restoreTokens(message.tokens);
    } else if (message.type === 'open') this.#open();
    else if (message.type === 'carrier-shares') for (const { carrier, share } of message.shares) this.#pacer.limit(carrier, share);
    else if (message.type === 'read-facts') this.#readFacts(message.endpoint);
    else if (message.type === 'device-classes' || message.type === 'classify') this.#classes.handle(message);
    else if (message.type === 'look' || message.type === 'trace') this.#looks.handle(message);
    else if (message.type === 'operate' || message.type === 'end-operation') this.#operators.handle(message);
    else if (isOfSecurity(message)) this.#secured?.handle(message);
    else if (!isOfBootstrap(message)) this.#commands.handle(message);
    this.#parts.wake();
  }

  /** Not before the keys are there: a session that is not known yet would be told to begin anew. */
  #open(): void {
    if (this.#secured) this.#secured.afterKeys(() => (this.#isOpen = true));
    else this.#isOpen = true;
  }

  /** What registered without security before its device had a credential counts no more. */
  #restore(registration: RestoredRegistration): void {
    const { endpoint, address } = registration;
    const book = this.#secured?.book;
    const isOpenTo = isSecured(address) || !(this.#parts.security?.oscoreOnly === true || (book && needsCredential(endpoint, book)));
    if (!isOpenTo) this.#parts.tell({ type: 'lapsed', endpoint, at: this.#parts.clock.now() });
    else this.#registrations.restore(registration);
  }

  close(): void {
    clearInterval(this.#sweeper);
    clearInterval(this.#minutes);
    this.#commands.close();
  }

  /** A compressed clock stretches what a network takes: then block times say nothing about carriers. */
  #tellCarriers(): void {
    const carriers = this.#carriers.take();
    if (carriers.length > 0 && this.#parts.clock.setting.scale === 1)
      this.#parts.tell({ type: 'carriers-seen', at: this.#parts.clock.now(), carriers });
  }

  #readFacts(endpoint: Endpoint): void {
    const device = this.#registry.of(endpoint, this.#parts.clock.now());
    if (device) this.#reader.read(device);
  }

  #onOutput(output: CoapOutput): void {
    switch (output.type) {
      case 'datagram':
        return this.#sendDatagram(output.peer, output.bytes);
      case 'request':
        return this.#onRequest(output.peer, output.handle, output.request);
      case 'response':
        this.#registry.answered(output.handle.peer);
        return correlated(output.handle)?.onResponse(output.response, output.retransmissions);
      case 'notification':
        return correlated(output.handle)?.onNotification?.(output.response);
      case 'failed':
        return correlated(output.handle)?.onFailed();
    }
  }

  #onRequest(peer: string, handle: IncomingHandle, request: IncomingRequest): void {
    const [first, token = ''] = request.options.uriPath;
    if (first === PULL_PATH) return this.#pulls.onRequest(handle, request, token);
    if (first === 'dp') return this.#contacts.onSend(peer, handle, request);
    this.#contacts.onRegistration(peer, handle, request);
  }
}

function correlated(handle: RequestHandle): Correlated | undefined {
  return handle.correlation as Correlated | undefined;
}
