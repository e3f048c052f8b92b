import { DtlsError } from '../errors.ts';
import type { Offer } from './choices.ts';
import type { Resumable } from './resumption.ts';
import type { ServerContext } from './server-context.ts';

/** RFC 5246 section 7.4.1.3, RFC 5077 section 3.1 and RFC 7627 section 5.3: everything must be as it was, or the handshake is full. */
export function findResumable({ hello, extensions }: Offer, context: ServerContext, now: number): Resumable | undefined {
  const { resumption, trust } = context;
  if (resumption.isOff) return undefined;
  const { sessionTicket: ticket } = extensions;
  const hasTicket = ticket !== undefined && ticket.length > 0;
  const found = hasTicket ? resumption.byTicket(Buffer.from(ticket), now) : resumption.byId(hello.sessionId, now);
  if (found === undefined) return undefined;
  // Only sessions with the extension are kept, so a hello without it is a downgrade.
  if (!extensions.extendedMasterSecret) throw new DtlsError('DTLS_HANDSHAKE_FAILURE', 'extended master secret was given up');
  return isAsBefore(found, { hello, extensions }, context) && trust.mayResume(found.identity) ? found : undefined;
}

function isAsBefore({ suite, serverName }: Resumable, { hello, extensions }: Offer, { settings }: ServerContext): boolean {
  return (
    hello.suites.includes(suite.id) &&
    settings.suites.includes(suite.name) &&
    serverName === (extensions.serverName ?? '') &&
    (suite.cipher !== 'aes-128-cbc-sha256' || extensions.encryptThenMac === true)
  );
}

/** Without RFC 7627 nothing is resumed, and so no ticket is given; nor is there a second one for a session that was resumed. */
export function willIssueTicket({ extensions }: Offer, { resumption }: ServerContext, isResumed: boolean): boolean {
  return !isResumed && !resumption.isOff && extensions.extendedMasterSecret === true && extensions.sessionTicket !== undefined;
}
