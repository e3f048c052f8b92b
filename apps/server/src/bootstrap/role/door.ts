import type { CoapOutput, CoapResponse, IncomingHandle } from '@drover/coap';
import type { CredentialBook, KeyRing } from '@drover/credentials';
import type { ChainRules, OwnCertificate } from '@drover/dtls';
import type { Entropy, Instant } from '@drover/kernel';
import { monotonicMs, SystemEntropy, type Logger } from '@drover/platform';
import { DeviceTrust } from '../../gateway/dtls/device-trust.ts';
import { DtlsDesk } from '../../gateway/dtls/dtls-desk.ts';
import { Probe } from '../../gateway/dtls/probe.ts';
import { earlier, Transports } from '../../gateway/transports.ts';
import type { SecurityReport, SharedCredential } from '../../link/security.ts';

export interface BootstrapDoorParts {
  readonly book: CredentialBook<SharedCredential>;
  readonly ring: KeyRing;
  readonly own?: OwnCertificate;
  /** Development only. */
  readonly keyLog?: (line: string) => void;
  readonly roots?: ChainRules['roots'];
  readonly revocationLists?: ChainRules['revocationLists'];
  readonly log: Logger;
  readonly clock: () => Instant;
  readonly sendPlain: (address: string, bytes: Uint8Array) => void;
  readonly sendSecured: (address: string, bytes: Uint8Array) => void;
  readonly tell: (report: Extract<SecurityReport, { type: 'credential-used' }>) => void;
  readonly wake: () => void;
}

/** Who hears what comes in. */
export interface DoorListener {
  readonly output: (output: CoapOutput) => void;
  readonly closed: (peer: string) => void;
}

/** Sessions that wait for nothing: a device comes once, for a minute. */
const MAX_SESSIONS = 5000;
const MAX_PEERS = 20_000;
/** What is begun anew costs a handshake, and no session outlives the process. */
const SETTINGS = { maxSessions: MAX_SESSIONS, maxHalfOpen: 1000, maxHalfOpenPerHost: 200, resumptionMs: 0, reserve: 0 } as const;

/** The wire of the bootstrap server: CoAP and DTLS as at the other door, with sockets, sessions and a lock of its own. */
export class BootstrapDoor {
  readonly entropy: Entropy = new SystemEntropy();
  readonly coap: Transports;
  readonly #desk: DtlsDesk;
  readonly #parts: BootstrapDoorParts;
  #listener: DoorListener | undefined;

  constructor(parts: BootstrapDoorParts) {
    this.#parts = parts;
    const { book, ring, own, keyLog, roots = [], revocationLists, log, clock, sendPlain, sendSecured, wake } = parts;
    this.coap = new Transports({
      sink: (output) => this.#listener?.output(output),
      sendDatagram: (peer, bytes) => {
        sendPlain(peer, bytes);
        wake();
      },
      sendSecured: (peer, bytes) => {
        this.#desk.send(peer, bytes);
        wake();
      },
      writeStream: () => undefined,
      closeStream: () => undefined,
      entropy: this.entropy,
      settings: { wallOffsetMs: Date.now() - monotonicMs(), maxPeers: MAX_PEERS, maxProven: MAX_PEERS },
    });
    const probe = new Probe(this.coap, monotonicMs);
    this.#desk = new DtlsDesk({
      entropy: this.entropy,
      trust: new DeviceTrust({ use: 'bootstrap', book, ring, clock, roots, revocationLists }),
      ring,
      own,
      keyLog,
      settings: SETTINGS,
      log,
      clock,
      now: monotonicMs,
      wall: Date.now,
      sendDatagram: sendSecured,
      deliver: (peer, bytes) => this.coap.receive(peer, bytes, monotonicMs()),
      closed: (peer) => this.#closed(peer),
      ask: (peer, done) => probe.ask(peer, done),
      knowsEcho: () => false,
      tell: (report) => {
        if (report.type === 'credential-used') parts.tell(report);
      },
    });
  }

  listen(listener: DoorListener): void {
    this.#listener = listener;
  }

  receivePlain(address: string, bytes: Uint8Array): void {
    this.coap.receive(address, bytes, monotonicMs());
    this.#parts.wake();
  }

  receiveSecured(address: string, datagram: Uint8Array): void {
    this.#desk.receive(address, datagram);
    this.#parts.wake();
  }

  respond(handle: IncomingHandle, response: CoapResponse): void {
    this.coap.respond(handle, response, monotonicMs());
    this.#parts.wake();
  }

  /** Whose session it is; undefined without security, and where its credential opens this door no more. */
  credentialAt(peer: string): SharedCredential | undefined {
    return this.#desk.credentialAt(peer);
  }

  review(credential: SharedCredential): void {
    this.#desk.review(credential);
  }

  nextTimerAt(): number | undefined {
    return earlier(this.coap.nextTimerAt(), this.#desk.nextTimerAt());
  }

  advance(): void {
    this.coap.advance(monotonicMs());
    this.#desk.advance();
  }

  #closed(peer: string): void {
    this.coap.forgetPeer(peer);
    this.#listener?.closed(peer);
  }
}
