import {
  bootstrapTemplateOf,
  CampaignError,
  digestOf,
  readDocument,
  type BootstrapTemplateDocument,
  type DroverDocument,
} from '@drover/campaign';
import type { DocumentRecord } from '@drover/persistence';

/** A template as it was applied. */
export interface AppliedTemplate extends BootstrapTemplateDocument {
  readonly record: Pick<DocumentRecord, 'name' | 'generation' | 'digest'>;
}

/** All applied bootstrap templates. */
export class BootstrapTemplates {
  readonly #applied = new Map<string, AppliedTemplate>();

  /** Any document: others are nothing to it. */
  put(record: DocumentRecord): void {
    if (record.kind !== 'BootstrapTemplate') return;
    const key = `${record.namespace}/${record.name}`;
    if (record.removedAt === undefined) this.#applied.set(key, templateOf(record));
    else this.#applied.delete(key);
  }

  /** As they would be with these. */
  with(documents: readonly DroverDocument[]): BootstrapTemplates {
    const templates = new BootstrapTemplates();
    for (const [key, applied] of this.#applied) templates.#applied.set(key, applied);
    for (const document of documents) {
      if (document.kind !== 'BootstrapTemplate') continue;
      const { namespace, name } = document.metadata;
      templates.#applied.set(`${namespace}/${name}`, { ...document, record: { name, generation: 0, digest: digestOf(document.source) } });
    }
    return templates;
  }

  all(namespace: string): AppliedTemplate[] {
    return [...this.#applied.values()].filter(({ metadata }) => metadata.namespace === namespace);
  }

  of(who: Parameters<typeof bootstrapTemplateOf>[0]): AppliedTemplate | undefined {
    return bootstrapTemplateOf(who, this.#applied.values());
  }
}

function templateOf(record: DocumentRecord): AppliedTemplate {
  const { document, faults } = readDocument(record.source);
  if (document?.kind !== 'BootstrapTemplate')
    throw new CampaignError('SPEC_INVALID', `the stored template ${record.name} cannot be read`, faults);
  const { name, generation, digest } = record;
  return { ...document, record: { name, generation, digest } };
}
