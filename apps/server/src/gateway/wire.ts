import type { CoapSink, StreamRole } from '@drover/coap';
import type { PeerIdentity } from '@drover/dtls';
import type { Endpoint, Entropy } from '@drover/kernel';
import { monotonicMs } from '@drover/platform';
import type { DeviceClasses } from './device-classes.ts';
import { Probe } from './dtls/probe.ts';
import { Secured, type SecurityParts } from './dtls/secured.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { oscoreSetting } from './oscore/oscore-setting.ts';
import type { Registry } from './registry.ts';
import type { TraceDesk } from './trace/trace-desk.ts';
import { earlier, Transports } from './transports.ts';

export interface WireParts extends Pick<
  GatewayParts,
  'clock' | 'log' | 'sendDatagram' | 'writeStream' | 'closeStream' | 'security' | 'tell' | 'wake'
> {
  readonly entropy: Entropy;
  readonly registry: Registry;
  readonly classes: DeviceClasses;
  readonly trace: TraceDesk;
  /** Requests and answers that have come out of the bytes. */
  readonly sink: CoapSink;
  /** It may not speak for itself any more, or not without security. */
  readonly barred: (endpoint: Endpoint) => void;
}

/** Devices that one gateway knows and talks to. */
export const MAX_DEVICES = 1_000_000;

/**
 * The wire of the LwM2M server: bytes in and out, over whatever transport. Nobody is heard before everything is restored, and
 * whatever passes is traced here.
 */
export class Wire {
  readonly coap: Transports;
  /** Without it nobody needs a credential. */
  readonly secured: Secured | undefined;
  readonly #parts: WireParts;
  #isOpen = false;

  constructor(parts: WireParts) {
    this.#parts = parts;
    this.secured = parts.security && this.#secure(parts.security);
    this.coap = this.#transports();
  }

  #secure(security: SecurityParts): Secured {
    const { entropy, log, clock, classes, barred, tell } = this.#parts;
    return new Secured({
      ...security,
      entropy,
      log,
      clock,
      deliver: (peer, bytes) => this.#hear(peer, bytes),
      closed: (peer) => this.coap.forgetPeer(peer),
      closeStream: (peer) => this.#hangUp(peer),
      ask: (peer, done) => new Probe(this.coap, monotonicMs).ask(peer, done),
      oscoreSaved: (context, number) => this.coap.oscoreSaved(context, number, monotonicMs()),
      knowsEcho: (endpoint) => classes.of(endpoint).echo === true,
      barred,
      tell,
      onFatal: (error) => tell({ type: 'fatal', code: (error as { code?: string }).code ?? 'KEYS', message: String(error) }),
    });
  }

  #transports(): Transports {
    const { sink, sendDatagram, writeStream, closeStream, entropy, clock, log, registry, security } = this.#parts;
    const only = security?.oscoreOnly === true;
    return new Transports({
      sink,
      sendDatagram: (peer, bytes) => this.#send(peer, bytes, sendDatagram),
      sendSecured: (peer, bytes) => this.#send(peer, bytes, () => this.secured?.desk.send(peer, bytes)),
      writeStream: (peer, bytes) => this.#send(peer, bytes, writeStream),
      closeStream: (peer) => {
        this.secured?.tls.remove(peer);
        closeStream(peer);
      },
      entropy,
      settings: { wallOffsetMs: Date.now() - monotonicMs(), maxPeers: MAX_DEVICES, maxProven: MAX_DEVICES },
      ...(this.secured && { oscore: oscoreSetting(this.secured.oscore, { clock, log, registry, only }) }),
    });
  }

  /** Everything is restored, and keys are there. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Not before the keys are there: a session that is not known yet would be told to begin anew. */
  open(): void {
    if (this.secured) this.secured.afterKeys(() => (this.#isOpen = true));
    else this.#isOpen = true;
  }

  /** A 4.04 for a location that is about to be restored would make a whole fleet register again. */
  receive(peer: string, bytes: Uint8Array): void {
    if (this.#isOpen) this.#hear(peer, bytes);
  }

  /** From the port of DTLS; `address:port`. */
  receiveSecured(address: string, datagram: Uint8Array): void {
    if (!this.#isOpen) return;
    this.secured?.desk.receive(address, datagram);
    this.#parts.wake();
  }

  /** Of a connection over TLS, before `streamOpened`: whether whoever has shown this is let in. */
  connected(peer: string, identity: PeerIdentity): boolean {
    return this.#isOpen && this.secured?.connected(peer, identity) === true;
  }

  /** A TCP connection stands, or has ended; what it carries comes through `receive`. */
  streamOpened(peer: string, now: number, role: StreamRole): void {
    if (!this.#isOpen) return this.#parts.closeStream(peer);
    this.coap.opened(peer, now, role);
  }

  streamClosed(peer: string): void {
    this.coap.closed(peer);
    this.secured?.tls.remove(peer);
    this.#parts.trace.closed(peer);
  }

  advance(): void {
    this.coap.advance(monotonicMs());
    this.secured?.desk.advance();
  }

  nextTimerAt(): number | undefined {
    return earlier(this.coap.nextTimerAt(), this.secured?.desk.nextTimerAt());
  }

  #hear(peer: string, bytes: Uint8Array): void {
    const { trace, wake } = this.#parts;
    if (trace.isOn) trace.received(peer, bytes);
    this.coap.receive(peer, bytes, monotonicMs());
    wake();
  }

  /** Whatever is sent may have to be repeated, also what began with a timer of our own: a paced block, the end of a pause. */
  #send(peer: string, bytes: Uint8Array, send: (peer: string, bytes: Uint8Array) => void): void {
    const { trace, wake } = this.#parts;
    if (trace.isOn) trace.sent(peer, bytes);
    send(peer, bytes);
    wake();
  }

  #hangUp(peer: string): void {
    this.streamClosed(peer);
    this.#parts.closeStream(peer);
  }
}
