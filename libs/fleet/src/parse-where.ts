import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import { nearest } from '@drover/kernel';
import { FleetError } from './errors.ts';
import { FACTS, isFactName, type FactValue } from './facts.ts';
import type { ComparisonOperator, Predicate, Subject } from './predicate.ts';
import { versionKey } from './version.ts';

/** Longest accepted expression, in characters; deeper and wider limits follow from it. */
const MAX_LENGTH = 4000;
const MAX_DEPTH = 64;
const PARSER = new Environment({ limits: { maxDepth: MAX_DEPTH, maxAstNodes: 2000, maxListElements: 1000 } });

const COMPARISONS = new Set<string>(['==', '!=', '<', '<=', '>', '>=']);
const MIRRORED: Record<string, ComparisonOperator> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' };

/**
 * Reads a `where` expression (CEL) into a predicate. Only what compiles to SQL is accepted: comparisons of a fact or
 * label with literals, `in`, `has`, `startsWith`, `endsWith`, `contains`, and `&&`, `||`, `!`. The rest is refused by name.
 */
export function parseWhere(text: string): Predicate {
  if (text.length > MAX_LENGTH)
    throw new FleetError('PREDICATE_TOO_LARGE', `an expression may have ${MAX_LENGTH} characters, this has ${text.length}`);
  let root: ASTNode;
  try {
    root = PARSER.parse(text).ast;
  } catch (error) {
    throw new FleetError('PREDICATE_SYNTAX', `not a valid expression: ${firstLine(error)}`, positionIn(error));
  }
  return predicateOf(root, 0);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

function positionIn(error: unknown): number | undefined {
  const node = (error as { node?: { pos?: unknown } }).node;
  return typeof node?.pos === 'number' ? node.pos : undefined;
}

function predicateOf(node: ASTNode, depth: number): Predicate {
  if (depth > MAX_DEPTH) throw new FleetError('PREDICATE_TOO_LARGE', 'the expression is nested too deeply', node.pos);
  if (node.op === '&&' || node.op === '||') {
    const [left, right] = node.args as [ASTNode, ASTNode];
    return { op: node.op === '&&' ? 'and' : 'or', of: [predicateOf(left, depth + 1), predicateOf(right, depth + 1)] };
  }
  if (node.op === '!_') return { op: 'not', of: predicateOf(node.args as ASTNode, depth + 1) };
  if (node.op === 'value' && typeof node.args === 'boolean') return { op: 'constant', value: node.args };
  if (COMPARISONS.has(node.op)) return comparisonOf(node);
  if (node.op === 'in') return membershipOf(node);
  if (node.op === 'rcall') return textMatchOf(node);
  if (node.op === 'call') return knownOf(node);
  if (isReference(node)) {
    const subject = subjectOf(node);
    if (subject.type !== 'boolean') throw typeError(`${subject.name} is a ${subject.type}, not a condition`, node);
    return { op: 'compare', subject, operator: '==', value: true };
  }
  throw unsupported(node);
}

function comparisonOf(node: ASTNode): Predicate {
  const [left, right] = node.args as [ASTNode, ASTNode];
  const flipped = !isReference(left) && isReference(right);
  const [reference, other] = flipped ? [right, left] : [left, right];
  if (!isReference(reference))
    throw new FleetError('PREDICATE_UNSUPPORTED', 'one side of a comparison must be a fact or a label', node.pos);
  const operator = (flipped ? MIRRORED[node.op] : node.op) as ComparisonOperator;
  const subject = subjectOf(reference);
  if (subject.type === 'boolean' && operator !== '==' && operator !== '!=')
    throw typeError(`${subject.name} is true or false and has no order`, node);
  return { op: 'compare', subject, operator, value: literalFor(subject, other) };
}

function membershipOf(node: ASTNode): Predicate {
  const [left, right] = node.args as [ASTNode, ASTNode];
  if (!isReference(left) || right.op !== 'list')
    throw new FleetError('PREDICATE_UNSUPPORTED', '`in` takes a fact or label and a list of literals', node.pos);
  const subject = subjectOf(left);
  return { op: 'in', subject, values: (right.args as ASTNode[]).map((item) => literalFor(subject, item)) };
}

function textMatchOf(node: ASTNode): Predicate {
  const [name, receiver, args] = node.args as [string, ASTNode, ASTNode[]];
  if (name !== 'startsWith' && name !== 'endsWith' && name !== 'contains') throw unsupported(node, name);
  const subject = subjectOf(receiver);
  const text = args.length === 1 ? args[0]?.args : undefined;
  if (subject.type !== 'string' && subject.type !== 'version') throw typeError(`${subject.name} is no text`, node);
  if (typeof text !== 'string') throw typeError(`${name} takes one text`, node);
  return { op: 'matches', subject, how: name, text };
}

function knownOf(node: ASTNode): Predicate {
  const [name, args] = node.args as [string, ASTNode[]];
  const [only] = args;
  if (name !== 'has' || args.length !== 1 || !only) throw unsupported(node, name);
  return { op: 'is-known', subject: subjectOf(only) };
}

function isReference(node: ASTNode): boolean {
  return node.op === 'id' || node.op === '.' || (node.op === '[]' && (node.args as [ASTNode, ASTNode])[1].op === 'value');
}

function subjectOf(node: ASTNode): Subject {
  const path = pathOf(node);
  if (path[0] === 'labels' && path.length > 1) return { kind: 'label', name: path.slice(1).join('.'), type: 'string' };
  const name = path.join('.');
  if (isFactName(name)) return { kind: 'fact', name, type: FACTS[name].type };
  const guess = nearest(name, Object.keys(FACTS));
  throw new FleetError(
    'FACT_NAME_UNKNOWN',
    `no fact is called "${name}"${guess ? `; did you mean "${guess}"?` : ''} (labels are written labels["key"])`,
    node.start ?? node.pos,
  );
}

function pathOf(node: ASTNode): string[] {
  if (node.op === 'id') return [node.args as string];
  if (node.op === '.') {
    const [object, member] = node.args as [ASTNode, string];
    return [...pathOf(object), member];
  }
  if (node.op === '[]') {
    const [object, key] = node.args as [ASTNode, ASTNode];
    if (key.op === 'value' && typeof key.args === 'string') return [...pathOf(object), key.args];
  }
  throw unsupported(node);
}

function literalFor(subject: Subject, node: ASTNode): FactValue {
  const value = literalOf(node);
  const isText = subject.type === 'string' || subject.type === 'version';
  const wanted = isText ? 'string' : subject.type;
  if (value === undefined) throw typeError(`${subject.name} is compared with a literal, not with another fact`, node);
  if (typeof value !== wanted) throw typeError(`${subject.name} is a ${subject.type} and is compared with a ${wanted}`, node);
  if (subject.type === 'version' && versionKey(value as string) === undefined) throw typeError(`"${String(value)}" is no version`, node);
  return value;
}

function literalOf(node: ASTNode): FactValue | undefined {
  if (node.op === '-_') {
    const inner = literalOf(node.args as ASTNode);
    return typeof inner === 'number' ? -inner : undefined;
  }
  if (node.op !== 'value') return undefined;
  const value = node.args as unknown;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

function typeError(message: string, node: ASTNode): FleetError {
  return new FleetError('PREDICATE_TYPE', message, node.start ?? node.pos);
}

function unsupported(node: ASTNode, name = node.op as string): FleetError {
  return new FleetError(
    'PREDICATE_UNSUPPORTED',
    `"${name}" is not supported in where: use comparisons, in, has, startsWith, endsWith, contains, &&, ||, !`,
    node.start ?? node.pos,
  );
}
