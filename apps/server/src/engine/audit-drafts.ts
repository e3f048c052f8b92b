import { isoOf, type Instant, type Json, type Namespace } from '@drover/kernel';
import type { AuditDraft } from '@drover/audit';
import type { UpdateRecord } from '@drover/persistence';

/** Who acts: the person behind a token, or the engine by itself. */
export interface Actor {
  readonly type: 'person' | 'system' | 'device';
  readonly id: string;
  readonly authn?: string;
}

export const ENGINE: Actor = { type: 'system', id: 'engine' };

interface Common {
  readonly namespace: Namespace;
  readonly actor?: Actor;
  readonly campaign?: string;
  readonly endpoint?: string;
  readonly result?: 'success' | 'failure' | 'info';
}

const CATEGORY_OF: Partial<Record<AuditDraft['type'], AuditDraft['category']>> = {
  'token-created': 'AccessControl',
  'token-revoked': 'AccessControl',
  'access-denied': 'AccessControl',
  'credentials-added': 'AccessControl',
  'credential-rotation-begun': 'AccessControl',
  'credential-activated': 'AccessControl',
  'credential-revoked': 'AccessControl',
  'identity-refused': 'AccessControl',
  'bootstrap-begun': 'AccessControl',
  'bootstrap-finished': 'AccessControl',
  'bootstrap-failed': 'AccessControl',
  'bootstrap-refused': 'AccessControl',
  'certificate-enrolled': 'AccessControl',
  'certificate-issued': 'AccessControl',
  'bootstrap-wanted': 'AccessControl',
  'bootstrap-unwanted': 'AccessControl',
  'rotation-settled': 'AccessControl',
  'data-key-made': 'AccessControl',
  'data-keys-rewrapped': 'AccessControl',
  'server-started': 'ControlSystem',
  'tree-head-signed': 'AuditLog',
  'evidence-exported': 'AuditLog',
};
const CONFIG_CHANGES: readonly string[] = [
  'campaign-applied',
  'campaign-planned',
  'policy-applied',
  'policy-removed',
  'trace-started',
  'trace-ended',
  'device-imported',
  'hold-placed',
  'hold-lifted',
  'approval-given',
  'operation-requested',
  'operation-finished',
  'device-released',
  'device-retried',
  'device-skipped',
  'rollback-emitted',
];

/** An audit event with the parts that are the same everywhere filled in. */
export function draft(type: AuditDraft['type'], now: Instant, common: Common, details: Json): AuditDraft {
  const { namespace, actor = ENGINE, campaign, endpoint, result = 'info' } = common;
  const category = CATEGORY_OF[type] ?? (CONFIG_CHANGES.includes(type) ? 'ConfigChange' : 'Update');
  const subject = endpoint ?? campaign ?? namespace;
  return {
    namespace,
    time: isoOf(now),
    actor,
    source: 'engine',
    category,
    type,
    subject,
    campaign,
    endpoint,
    result,
    details,
  } as AuditDraft;
}

/**
 * The record of one attempt, whatever its outcome. The first five members are the minimum that OIML D 31
 * (6.3.8.4.8) asks of a traced update: versions before and after, success or failure, when, and who uploaded it.
 */
export function attemptFinished(
  update: UpdateRecord,
  now: Instant,
  image: { readonly digest: string; readonly version: string; readonly uploadedBy: string },
  outcome: 'success' | 'failure',
): AuditDraft {
  return draft(
    'attempt-finished',
    now,
    { namespace: update.namespace, campaign: update.campaign, endpoint: update.endpoint, result: outcome },
    {
      versionBefore: update.versionBefore ?? null,
      versionAfter: versionAfter(update) ?? null,
      outcome,
      time: isoOf(now),
      source: image.uploadedBy,
      attempt: update.attempt,
      sessions: update.sessions,
      method: update.method ?? null,
      digest: image.digest,
      expectedVersion: image.version,
      secondsAwake: Math.round((update.awakeMs ?? 0) / 1000),
      bytes: update.bytes,
      blocks: update.blocks,
      retransmissions: update.retransmissions,
      energyMah: Math.round(update.energyMah * 100) / 100,
      failure: update.failure ?? null,
      detail: update.detail ?? null,
      state: update.state,
    },
  );
}

/** Where nothing was installed the device still runs what it ran; after an Execute only what was read back counts. */
function versionAfter({ versionAfter: read, versionBefore, executedAt }: UpdateRecord): string | undefined {
  return read ?? (executedAt === undefined ? versionBefore : undefined);
}
