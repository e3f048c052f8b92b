import type { FactType, FactValue } from './facts.ts';

export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** What a comparison looks at: a fact of the table, or a label of the import. */
export type Subject =
  | { readonly kind: 'fact'; readonly name: string; readonly type: FactType }
  | { readonly kind: 'label'; readonly name: string; readonly type: 'string' };

/**
 * The predicate behind `where` and selectors: small enough to compile to SQL, evaluated in memory with the same answer.
 * Comparisons are between one subject and literals, so every node has a direct SQL counterpart.
 */
export type Predicate =
  | { readonly op: 'constant'; readonly value: boolean }
  | { readonly op: 'compare'; readonly subject: Subject; readonly operator: ComparisonOperator; readonly value: FactValue }
  | { readonly op: 'in'; readonly subject: Subject; readonly values: readonly FactValue[] }
  | { readonly op: 'matches'; readonly subject: Subject; readonly how: 'startsWith' | 'endsWith' | 'contains'; readonly text: string }
  | { readonly op: 'is-known'; readonly subject: Subject }
  | { readonly op: 'not'; readonly of: Predicate }
  | { readonly op: 'and'; readonly of: readonly Predicate[] }
  | { readonly op: 'or'; readonly of: readonly Predicate[] };

export const EVERYTHING: Predicate = { op: 'constant', value: true };

/** And of what is given; nothing given means everything. */
export function allOf(predicates: readonly Predicate[]): Predicate {
  return predicates.length === 1 && predicates[0] ? predicates[0] : { op: 'and', of: predicates };
}
