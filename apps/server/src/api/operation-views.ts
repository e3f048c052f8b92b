import { isoOf } from '@drover/kernel';
import type { OperationView } from '@drover/contracts';
import type { OperationTicket } from '../engine/operation-ticket.ts';

/** What is newer than `after`; the notifications shown are handed over, and not shown again. */
export function operationView(ticket: OperationTicket, after = 0): OperationView {
  const { asked, wait, result } = ticket;
  const { id, endpoint, order, by, askedAt, until } = asked;
  return {
    id,
    endpoint,
    operation: order.operation,
    path: order.path,
    paths: order.paths,
    by: by.id,
    askedAt: isoOf(askedAt),
    state: ticket.state,
    revision: ticket.revision,
    wait: wait && {
      code: wait.code,
      evidence: wait.evidence,
      since: isoOf(wait.since),
      nextAt: wait.nextAt === undefined ? undefined : isoOf(wait.nextAt),
      until: isoOf(until),
    },
    answer: answerOf(result),
    failure: failureOf(result),
    notifications: ticket.notificationsAfter(after).map(({ at, values }) => ({ at: isoOf(at), values })),
    missed: ticket.missed,
    ended: ticket.ended,
  };
}

function answerOf(result: OperationTicket['result']): OperationView['answer'] {
  if (result?.type !== 'done') return undefined;
  const { code, values, links, created } = result;
  const shown = links?.map((link) => ({ ...link, attributes: { ...link.attributes } }));
  return { code, values, ...(shown && { links: shown }), ...(created !== undefined && { created }) };
}

function failureOf(result: OperationTicket['result']): OperationView['failure'] {
  if (result?.type !== 'failed') return undefined;
  const { failure, kind, message, answer } = result;
  return { code: failure, kind, message, ...(answer !== undefined && { answer }) };
}
