import { classOf } from '@drover/coap';
import type { Entropy, Instant } from '@drover/kernel';
import { CredentialError, credentialKey, type KeyRing } from '@drover/credentials';
import {
  DEFAULT_SUITES,
  DtlsError,
  DtlsServer,
  SUITES,
  type DtlsOutput,
  type OwnCertificate,
  type ServerSettings,
  type SessionHandle,
  type SuiteName,
} from '@drover/dtls';
import type { Logger } from '@drover/platform';
import type { SealedSession, SecurityReport, SharedCredential } from '../../link/security.ts';
import { DTLS_PER_SECOND, numberFloor } from '../number-floor.ts';
import type { DeviceTrust } from './device-trust.ts';
import { Echo } from './echo.ts';
import { messageIn, Questions } from './questions.ts';
import { SessionsByName, type NamedSession } from './sessions-by-name.ts';
import { WaitingMessages } from './waiting-messages.ts';

export interface DtlsDeskParts {
  readonly entropy: Entropy;
  readonly trust: DeviceTrust;
  readonly ring: KeyRing;
  readonly own?: OwnCertificate;
  readonly keyLog?: (line: string) => void;
  readonly settings?: Partial<ServerSettings>;
  readonly log: Logger;
  readonly clock: () => Instant;
  readonly now: () => number;
  /** Real time, ms since 1970. */
  readonly wall: () => number;
  readonly sendDatagram: (address: string, bytes: Uint8Array) => void;
  /** What a session has said, deciphered. */
  readonly deliver: (peer: string, bytes: Uint8Array) => void;
  /** Nothing can be sent to it any more. */
  readonly closed: (peer: string) => void;
  /** Asks something small whose answer shows that somebody is there now. */
  readonly ask: (peer: string, done: (isAnswered: boolean) => void) => void;
  /** Devices of this kind are known to understand Echo. */
  readonly knowsEcho: (credential: SharedCredential) => boolean;
  readonly tell: (report: SecurityReport) => void;
}

/** Numbers written down ahead at a time: a save for every few hundred records, and at most so many in doubt after a crash. */
const RESERVE = 512;
/** First repetition of a flight, ms: on NB-IoT an answer takes seconds, and copies cost airtime (RFC 7925 section 11). */
const RETRANSMIT_MS = 9000;
/**
 * Who offers a suite with a pre-shared key has one; suites with certificates are offered by stacks that have none to show, and
 * would come to nothing.
 */
const isWithKey = (suite: SuiteName): boolean => SUITES.some(({ name, keyExchange }) => name === suite && keyExchange !== 'ecdhe_ecdsa');
const BY_PREFERENCE = [...DEFAULT_SUITES.filter(isWithKey), ...DEFAULT_SUITES.filter((suite) => !isWithKey(suite))];
const DEFAULTS: Partial<ServerSettings> = { reserve: RESERVE, retransmitMs: RETRANSMIT_MS, suites: BY_PREFERENCE };

/** DTLS sessions on one side, peers of CoAP on the other. */
export class DtlsDesk {
  readonly #parts: DtlsDeskParts;
  readonly #server: DtlsServer;
  readonly #sessions = new SessionsByName();
  readonly #questions = new Questions();
  readonly #echo: Echo;
  /** Sessions of an earlier process that have not shown yet that they are no recordings. */
  readonly #doubtful = new Set<string>();
  readonly #waiting = new WaitingMessages();
  /** A question of ours is on its way to them. */
  readonly #asking = new Set<string>();

  constructor(parts: DtlsDeskParts) {
    this.#parts = parts;
    const { entropy, trust, own, keyLog } = parts;
    this.#echo = new Echo(entropy);
    this.#server = new DtlsServer({ sink: (output) => this.#on(output), entropy, trust, own, keyLog }, { ...DEFAULTS, ...parts.settings });
  }

  receive(address: string, datagram: Uint8Array): void {
    this.#server.receive(address, datagram, this.#parts.now());
  }

  /** To a session. What cannot be sent now waits for the disk, or is lost like any datagram: whoever needs it repeats it. */
  send(peer: string, bytes: Uint8Array): void {
    const session = this.#sessions.named(peer);
    if (session === undefined) return;
    const { handle } = session;
    const { address } = handle;
    if (bytes.length > handle.maxDataBytes)
      return this.#parts.log.debug({ peer, bytes: bytes.length }, 'too long for a record of this device');
    const hasToShow = address !== handle.provenAddress || this.#doubtful.has(peer);
    if (hasToShow) this.#questions.sent(peer, bytes, address);
    const outcome = this.#server.send(handle, bytes);
    if (outcome === 'withheld') this.#ask(session);
    else if (outcome === 'waiting') this.#waiting.add(peer, bytes);
    else if (outcome !== 'sent') this.#parts.log.debug({ peer, outcome }, 'a record could not be sent');
  }

  /** Whose session it is; undefined when it has ended, or its credential opens nothing any more. */
  credentialAt(peer: string): SharedCredential | undefined {
    const session = this.#sessions.named(peer);
    const found = session && this.#parts.trust.ofOwner(session.owner);
    return found && 'credential' in found ? found.credential : undefined;
  }

  addressOf(peer: string): string | undefined {
    return this.#sessions.named(peer)?.handle.address;
  }

  /** It is on the disk. */
  saved(name: string, number: number): void {
    const session = this.#sessions.named(name);
    if (session === undefined) return;
    this.#server.saved(session.handle, number);
    for (const bytes of this.#waiting.take(name)) this.send(name, bytes);
  }

  /** Every start is taken for one after a backup was put back: see docs/decisions/dtls-on-the-wire.md. */
  restore({ name, state }: SealedSession): void {
    const sendFrom = numberFloor(this.#parts.wall(), DTLS_PER_SECOND);
    try {
      const handle = this.#server.restore(this.#parts.ring.openSession(name, state), { sendFrom }, this.#parts.now());
      const found = this.#parts.trust.of(handle.identity);
      if ('refused' in found) {
        this.#server.close(handle);
        this.#parts.tell({ type: 'session-gone', name });
        return;
      }
      this.#doubtful.add(name);
      this.#endAll(this.#sessions.add(name, handle, found.credential));
    } catch (error) {
      if (!(error instanceof CredentialError) && !(error instanceof DtlsError)) throw error;
      this.#parts.log.warn({ peer: name, code: error.code }, 'a session could not be taken up again: its device begins a new one');
      this.#parts.tell({ type: 'session-gone', name });
    }
  }

  /** After a credential has changed: a revoked one ends what was begun with it. */
  review(credential: Pick<SharedCredential, 'kind' | 'identity'>): void {
    const owner = credentialKey(credential);
    if ('refused' in this.#parts.trust.ofOwner(owner)) this.#endAll(this.#sessions.ofOwner(owner));
  }

  nextTimerAt(): number | undefined {
    return this.#server.nextTimerAt();
  }

  advance(): void {
    this.#server.advance(this.#parts.now());
  }

  get load(): DtlsServer['load'] & { readonly doubtful: number } {
    return { ...this.#server.load, doubtful: this.#doubtful.size };
  }

  #on(output: DtlsOutput): void {
    switch (output.type) {
      case 'datagram':
        return this.#parts.sendDatagram(output.address, output.bytes);
      case 'opened':
        return this.#onOpened(output.session);
      case 'data':
        return this.#onData(output);
      case 'closed':
        return this.#onClosed(output);
      case 'refused':
        return this.#parts.log.debug({ address: output.address, by: output.by, alert: output.alert }, 'a handshake came to nothing');
      case 'save': {
        const session = this.#sessions.of(output.session);
        if (session === undefined) return;
        const { name } = session;
        const { number, bytes } = output.save;
        this.#parts.tell({ type: 'session-save', name, number, state: this.#parts.ring.sealSession(name, bytes) });
        bytes.fill(0);
      }
    }
  }

  #onOpened(handle: SessionHandle): void {
    const found = this.#parts.trust.of(handle.identity);
    // Revoked between the key and Finished.
    if ('refused' in found) return this.#server.close(handle);
    const { credential } = found;
    const { kind, identity } = credential;
    const surplus = this.#sessions.add(SessionsByName.nameFor(handle, this.#parts.entropy), handle, credential);
    this.#parts.tell({ type: 'credential-used', kind, identity, at: this.#parts.clock() });
    this.#endAll(surplus);
  }

  #onData({ session: handle, address, bytes, sequence, isDoubtful }: Extract<DtlsOutput, { type: 'data' }>): void {
    const session = this.#sessions.of(handle);
    if (session === undefined) return;
    const { name } = session;
    const askedAt = this.#questions.answered(name, bytes);
    if (askedAt !== undefined) this.#onShown(session, { address, askedAt, sequence });
    if (isDoubtful && askedAt === undefined && !this.#isFresh(session, bytes, sequence)) return;
    this.#sessions.heard(session);
    this.#parts.deliver(name, bytes);
  }

  /** RFC 9146 section 6: the answer came from where the question went. */
  #onShown({ name, handle }: NamedSession, { address, askedAt, sequence }: { address: string; askedAt: string; sequence: number }): void {
    if (askedAt === address) this.#server.prove(handle, address);
    if (this.#doubtful.delete(name)) this.#server.resolveDoubt(handle, sequence);
    if (handle.address === handle.provenAddress && !this.#doubtful.has(name)) this.#questions.forget(name);
  }

  /** A record that may be a recording is answered with a question at most, and believed only if it answers one. */
  #isFresh(session: NamedSession, bytes: Uint8Array, sequence: number): boolean {
    const message = messageIn(bytes);
    if (message === undefined || message.code === 0 || classOf(message.code) !== 0) return false;
    if (this.#echo.isAnsweredBy(session.name, message, this.#parts.now())) {
      this.#onShown(session, { address: '', askedAt: 'by Echo', sequence });
      return true;
    }
    const credential = this.credentialAt(session.name);
    if (credential && this.#parts.knowsEcho(credential))
      this.send(session.name, this.#echo.challenge(session.name, message, this.#parts.now()));
    else this.#ask(session);
    return false;
  }

  #ask({ name }: NamedSession): void {
    if (this.#asking.has(name)) return;
    this.#asking.add(name);
    // Not from within a call of the machine, or of CoAP's.
    setImmediate(() => {
      if (this.#sessions.named(name) === undefined) return;
      this.#parts.ask(name, (isAnswered) => {
        this.#asking.delete(name);
        if (!isAnswered) this.#unanswered(name);
      });
    });
  }

  /** In doubt for good: a new handshake settles it. A device that has only moved goes on at its old address. */
  #unanswered(name: string): void {
    const session = this.#sessions.named(name);
    if (session && this.#doubtful.has(name)) this.#server.close(session.handle);
  }

  #endAll(sessions: readonly NamedSession[]): void {
    for (const { handle } of sessions) this.#server.close(handle);
  }

  #onClosed({ session: handle, reason, alert }: Extract<DtlsOutput, { type: 'closed' }>): void {
    const session = this.#sessions.of(handle);
    if (session === undefined) return;
    const { name } = session;
    this.#sessions.remove(session);
    this.#questions.forget(name);
    this.#doubtful.delete(name);
    this.#asking.delete(name);
    this.#waiting.take(name);
    this.#parts.log.debug({ peer: name, reason, alert }, 'a session has ended');
    this.#parts.tell({ type: 'session-gone', name });
    this.#parts.closed(name);
  }
}
