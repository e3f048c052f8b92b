import { createHmac } from 'node:crypto';
import type { Entropy } from '@drover/kernel';
import { ephemeralKey, type EphemeralKey } from '../crypto/ecdh.ts';
import { pskPremaster, pskPremasterOver } from '../crypto/premaster.ts';
import type { SuiteName } from '../crypto/suites.ts';
import { requireSignature, SIGNATURE_ALGORITHMS, signWith } from '../crypto/signature.ts';
import { DtlsError } from '../errors.ts';
import { decodeCertificateVerify, encodeCertificateRequest } from '../handshake/certificates.ts';
import { readClientExtensions } from '../handshake/extensions.ts';
import { decodeClientHello, RANDOM_BYTES } from '../handshake/hello.ts';
import {
  decodeClientKeyExchange,
  encodeServerKeyExchange,
  encodeSessionTicket,
  encodeShare,
  type ClientKeyExchange,
} from '../handshake/key-exchange.ts';
import { MESSAGE, messageName, type HandshakeMessage } from '../handshake/message.ts';
import { NO_CID } from '../record/record.ts';
import { choose, recordLimitOf, requireHello, type Choice, type Offer } from './choices.ts';
import type { Conversation } from './conversation.ts';
import type { OwnCertificate, PeerIdentity, PeerTrust } from './identity.ts';
import { encodeOwn, readPeer, type ShownPeer } from './peer-certificate.ts';
import type { Resumable, Resumption } from './resumption.ts';
import { channelFor, deriveMaster, finishedOf, requireFinished, type Agreed } from './secrets.ts';
import { serverHello } from './server-hello.ts';
import type { ServerSettings } from './settings.ts';

export interface ServerContext {
  readonly settings: ServerSettings;
  readonly entropy: Entropy;
  readonly trust: PeerTrust;
  readonly resumption: Resumption;
  readonly own?: OwnCertificate;
  /** Makes keys for identities that nobody knows; as secret as the keys of those that somebody knows. */
  readonly decoy: Uint8Array;
  drawCid(): Buffer;
}

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
  #ephemeral?: EphemeralKey;
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
    const resumable = this.#findResumable();
    if (resumable) this.#resume(resumable);
    else this.#greet();
    return true;
  }

  /** RFC 5246 section 7.4.1.3, RFC 5077 section 3.1 and RFC 7627 section 5.3: everything must be as it was, or the handshake is full. */
  #findResumable(): Resumable | undefined {
    const { resumption, trust, settings } = this.#context;
    const { hello, extensions } = this.#offer;
    if (resumption.isOff) return undefined;
    const { sessionTicket: ticket } = extensions;
    const hasTicket = ticket !== undefined && ticket.length > 0;
    const found = hasTicket ? resumption.byTicket(Buffer.from(ticket), this.#now) : resumption.byId(hello.sessionId, this.#now);
    if (found === undefined) return undefined;
    // Only sessions with the extension are kept, so a hello without it is a downgrade.
    if (!extensions.extendedMasterSecret) throw new DtlsError('DTLS_HANDSHAKE_FAILURE', 'extended master secret was given up');
    const isAsBefore =
      hello.suites.includes(found.suite.id) &&
      settings.suites.includes(found.suite.name) &&
      found.serverName === (extensions.serverName ?? '') &&
      (found.suite.cipher !== 'aes-128-cbc-sha256' || extensions.encryptThenMac === true);
    return isAsBefore && trust.mayResume(found.identity) ? found : undefined;
  }

  #resume({ suite, master, identity }: Resumable): void {
    this.#isResumed = true;
    this.#identity = identity;
    this.#choice = { suite };
    this.#sessionId = this.#offer.hello.sessionId;
    this.#sayHello();
    this.#master = Buffer.from(master);
    this.#conversation.channel = channelFor('server', this.#master, this.#agreed);
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
    this.#sayKeyExchange();
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
    const facts = { random, sessionId: this.#sessionId, serverCid, willIssueTicket: this.#willIssueTicket };
    this.#conversation.say(MESSAGE.server_hello, serverHello(this.#offer, this.#choice, { settings, ...facts }));
  }

  get #willIssueTicket(): boolean {
    const { extendedMasterSecret, sessionTicket } = this.#offer.extensions;
    const { resumption } = this.#context;
    return !this.#isResumed && !resumption.isOff && extendedMasterSecret === true && sessionTicket !== undefined;
  }

  #sayKeyExchange(): void {
    const { settings, entropy, own } = this.#context;
    const { suite, group } = this.#choice;
    const hint = Buffer.from(settings.pskHint, 'utf8');
    // A hint that says nothing is left out, and with it the whole message (RFC 4279 section 2).
    if (suite.keyExchange === 'psk' && hint.length === 0) return;
    this.#ephemeral = group === undefined ? undefined : ephemeralKey(group, entropy);
    const share = this.#ephemeral;
    const { randoms } = this.#agreed;
    const signed =
      suite.keyExchange === 'ecdhe_ecdsa'
        ? signWith(own!.privateKey, Buffer.concat([randoms.client, randoms.server, encodeShare(share!)]))
        : undefined;
    this.#conversation.say(
      MESSAGE.server_key_exchange,
      encodeServerKeyExchange({ hint: suite.keyExchange === 'ecdhe_ecdsa' ? undefined : hint, share, signed }),
    );
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
    const exchange = decodeClientKeyExchange(message.body, this.#choice.suite.keyExchange);
    const premaster = this.#premasterOf(exchange);
    this.#conversation.transcript.add(message);
    this.#master = deriveMaster(premaster, this.#agreed, this.#conversation.transcript);
    this.#conversation.channel = channelFor('server', this.#master, this.#agreed);
    this.#awaited = this.#shown ? 'certificate_verify' : 'finished';
    return false;
  }

  #premasterOf({ identity, point }: ClientKeyExchange): Buffer {
    const shared = point && this.#ephemeral!.agree(point);
    this.#ephemeral = undefined;
    if (identity === undefined) return shared!;
    const psk = this.#pskOf(identity);
    this.#identity = { kind: 'psk', identity };
    const premaster = shared ? pskPremasterOver(shared, psk) : pskPremaster(psk);
    shared?.fill(0);
    return premaster;
  }

  /**
   * The key of an identity. Where there is none, another key takes its place, and the handshake ends as it does for a wrong key:
   * neither alert nor time tells who is known here (RFC 4279 section 2). The decoy is made for everybody, so that it costs the same.
   */
  #pskOf(identity: Buffer): Uint8Array {
    const decoy = createHmac('sha256', this.#context.decoy).update(identity).digest().subarray(0, 16);
    const known = identity.length === 0 ? undefined : this.#context.trust.pskOf(identity);
    if (known !== undefined && known.length > 0) return known;
    if (this.#context.settings.unknownIdentity === 'told') throw new DtlsError('DTLS_UNKNOWN_PSK_IDENTITY', 'unknown PSK identity');
    return decoy;
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
    if (this.#willIssueTicket) {
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
