import { assertNever } from '@drover/kernel';
import { FACTS, isFactName } from './facts.ts';
import { allOf, type Predicate, type Subject } from './predicate.ts';

/** A label selector as Kubernetes users know it; keys may also be facts of type string. */
export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelExpression[];
}

export interface LabelExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

export function selectorPredicate({ matchLabels = {}, matchExpressions = [] }: Selector): Predicate {
  return allOf([
    ...Object.entries(matchLabels).map(([key, value]): Predicate => ({ op: 'compare', subject: subjectOf(key), operator: '==', value })),
    ...matchExpressions.map(expressionPredicate),
  ]);
}

function subjectOf(key: string): Subject {
  return isFactName(key) && FACTS[key].type === 'string'
    ? { kind: 'fact', name: key, type: 'string' }
    : { kind: 'label', name: key, type: 'string' };
}

function expressionPredicate({ key, operator, values = [] }: LabelExpression): Predicate {
  const subject = subjectOf(key);
  const known: Predicate = { op: 'is-known', subject };
  const among: Predicate = { op: 'in', subject, values };
  switch (operator) {
    case 'In':
      return among;
    case 'NotIn':
      // As in Kubernetes, a device without the label is not in the set.
      return {
        op: 'or',
        of: [
          { op: 'not', of: known },
          { op: 'not', of: among },
        ],
      };
    case 'Exists':
      return known;
    case 'DoesNotExist':
      return { op: 'not', of: known };
    default:
      return assertNever(operator);
  }
}
