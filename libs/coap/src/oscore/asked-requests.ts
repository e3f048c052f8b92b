import type { CoapRequest, RequestHandle } from '../endpoint-types.ts';
import type { NamedContext } from './oscore-types.ts';
import type { RequestBinding } from './sealing.ts';

/** A protected request of ours, as long as something may answer it. */
export interface Asked extends NamedContext {
  readonly request: CoapRequest;
  readonly binding: RequestBinding;
  /** The request that its caller knows: this one may be its repetition. */
  readonly handle: RequestHandle;
  /** Number of the newest notification. */
  sequence: number;
  /** What comes now are notifications. */
  isAnswered?: boolean;
}

/** Protected requests by the handle of the transport beneath, and by who was asked: a peer may be forgotten without its address. */
export class AskedRequests {
  readonly #asked = new WeakMap<RequestHandle, Asked>();
  /** The handle beneath, of a request that was repeated or renewed, by the one that its caller knows. */
  readonly #beneath = new WeakMap<RequestHandle, RequestHandle>();
  /** Handles beneath that something may still come for, by the name of the peer. */
  readonly #open = new Map<string, Set<RequestHandle>>();

  add(beneath: RequestHandle, asked: Asked): void {
    this.#asked.set(beneath, asked);
    this.#beneath.set(asked.handle, beneath);
    const { peer } = asked.handle;
    const open = this.#open.get(peer);
    if (open) open.add(beneath);
    else this.#open.set(peer, new Set([beneath]));
  }

  /** What an observation is renewed by keeps its old name. */
  replace(beneath: RequestHandle, asked: Asked): void {
    this.#asked.set(beneath, asked);
  }

  at(beneath: RequestHandle): Asked | undefined {
    return this.#asked.get(beneath);
  }

  beneath(handle: RequestHandle): RequestHandle {
    return this.#beneath.get(handle) ?? handle;
  }

  openAt(peer: string): readonly RequestHandle[] {
    return [...(this.#open.get(peer) ?? [])];
  }

  /** Nothing more comes for it. */
  done(beneath: RequestHandle): void {
    const peer = this.#asked.get(beneath)?.handle.peer;
    const open = peer === undefined ? undefined : this.#open.get(peer);
    open?.delete(beneath);
    if (peer !== undefined && open?.size === 0) this.#open.delete(peer);
  }
}
