import type { ServerSession } from './session.ts';

/**
 * Sessions by who is behind them. Most have one each, which stands in the table itself: there may be a million. Whoever
 * asked for nothing (an anonymous client) is nobody in particular, and is not in it.
 */
export class ByIdentity {
  readonly #table = new Map<string, ServerSession | readonly ServerSession[]>();

  add(session: ServerSession): void {
    const { identityKey } = session;
    if (identityKey === undefined) return;
    const others = this.of(identityKey);
    this.#table.set(identityKey, others.length === 0 ? session : [...others, session]);
  }

  remove(session: ServerSession): void {
    const { identityKey } = session;
    if (identityKey === undefined) return;
    const [first, ...others] = this.of(identityKey).filter((one) => one !== session);
    if (first === undefined) this.#table.delete(identityKey);
    else this.#table.set(identityKey, others.length === 0 ? first : [first, ...others]);
  }

  of(identityKey: string): readonly ServerSession[] {
    const found = this.#table.get(identityKey);
    return found === undefined ? [] : Array.isArray(found) ? (found as readonly ServerSession[]) : [found as ServerSession];
  }
}
