import type { ObjectModels, UriScheme } from '@drover/lwm2m';
import type { CampaignClock, Logger } from '@drover/platform';
import type { FromGateway } from '../link/messages.ts';
import type { SecurityParts } from './dtls/secured.ts';
import type { Takeover } from './registration-handler.ts';
import type { ServeDoor } from './serve-door.ts';

/** What a gateway is given: its settings, the sockets it writes to, the engine it tells. */
export interface GatewayParts {
  readonly clock: CampaignClock;
  readonly log: Logger;
  readonly door: ServeDoor;
  readonly awakeMs: number;
  /** Object definitions; the built-in ones without it. */
  readonly models?: ObjectModels;
  readonly takeover: Takeover;
  readonly sendDatagram: (peer: string, bytes: Uint8Array) => void;
  readonly writeStream: (peer: string, bytes: Uint8Array) => void;
  readonly closeStream: (peer: string) => void;
  readonly tell: (message: FromGateway) => void;
  /** `coap://host:port` and the like, no trailing slash; undefined where that is not offered. */
  readonly publicUri: (scheme: UriScheme) => string | undefined;
  /** `http://…` or `https://…` of the operator's file host. */
  readonly fileHost?: string;
  /** Without it DTLS is not spoken, and nobody needs a credential. */
  readonly security?: SecurityParts;
  readonly wake: () => void;
}
