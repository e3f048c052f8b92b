import type { SuiteName } from '../crypto/suites.ts';
import { requireSignature, SIGNATURE_ALGORITHMS } from '../crypto/signature.ts';
import { DtlsError } from '../errors.ts';
import { decodeCertificateVerify, encodeCertificateRequest } from '../handshake/certificates.ts';
import { readClientExtensions } from '../handshake/extensions.ts';
import { decodeClientHello, RANDOM_BYTES } from '../handshake/hello.ts';
import { encodeSessionTicket } from '../handshake/key-exchange.ts';
import { MESSAGE, messageName, type HandshakeMessage } from '../handshake/message.ts';
import { NO_CID } from '../record/record.ts';
import { choose, recordLimitOf, requireHello, type Choice, type Offer } from './choices.ts';
import type { Conversation } from './conversation.ts';
import type { PeerIdentity } from './identity.ts';
import { encodeOwn, readPeer, type ShownPeer } from './peer-certificate.ts';
import type { Resumable } from './resumption.ts';
import { channelFor, deriveMaster, finishedOf, keyLogLine, requireFinished, type Agreed } from './secrets.ts';
import type { ServerContext } from './server-context.ts';
import { serverHello } from './server-hello.ts';
import { ServerKeyAgreement } from './server-key-agreement.ts';
import { findResumable, willIssueTicket } from './server-resuming.ts';

/** What the next message must be. `finished` stands behind the change of cipher. */
type Awaited = 'client_hello' | 'certificate' | 'client_key_exchange' | 'certificate_verify' | 'finished' | 'nothing';

export interface Opening {
  readonly identity: PeerIdentity;
  readonly serverName: string;
  readonly sessionId: Buffer;
  readonly isResumed: boolean;
}

/**
 * The server's side of one handshake after the cookie (RFC 5246 section 7.3): messages in their order go in, flights are put
 * into the conversation. Throws `DtlsError` with the alert for what must not be.
 */
export class ServerHandshake {
  readonly #conversation: Conversation;
  readonly #context: ServerContext;
  readonly #now: number;
  #awaited: Awaited = 'client_hello';
  #offer!: Offer;
  #choice!: Choice;
  #agreed!: Agreed;
  #sessionId: Buffer = Buffer.alloc(0);
  #agreement!: ServerKeyAgreement;
  #master?: Buffer;
  #shown?: ShownPeer;
  #identity: PeerIdentity = { kind: 'anonymous' };
  #isResumed = false;
  #hasChangedCipher = false;

  constructor(conversation: Conversation, context: ServerContext, now: number) {
    this.#conversation = conversation;
    this.#context = context;
    this.#now = now;
  }

  /** Once the peer's Finished has held. */
  get opening(): Opening | undefined {
    if (this.#awaited !== 'nothing') return undefined;
    const serverName = this.#offer.extensions.serverName ?? '';
    return { identity: this.#identity, serverName, sessionId: this.#sessionId, isResumed: this.#isResumed };
  }

  /** Protected records may be read. */
  get canRead(): boolean {
    return this.#hasChangedCipher;
  }

  /** Alerts of ours go out protected. */
  get hasSentFinished(): boolean {
    return this.#isResumed || this.#awaited === 'nothing';
  }

  /** Once there is an opening. */
  get suite(): SuiteName {
    return this.#choice.suite.name;
  }

  /**
   * ChangeCipherSpec has no number and no MAC. Where it does not belong it is dropped: before there are keys it would be an
   * attack (CVE-2014-0224), or has overtaken another message.
   */
  onChangeCipherSpec(): void {
    if (this.#awaited === 'finished') this.#hasChangedCipher = true;
  }

  /** @returns whether a new flight of ours stands in the conversation */
  onMessage(message: HandshakeMessage): boolean {
    if (message.type !== MESSAGE[this.#awaited as keyof typeof MESSAGE]) {
      throw new DtlsError('DTLS_UNEXPECTED_MESSAGE', `${messageName(message.type)} where ${this.#awaited} should be`);
    }
    switch (message.type) {
      case MESSAGE.client_hello:
        return this.#onHello(message);
      case MESSAGE.certificate:
        return this.#onCertificate(message);
      case MESSAGE.client_key_exchange:
        return this.#onKeyExchange(message);
      case MESSAGE.certificate_verify:
        return this.#onCertificateVerify(message);
      default:
        return this.#onFinished(message);
    }
  }

  /** Overwrites what the session does not need. */
  wipe(): void {
    this.#master?.fill(0);
  }

  #onHello(message: HandshakeMessage): boolean {
    const hello = decodeClientHello(message.body);
    this.#offer = { hello, extensions: readClientExtensions(hello.extensions) };
    requireHello(this.#offer, this.#context.settings);
    this.#conversation.transcript.add(message);
    const resumable = findResumable(this.#offer, this.#context, this.#now);
    if (resumable) this.#resume(resumable);
    else this.#greet();
    return true;
  }

  #resume({ suite, master, identity }: Resumable): void {
    this.#isResumed = true;
    this.#identity = identity;
    this.#choice = { suite };
    this.#sessionId = this.#offer.hello.sessionId;
    this.#sayHello();
    this.#openChannel(Buffer.from(master));
    this.#sayFinished();
    this.#awaited = 'finished';
  }

  #greet(): void {
    const { settings, own, resumption } = this.#context;
    this.#choice = choose(this.#offer, settings, own);
    const { extendedMasterSecret, sessionTicket } = this.#offer.extensions;
    if (extendedMasterSecret && sessionTicket === undefined && !resumption.isOff) this.#sessionId = resumption.drawId();
    this.#sayHello();
    const { types, suite } = this.#choice;
    if (types) this.#conversation.say(MESSAGE.certificate, encodeOwn(own!, types.server));
    this.#agreement = new ServerKeyAgreement(this.#choice, this.#context);
    const exchange = this.#agreement.message(this.#agreed.randoms);
    if (exchange) this.#conversation.say(MESSAGE.server_key_exchange, exchange);
    if (types?.client) {
      this.#conversation.say(
        MESSAGE.certificate_request,
        encodeCertificateRequest({ signatureAlgorithms: SIGNATURE_ALGORITHMS, authorities: [] }),
      );
    }
    this.#conversation.say(MESSAGE.server_hello_done, Buffer.alloc(0));
    this.#awaited = suite.keyExchange === 'ecdhe_ecdsa' && types?.client ? 'certificate' : 'client_key_exchange';
  }

  #sayHello(): void {
    const { settings, entropy } = this.#context;
    const { extensions, hello } = this.#offer;
    const { suite } = this.#choice;
    const random = Buffer.from(entropy.bytes(RANDOM_BYTES));
    const serverCid = extensions.connectionId === undefined || settings.cidBytes === 0 ? NO_CID : this.#context.drawCid();
    const clientCid = extensions.connectionId ?? NO_CID;
    this.#agreed = {
      suite,
      randoms: { client: hello.random, server: random },
      extendedMasterSecret: extensions.extendedMasterSecret === true,
      clientCid,
      serverCid,
      recordLimit: recordLimitOf(extensions, clientCid),
    };
    this.#conversation.recordLimit = this.#agreed.recordLimit;
    const facts = {
      random,
      sessionId: this.#sessionId,
      serverCid,
      willIssueTicket: willIssueTicket(this.#offer, this.#context, this.#isResumed),
    };
    this.#conversation.say(MESSAGE.server_hello, serverHello(this.#offer, this.#choice, { settings, ...facts }));
  }

  #onCertificate(message: HandshakeMessage): boolean {
    const { trust } = this.#context;
    this.#shown = readPeer(message.body, this.#choice.types!.client!, { trust, serverName: this.#offer.extensions.serverName });
    if (this.#shown === undefined) throw new DtlsError('DTLS_HANDSHAKE_FAILURE', 'the client has no certificate');
    this.#conversation.transcript.add(message);
    this.#awaited = 'client_key_exchange';
    return false;
  }

  #onKeyExchange(message: HandshakeMessage): boolean {
    const { secret, identity } = this.#agreement.premasterOf(message.body);
    if (identity) this.#identity = { kind: 'psk', identity };
    this.#conversation.transcript.add(message);
    this.#openChannel(deriveMaster(secret, this.#agreed, this.#conversation.transcript));
    this.#awaited = this.#shown ? 'certificate_verify' : 'finished';
    return false;
  }

  #openChannel(master: Buffer): void {
    this.#master = master;
    this.#conversation.channel = channelFor('server', master, this.#agreed);
    this.#context.keyLog?.(keyLogLine(this.#agreed, master));
  }

  #onCertificateVerify(message: HandshakeMessage): boolean {
    const { transcript } = this.#conversation;
    requireSignature(this.#shown!.publicKey, transcript.bytes(), decodeCertificateVerify(message.body));
    this.#identity = this.#shown!.identity;
    transcript.add(message);
    this.#awaited = 'finished';
    return false;
  }

  #onFinished(message: HandshakeMessage): boolean {
    const { transcript } = this.#conversation;
    requireFinished(message.body, finishedOf('client', this.#master!, transcript));
    transcript.add(message);
    this.#awaited = 'nothing';
    if (this.#isResumed) return false;
    this.#conversation.beginFlight();
    this.#offerResumption();
    this.#sayFinished();
    return true;
  }

  #offerResumption(): void {
    const { resumption, settings } = this.#context;
    const resumable: Resumable = {
      suite: this.#choice.suite,
      master: Buffer.from(this.#master!),
      identity: this.#identity,
      serverName: this.#offer.extensions.serverName ?? '',
      bornAt: this.#now,
    };
    if (willIssueTicket(this.#offer, this.#context, this.#isResumed)) {
      const ticket = resumption.ticketFor(resumable);
      const body = encodeSessionTicket({ lifetimeSeconds: Math.floor(settings.resumptionMs / 1000), ticket });
      this.#conversation.say(MESSAGE.new_session_ticket, body);
    } else if (this.#sessionId.length > 0) resumption.keep(this.#sessionId, resumable);
  }

  #sayFinished(): void {
    this.#conversation.sayChangeCipherSpec();
    this.#conversation.say(MESSAGE.finished, finishedOf('server', this.#master!, this.#conversation.transcript), true);
  }
}
