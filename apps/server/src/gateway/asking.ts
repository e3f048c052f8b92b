import type { RequestHandle } from '@drover/coap';
import { DEVICE, type Operation } from '@drover/lwm2m';
import type { ConversationParts } from './conversation-parts.ts';
import type { OperationListener } from './operations.ts';
import type { Registered } from './registry.ts';

type AskingParts = Pick<ConversationParts, 'operations' | 'device' | 'isConfirmed'>;

/** What a conversation has asked its device and waits for. */
export class Asking {
  readonly #parts: AskingParts;
  readonly #heard: () => void;
  #asked: RequestHandle | undefined;
  /** A read that only makes sure that somebody answers where the device says it is. */
  #confirming: { readonly handle: RequestHandle; readonly again: () => void } | undefined;
  /** Observations that the device may still tell us of. */
  #observed: { readonly path: string; readonly handle: RequestHandle }[] = [];

  /** `heard`: it has answered what was to be confirmed. */
  constructor(parts: AskingParts, heard: () => void) {
    this.#parts = parts;
    this.#heard = heard;
  }

  /** An operation of the conversation itself is under way. */
  get isUnderWay(): boolean {
    return this.#asked !== undefined;
  }

  ask(device: Registered, operation: Operation, { done, notified }: Required<OperationListener>): void {
    const handle = this.#parts.operations.perform(device, operation, {
      done: (outcome) => {
        this.#asked = undefined;
        // It will tell nothing of this: there is nothing to keep, and nothing to cancel.
        if (outcome.type === 'answer' && operation.type === 'observe' && !outcome.code.startsWith('2.')) this.#drop(operation.path);
        done(outcome);
      },
      notified,
    });
    this.#asked = handle;
    if (operation.type === 'observe') this.#observed.push({ path: operation.path, handle });
  }

  /** Any answer will do, an error too: it comes from there. */
  confirm(then: (device: Registered) => void, otherwise: () => void): void {
    const device = this.#parts.device();
    if (!device) return otherwise();
    const read = { type: 'read', path: DEVICE.FIRMWARE_VERSION } as const;
    const handle = this.#parts.operations.perform(device, read, {
      done: (outcome) => {
        this.#confirming = undefined;
        if (outcome.type === 'no-answer' || !this.#parts.isConfirmed()) return otherwise();
        this.#heard();
        then(device);
      },
    });
    this.#confirming = { handle, again: () => this.confirm(then, otherwise) };
  }

  /** Answers how to begin again with what was to be confirmed, if that was under way. */
  giveUp(): (() => void) | undefined {
    const confirming = this.#confirming;
    if (this.#asked) this.#parts.operations.cancel(this.#asked);
    if (confirming) this.#parts.operations.cancel(confirming.handle);
    this.#asked = undefined;
    this.#confirming = undefined;
    return confirming?.again;
  }

  /** Without a word: whatever is notified after this is reset, which ends it at the device's end too. */
  forgetObservations(): void {
    for (const { handle } of this.#observed) this.#parts.operations.cancel(handle);
    this.#observed = [];
  }

  #drop(path: string): void {
    this.#observed = this.#observed.filter((each) => each.path !== path);
  }
}
