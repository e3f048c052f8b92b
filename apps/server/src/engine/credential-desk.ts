import { createHash } from 'node:crypto';
import { Endpoint, type Instant, type Namespace } from '@drover/kernel';
import {
  accept,
  check,
  CredentialError,
  readPublicKey,
  revoked,
  spkiName,
  useOf,
  type Candidate,
  type Credential,
  type CredentialKind,
  type CredentialUse,
  type Finding,
  type Intent,
} from '@drover/credentials';
import type { KeyShelf } from '../keys/key-shelf.ts';
import { makeRoomFor } from '../keys/room-for-secrets.ts';
import { draft, type Actor } from './audit-drafts.ts';
import { Batch, type EntryFault } from './credential-batch.ts';
import type { Engine } from './engine.ts';
import { oscoreCandidate, requireSameContext, type OscoreEntry } from './oscore-candidate.ts';
import type { UnitOfWork } from './unit-of-work.ts';

/** What somebody hands over, its secret or public key as bytes. */
export interface CredentialEntry {
  readonly endpoint: string;
  readonly kind: CredentialKind;
  readonly use?: CredentialUse;
  /** Not for a raw public key, nor for an OSCORE context: those name themselves. */
  readonly identity?: string;
  /** Of an OSCORE context its Master Secret. */
  readonly key?: Uint8Array;
  readonly oscore?: OscoreEntry;
  readonly issuer?: string;
  readonly pin?: string;
  readonly expiresAt?: Instant;
}

export interface CredentialFilter {
  readonly endpoint?: string;
  readonly state?: Credential['state'];
  readonly use?: CredentialUse;
  readonly limit: number;
  readonly offset: number;
}

/** Looked at in one turn of the event loop by `check`, which opens every secret. */
const CHECKED_AT_ONCE = 2000;
/** More findings than anybody reads at once. */
const MAX_FINDINGS = 10_000;

/** Credentials of devices: added, rotated, revoked, looked at. What is sealed here is opened in the gateway. */
export class CredentialDesk {
  readonly #engine: Engine;
  readonly #keys: KeyShelf;

  constructor(engine: Engine, keys: KeyShelf) {
    this.#engine = engine;
    this.#keys = keys;
  }

  /** All or none: every entry is looked at before one is kept. Rejects with `CREDENTIALS_REFUSED`'s list in the details. */
  async add(namespace: Namespace, entries: readonly CredentialEntry[], actor: Actor): Promise<{ added: number; unchanged: number }> {
    await makeRoomFor(entries.length, this.#engine, this.#keys);
    return this.#engine.change((unit) => {
      const taken = this.#look(namespace, entries, 'add');
      const added = taken.flatMap(({ candidate, outcome }) => (outcome === 'new' ? [this.#keep(candidate, 'active', actor, unit)] : []));
      const digest = createHash('sha256').update(
        JSON.stringify(added.map((each) => [each.endpoint, each.kind, useOf(each), each.identity, each.fingerprint ?? null])),
      );
      if (added.length > 0)
        unit.audit(
          draft('credentials-added', unit.now, { namespace, actor }, { count: added.length, digest: `sha256:${digest.digest('hex')}` }),
        );
      return { added: added.length, unchanged: taken.length - added.length };
    });
  }

  /** The new one is accepted beside the old one until the device has connected with it. */
  async rotate(namespace: Namespace, entry: CredentialEntry, actor: Actor): Promise<Credential> {
    await makeRoomFor(1, this.#engine, this.#keys);
    return this.#engine.change((unit) => {
      const { candidate } = this.#look(namespace, [entry], 'rotate')[0]!;
      const credential = this.#keep(candidate, 'next', actor, unit);
      const { kind, identity, endpoint, fingerprint = null } = credential;
      const told = { kind, use: useOf(credential), identity, fingerprint };
      unit.audit(draft('credential-rotation-begun', unit.now, { namespace, actor, endpoint }, told));
      return credential;
    });
  }

  /** One of a device's, or all of them. Its sessions end, and its secret is forgotten. */
  revoke(
    namespace: Namespace,
    { endpoint, identity, reason }: { readonly endpoint: string; readonly identity?: string; readonly reason: string },
    actor: Actor,
  ): Promise<Credential[]> {
    return this.#engine.change((unit) => {
      const found = this.#engine.state.credentials
        .of(endpoint as Endpoint)
        .filter(
          (each) => each.namespace === namespace && each.state !== 'revoked' && (identity === undefined || each.identity === identity),
        );
      if (found.length === 0)
        throw new CredentialError('CREDENTIAL_NOT_FOUND', `${JSON.stringify(endpoint.slice(0, 80))} has no such credential in force`);
      return found.map((each) => this.#revoke(each, { reason, actor }, unit));
    });
  }

  list(namespace: Namespace, { endpoint, state, use, limit, offset }: CredentialFilter): Credential[] {
    const { credentials } = this.#engine.state;
    const found: Credential[] = [];
    let passed = 0;
    for (const each of endpoint === undefined ? credentials.values() : credentials.of(endpoint as Endpoint)) {
      const isAsked = each.namespace === namespace && (state ?? each.state) === each.state && (use ?? useOf(each)) === useOf(each);
      if (!isAsked) continue;
      if (passed++ < offset) continue;
      if (found.push(each) === limit) break;
    }
    return found;
  }

  /** By today's rules. In slices: contacts go on meanwhile. */
  async check(namespace: Namespace, unusedMs: number): Promise<{ checked: number; findings: Finding[] }> {
    const findings: Finding[] = [];
    const { credentials } = this.#engine.state;
    let checked = 0;
    for (const finding of check(credentials, this.#keys.ring, { now: this.#engine.clock.now(), unusedMs })) {
      if (finding === undefined && ++checked % CHECKED_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      if (finding === undefined || findings.length >= MAX_FINDINGS) continue;
      if (credentials.with(finding.kind, finding.identity)?.namespace === namespace) findings.push(finding);
    }
    return { checked, findings };
  }

  #look(namespace: Namespace, entries: readonly CredentialEntry[], intent: Intent) {
    const batch = new Batch();
    const faults: EntryFault[] = [];
    const taken = entries.flatMap((entry, index) => {
      try {
        const candidate = this.#candidate(namespace, entry);
        const outcome = accept(candidate, this.#engine.state.credentials, intent);
        if (outcome === 'unchanged') requireSameContext(candidate, this.#engine.state.credentials, this.#keys.ring);
        if (outcome === 'new') batch.requireOnce(candidate);
        return [{ candidate, outcome }];
      } catch (error) {
        faults.push(Batch.faultOf(error, index, entry.endpoint));
        return [];
      }
    });
    if (faults.length > 0) throw Batch.refused(faults, entries.length);
    return taken;
  }

  #candidate(namespace: Namespace, { endpoint, kind, identity, key, oscore, ...rest }: CredentialEntry): Candidate {
    const named = { ...rest, namespace, endpoint: Endpoint(endpoint), kind };
    if (kind === 'oscore') return oscoreCandidate(named, { identity, key, oscore }, this.#keys.ring);
    if (oscore !== undefined) throw new CredentialError('CREDENTIAL_INVALID', 'Sender ID and Recipient ID are of an OSCORE context');
    if (kind === 'rpk') {
      if (key === undefined) throw new CredentialError('KEY_MISSING', 'the public key is missing');
      return { ...named, identity: spkiName(readPublicKey(key)) };
    }
    const candidate = { ...named, identity: identity ?? endpoint };
    return kind === 'psk' && key !== undefined ? { ...candidate, secret: key, fingerprint: this.#keys.ring.fingerprint(key) } : candidate;
  }

  #keep({ secret, ...candidate }: Candidate, state: Credential['state'], actor: Actor, unit: UnitOfWork): Credential {
    const credential: Credential = {
      ...candidate,
      ...(secret !== undefined && { secret: this.#keys.ring.seal(secret, candidate) }),
      state,
      createdAt: unit.now,
      createdBy: actor.id,
    };
    unit.putCredential(credential);
    return credential;
  }

  #revoke(credential: Credential, { reason, actor }: { reason: string; actor: Actor }, unit: UnitOfWork): Credential {
    const gone = revoked(credential, unit.now, reason);
    unit.putCredential(gone);
    const { namespace, endpoint, kind, identity } = gone;
    unit.audit(draft('credential-revoked', unit.now, { namespace, actor, endpoint }, { kind, identity, reason }));
    return gone;
  }
}
