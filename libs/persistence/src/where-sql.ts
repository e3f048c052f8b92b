import { assertNever } from '@drover/kernel';
import { versionKey, type ComparisonOperator, type FactValue, type Predicate, type Subject } from '@drover/fleet';

export interface SqlCondition {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

const SQL_OPERATOR: Record<ComparisonOperator, string> = { '==': '=', '!=': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=' };
const JSON_TYPES: Record<Subject['type'], string> = {
  string: "'text'",
  version: "'text'",
  number: "'integer','real'",
  boolean: "'true','false'",
};

/**
 * The same predicate over the `device` table. NULL plays the unknown of the evaluator: a missing fact, one of another
 * type, or an unreadable version makes its comparison NULL, and SQL's three-valued logic does the rest.
 */
export function whereSql(predicate: Predicate): SqlCondition {
  switch (predicate.op) {
    case 'constant':
      return { sql: predicate.value ? '1' : '0', parameters: [] };
    case 'compare':
      return compare(predicate.subject, predicate.operator, predicate.value);
    case 'in':
      return join(
        ' OR ',
        '0',
        predicate.values.map((value) => compare(predicate.subject, '==', value)),
      );
    case 'matches':
      return matches(predicate.subject, predicate.how, predicate.text);
    case 'is-known': {
      const value = comparable(predicate.subject);
      return { sql: `(${value.sql} IS NOT NULL)`, parameters: value.parameters };
    }
    case 'not': {
      const inner = whereSql(predicate.of);
      return { sql: `(NOT ${inner.sql})`, parameters: inner.parameters };
    }
    case 'and':
      return join(' AND ', '1', predicate.of.map(whereSql));
    case 'or':
      return join(' OR ', '0', predicate.of.map(whereSql));
    default:
      return assertNever(predicate);
  }
}

function join(word: string, empty: string, parts: readonly SqlCondition[]): SqlCondition {
  if (parts.length === 0) return { sql: empty, parameters: [] };
  return { sql: `(${parts.map(({ sql }) => sql).join(word)})`, parameters: parts.flatMap(({ parameters }) => parameters) };
}

/** Names go in as parameters, so no name can end the quoted path. */
function jsonPath(name: string): string {
  return `$.${JSON.stringify(name)}`;
}

function raw(subject: Subject): SqlCondition {
  const column = subject.kind === 'label' ? 'labels' : 'facts';
  const path = jsonPath(subject.name);
  return {
    sql: `CASE WHEN json_type(${column}, ?) IN (${JSON_TYPES[subject.type]}) THEN json_extract(${column}, ?) END`,
    parameters: [path, path],
  };
}

function comparable(subject: Subject): SqlCondition {
  if (subject.type !== 'version') return raw(subject);
  return { sql: 'json_extract(version_keys, ?)', parameters: [jsonPath(subject.name)] };
}

function compare(subject: Subject, operator: ComparisonOperator, value: FactValue): SqlCondition {
  const left = comparable(subject);
  const right = subject.type === 'version' ? (versionKey(String(value)) ?? null) : typeof value === 'boolean' ? Number(value) : value;
  if (right === null) return { sql: 'NULL', parameters: [] };
  const compared = { sql: `(${left.sql} ${SQL_OPERATOR[operator]} ?)`, parameters: [...left.parameters, right] };
  return decided(subject, compared, operator === '!=');
}

/** An absent label is known to be absent: NULL becomes what the evaluator says of it. */
function decided(subject: Subject, { sql, parameters }: SqlCondition, whenAbsent: boolean): SqlCondition {
  return subject.kind === 'label' ? { sql: `COALESCE(${sql}, ${whenAbsent ? 1 : 0})`, parameters } : { sql, parameters };
}

function matches(subject: Subject, how: 'startsWith' | 'endsWith' | 'contains', text: string): SqlCondition {
  return decided(subject, matched(subject, how, text), false);
}

function matched(subject: Subject, how: 'startsWith' | 'endsWith' | 'contains', text: string): SqlCondition {
  const value = raw(subject);
  // An empty text is part of every text, but instr('abc', '') and substr with 0 disagree between databases.
  if (text === '') return { sql: `(${value.sql} IS NOT NULL OR NULL)`, parameters: value.parameters };
  if (how === 'contains') return { sql: `(instr(${value.sql}, ?) > 0)`, parameters: [...value.parameters, text] };
  const length = [...text].length;
  const part = how === 'startsWith' ? `substr(${value.sql}, 1, ${length})` : `substr(${value.sql}, -${length})`;
  return { sql: `(${part} = ?)`, parameters: [...value.parameters, text] };
}
