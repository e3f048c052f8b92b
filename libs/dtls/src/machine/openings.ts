import type { TimerHeap } from '@drover/kernel';
import { encodeAlert, type AlertName } from '../alerts.ts';
import { DtlsError } from '../errors.ts';
import { encodeHelloVerifyRequest, peekClientHello, type HelloStart } from '../handshake/hello.ts';
import { encodeMessage, MESSAGE, readFragments, type Fragment } from '../handshake/message.ts';
import { CONTENT, encodeRecord, MAX_SEQUENCE, NO_CID, VERSION_1_0, type DtlsRecord } from '../record/record.ts';
import { Conversation } from './conversation.ts';
import type { Cookies } from './cookies.ts';
import type { Arrival } from './established.ts';
import type { HalfOpen, HalfOpens } from './half-open.ts';
import { HandshakeDriver, type Heard } from './handshake-driver.ts';
import type { DtlsSink } from './outputs.ts';
import type { ServerContext } from './server-context.ts';
import { ServerHandshake } from './server-handshake.ts';

interface OpeningsParts {
  readonly sink: DtlsSink;
  readonly context: ServerContext;
  readonly cookies: Cookies;
  readonly halfOpens: HalfOpens;
  readonly timers: TimerHeap<HalfOpen>;
  /** A handshake has ended well. */
  opened(half: HalfOpen, now: number): void;
}

/** Protected records that a handshake's keys do not open, until the client is told. Anybody can send one; a wrong key repeats its flight. */
const MOST_FORGED = 4;
/** Room for the records of a handshake above the number that the client's hello had. */
const HIGHEST_HELLO = MAX_SEQUENCE - 2 ** 20;
/** And for our messages above the number of its message: 16 bits hold it. A client counts its hellos, and begins with 0. */
const HIGHEST_HELLO_MESSAGE = 255;

/** Handshakes of a server: nothing is kept before the cookie, little and not for long after it. */
export class Openings {
  readonly #parts: OpeningsParts;

  constructor(parts: OpeningsParts) {
    this.#parts = parts;
  }

  /** A record of epoch 0. */
  receivePlain(record: DtlsRecord, arrival: Arrival): void {
    const hello = record.type === CONTENT.handshake ? startOfHello(record) : undefined;
    const half = this.#parts.halfOpens.at(arrival.address);
    if (hello !== undefined && !half?.random.equals(hello.start.random)) this.#onNewHello(record, hello, arrival);
    else if (half !== undefined) this.hear(half, record, arrival.now);
  }

  /** A record to a handshake under way. */
  hear(half: HalfOpen, record: DtlsRecord, now: number): void {
    try {
      this.#react(half, half.driver.hear(record), now);
    } catch (error) {
      if (!(error instanceof DtlsError) || error.alert === undefined) throw error;
      this.#refuse(half, error.alert);
    }
  }

  /** Its timer fired. */
  due(half: HalfOpen, now: number): void {
    if (half.onDue) return half.onDue();
    if (now >= half.deadline) {
      this.#forget(half);
      this.#parts.sink({ type: 'refused', address: half.address, by: 'timeout' });
      return;
    }
    if (half.conversation.mayRepeat) this.#transmit(half);
    this.#arm(half, now);
  }

  /** Our last flight again (RFC 6347 section 4.2.4); no more often than any other. */
  repeat(half: HalfOpen): void {
    if (half.conversation.mayRepeat) this.#transmit(half);
  }

  /** Stateless up to here, and no more bytes than came (RFC 6347 section 4.2.1). */
  #onNewHello(record: DtlsRecord, { start, fragment }: StartOfHello, arrival: Arrival): void {
    const { cookies, halfOpens, sink } = this.#parts;
    const { address, now } = arrival;
    if (!cookies.isGood(address, start, now)) {
      const cookie = cookies.cookieFor(address, start, now);
      sink({ type: 'datagram', address, bytes: verifyRequest(record, fragment.sequence, cookie) });
      return;
    }
    if (record.sequence > HIGHEST_HELLO || fragment.sequence > HIGHEST_HELLO_MESSAGE) return;
    if (!halfOpens.hasRoomFor(address)) return;
    const before = halfOpens.at(address);
    if (before !== undefined) this.#forget(before);
    const half = this.#begin(record, { start, fragment }, arrival);
    halfOpens.add(half);
    this.#arm(half, now);
    this.hear(half, record, now);
  }

  /** Message and record numbers go on from the hello's: we have kept none (RFC 6347 section 4.2.1). */
  #begin(record: DtlsRecord, { start, fragment }: StartOfHello, { address, now }: Arrival): HalfOpen {
    const { context } = this.#parts;
    const conversation = new Conversation(context.settings, {
      firstSent: fragment.sequence,
      firstExpected: fragment.sequence,
      recordSequence: record.sequence,
    });
    const handshake = new ServerHandshake(conversation, context, now);
    return {
      address,
      random: Buffer.from(start.random),
      conversation,
      handshake,
      driver: new HandshakeDriver(conversation, handshake),
      deadline: now + context.settings.handshakeMs,
      forged: 0,
      at: 0,
      place: -1,
    };
  }

  #react(half: HalfOpen, heard: Heard, now: number): void {
    if (typeof heard === 'object') {
      // Not authentic before Finished, but there is no other way in which a client could say it.
      if (heard.alert.level === 'warning' && heard.alert.name !== 'close_notify') return;
      this.#forget(half);
      const alert = heard.alert.name ?? heard.alert.code;
      this.#parts.sink({ type: 'refused', address: half.address, by: 'peer', alert });
      return;
    }
    // A wrong key and an unknown identity come here alike, and after as many attempts.
    if (heard === 'forged' && (half.forged += 1) >= MOST_FORGED) return this.#refuse(half, 'bad_record_mac');
    if (heard === 'answered') this.#transmit(half);
    if (heard === 'repeated') this.repeat(half);
    if (half.handshake.opening !== undefined) {
      this.#stop(half);
      this.#parts.opened(half, now);
    } else if (heard === 'answered' || heard === 'repeated') this.#arm(half, now);
  }

  #transmit(half: HalfOpen): void {
    for (const bytes of half.conversation.transmit()) this.#parts.sink({ type: 'datagram', address: half.address, bytes });
  }

  #arm(half: HalfOpen, now: number): void {
    const { conversation, deadline } = half;
    const isSaying = conversation.transmissions > 0 && conversation.mayRepeat;
    this.#parts.timers.arm(half, isSaying ? Math.min(deadline, now + conversation.timeoutMs) : deadline);
  }

  #refuse(half: HalfOpen, alert: AlertName): void {
    const { conversation, handshake, address } = half;
    const bytes = encodeAlert(alert);
    const record = handshake.hasSentFinished ? conversation.channel!.seal(CONTENT.alert, bytes) : conversation.plain(CONTENT.alert, bytes);
    this.#parts.sink({ type: 'datagram', address, bytes: record });
    this.#forget(half);
    this.#parts.sink({ type: 'refused', address, by: 'us', alert });
  }

  #stop(half: HalfOpen): void {
    this.#parts.timers.clear(half);
    this.#parts.halfOpens.remove(half);
    half.handshake.wipe();
  }

  #forget(half: HalfOpen): void {
    this.#stop(half);
    half.conversation.channel?.wipe();
  }
}

interface StartOfHello {
  readonly start: HelloStart;
  readonly fragment: Fragment;
}

function startOfHello(record: DtlsRecord): StartOfHello | undefined {
  const fragment = readFragments(record.fragment)?.[0];
  if (fragment === undefined || fragment.type !== MESSAGE.client_hello || fragment.offset !== 0 || record.version >> 8 !== 0xfe)
    return undefined;
  const start = peekClientHello(fragment.bytes);
  return start && { start, fragment };
}

/** With the numbers of what it answers (RFC 6347 sections 4.2.1 and 4.2.2), and under version 1.0, which commits to nothing. */
function verifyRequest(record: DtlsRecord, messageSequence: number, cookie: Buffer): Buffer {
  const body = encodeHelloVerifyRequest(VERSION_1_0, cookie);
  const message = encodeMessage({ type: MESSAGE.hello_verify_request, sequence: messageSequence, body });
  return encodeRecord({ type: CONTENT.handshake, version: VERSION_1_0, epoch: 0, sequence: record.sequence, cid: NO_CID }, message);
}
