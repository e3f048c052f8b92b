import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/**
 * Counters at every branch of the files that guide a target: function and catch bodies, both arms of `if` and `?:`, loop
 * bodies, cases, and the right-hand sides of `&&`, `||` and `??`. Put into the compiled files as they are loaded; line
 * breaks stay, so that a stack trace still points to the right line.
 */
export const COUNTERS = new Uint8Array(65_536);
/** Texts of the instrumented files: what a decoder compares its input with is what a mutator wants to write. */
export const LITERALS = new Set<string>();

let used = 0;
export const countersUsed = (): number => used;

/** Installs the hooks. Only what is imported afterwards is instrumented. */
export function instrument(guide: readonly string[]): void {
  (globalThis as { __droverFuzz?: Uint8Array }).__droverFuzz = COUNTERS;
  registerHooks({
    resolve(specifier, context, next) {
      // What runs is what was built: the sources of applications cannot be loaded as they stand.
      const source = /^(.*\/(?:apps|libs)\/[^/]+)\/src\/(.*)\.ts$/.exec(specifier);
      if (source === null) return next(specifier, context);
      return next(new URL(`${source[1]}/dist/${source[2]}.js`, context.parentURL).href, context);
    },
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.startsWith('file:') || !guide.some((part) => url.includes(part)) || !/\.[mc]?js$/.test(url)) return loaded;
      const text = loaded.source === undefined || loaded.source === null ? readFileSync(fileURLToPath(url)) : loaded.source;
      return { ...loaded, source: withCounters(Buffer.from(text as Uint8Array).toString('utf8'), url) };
    },
  });
}

export function withCounters(text: string, name: string): string {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const count = (): string => `__c[${used++ & 0xffff}]++`;

  /** The text of a node, with everything inside it rewritten. */
  const inside = (node: ts.Node): string => {
    const start = node.getStart(file);
    let at = start;
    let made = '';
    ts.forEachChild(node, (child) => {
      const from = child.getStart(file);
      made += text.slice(at, from) + rewritten(child, node);
      at = child.end;
    });
    return made + text.slice(at, node.end);
  };

  const rewritten = (node: ts.Node, parent: ts.Node): string => {
    if ((ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) && node.text.length > 1 && node.text.length <= 32)
      LITERALS.add(node.text);
    if (isArm(node, parent)) return `(${count()},${inside(node)})`;
    if (isBody(node, parent)) {
      const braces = ts.isBlock(node) ? inside(node).slice(1) : `${inside(node)}}`;
      const missingElse = ts.isIfStatement(parent) && node === parent.thenStatement && parent.elseStatement === undefined;
      return `{${count()};${braces}${missingElse ? ` else {${count()}}` : ''}`;
    }
    if (ts.isCaseOrDefaultClause(parent) && parent.statements[0] === node) return `${count()};${inside(node)}`;
    return inside(node);
  };

  const shebang = text.startsWith('#!') ? text.indexOf('\n') : 0;
  return `const __c=globalThis.__droverFuzz;${text.slice(shebang, file.getStart(file))}${inside(file)}`;
}

/** An expression that is evaluated or not. */
function isArm(node: ts.Node, parent: ts.Node): boolean {
  if (ts.isConditionalExpression(parent)) return node === parent.whenTrue || node === parent.whenFalse;
  if (ts.isArrowFunction(parent)) return node === parent.body && !ts.isBlock(node);
  if (!ts.isBinaryExpression(parent) || node !== parent.right) return false;
  const kind = parent.operatorToken.kind;
  return (
    kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken || kind === ts.SyntaxKind.QuestionQuestionToken
  );
}

/** A statement that is run or not. */
function isBody(node: ts.Node, parent: ts.Node): boolean {
  if (ts.isIfStatement(parent)) return node === parent.thenStatement || node === parent.elseStatement;
  if (ts.isIterationStatement(parent, false)) return node === parent.statement;
  return ts.isBlock(node) && (ts.isFunctionLike(parent) || ts.isCatchClause(parent));
}
