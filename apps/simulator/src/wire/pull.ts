import type { Instant } from '@drover/kernel';
import type { UpdateEvent } from '../device/update-event.ts';

/** A download under way, by whatever protocol. */
export interface Pull {
  /** Between blocks a device stays awake; when it was put off it may sleep. */
  readonly isActive: boolean;
  start(): void;
  stop(): void;
}

export interface BlockTaken {
  readonly payload: Uint8Array;
  /** Of the first byte. */
  readonly offset: number;
  /** Campaign time of the first transmission, if it had to be repeated. */
  readonly askedAt: Instant | undefined;
  readonly isLast: boolean;
}

export interface PullParts {
  /** The most that the device takes at a time; without it as much as the server likes. */
  readonly blockBytes: number | undefined;
  /** Campaign ms. */
  readonly after: (campaignMs: number, run: () => void) => void;
  readonly now: () => Instant;
  /** Campaign ms that one block takes on the air. */
  readonly blockMs: (payloadBytes: number) => number;
  /** Puts the block into the intake. `false` ends the pull: out of memory, or out of power. */
  readonly take: (block: BlockTaken) => boolean;
  readonly ended: (end: 'complete' | Extract<UpdateEvent, 'connection-lost' | 'uri-unknown'>) => void;
}

export const PULL_SCHEMES = ['coap', 'coaps', 'coap+tcp', 'http'] as const;
export type PullScheme = (typeof PULL_SCHEMES)[number];

export interface PullTarget {
  readonly scheme: PullScheme;
  /** `address:port` */
  readonly host: string;
  readonly path: readonly string[];
}

const DEFAULT_PORTS: Readonly<Record<PullScheme, string>> = { coap: '5683', coaps: '5684', 'coap+tcp': '5683', http: '80' };

/** Where a URI points; `protocol-unsupported` and `uri-invalid` for what nobody here can fetch. */
export function targetOf(uri: string): PullTarget | Extract<UpdateEvent, 'protocol-unsupported' | 'uri-invalid'> {
  if (!URL.canParse(uri)) return 'uri-invalid';
  const { protocol, hostname, port, pathname } = new URL(uri);
  const scheme = PULL_SCHEMES.find((each) => `${each}:` === protocol);
  if (scheme === undefined || hostname === '') return 'protocol-unsupported';
  const path = pathname.split('/').slice(1).map(decodeURIComponent);
  return { scheme, host: `${hostname}:${port || DEFAULT_PORTS[scheme]}`, path };
}
