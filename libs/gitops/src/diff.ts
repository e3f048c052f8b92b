import { canonicalJson, type Json } from '@drover/kernel';

export interface Difference {
  /** Dotted path, list positions in brackets: `spec.stages[0].take`. */
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** What changes between the applied document and the one at hand, leaf by leaf, in the order of the new one. */
export function diffDocuments(before: Json | undefined, after: Json | undefined, path = ''): Difference[] {
  if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after)) return [];
  if (isMapping(before) && isMapping(after)) {
    const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
    return names.flatMap((name) => diffDocuments(before[name], after[name], path === '' ? name : `${path}.${name}`));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const [old, young] = [before as readonly Json[], after as readonly Json[]];
    return Array.from({ length: Math.max(old.length, young.length) }, (_, index) =>
      diffDocuments(old[index], young[index], `${path}[${index}]`),
    ).flat();
  }
  return before === after ? [] : [{ path, before, after }];
}

function isMapping(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
