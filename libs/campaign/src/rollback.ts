import { hash32, type Endpoint, type Json } from '@drover/kernel';
import { API_VERSION, type CampaignDocument } from './document.ts';

type Fields = Readonly<Record<string, Json | undefined>>;

/** Sections that say how devices are treated: a rollback treats them as the campaign did. */
const KEPT = ['delivery', 'activation', 'power', 'radio', 'bandwidth', 'retry', 'deadlines', 'approvals'] as const;
/** One device in twenty goes first, and never more than these: what is gone back to must prove itself too. */
const CANARY_SHARE = 0.05;
const MAX_CANARY = 100;

/** A few of those that took the new version: who is still under way would keep the others waiting. */
function stagesFor(name: string, succeeded: readonly Endpoint[]): Json {
  const rest = { name: 'rest', take: '100%' };
  if (succeeded.length === 0) return [rest];
  const ranked = succeeded.map((endpoint) => ({ endpoint, rank: hash32(`${name}/${endpoint}`) }));
  ranked.sort((a, b) => a.rank - b.rank || (a.endpoint < b.endpoint ? -1 : 1));
  const count = Math.min(MAX_CANARY, Math.ceil(succeeded.length * CANARY_SHARE));
  return [{ name: 'canary', take: { endpoints: ranked.slice(0, count).map(({ endpoint }) => endpoint) } }, rest];
}

/**
 * The campaign that takes this one back: an ordinary document, for the devices that this one attempted, with the same
 * windows, limits and approvals. What it may not do by the trust rules, its plan will refuse.
 */
export function rollbackDocument(
  { metadata, spec, source }: CampaignDocument,
  { name, version, reason, succeeded }: { name: string; version: string; reason: string; succeeded: readonly Endpoint[] },
): Json {
  const written = (source as { spec: Fields }).spec;
  const { notBefore: _, deadline: __, ...schedule } = (written['schedule'] ?? {}) as Fields;
  const { expect: ___, ...verify } = (written['verify'] ?? {}) as Fields;
  const { exclude } = (written['targets'] ?? {}) as Fields;
  return present({
    apiVersion: API_VERSION,
    kind: 'Campaign',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: { ...metadata.labels },
      ownerReferences: [{ kind: 'Campaign', name: metadata.name }],
    },
    spec: present({
      description: `Takes ${metadata.name} back to ${version}: ${reason}`.slice(0, 2000),
      purpose: 'Rollback',
      firmware: { name: spec.firmware.name, version },
      targets: present({ attemptedBy: metadata.name, exclude }),
      schedule: present(schedule),
      verify: present(verify),
      ...Object.fromEntries(KEPT.map((section) => [section, written[section]])),
      stages: stagesFor(name, succeeded),
    }),
  });
}

/** A document has no fields without a value. */
function present(fields: Fields): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Json;
}
