import { ECDSA_SHA256, requireSignature, signWith } from '../crypto/signature.ts';
import { DtlsError } from '../errors.ts';
import { decodeCertificateRequest, encodeSigned } from '../handshake/certificates.ts';
import { decodeHelloVerifyRequest, decodeServerHello, encodeClientHello, type ClientHello } from '../handshake/hello.ts';
import { decodeServerKeyExchange, decodeSessionTicket, encodeShare, type ServerKeyExchange } from '../handshake/key-exchange.ts';
import { MESSAGE, messageName, type HandshakeMessage } from '../handshake/message.ts';
import type { ClientContext, Resumed } from './client-context.ts';
import { clientHello, requireAnswer, type Answer } from './client-hello.ts';
import { answerExchange } from './client-key-agreement.ts';
import { AFTER_HELLO, ALLOWED, type Awaited } from './client-order.ts';
import type { Conversation } from './conversation.ts';
import type { PeerIdentity } from './identity.ts';
import { encodeNone, encodeOwn, hasType, readPeer, type ShownPeer } from './peer-certificate.ts';
import { channelFor, deriveMaster, finishedOf, requireFinished, type Agreed } from './secrets.ts';

/** A cookie may be too old when it comes back: so many times we take another. */
const MOST_COOKIES = 3;

/** The client's side of one handshake (RFC 5246 section 7.3). Throws `DtlsError` with the alert for what must not be. */
export class ClientHandshake {
  readonly #conversation: Conversation;
  readonly #context: ClientContext;
  #awaited: Awaited = 'hello';
  #hello: ClientHello;
  #cookies = 0;
  #answer!: Answer;
  #agreed!: Agreed;
  #exchange: ServerKeyExchange = {};
  #shown?: ShownPeer;
  #isAskedForCertificate = false;
  #master?: Buffer;
  #ticket?: Buffer;
  #isResumed = false;
  #hasChangedCipher = false;

  /** Puts the first hello into the conversation. */
  constructor(conversation: Conversation, context: ClientContext) {
    this.#conversation = conversation;
    this.#context = context;
    this.#hello = clientHello(context);
    // A server may answer without asking for a cookie; then this hello is part of the transcript, and else it is not.
    conversation.say(MESSAGE.client_hello, encodeClientHello(this.#hello));
  }

  /** Who the server is, once its Finished has held. */
  get identity(): PeerIdentity | undefined {
    return this.#awaited === 'nothing' ? this.#peer : undefined;
  }

  get isResumed(): boolean {
    return this.#isResumed;
  }

  get agreed(): Agreed {
    return this.#agreed;
  }

  /** What the next handshake may resume; `undefined` where the server gave nothing to resume by, or lacks RFC 7627. */
  get resumable(): Resumed | undefined {
    const sessionId = this.#answer.hello.sessionId;
    if (!this.#agreed.extendedMasterSecret || (this.#ticket === undefined && sessionId.length === 0)) return undefined;
    const ticket = this.#ticket ?? (this.#isResumed ? this.#context.resume!.ticket : undefined);
    return { suite: this.#agreed.suite.name, master: Buffer.from(this.#master!), sessionId, ticket, identity: this.#peer };
  }

  get canRead(): boolean {
    return this.#hasChangedCipher;
  }

  get hasSentFinished(): boolean {
    return this.#awaited === 'nothing' || (!this.#isResumed && (this.#awaited === 'finished' || this.#awaited === 'ticket'));
  }

  onChangeCipherSpec(): void {
    if (this.#awaited === 'finished') this.#hasChangedCipher = true;
  }

  onMessage(message: HandshakeMessage): boolean {
    if (!ALLOWED[this.#awaited].includes(message.type)) {
      throw new DtlsError('DTLS_UNEXPECTED_MESSAGE', `${messageName(message.type)} where ${this.#awaited} should be`);
    }
    switch (message.type) {
      case MESSAGE.hello_verify_request:
        return this.#onVerifyRequest(message);
      case MESSAGE.server_hello:
        return this.#onHello(message);
      case MESSAGE.certificate:
        return this.#onCertificate(message);
      case MESSAGE.server_key_exchange:
        return this.#onKeyExchange(message);
      case MESSAGE.certificate_request:
        return this.#onCertificateRequest(message);
      case MESSAGE.server_hello_done:
        return this.#onDone(message);
      case MESSAGE.new_session_ticket:
        return this.#onTicket(message);
      default:
        return this.#onFinished(message);
    }
  }

  wipe(): void {
    this.#master?.fill(0);
  }

  get #peer(): PeerIdentity {
    if (this.#isResumed) return this.#context.resume!.identity;
    if (this.#shown) return this.#shown.identity;
    return { kind: 'psk', identity: Buffer.from(this.#context.psk!.identity) };
  }

  /** The same hello again, with the cookie (RFC 6347 section 4.2.1); the transcript begins anew with it. */
  #onVerifyRequest(message: HandshakeMessage): boolean {
    if ((this.#cookies += 1) > MOST_COOKIES) throw new DtlsError('DTLS_UNEXPECTED_MESSAGE', 'one HelloVerifyRequest after the other');
    this.#hello = { ...this.#hello, cookie: decodeHelloVerifyRequest(message.body) };
    this.#conversation.beginFlight();
    this.#conversation.transcript.clear();
    this.#conversation.say(MESSAGE.client_hello, encodeClientHello(this.#hello));
    return true;
  }

  #onHello(message: HandshakeMessage): boolean {
    this.#answer = requireAnswer(decodeServerHello(message.body), this.#hello, this.#context);
    this.#agreed = this.#answer.agreed;
    this.#conversation.recordLimit = this.#agreed.recordLimit;
    this.#conversation.transcript.add(message);
    if (this.#answer.isResumed) return this.#resume();
    const { keyExchange } = this.#agreed.suite;
    this.#awaited = AFTER_HELLO[keyExchange];
    return false;
  }

  #resume(): boolean {
    this.#isResumed = true;
    this.#master = Buffer.from(this.#context.resume!.master);
    this.#conversation.channel = channelFor('client', this.#master, this.#agreed);
    this.#awaitEnd();
    return false;
  }

  #onCertificate(message: HandshakeMessage): boolean {
    const { trust, settings } = this.#context;
    this.#shown = readPeer(message.body, this.#answer.serverType, { trust, serverName: settings.serverName });
    if (this.#shown === undefined) throw new DtlsError('DTLS_BAD_CERTIFICATE', 'the server has no certificate');
    return this.#next(message, 'key-exchange');
  }

  #onKeyExchange(message: HandshakeMessage): boolean {
    const { suite, randoms } = this.#agreed;
    this.#exchange = decodeServerKeyExchange(message.body, suite.keyExchange);
    const { share, signed } = this.#exchange;
    if (signed) {
      requireSignature(this.#shown!.publicKey, Buffer.concat([randoms.client, randoms.server, encodeShare(share!)]), signed);
    }
    return this.#next(message, suite.keyExchange === 'ecdhe_ecdsa' ? 'request-or-done' : 'done');
  }

  #onCertificateRequest(message: HandshakeMessage): boolean {
    const { signatureAlgorithms } = decodeCertificateRequest(message.body);
    if (!signatureAlgorithms.includes(ECDSA_SHA256)) throw new DtlsError('DTLS_HANDSHAKE_FAILURE', 'no signature in common');
    this.#isAskedForCertificate = true;
    return this.#next(message, 'done');
  }

  #onDone(message: HandshakeMessage): boolean {
    if (message.body.length > 0) throw new DtlsError('DTLS_DECODE_ERROR', 'ServerHelloDone with content');
    const conversation = this.#conversation;
    conversation.transcript.add(message);
    conversation.beginFlight();
    const { own } = this.#context;
    const isSigning = this.#isAskedForCertificate && own !== undefined && hasType(own, this.#answer.clientType);
    if (this.#isAskedForCertificate) {
      const { clientType } = this.#answer;
      conversation.say(MESSAGE.certificate, isSigning ? encodeOwn(own, clientType) : encodeNone(clientType));
    }
    const { body, premaster } = answerExchange(this.#exchange, this.#agreed.suite.keyExchange, this.#context);
    conversation.say(MESSAGE.client_key_exchange, body);
    this.#master = deriveMaster(premaster, this.#agreed, conversation.transcript);
    conversation.channel = channelFor('client', this.#master, this.#agreed);
    if (isSigning) conversation.say(MESSAGE.certificate_verify, encodeSigned(signWith(own.privateKey, conversation.transcript.bytes())));
    this.#sayFinished();
    this.#awaitEnd();
    return true;
  }

  #awaitEnd(): void {
    this.#awaited = this.#answer.willGetTicket ? 'ticket' : 'finished';
  }

  #onTicket(message: HandshakeMessage): boolean {
    const { ticket } = decodeSessionTicket(message.body);
    if (ticket.length > 0) this.#ticket = ticket;
    return this.#next(message, 'finished');
  }

  #onFinished(message: HandshakeMessage): boolean {
    const { transcript } = this.#conversation;
    requireFinished(message.body, finishedOf('server', this.#master!, transcript));
    transcript.add(message);
    this.#awaited = 'nothing';
    if (!this.#isResumed) return false;
    this.#conversation.beginFlight();
    this.#sayFinished();
    return true;
  }

  #sayFinished(): void {
    this.#conversation.sayChangeCipherSpec();
    this.#conversation.say(MESSAGE.finished, finishedOf('client', this.#master!, this.#conversation.transcript), true);
  }

  #next(message: HandshakeMessage, awaited: Awaited): false {
    this.#conversation.transcript.add(message);
    this.#awaited = awaited;
    return false;
  }
}
