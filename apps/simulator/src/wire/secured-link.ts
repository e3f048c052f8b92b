import {
  DtlsClient,
  KeysAtHand,
  PeerTrust,
  type ClientSettings,
  type DtlsOutput,
  type OwnCertificate,
  type Presented,
  type Verdict,
} from '@drover/dtls';
import { monotonicMs, SystemEntropy } from '@drover/platform';
import type { TimerOwner, Wheel } from '../wheel.ts';

/** Identity and key of one device, as they were handed to the server. */
export interface DeviceKey {
  readonly identity: string;
  readonly key: Uint8Array;
}

/** A certificate with its key, as a bootstrap server hands them out, and the one that the server has to show. */
export interface DeviceCertificate {
  readonly own: OwnCertificate;
  readonly serverCertificate: Uint8Array;
}

export interface SecuredLinkParts {
  readonly key: DeviceKey | DeviceCertificate;
  readonly owner: TimerOwner;
  readonly wheel: Wheel;
  /** First repetition of a flight, wall ms; what NB-IoT asks for without it. */
  readonly retransmitMs?: number | undefined;
  /** A datagram as it goes on the air. */
  readonly transmit: (bytes: Uint8Array) => void;
  /** What the server has said. */
  readonly deliver: (bytes: Uint8Array) => void;
  /** A handshake has ended well; `isAgain`: because the server had the session before it no more. */
  readonly opened: (isAgain: boolean) => void;
}

/** Messages that wait for a handshake: CoAP repeats what is lost. */
const MAX_WAITING = 4;
/** A record alone in a datagram, in the clear: an alert of a server that does not know the session. */
const PLAIN_ALERT = { type: 21, bytes: 15 };
/** Anybody can send one of those: a new handshake at most so often, wall ms. */
const BEGIN_ANEW_EVERY_MS = 2000;
/** The server takes whoever has the key. */
class NobodyElse extends PeerTrust {}

/** The one certificate that stands in the account, and no other of its issuer (Certificate Usage 3, the default of Object 0). */
class ThisServer extends PeerTrust {
  readonly #certificate: Uint8Array;

  constructor(certificate: Uint8Array) {
    super();
    this.#certificate = certificate;
  }

  override verifyPeer(presented: Presented): Verdict {
    const isIt = presented.kind === 'x509' && presented.chain[0]?.raw.equals(this.#certificate) === true;
    return isIt ? { name: 'server' } : { alert: 'bad_certificate' };
  }
}

/** What every LwM2M device can (LwM2M Transport section 5.2.8), and no Connection ID in records to it. */
const SETTINGS = {
  psk: { suites: ['TLS_PSK_WITH_AES_128_CCM_8'], cidBytes: 0 },
  certificate: { suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'], cidBytes: 0, serverCertificateTypes: ['x509'] },
} as const satisfies Record<string, Partial<ClientSettings>>;

const entropy = new SystemEntropy();
const nobodyElse = new NobodyElse();
/** There may be a fleet of devices in the process. */
const keysAtHand = new KeysAtHand(1024);

/**
 * DTLS as a small device has it: one session with its server, begun when there is something to say, kept through sleep and
 * new addresses by its Connection ID, begun anew when the server does not know it any more.
 */
export class SecuredLink {
  readonly #parts: SecuredLinkParts;
  #client: DtlsClient | undefined;
  #waiting: Uint8Array[] = [];
  #armedAt = Number.POSITIVE_INFINITY;
  #begunAt = Number.NEGATIVE_INFINITY;
  #lastSent: Uint8Array | undefined;
  /** The server has ended the last session, or did not know it. */
  #isLost = false;

  constructor(parts: SecuredLinkParts) {
    this.#parts = parts;
  }

  send(bytes: Uint8Array): void {
    this.#lastSent = bytes;
    if (this.#client?.session !== undefined) return void this.#client.send(bytes);
    // The copies that CoAP sends meanwhile are one message.
    this.#waiting = [...this.#waiting.filter((each) => Buffer.compare(each, bytes) !== 0), bytes].slice(-MAX_WAITING);
    if (this.#client === undefined) this.#begin();
  }

  receive(datagram: Uint8Array): void {
    if (this.#client?.session !== undefined && isPlainAlert(datagram)) return this.#unknownToServer();
    this.#client?.receive(datagram, monotonicMs());
    this.#arm();
  }

  /** Nothing has come back for long: the next message begins with a handshake. */
  forget(): void {
    this.#client = undefined;
  }

  #begin(): void {
    this.#begunAt = monotonicMs();
    const { key, retransmitMs } = this.#parts;
    const common = { sink: (output: DtlsOutput): void => this.#on(output), server: 'server', entropy, keysAtHand } as const;
    const patience = retransmitMs === undefined ? {} : { retransmitMs };
    this.#client =
      'own' in key
        ? new DtlsClient(
            { ...common, trust: new ThisServer(key.serverCertificate), own: key.own },
            { ...SETTINGS.certificate, ...patience },
          )
        : new DtlsClient({ ...common, trust: nobodyElse, psk: pskOf(key) }, { ...SETTINGS.psk, ...patience });
    this.#client.connect(this.#begunAt);
    this.#arm();
  }

  /** It is not authentic; but a device that never heeds it would be silent until its lifetime ends. */
  #unknownToServer(): void {
    if (monotonicMs() - this.#begunAt < BEGIN_ANEW_EVERY_MS) return;
    this.#isLost = true;
    this.forget();
    if (this.#lastSent) this.send(this.#lastSent);
  }

  #on(output: DtlsOutput): void {
    switch (output.type) {
      case 'datagram':
        return this.#parts.transmit(output.bytes);
      case 'data':
        return this.#parts.deliver(output.bytes);
      case 'opened':
        this.#parts.opened(this.#isLost);
        this.#isLost = false;
        for (const bytes of this.#waiting.splice(0)) this.#client?.send(bytes);
        return;
      case 'closed':
        this.#isLost = true;
        return this.forget();
      case 'refused':
        return this.forget();
      case 'save':
        return;
    }
  }

  #arm(): void {
    const at = this.#client?.nextTimerAt();
    if (at === undefined || at >= this.#armedAt) return;
    this.#armedAt = at;
    const { owner, wheel } = this.#parts;
    wheel.afterWall(owner, Math.max(0, at - monotonicMs()), () => {
      this.#armedAt = Number.POSITIVE_INFINITY;
      this.#client?.advance(monotonicMs());
      this.#arm();
    });
  }
}

const pskOf = ({ identity, key }: DeviceKey) => ({ identity: Buffer.from(identity, 'utf8'), key });

function isPlainAlert(datagram: Uint8Array): boolean {
  return datagram.length === PLAIN_ALERT.bytes && datagram[0] === PLAIN_ALERT.type && datagram[3] === 0 && datagram[4] === 0;
}
