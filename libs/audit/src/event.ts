import type { Json, Namespace } from '@drover/kernel';

/** The categories of IEC 62443-4-2 CR 2.8. */
export type AuditCategory = 'AccessControl' | 'RequestError' | 'ControlSystem' | 'BackupRestore' | 'ConfigChange' | 'AuditLog' | 'Update';

export interface AuditActor {
  readonly type: 'person' | 'system' | 'device';
  readonly id: string;
  /** How the person proved who they are, e.g. `token:ci`. */
  readonly authn?: string;
}

/** Every type of event, and the details without which it would prove nothing. More details may always be added. */
export const EVENT_CATALOGUE = {
  'campaign-applied': ['generation', 'specDigest'],
  'campaign-planned': ['planDigest', 'stages', 'excluded'],
  'approval-given': ['planDigest', 'decision'],
  'campaign-denied': [],
  'campaign-started': ['planDigest'],
  'stage-opened': ['stage'],
  'gate-passed': ['stage', 'evidence'],
  'gate-held': ['stage', 'why'],
  'promotion-awaited': ['stage'],
  'stage-promoted': ['stage'],
  'campaign-paused': ['reason'],
  'campaign-resumed': ['reason'],
  'campaign-aborted': [],
  'campaign-finished': ['outcome'],
  'hold-placed': ['id', 'scope', 'reason'],
  'hold-lifted': ['id', 'reason'],
  'device-imported': [],
  'device-registered': [],
  'device-finding': ['code'],
  'device-quarantined': ['failures'],
  'device-released': ['reason'],
  'device-retried': ['reason'],
  'device-skipped': ['reason'],
  'rollback-emitted': ['rollback', 'version', 'why'],
  'rollback-refused': ['version', 'code', 'why'],
  'registration-replaced': ['from', 'to'],
  'appointment-made': ['at', 'means', 'written', 'before'],
  'appointment-ended': ['at', 'outcome'],
  'network-reported': ['operator', 'congestion'],
  'operation-requested': ['id', 'operation', 'paths'],
  'operation-finished': ['id', 'outcome'],
  'trace-started': ['until'],
  'trace-ended': [],
  'firmware-pushed': ['name', 'version', 'digest', 'size'],
  'firmware-refused': ['digest', 'code'],
  'firmware-withdrawn': ['digest', 'reason'],
  'policy-applied': ['kind', 'name', 'digest'],
  'policy-removed': ['kind', 'name', 'digest', 'reason'],
  'token-created': ['id', 'role'],
  'token-revoked': ['id'],
  'access-denied': ['what'],
  'credentials-added': ['count', 'digest'],
  'credential-rotation-begun': ['kind', 'identity', 'fingerprint'],
  'credential-activated': ['kind', 'identity'],
  'credential-revoked': ['kind', 'identity', 'reason'],
  'identity-refused': ['code', 'identity', 'count'],
  'bootstrap-begun': ['template', 'generation', 'digest', 'accounts', 'via'],
  'bootstrap-finished': ['accounts', 'via'],
  'bootstrap-failed': ['at', 'why'],
  'bootstrap-refused': ['code', 'identity', 'count'],
  'certificate-enrolled': ['serial', 'fingerprint', 'until', 'identity'],
  'certificate-issued': ['serial', 'fingerprint', 'until', 'identity'],
  'bootstrap-wanted': ['reason'],
  'bootstrap-unwanted': ['reason'],
  'rotation-settled': ['outcome', 'failure', 'detail'],
  'data-key-made': ['key', 'purpose', 'under'],
  'data-keys-rewrapped': ['keys', 'from', 'to'],
  'offer-committed': ['attempt', 'digest'],
  'execute-committed': ['attempt'],
  'cancel-committed': ['attempt'],
  // The first five are the minimum of OIML D 31, 6.3.8.4.8, one entry per attempt whatever its outcome.
  'attempt-finished': [
    'versionBefore',
    'versionAfter',
    'outcome',
    'time',
    'source',
    'attempt',
    'method',
    'bytes',
    'blocks',
    'retransmissions',
    'digest',
    'failure',
  ],
  'update-skipped': ['reason'],
  'server-started': [],
  'tree-head-signed': ['size', 'root'],
  'evidence-exported': [],
} as const satisfies Record<string, readonly string[]>;

export type AuditType = keyof typeof EVENT_CATALOGUE;

type DetailsOf<T extends AuditType> = { readonly [K in (typeof EVENT_CATALOGUE)[T][number]]: Json } & {
  readonly [key: string]: Json | undefined;
};

interface DraftOf<T extends AuditType> {
  readonly namespace: Namespace;
  /** ISO 8601 in UTC with milliseconds; campaign time. */
  readonly time: string;
  /** Present where campaign time does not run as the clock on the wall does. */
  readonly timeScale?: number;
  readonly actor: AuditActor;
  /** The part of Drover that saw it. */
  readonly source: string;
  readonly category: AuditCategory;
  readonly type: T;
  readonly subject: string;
  readonly campaign?: string;
  readonly endpoint?: string;
  readonly attempt?: number;
  readonly result: 'success' | 'failure' | 'info';
  readonly details: DetailsOf<T>;
}

/** An event as somebody reports it, before it has its place in the log. */
export type AuditDraft = { readonly [T in AuditType]: DraftOf<T> }[AuditType];

/** An event in its place. */
export type AuditRecord = AuditDraft & {
  /** Place in the whole log, from 0: the index of its leaf. */
  readonly seq: number;
  /** Place among the records of its campaign, from 1 and without gaps, so that a missing one shows. */
  readonly campaignSeq?: number;
  readonly prevHash: string;
  readonly hash: string;
};
