import type { Json } from '@drover/kernel';
import { API_VERSION, type CampaignDocument } from './document.ts';

type Fields = Readonly<Record<string, Json | undefined>>;

/** Sections that say how devices are treated: a rollback treats them as the campaign did. */
const KEPT = ['delivery', 'activation', 'power', 'radio', 'bandwidth', 'retry', 'deadlines', 'approvals'] as const;
/** A few devices first: what is rolled back to must prove itself on them too. */
const STAGES: Json = [
  { name: 'canary', take: '5%' },
  { name: 'rest', take: '100%' },
];

/**
 * The campaign that takes this one back: an ordinary document, for the devices that this one attempted, with the same
 * windows, limits and approvals. What it may not do by the trust rules, its plan will refuse.
 */
export function rollbackDocument(
  { metadata, spec, source }: CampaignDocument,
  { name, version, reason }: { name: string; version: string; reason: string },
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
      stages: STAGES,
    }),
  });
}

/** A document has no fields without a value. */
function present(fields: Fields): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Json;
}
