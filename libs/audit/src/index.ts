export { BUNDLE_FORMAT, type AttemptLine, type BundleLine, type BundleManifest, type SummaryLine } from './bundle.ts';
export { appendEvents, EMPTY_LOG, logRoot, recordHash, recordLeaf, restoreLog, type LogState } from './chain.ts';
export { AuditError, type AuditErrorCode } from './errors.ts';
export { EVENT_CATALOGUE, type AuditActor, type AuditCategory, type AuditDraft, type AuditRecord, type AuditType } from './event.ts';
export { writeBundle, type BundleRequest } from './export.ts';
export { verifyConsistency, verifyInclusion, type Hash, type InclusionClaim, type TreeState } from './merkle.ts';
export { MerkleTree } from './merkle-tree.ts';
export { auditKey, auditSigner, isTreeHeadSigned, signTreeHead, type AuditKey, type AuditSigner, type TreeHead } from './tree-head.ts';
export { verifyBundle, type BundleProblem, type BundleVerdict, type ProblemCode } from './verify-bundle.ts';
