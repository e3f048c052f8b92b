import type { Entropy } from '@drover/kernel';
import { credentialKey } from '@drover/credentials';
import type { SessionHandle } from '@drover/dtls';
import { SESSION_PREFIX, type SharedCredential } from '../../link/security.ts';

/** Two at a time have a use: a registration, and a download on a port of its own. What is more was left behind by a reboot. */
const SESSIONS_PER_CREDENTIAL = 2;
const NAME_BYTES = 8;

export interface NamedSession {
  readonly name: string;
  readonly handle: SessionHandle;
  /** `credentialKey` of whose it is. */
  readonly owner: string;
  /** Its owner has others. */
  hasOthers: boolean;
}

/** Sessions by what CoAP calls them, and by whose they are. The name outlives the process, and no name is used twice. */
export class SessionsByName {
  readonly #byName = new Map<string, NamedSession>();
  readonly #byHandle = new Map<SessionHandle, NamedSession>();
  /** Mostly one; a list where there are two. */
  readonly #byOwner = new Map<string, NamedSession | readonly NamedSession[]>();

  get size(): number {
    return this.#byName.size;
  }

  /** Its Connection ID, so that a capture can be read beside the timeline; without one a name by chance. */
  static nameFor({ connectionId }: SessionHandle, entropy: Entropy): string {
    return SESSION_PREFIX + (connectionId || Buffer.from(entropy.bytes(NAME_BYTES)).toString('hex'));
  }

  /** Answers those that have to go for it. */
  add(name: string, handle: SessionHandle, credential: SharedCredential): readonly NamedSession[] {
    const session: NamedSession = { name, handle, owner: credentialKey(credential), hasOthers: false };
    this.#byName.set(name, session);
    this.#byHandle.set(handle, session);
    const all = [...this.ofOwner(session.owner), session];
    this.#keep(session.owner, all);
    return all.slice(0, -SESSIONS_PER_CREDENTIAL);
  }

  named(name: string): NamedSession | undefined {
    return this.#byName.get(name);
  }

  of(handle: SessionHandle): NamedSession | undefined {
    return this.#byHandle.get(handle);
  }

  ofOwner(owner: string): readonly NamedSession[] {
    const found = this.#byOwner.get(owner);
    return found === undefined ? [] : 'name' in found ? [found] : found;
  }

  /** The one that was silent longest goes first. */
  heard({ owner, name, hasOthers }: NamedSession): void {
    if (!hasOthers) return;
    const all = this.ofOwner(owner);
    if (all.at(-1)!.name !== name) this.#keep(owner, [...all.filter((each) => each.name !== name), this.#byName.get(name)!]);
  }

  remove({ name, handle, owner }: NamedSession): void {
    this.#byName.delete(name);
    this.#byHandle.delete(handle);
    this.#keep(
      owner,
      this.ofOwner(owner).filter((each) => each.name !== name),
    );
  }

  #keep(owner: string, sessions: readonly NamedSession[]): void {
    for (const session of sessions) session.hasOthers = sessions.length > 1;
    const [first, second] = sessions;
    if (first === undefined) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, second === undefined ? first : sessions);
  }
}
