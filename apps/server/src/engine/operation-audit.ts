import type { Json } from '@drover/kernel';
import type { AuditDraft } from '@drover/audit';
import { loggedValue, pathsIn, type DeviceOperation, type ObjectModels } from '@drover/lwm2m';
import type { Instant } from '@drover/kernel';
import type { OperationResult } from '../link/operations.ts';
import { draft } from './audit-drafts.ts';
import type { OperationAsked } from './operation-ticket.ts';

const MAX_LISTED = 50;
const MAX_TEXT = 255;

const subjectOf = ({ namespace, endpoint, by }: OperationAsked) => ({ namespace, endpoint, actor: by });

/** Who asks for what: written before anything is sent. */
export function operationRequested(asked: OperationAsked, operation: DeviceOperation, models: ObjectModels): AuditDraft {
  const details = {
    id: asked.id,
    operation: operation.type,
    paths: pathsIn(operation).slice(0, MAX_LISTED),
    ...contentOf(operation, models),
  };
  return draft('operation-requested', asked.askedAt, subjectOf(asked), details);
}

/** What came of it, or that nobody knows. */
export function operationFinished(asked: OperationAsked, now: Instant, result: OperationResult | 'cancelled' | 'expired'): AuditDraft {
  const outcome = typeof result === 'string' ? result : result.type === 'failed' ? result.failure : result.type;
  const answer =
    typeof result === 'string' || result.type === 'no-answer' ? null : result.type === 'done' ? result.code : (result.answer ?? null);
  const subject = { ...subjectOf(asked), result: outcome === 'done' ? 'success' : 'failure' } as const;
  return draft('operation-finished', now, subject, { id: asked.id, outcome, answer });
}

function contentOf(operation: DeviceOperation, models: ObjectModels): Record<string, Json> {
  switch (operation.type) {
    case 'write':
      return { values: [loggedValue(operation, models)] };
    case 'replace':
    case 'update':
    case 'create':
    case 'write-composite':
      return { values: operation.values.slice(0, MAX_LISTED).map((value) => loggedValue(value, models)) };
    case 'write-attributes':
      return { attributes: { ...operation.attributes }, unset: [...(operation.unset ?? [])] };
    case 'execute':
      return { arguments: (operation.arguments ?? []).map(({ id, value = '' }) => `${id}=${value.slice(0, MAX_TEXT)}`) };
    default:
      return {};
  }
}
