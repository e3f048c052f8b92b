import { assertNever } from '@drover/kernel';
import { factOf, type Device } from './device.ts';
import type { FactName, FactValue } from './facts.ts';
import type { ComparisonOperator, Predicate, Subject } from './predicate.ts';
import { versionKey } from './version.ts';

/**
 * Three-valued, as in SQL: a fact that is missing or cannot be parsed makes a comparison unknown, not false. Labels are
 * two-valued: the import is all there is to know, so an absent label is simply not equal to anything.
 */
export type Truth = true | false | undefined;

export function evaluate(predicate: Predicate, device: Device): Truth {
  switch (predicate.op) {
    case 'constant':
      return predicate.value;
    case 'compare':
      return compare(predicate.subject, predicate.operator, predicate.value, device);
    case 'in':
      return anyOf(predicate.values.map((value) => compare(predicate.subject, '==', value, device)));
    case 'matches': {
      const value = valueOf(predicate.subject, device);
      if (typeof value === 'string') return matches(value, predicate.how, predicate.text);
      return predicate.subject.kind === 'label' ? false : undefined;
    }
    case 'is-known':
      return comparable(predicate.subject, valueOf(predicate.subject, device)) !== undefined;
    case 'not': {
      const inner = evaluate(predicate.of, device);
      return inner === undefined ? undefined : !inner;
    }
    case 'and':
      return everyOf(predicate.of.map((part) => evaluate(part, device)));
    case 'or':
      return anyOf(predicate.of.map((part) => evaluate(part, device)));
    default:
      return assertNever(predicate);
  }
}

/** Names of the facts a predicate asks for and the device lacks: the evidence behind `FACT_UNKNOWN`. */
export function unknownSubjects(predicate: Predicate, device: Device): string[] {
  switch (predicate.op) {
    case 'constant':
    case 'is-known':
      return [];
    case 'compare':
    case 'in':
    case 'matches':
      return predicate.subject.kind === 'fact' && comparable(predicate.subject, valueOf(predicate.subject, device)) === undefined
        ? [predicate.subject.name]
        : [];
    case 'not':
      return unknownSubjects(predicate.of, device);
    case 'and':
    case 'or':
      return [...new Set(predicate.of.flatMap((part) => unknownSubjects(part, device)))];
    default:
      return assertNever(predicate);
  }
}

function valueOf(subject: Subject, device: Device): FactValue | undefined {
  if (subject.kind === 'label') return Object.hasOwn(device.labels, subject.name) ? device.labels[subject.name] : undefined;
  return factOf(device, subject.name as FactName);
}

/** The form in which a value of this subject is compared; undefined where it has none. */
function comparable(subject: Subject, value: FactValue | undefined): FactValue | undefined {
  if (value === undefined) return undefined;
  if (subject.type === 'version') return typeof value === 'string' ? versionKey(value) : undefined;
  return typeof value === subject.type ? value : undefined;
}

function compare(subject: Subject, operator: ComparisonOperator, literal: FactValue, device: Device): Truth {
  const left = comparable(subject, valueOf(subject, device));
  const right = comparable(subject, literal);
  if (left === undefined && subject.kind === 'label') return operator === '!=';
  if (left === undefined || right === undefined) return undefined;
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      return assertNever(operator);
  }
}

function matches(value: string, how: 'startsWith' | 'endsWith' | 'contains', text: string): boolean {
  if (how === 'startsWith') return value.startsWith(text);
  return how === 'endsWith' ? value.endsWith(text) : value.includes(text);
}

function everyOf(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(undefined) ? undefined : true;
}

function anyOf(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes(undefined) ? undefined : false;
}
