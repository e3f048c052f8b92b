import { DroverError, instantOf, type Digest, type Instant } from '@drover/kernel';
import { digestOf } from '@drover/campaign';
import type { AuditRecord } from '@drover/audit';
import type { DocumentRecord, FirmwareRecord } from '@drover/persistence';
import { documentKey } from './engine-state.ts';

interface Withdrawal {
  readonly at: Instant;
  readonly reason: string;
}

/**
 * What the chained log says about trust. A row that was edited while the server was down may disagree with it, and the
 * log is right: against a withdrawal undone, and a release policy exchanged, with nothing but write access to a file.
 */
export class LoggedTrust {
  readonly #withdrawn = new Map<Digest, Withdrawal>();
  readonly #policies = new Map<string, Digest>();

  note({ type, namespace, time, details }: Pick<AuditRecord, 'type' | 'namespace' | 'time' | 'details'>): void {
    const told = details as { digest?: string; kind?: string; name?: string; reason?: string };
    if (type === 'firmware-withdrawn') this.#withdrawn.set(told.digest as Digest, { at: instantOf(time), reason: told.reason ?? '' });
    const key = documentKey(namespace, told.kind ?? '', told.name ?? '');
    if (type === 'policy-applied') this.#policies.set(key, told.digest as Digest);
    if (type === 'policy-removed') this.#policies.delete(key);
  }

  get withdrawnDigests(): Iterable<Digest> {
    return this.#withdrawn.keys();
  }

  /** The row, withdrawn if the log says so. */
  firmware(row: FirmwareRecord): FirmwareRecord {
    const logged = this.#withdrawn.get(row.digest);
    return logged && row.withdrawnAt === undefined ? { ...row, withdrawnAt: logged.at, withdrawnReason: logged.reason } : row;
  }

  requireAsApplied({ namespace, kind, name, source, removedAt }: DocumentRecord): void {
    const logged = this.#policies.get(documentKey(namespace, kind, name));
    if (logged === (removedAt === undefined ? digestOf(source) : undefined)) return;
    throw new DroverError('POLICY_ALTERED', 'trust', `the stored ${kind} ${name} is not the one that the audit log says was applied`);
  }
}
