import { createHash } from 'node:crypto';
import { DEFAULT_NAMESPACE, DroverError, type Entropy } from '@drover/kernel';
import type { TokenRecord } from '@drover/persistence';
import { draft, ENGINE, type Actor } from './audit-drafts.ts';
import type { Engine } from './engine.ts';
import type { UnitOfWork } from './unit-of-work.ts';

export const ROLES = ['viewer', 'operator', 'approver', 'auditor', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

export interface Bearer {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Bearer tokens: 256 random bits, stored as a hash, shown once. There is no default password. */
export class TokenDesk {
  readonly #engine: Engine;
  readonly #entropy: Entropy;

  constructor(engine: Engine, entropy: Entropy) {
    this.#engine = engine;
    this.#entropy = entropy;
  }

  /** The first start makes the only token that nobody has asked for. */
  async firstToken(): Promise<string | undefined> {
    if (this.#engine.state.tokens.size > 0) return undefined;
    const { secret } = await this.create('first-administrator', 'administrator', ENGINE);
    return secret;
  }

  create(name: string, role: Role, actor: Actor): Promise<{ token: TokenRecord; secret: string }> {
    return this.#engine.change((unit) => {
      const secret = `drv_${Buffer.from(this.#entropy.bytes(32)).toString('base64url')}`;
      const id = Buffer.from(this.#entropy.bytes(6)).toString('hex');
      const token: TokenRecord = { id, name, role, hash: hashOf(secret), createdAt: unit.now, revokedAt: undefined };
      this.#put(token, unit);
      unit.audit(draft('token-created', unit.now, { namespace: DEFAULT_NAMESPACE, actor }, { id, name, role }));
      return { token, secret };
    });
  }

  revoke(id: string, actor: Actor): Promise<TokenRecord> {
    return this.#engine.change((unit) => {
      const known = this.#engine.state.tokens.get(id);
      if (!known) throw new DroverError('TOKEN_NOT_FOUND', 'missing', `no token has the id "${id}"`);
      const token: TokenRecord = { ...known, revokedAt: known.revokedAt ?? unit.now };
      this.#put(token, unit);
      unit.audit(draft('token-revoked', unit.now, { namespace: DEFAULT_NAMESPACE, actor }, { id, name: token.name }));
      return token;
    });
  }

  list(): Omit<TokenRecord, 'hash'>[] {
    return [...this.#engine.state.tokens.values()].map(({ hash: _, ...rest }) => rest);
  }

  /** Looked up by hash, so comparing leaks nothing about the secret. */
  bearerOf(secret: string): Bearer | undefined {
    const hash = hashOf(secret);
    const token = [...this.#engine.state.tokens.values()].find((candidate) => candidate.hash === hash);
    return token && token.revokedAt === undefined ? { id: token.id, name: token.name, role: token.role as Role } : undefined;
  }

  /** Attempts that were turned away are part of the security log. */
  denied(bearer: Bearer | undefined, what: string): Promise<void> {
    return this.#engine.change((unit) => {
      const actor: Actor = bearer ? { type: 'person', id: bearer.name, authn: 'token' } : { type: 'person', id: 'unknown' };
      unit.audit(
        draft(
          'access-denied',
          unit.now,
          { namespace: DEFAULT_NAMESPACE, actor, result: 'failure' },
          { what: what.slice(0, 200), role: bearer?.role ?? null },
        ),
      );
    });
  }

  #put(token: TokenRecord, unit: UnitOfWork): void {
    this.#engine.state.tokens.set(token.id, token);
    unit.changes.tokens.push(token);
  }
}
