import { OSCORE_PREFIX, partsOfPeer } from '@drover/coap';
import { CredentialBook, type KeyRing, type WrappedKey } from '@drover/credentials';
import type { ChainRules, OwnCertificate, PeerIdentity } from '@drover/dtls';
import type { Endpoint, Entropy } from '@drover/kernel';
import { monotonicMs, type CampaignClock, type Logger } from '@drover/platform';
import { isOverOscore, isOverTls, type SecurityCommand, type SecurityReport, type SharedCredential } from '../../link/security.ts';
import { DeviceTrust } from './device-trust.ts';
import { OscoreDesk } from '../oscore/oscore-desk.ts';
import { TlsPeers } from '../tls/tls-peers.ts';
import { DtlsDesk } from './dtls-desk.ts';
import { IdentityGuard } from './identity-guard.ts';

/** What a gateway that speaks with security is given. */
export interface SecurityParts {
  /** The port of CoAP over UDP is open for OSCORE alone. */
  readonly oscoreOnly?: boolean;
  readonly keys: { readonly ring: KeyRing; load(keys: readonly WrappedKey[]): Promise<void> };
  readonly sendDatagram: (address: string, bytes: Uint8Array) => void;
  readonly own?: OwnCertificate;
  /** Development only. */
  readonly keyLog?: (line: string) => void;
  readonly roots?: ChainRules['roots'];
  readonly revocationLists?: ChainRules['revocationLists'];
}

export interface SecuredParts extends SecurityParts {
  /** Numbers of an OSCORE context are on the disk. */
  readonly oscoreSaved: (context: string, number: number) => void;
  readonly entropy: Entropy;
  readonly log: Logger;
  readonly clock: CampaignClock;
  readonly deliver: (peer: string, bytes: Uint8Array) => void;
  readonly closed: (peer: string) => void;
  /** Of a connection over TLS. */
  readonly closeStream: (peer: string) => void;
  readonly ask: (peer: string, done: (isAnswered: boolean) => void) => void;
  readonly knowsEcho: (endpoint: Endpoint) => boolean;
  /** It may not speak for itself any more, or not without security. */
  readonly barred: (endpoint: Endpoint) => void;
  readonly tell: (report: SecurityReport) => void;
  readonly onFatal: (error: unknown) => void;
}

/** Who devices are, as far as the gateway knows it, and the sessions that show it. */
export class Secured {
  /** Of all devices, for whatever door. */
  readonly book = new CredentialBook<SharedCredential>();
  readonly oscore: OscoreDesk;
  readonly desk: DtlsDesk;
  readonly guard: IdentityGuard;
  /** What whoever comes over TLS is judged by, too. */
  readonly trust: DeviceTrust;
  readonly tls: TlsPeers;
  readonly #parts: SecuredParts;
  /** What is sealed is handled when the keys are there, in the order in which it came. */
  #keys: Promise<void> = Promise.resolve();

  constructor(parts: SecuredParts) {
    this.#parts = parts;
    const { keys, clock, own, keyLog, roots = [], revocationLists, entropy, log, tell } = parts;
    const now = (): ReturnType<CampaignClock['now']> => clock.now();
    const trust = new DeviceTrust({ use: 'management', book: this.book, ring: keys.ring, clock: now, roots, revocationLists });
    this.trust = trust;
    this.oscore = new OscoreDesk({ book: this.book, ring: keys.ring, log, clock: now, now: monotonicMs, wall: Date.now, tell });
    this.tls = new TlsPeers(trust);
    this.desk = new DtlsDesk({
      entropy,
      trust,
      ring: keys.ring,
      own,
      keyLog,
      log,
      clock: now,
      now: monotonicMs,
      wall: Date.now,
      sendDatagram: parts.sendDatagram,
      deliver: parts.deliver,
      closed: parts.closed,
      ask: parts.ask,
      knowsEcho: ({ endpoint }) => parts.knowsEcho(endpoint),
      tell,
    });
    this.guard = new IdentityGuard({
      book: this.book,
      credentialAt: (peer) => this.#credentialAt(peer),
      clock: now,
      now: monotonicMs,
      tell,
    });
  }

  handle(command: SecurityCommand): void {
    switch (command.type) {
      case 'data-keys':
        this.#keys = this.#keys.then(() => this.#parts.keys.load(command.keys));
        this.#keys.catch(this.#parts.onFatal);
        return;
      case 'credentials':
        return command.credentials.forEach((credential) => this.#put(credential));
      case 'credentials-asked':
        return this.afterKeys(() => this.#parts.tell({ type: 'credentials-known', number: command.number }));
      case 'restore-sessions':
        return this.afterKeys(() =>
          command.sessions.forEach((session) => (isOverOscore(session.name) ? this.oscore : this.desk).restore(session)),
        );
      case 'session-saved':
        if (!isOverOscore(command.name)) return this.desk.saved(command.name, command.number);
        return this.#parts.oscoreSaved(command.name.slice(OSCORE_PREFIX.length), command.number);
    }
  }

  /** Only what was opened under a context is named by it. */
  #credentialAt(peer: string): SharedCredential | undefined {
    const shown = partsOfPeer(peer);
    if (shown) return this.oscore.credentialOf(shown.context);
    return (isOverTls(peer) ? this.tls : this.desk).credentialAt(peer);
  }

  /** When all keys that were told of so far can be used. */
  afterKeys(act: () => void): void {
    this.#keys = this.#keys.then(act);
    this.#keys.catch(this.#parts.onFatal);
  }

  /** A connection over TLS, whose device has shown who it is. `false`: it opens nothing any more. */
  connected(peer: string, identity: PeerIdentity): boolean {
    const found = this.trust.of(identity);
    if ('refused' in found) return false;
    const { kind, identity: name } = found.credential;
    this.tls.add(peer, found.credential);
    this.#parts.tell({ type: 'credential-used', kind, identity: name, at: this.#parts.clock.now() });
    return true;
  }

  #put(credential: SharedCredential): void {
    this.book.put(credential);
    this.desk.review(credential);
    this.oscore.review(credential);
    for (const peer of this.tls.barredBy(credential)) this.#parts.closeStream(peer);
    this.#parts.barred(credential.endpoint);
  }
}
