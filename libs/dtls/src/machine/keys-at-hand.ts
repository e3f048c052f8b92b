import type { Channel } from '../record/channel.ts';

/** Who speaks twice within so long is in the middle of something, ms. */
const BUSY_MS = 5000;
/** Who was silent for so long leaves its place to another, ms. */
const SILENT_MS = 10_000;

/** Whose keys may be at hand. */
export interface Speaker {
  readonly channel: Channel;
  /** Of the last authentic record, ms. */
  readonly lastHeardAt: number;
}

/**
 * Sessions whose keys are made ready for OpenSSL, and how many at most: to do it for each record is an eighth of what a record costs.
 * But ready keys are larger than a session, of which there may be a million, and most of them are silent.
 */
export class KeysAtHand {
  readonly #most: number;
  /** Not in the order in which they spoke: that would be a change for every record. */
  readonly #speakers = new Set<Speaker>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#speakers.size;
  }

  /** An authentic record of it has come, and the one before it at `before`. */
  heard(speaker: Speaker, before: number): void {
    const { channel, lastHeardAt: now } = speaker;
    if (channel.hasKeysAtHand || now - before > BUSY_MS) return;
    if (this.#speakers.size >= this.#most && !this.#hasMadeRoom(now)) return;
    this.#speakers.add(speaker);
    channel.takeKeysToHand();
  }

  /** Its session is over. */
  forget(speaker: Speaker): void {
    if (this.#speakers.delete(speaker)) speaker.channel.putKeysAway();
  }

  /** One look, and nobody busy is moved out: more of them than places would take them from each other record by record. */
  #hasMadeRoom(now: number): boolean {
    const [first] = this.#speakers;
    if (first === undefined) return false;
    this.#speakers.delete(first);
    if (now - first.lastHeardAt < SILENT_MS) {
      this.#speakers.add(first);
      return false;
    }
    first.channel.putKeysAway();
    return true;
  }
}
