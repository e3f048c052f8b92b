import { CampaignError, readDocument, type DroverDocument, type Fault } from '@drover/campaign';

/** The server reads every document itself; what a client has checked proves nothing here. */
export function readAll(sources: readonly unknown[]): DroverDocument[] {
  const faults: (Fault & { document: number })[] = [];
  const documents = sources.flatMap((source, index) => {
    const outcome = readDocument(source);
    faults.push(...outcome.faults.map((fault) => ({ ...fault, document: index })));
    return outcome.document ? [outcome.document] : [];
  });
  if (faults.length > 0)
    throw new CampaignError(
      'SPEC_INVALID',
      `${faults.length} faults, the first: ${faults[0]?.path.join('.') ?? ''}: ${faults[0]?.message ?? ''}`,
      faults.slice(0, 200),
    );
  return documents;
}
