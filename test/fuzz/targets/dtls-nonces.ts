import type { SessionHandle } from '@drover/dtls';
import { demand } from '../target.ts';

/** What of a session its handle does not tell. */
interface Inside {
  readonly channel: {
    readonly sendNext: number;
    readonly parts: { readonly write: { readonly key: Buffer } };
    seal: (type: number, bytes: Buffer) => Buffer;
  };
}

/** Sees to it that no key meets one number twice, whatever became of the session and of the server in between. */
export class Nonces {
  readonly #used = new Set<string>();
  #next = 0;

  /** Behind all numbers that any key has met. */
  get next(): number {
    return this.#next;
  }

  watch(session: SessionHandle): void {
    const { channel } = session as unknown as Inside;
    const key = channel.parts.write.key.toString('hex');
    const seal = channel.seal.bind(channel);
    channel.seal = (type, bytes) => {
      const nonce = `${key} ${channel.sendNext}`;
      demand(!this.#used.has(nonce), () => `number ${channel.sendNext} twice with one key`);
      this.#used.add(nonce);
      this.#next = Math.max(this.#next, channel.sendNext + 1);
      return seal(type, bytes);
    };
  }

  /** A session that has just opened has sent its Finished under these already. */
  opened(session: SessionHandle): void {
    const { channel } = session as unknown as Inside;
    for (let number = 0; number < channel.sendNext; number++) this.#used.add(`${channel.parts.write.key.toString('hex')} ${number}`);
    this.#next = Math.max(this.#next, channel.sendNext);
    this.watch(session);
  }
}
