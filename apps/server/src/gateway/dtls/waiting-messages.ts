/** Kept for one session: NSTART is one, and an answer or two. */
const MOST_PER_SESSION = 4;

/**
 * What cannot be sent before the numbers for it are on the disk: the first words to a device after a start. Lost, they would be
 * repeated after seconds, for which the radio of the device stays on.
 */
export class WaitingMessages {
  readonly #bySession = new Map<string, Uint8Array[]>();

  /** Past so many of a session the rest is lost, as datagrams are. */
  add(name: string, bytes: Uint8Array): void {
    const waiting = this.#bySession.get(name) ?? [];
    if (waiting.length >= MOST_PER_SESSION) return;
    waiting.push(bytes.slice());
    this.#bySession.set(name, waiting);
  }

  /** In the order in which they were to go. */
  take(name: string): Uint8Array[] {
    const waiting = this.#bySession.get(name) ?? [];
    this.#bySession.delete(name);
    return waiting;
  }
}
