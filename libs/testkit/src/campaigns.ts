import { readDocument, type CampaignDocument } from '@drover/campaign';
import type { UpdateRules } from '@drover/rollout';

/** A small valid campaign of two stages; `spec` replaces whole sections. */
export function aCampaign(spec: Record<string, unknown> = {}, name = 'c'): CampaignDocument {
  const { document, faults } = readDocument({
    apiVersion: 'drover/v1',
    kind: 'Campaign',
    metadata: { name },
    spec: {
      firmware: { name: 'fw', version: '2.0.0' },
      targets: { where: 'true' },
      stages: [
        { name: 'canary', take: 1 },
        { name: 'fleet', take: '100%' },
      ],
      ...spec,
    },
  });
  if (!document) throw new TypeError(JSON.stringify(faults));
  return document as CampaignDocument;
}

/** The rules under which that campaign's updates go to version 2.0.0, which one contact confirms. */
export function updateRules(): UpdateRules {
  const { retry, delivery } = aCampaign().spec;
  return {
    expectedVersion: '2.0.0',
    retry,
    resume: delivery.resume,
    verify: { afterReregistration: true, contacts: 1 },
    maximumDefer: undefined,
  };
}
