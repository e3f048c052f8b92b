import type { Endpoint, Instant } from '@drover/kernel';

/** Questions of the engine about what only the gateway knows, and its answers. Plain data, like everything on the link. */

export type LookCommand =
  | { readonly type: 'look'; readonly id: number; readonly what: 'learned' | 'trace'; readonly endpoint: Endpoint }
  /** Records the datagrams of a device until then; without a time that ends, and what was recorded is gone. */
  | { readonly type: 'trace'; readonly endpoint: Endpoint; readonly until: Instant | undefined };

export type LookReport = {
  readonly type: 'looked';
  readonly id: number;
  readonly learned?: Learned;
  /** Absent when this device is not traced. */
  readonly trace?: TraceSeen;
};

/** What a device has shown by itself, beside whatever is configured for its class. */
export interface Learned {
  /** By what it is for (`read-many`), the content format that worked last. */
  readonly formats: Readonly<Record<string, number | 'any'>>;
  readonly composite: boolean | undefined;
  /** Bytes of a block that it asked for, where a larger one was offered. */
  readonly blockSize: number | undefined;
  /** Until the next message to it would be repeated, ms; absent while it is not registered. */
  readonly timeoutMs: number | undefined;
}

export interface TraceEntry {
  readonly at: Instant;
  readonly direction: 'in' | 'out';
  readonly peer: string;
  /** Of the datagram, or of the message on a stream. */
  readonly bytes: number;
  readonly text: string;
}

export interface TraceSeen {
  readonly until: Instant;
  /** Older entries that had to go. */
  readonly dropped: number;
  /** Newest last. */
  readonly entries: readonly TraceEntry[];
}
