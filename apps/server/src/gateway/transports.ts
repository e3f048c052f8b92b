import type { Entropy } from '@drover/kernel';
import {
  CoapEndpoint,
  CoapStreams,
  type OscoreTransport,
  type CoapRequest,
  type CoapResponse,
  type CoapSink,
  type CoapTransport,
  type Coverage,
  type EndpointSettings,
  type PeerTiming,
  type IncomingHandle,
  type RequestHandle,
  type StreamRole,
} from '@drover/coap';
import { isOverDtls, isOverTls, isSecured } from '../link/security.ts';
import { oscoreUdp, type OscoreSetting } from './oscore/oscore-udp.ts';

export interface TransportParts {
  /** Everything but bytes to send, from whichever transport. */
  readonly sink: CoapSink;
  readonly sendDatagram: (peer: string, bytes: Uint8Array) => void;
  /** To a DTLS session. */
  readonly sendSecured: (peer: string, bytes: Uint8Array) => void;
  readonly writeStream: (peer: string, bytes: Uint8Array) => void;
  readonly closeStream: (peer: string) => void;
  readonly entropy: Entropy;
  readonly settings: Partial<EndpointSettings>;
  /** Without it OSCORE is not spoken. */
  readonly oscore?: OscoreSetting;
}

/**
 * CoAP over UDP, DTLS, TCP and TLS as one: the name of a peer says which it is, `address:port`, `oscore:context@address:port`,
 * `dtls:session`, `tcp:address:port` or `tls:address:port`.
 */
export class Transports implements CoapTransport {
  readonly #udp: CoapTransport;
  /** Beneath it. */
  readonly #plain: CoapEndpoint;
  readonly #oscore: OscoreTransport | undefined;
  /** Apart: what strangers may fill up there is nobody's here, and addresses are the business of the sessions. */
  readonly #dtls: CoapEndpoint;
  readonly #tcp: CoapStreams;

  constructor({ sink, sendDatagram, sendSecured, writeStream, closeStream, entropy, settings, oscore }: TransportParts) {
    const both = oscore && oscoreUdp({ sink, sendDatagram, entropy, settings, oscore });
    this.#oscore = both?.udp;
    this.#plain =
      both?.plain ??
      new CoapEndpoint(
        (output) => (output.type === 'datagram' ? sendDatagram(output.peer, output.bytes) : sink(output)),
        entropy,
        settings,
      );
    this.#udp = this.#oscore ?? this.#plain;
    this.#dtls = new CoapEndpoint(
      (output) => (output.type === 'datagram' ? sendSecured(output.peer, output.bytes) : sink(output)),
      entropy,
      { ...settings, maxAmplification: Number.POSITIVE_INFINITY },
    );
    this.#tcp = new CoapStreams((output) => {
      if (output.type === 'datagram') writeStream(output.peer, output.bytes);
      else if (output.type === 'close') closeStream(output.peer);
      else sink(output);
    }, entropy);
  }

  opened(peer: string, now: number, role: StreamRole): void {
    this.#tcp.opened(peer, now, role);
  }

  closed(peer: string): void {
    this.#tcp.closed(peer);
  }

  receive(peer: string, bytes: Uint8Array, now: number): void {
    this.#of(peer).receive(peer, bytes, now);
  }

  request(peer: string, request: CoapRequest, now: number): RequestHandle {
    return this.#of(peer).request(peer, request, now);
  }

  cancelRequest(handle: RequestHandle, now: number): void {
    this.#of(handle.peer).cancelRequest(handle, now);
  }

  cancelObservation(handle: RequestHandle, now: number): RequestHandle | undefined {
    return this.#of(handle.peer).cancelObservation(handle, now);
  }

  refreshObservation(handle: RequestHandle, now: number): RequestHandle | undefined {
    return this.#of(handle.peer).refreshObservation(handle, now);
  }

  respond(handle: IncomingHandle, response: CoapResponse, now: number): boolean {
    return this.#of(handle.peer).respond(handle, response, now);
  }

  acknowledge(handle: IncomingHandle): void {
    this.#of(handle.peer).acknowledge(handle);
  }

  /** Asks for an Echo; a stream and a session have proven their address by themselves, so `false`: go on. */
  challenge(handle: IncomingHandle, now: number): boolean {
    return !isStream(handle.peer) && !isSecured(handle.peer) && this.#plain.challenge(handle, now);
  }

  /** Numbers of this context are on the disk. */
  oscoreSaved(context: string, number: number, now: number): void {
    this.#oscore?.saved(context, number, now);
  }

  forgetPeer(peer: string): void {
    this.#of(peer).forgetPeer(peer);
  }

  forgetObservations(peer: string): void {
    this.#of(peer).forgetObservations(peer);
  }

  prove(peer: string, now: number): void {
    this.#of(peer).prove(peer, now);
  }

  isProven(peer: string, now: number): boolean {
    return this.#of(peer).isProven(peer, now);
  }

  setCoverage(peer: string, coverage: Coverage, now: number): void {
    this.#of(peer).setCoverage(peer, coverage, now);
  }

  setTiming(peer: string, timing: PeerTiming | undefined, now: number): void {
    this.#of(peer).setTiming(peer, timing, now);
  }

  timeoutOf(peer: string): number {
    return this.#of(peer).timeoutOf(peer);
  }

  nextTimerAt(): number | undefined {
    return earlier(earlier(this.#udp.nextTimerAt(), this.#dtls.nextTimerAt()), this.#tcp.nextTimerAt());
  }

  advance(now: number): void {
    this.#udp.advance(now);
    this.#dtls.advance(now);
    this.#tcp.advance(now);
  }

  #of(peer: string): CoapTransport {
    if (isOverDtls(peer)) return this.#dtls;
    return isStream(peer) ? this.#tcp : this.#udp;
  }
}

function isStream(peer: string): boolean {
  return peer.startsWith('tcp:') || isOverTls(peer);
}

export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a;
}
