import {
  addressOf,
  CODE,
  CoapEndpoint,
  ECHO_KEY_BYTES,
  OscoreTransport,
  type CoapSink,
  type EndpointSettings,
  type IncomingHandle,
  type MarkWanted,
  type OscoreContexts,
  type OscoreError,
  type OscoreOutput,
} from '@drover/coap';
import type { Entropy } from '@drover/kernel';
import { monotonicMs } from '@drover/platform';

/** What CoAP over UDP needs to know of OSCORE. */
export interface OscoreSetting {
  readonly contexts: OscoreContexts;
  readonly mustShow: (context: string, address: string) => boolean;
  readonly write: (context: string, mark: MarkWanted) => void;
  /** A request was taken from it there. */
  readonly heard: (context: string, address: string) => void;
  readonly refused: (address: string, error: OscoreError) => void;
  /** The port is open for OSCORE alone. */
  readonly only: boolean;
}

export interface OscoreUdpParts {
  readonly sink: CoapSink;
  readonly sendDatagram: (address: string, bytes: Uint8Array) => void;
  readonly entropy: Entropy;
  readonly settings: Partial<EndpointSettings>;
  readonly oscore: OscoreSetting;
}

/**
 * CoAP over UDP, protected message by message or not at all; what is not is refused where only OSCORE is spoken. `plain`: what is
 * beneath, datagrams and addresses.
 */
export function oscoreUdp({ sink, sendDatagram, entropy, settings, oscore }: OscoreUdpParts): {
  readonly udp: OscoreTransport;
  readonly plain: CoapEndpoint;
} {
  const refuse = (handle: IncomingHandle): void => void plain!.respond(handle, { code: CODE.UNAUTHORIZED }, monotonicMs());
  const on = (output: OscoreOutput): void => {
    switch (output.type) {
      case 'datagram':
        return sendDatagram(output.peer, output.bytes);
      case 'mark-wanted':
        return oscore.write(output.context, output.mark);
      case 'refused':
        return oscore.refused(output.peer, output.error);
      case 'request':
        if (output.context !== undefined) oscore.heard(output.context, addressOf(output.peer));
        else if (oscore.only) return refuse(output.handle);
        return sink(output);
      default:
        return sink(output);
    }
  };
  let plain: CoapEndpoint | undefined;
  const { contexts, mustShow } = oscore;
  const udp = new OscoreTransport((inner) => (plain = new CoapEndpoint(inner, entropy, { ...settings, takesOscore: true })), {
    sink: on,
    contexts,
    mustShow,
    echoKey: entropy.bytes(ECHO_KEY_BYTES),
  });
  return { udp, plain: plain! };
}
