import { type Entropy, TimerHeap } from '@drover/kernel';
import { CONTENT, readRecords, type DtlsRecord } from '../record/record.ts';
import { drawCid, requireCid } from './connection-ids.ts';
import { Cookies } from './cookies.ts';
import { Established, type Arrival } from './established.ts';
import { HalfOpens, type HalfOpen } from './half-open.ts';
import type { OwnCertificate, PeerTrust } from './identity.ts';
import { KeysAtHand } from './keys-at-hand.ts';
import { Openings } from './openings.ts';
import type { DtlsSink, SendOutcome, SessionHandle } from './outputs.ts';
import { Path } from './path.ts';
import { RateLimit } from './rate-limit.ts';
import { Reservation } from './reservation.ts';
import { restoredSession, type Ending } from './restoring.ts';
import { Resumption } from './resumption.ts';
import { encodeSession } from './session-codec.ts';
import { ServerSession } from './session.ts';
import { Sessions } from './sessions.ts';
import { DEFAULT_SERVER_SETTINGS, type ServerSettings } from './settings.ts';
import { mayBeAnswered, strayAlert } from './strays.ts';

const DECOY_BYTES = 32;

/** What a server stands on. */
export interface ServerPorts {
  readonly sink: DtlsSink;
  readonly entropy: Entropy;
  readonly trust: PeerTrust;
  /** Without it no suite with certificates is agreed. */
  readonly own?: OwnCertificate;
  /** Gets the secret of each session as `CLIENT_RANDOM …` for protocol analysers: never outside of development. */
  readonly keyLog?: (line: string) => void;
}

/**
 * DTLS 1.2 (RFC 6347) with Connection IDs (RFC 9146) for one socket and its many clients, with no socket and no timer of its
 * own: bytes and time come in, datagrams and events go to the sink. `now` is real monotonic milliseconds.
 */
export class DtlsServer {
  readonly #settings: ServerSettings;
  readonly #ports: ServerPorts;
  readonly #sessions = new Sessions();
  readonly #halfOpens: HalfOpens;
  readonly #timers = new TimerHeap<HalfOpen>();
  readonly #resumption: Resumption;
  readonly #established: Established;
  readonly #openings: Openings;
  readonly #strays: RateLimit;

  /** Throws `DTLS_SETTINGS_INVALID`. */
  constructor(ports: ServerPorts, settings: Partial<ServerSettings> = {}) {
    this.#settings = { ...DEFAULT_SERVER_SETTINGS, ...settings };
    this.#ports = ports;
    requireCid(this.#settings);
    const { sink, entropy, trust, own, keyLog } = ports;
    this.#halfOpens = new HalfOpens(this.#settings);
    this.#resumption = new Resumption(this.#settings, entropy);
    this.#strays = new RateLimit(this.#settings.strayAlertsPerSecond);
    this.#established = new Established({
      sink,
      sessions: this.#sessions,
      keysAtHand: new KeysAtHand(this.#settings.maxKeysAtHand),
      repeatLastFlight: ({ linger }) => linger && this.#openings.repeat(linger),
      forgetLastFlight: (session) => this.#forgetLastFlight(session),
      ended: (session, isFatal) => this.#ended(session, isFatal),
    });
    const decoy = entropy.bytes(DECOY_BYTES);
    const isTaken = (cid: Buffer): boolean => this.#sessions.withCid(cid) !== undefined;
    const context = {
      settings: this.#settings,
      entropy,
      trust,
      own,
      keyLog,
      resumption: this.#resumption,
      decoy,
      drawCid: () => drawCid(this.#settings, entropy, isTaken),
    };
    this.#openings = new Openings({
      sink,
      context,
      cookies: new Cookies(entropy, this.#settings.cookieMs),
      halfOpens: this.#halfOpens,
      timers: this.#timers,
      opened: (half, now) => this.#open(half, now),
    });
  }

  /** Never throws for what a peer sent. */
  receive(address: string, datagram: Uint8Array, now: number): void {
    if (datagram.length > this.#settings.maxDatagramBytes) return;
    const arrival = { address, now };
    let isStray = false;
    for (const record of readRecords(datagram, this.#settings.cidBytes))
      if (!this.#route(record, arrival) && mayBeAnswered(record)) isStray = true;
    if (isStray && this.#strays.allows(now)) this.#ports.sink({ type: 'datagram', address, bytes: strayAlert() });
  }

  /** Throws `DTLS_TOO_LONG` for more than `maxDataBytes`. */
  send(session: SessionHandle, bytes: Uint8Array): SendOutcome {
    return session instanceof ServerSession ? this.#established.send(session, bytes) : 'closed';
  }

  /** With a close_notify. Nothing comes back for it. */
  close(session: SessionHandle): void {
    if (session instanceof ServerSession) this.#established.close(session, 'local');
  }

  /** An authenticated answer to something that was sent to this address came from there: only the caller can know. */
  prove(session: SessionHandle, address: string): void {
    if (session instanceof ServerSession) session.path.prove(address);
  }

  /** The record with this number was no replay: it showed that it was made after something we sent. */
  resolveDoubt(session: SessionHandle, sequence: number): void {
    if (!(session instanceof ServerSession) || sequence >= session.trustedFrom) return;
    session.trustedFrom = sequence + 1;
    session.channel.forgetBefore(Math.max(sequence, session.channel.received));
  }

  /** What a `save` brought will survive a crash. */
  saved(session: SessionHandle, number: number): void {
    if (session instanceof ServerSession) session.reservation.saved(number);
  }

  /** For an orderly stop: nothing may be sent or received in this session afterwards. Holds keys. */
  export(session: SessionHandle): Buffer | undefined {
    if (!(session instanceof ServerSession) || session.isClosed) return undefined;
    return encodeSession(session, session.reservation.isBounded ? session.reservation.marks : undefined);
  }

  /**
   * Takes up a session of an earlier process. After a crash its sending goes on behind what was reserved, and what is received
   * below the mark is `isDoubtful`; everything is, of a state that may be outdated. Throws `DTLS_STATE_INVALID`.
   */
  restore(bytes: Uint8Array, ending: Ending, now: number): SessionHandle {
    const session = restoredSession(bytes, ending, { settings: this.#settings, now });
    this.#add(session);
    return session;
  }

  nextTimerAt(): number | undefined {
    return this.#timers.nextAt();
  }

  /** Fires what is due. */
  advance(now: number): void {
    for (let due = this.#timers.popDue(now); due !== undefined; due = this.#timers.popDue(now)) this.#openings.due(due, now);
  }

  /** Sizes of what is kept, for metrics and for tests of the bounds. */
  get load(): { readonly sessions: number; readonly halfOpen: number; readonly turnedAway: number; readonly resumable: number } {
    const { size: halfOpen, turnedAway } = this.#halfOpens;
    return { sessions: this.#sessions.size, halfOpen, turnedAway, resumable: this.#resumption.kept };
  }

  sessions(): Iterable<SessionHandle> {
    return this.#sessions;
  }

  /** `false`: it belongs to nobody. */
  #route(record: DtlsRecord, arrival: Arrival): boolean {
    if (record.epoch === 0 && record.type !== CONTENT.tls12_cid) {
      this.#openings.receivePlain(record, arrival);
      return true;
    }
    const session = record.cid.length > 0 ? this.#sessions.withCid(record.cid) : this.#sessions.at(arrival.address);
    if (session !== undefined && this.#established.receive(session, record, arrival)) return true;
    const half = this.#halfOpens.at(arrival.address);
    if (half === undefined) return session !== undefined;
    this.#openings.hear(half, record, arrival.now);
    return true;
  }

  #open(half: HalfOpen, now: number): void {
    const { identity, serverName, sessionId, isResumed } = half.handshake.opening!;
    const channel = half.conversation.channel!;
    const session = new ServerSession(
      {
        identity,
        serverName,
        suite: half.handshake.suite,
        channel,
        path: new Path(half.address, this.#settings.maxAmplification),
        reservation: new Reservation(this.#settings.reserve),
        trustedFrom: 0,
        sessionId: sessionId.toString('latin1'),
      },
      now,
    );
    this.#add(session);
    if (!isResumed) this.#linger(session, half, now);
    this.#ports.sink({ type: 'opened', session, isResumed });
    this.#established.saveIfNeeded(session);
  }

  #add(session: ServerSession): void {
    // RFC 6347 section 4.2.8: the old session of this address ends now, and not before the new one was complete.
    const before = session.connectionId === '' ? this.#sessions.at(session.address) : this.#sessions.withCid(session.channel.readCid);
    if (before !== undefined) this.#established.drop(before, 'replaced');
    const surplus = this.#sessions.surplusOf(session, this.#settings.maxSessionsPerIdentity);
    if (surplus !== undefined) this.#established.drop(surplus, 'replaced');
    while (this.#sessions.size >= this.#settings.maxSessions) this.#established.close(this.#sessions.leastLately()!, 'evicted');
    this.#sessions.add(session);
  }

  /** Until the client has shown that it has our Finished. */
  #linger(session: ServerSession, half: HalfOpen, now: number): void {
    half.onDue = () => {
      session.linger = undefined;
    };
    session.linger = half;
    this.#timers.arm(half, now + this.#settings.lingerMs);
  }

  #forgetLastFlight(session: ServerSession): void {
    if (session.linger) this.#timers.clear(session.linger);
    session.linger = undefined;
  }

  #ended(session: ServerSession, isFatal: boolean): void {
    this.#forgetLastFlight(session);
    if (isFatal && session.sessionId !== '') this.#resumption.forget(session.sessionId);
  }
}
