import type { AddressInfo } from 'node:net';
import type { UriScheme } from '@drover/lwm2m';
import type { GatewayStart } from '../link/messages.ts';
import { hostOf } from './datagram-socket.ts';

type Given = Pick<GatewayStart, 'publicUri' | 'publicDtlsUri' | 'publicTcpUri' | 'publicTlsUri'>;
type Bound = Readonly<Record<'udp' | 'dtls' | 'tcp' | 'tls', AddressInfo | undefined>>;

/** How devices reach this gateway: as it was told, or where it listens. */
export class PublicUris {
  readonly #given: Given;
  #bound: Bound = { udp: undefined, dtls: undefined, tcp: undefined, tls: undefined };

  constructor(given: Given) {
    this.#given = given;
  }

  listening(bound: Bound): void {
    this.#bound = bound;
  }

  /** No trailing slash; undefined where this scheme is not spoken. */
  of(scheme: UriScheme): string | undefined {
    const { udp, dtls, tcp, tls } = this.#bound;
    switch (scheme) {
      case 'coap':
        return udp && (this.#given.publicUri ?? at(scheme, udp));
      case 'coaps':
        return dtls && (this.#given.publicDtlsUri ?? at(scheme, dtls, this.#given.publicUri));
      case 'coap+tcp':
        return tcp && (this.#given.publicTcpUri ?? at(scheme, tcp, this.#given.publicUri));
      case 'coaps+tcp':
        return tls && (this.#given.publicTlsUri ?? at(scheme, tls, this.#given.publicDtlsUri ?? this.#given.publicUri));
      default:
        return undefined;
    }
  }
}

/** The host that devices reach UDP at is the host they reach the others at. */
function at(scheme: UriScheme, bound: AddressInfo, publicUri?: string): string {
  const host = publicUri === undefined ? hostOf(bound) : new URL(publicUri).hostname;
  return `${scheme}://${host}:${bound.port}`;
}
