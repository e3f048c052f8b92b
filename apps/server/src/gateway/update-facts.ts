import type { Conversation as Talk, FirmwareFact } from '@drover/lwm2m';
import type { UpdateFact } from '../link/messages.ts';

/** What of a conversation the engine hears; progress is told by itself, in larger steps. */
export function updateFact(fact: Exclude<FirmwareFact, { type: 'battery' }>, talk: Talk): UpdateFact | undefined {
  switch (fact.type) {
    case 'capability':
      return { type: 'capability', method: fact.method };
    case 'download-started':
      return { type: 'download-started', method: talk.method ?? 'Pull' };
    case 'progress':
      return undefined;
    case 'version-read':
      return { type: 'version-read', version: fact.version, state: fact.state, result: fact.result };
    case 'failed':
      return { type: 'failed', class: fact.class, why: fact.why };
    default:
      return fact;
  }
}
