import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
} from 'yaml';
import { readDocument, type DroverDocument, type Fault, type FaultCode, type FaultPath } from '@drover/campaign';

/** A fault with its place, both counted from 1. */
export interface PlacedFault {
  readonly code: FaultCode | 'YAML_SYNTAX' | 'YAML_TOO_LARGE' | 'YAML_ALIAS' | 'YAML_EMPTY' | 'DOCUMENT_TWICE';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: FaultPath;
  readonly message: string;
}

export interface ParsedFile {
  readonly documents: readonly DroverDocument[];
  readonly faults: readonly PlacedFault[];
}

/** Largest file that is looked at, bytes. */
export const MAX_FILE_BYTES = 1024 * 1024;
const MAX_DOCUMENTS = 200;
/** As many faults of one document as anybody reads; placing one costs a walk through its mapping. */
const MAX_FAULTS = 100;

/** Reads a YAML file of one or more documents. Nothing of a file with faults is used. */
export function parseDocuments(text: string, file: string): ParsedFile {
  const size = Buffer.byteLength(text);
  if (size > MAX_FILE_BYTES) return failed(file, 'YAML_TOO_LARGE', `the file has ${size} bytes, at most ${MAX_FILE_BYTES} are read`);
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    version: '1.2',
    strict: true,
    // Looked for below: the parser compares every key with every other.
    uniqueKeys: false,
    resolveKnownTags: false,
    lineCounter: lines,
    prettyErrors: false,
    // Warnings become faults below; the parser would also print them, one line for each odd key of a hostile file.
    logLevel: 'error',
    merge: false,
  });
  const found = (Array.isArray(parsed) ? parsed : []).filter((document) => document.contents !== null || document.errors.length > 0);
  if (found.length === 0) return failed(file, 'YAML_EMPTY', 'the file holds no document');
  if (found.length > MAX_DOCUMENTS)
    return failed(file, 'YAML_TOO_LARGE', `the file has ${found.length} documents, at most ${MAX_DOCUMENTS} are read`);
  const documents: DroverDocument[] = [];
  const faults: PlacedFault[] = [];
  for (const document of found) {
    const outcome = readShallow(document, { file, lines });
    faults.push(...outcome.faults);
    if (outcome.document) documents.push(outcome.document);
  }
  return { documents: faults.length === 0 ? documents : [], faults };
}

/** Two documents of one kind and name would overwrite each other, and the order of files would decide. */
export function refuseTwins(files: readonly { readonly file: string; readonly documents: readonly DroverDocument[] }[]): PlacedFault[] {
  const seen = new Map<string, string>();
  const faults: PlacedFault[] = [];
  for (const { file, documents } of files) {
    for (const { kind, metadata } of documents) {
      const key = `${kind}/${metadata.namespace}/${metadata.name}`;
      const first = seen.get(key);
      if (first !== undefined)
        faults.push({
          code: 'DOCUMENT_TWICE',
          file,
          line: 1,
          column: 1,
          path: ['metadata', 'name'],
          message: `${kind} "${metadata.name}" is also in ${first}`,
        });
      else seen.set(key, file);
    }
  }
  return faults;
}

function failed(file: string, code: PlacedFault['code'], message: string): ParsedFile {
  return { documents: [], faults: [{ code, file, line: 1, column: 1, path: [], message }] };
}

interface Place {
  readonly file: string;
  readonly lines: LineCounter;
}

/** How deep is too deep depends on the stack at hand; whichever step meets its end first, the answer is the same. */
function readShallow(document: Document.Parsed, place: Place): ReturnType<typeof readOne> {
  try {
    return readOne(document, place);
  } catch (error) {
    if ((error as Error).name !== 'RangeError') throw error;
    return { faults: [placed(place, 0, { code: 'YAML_SYNTAX', path: [], message: 'nested too deeply' })] };
  }
}

function readOne(document: Document.Parsed, place: Place): { document?: DroverDocument; faults: PlacedFault[] } {
  const broken = [...document.errors, ...document.warnings].map((error) =>
    placed(place, error.pos[0], { code: 'YAML_SYNTAX', path: [], message: sentenceOf(error.message) }),
  );
  if (broken.length > 0) return { faults: broken };
  const { explicit, version } = document.directives.yaml;
  // In 1.1 `010`, `yes` and `<<` mean something else than in the language we read.
  if (explicit && version !== '1.2')
    return { faults: [placed(place, 0, { code: 'YAML_SYNTAX', path: [], message: `YAML 1.2 is read, not ${version}` })] };
  const odd = firstOddKey(document);
  if (odd)
    return {
      faults: [placed(place, odd.range?.[0] ?? 0, { code: 'YAML_SYNTAX', path: [], message: 'a key is a word, not a list or a mapping' })],
    };
  const twin = firstTwin(document);
  if (twin) return { faults: [placed(place, twin.range?.[0] ?? 0, { code: 'YAML_SYNTAX', path: [], message: 'Map keys must be unique' })] };
  const alias = firstAlias(document);
  // Aliases make a small file expand without bound, and a campaign never needs one.
  if (alias)
    return {
      faults: [placed(place, alias.range?.[0] ?? 0, { code: 'YAML_ALIAS', path: [], message: 'anchors and aliases are not accepted' })],
    };
  const { document: read, faults } = readDocument(document.toJS({ maxAliasCount: 0 }));
  if (read) return { document: read, faults: [] };
  return { faults: faults.slice(0, MAX_FAULTS).map((fault) => placed(place, offsetOf(document, fault), fault)) };
}

function sentenceOf(message: string): string {
  return message.includes('call stack') ? 'nested too deeply' : (message.split('\n')[0] ?? '');
}

/** Nothing here has such keys, and the parser writes one out as text in a time that doubles with each level of nesting. */
function firstOddKey(document: Document.Parsed): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Pair: (_key, { key }) => {
      if (!isCollection(key)) return undefined;
      found = key as Node;
      return visit.BREAK;
    },
  });
  return found;
}

function firstTwin(document: Document.Parsed): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Map: (_key, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : String(key);
        if (seen.has(name)) {
          found = key as Node;
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
}

function firstAlias(document: Document.Parsed): Node | undefined {
  let found: Node | undefined;
  visit(document, (_key, node) => {
    if (!isAlias(node) && !(isNode(node) && 'anchor' in node && node.anchor)) return undefined;
    found = node as Node;
    return visit.BREAK;
  });
  return found;
}

function placed({ file, lines }: Place, offset: number, fault: Omit<PlacedFault, 'file' | 'line' | 'column'>): PlacedFault {
  const { line, col } = lines.linePos(offset);
  return { code: fault.code, file, line: Math.max(line, 1), column: Math.max(col, 1), path: fault.path, message: fault.message };
}

/** An unknown field is shown at its name, a bad value at the value, a missing one at its parent. */
function offsetOf(document: Document.Parsed, fault: Fault): number {
  const atName = fault.code === 'FIELD_UNKNOWN' || fault.code === 'FIELD_NOT_SUPPORTED_YET';
  let node: unknown = document.contents;
  let best = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  fault.path.forEach((step, index) => {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step));
      const name = pair?.key;
      const value = pair?.value;
      const isLast = index === fault.path.length - 1;
      const shown = (isLast && atName) || !isNode(value) ? name : value;
      if (isNode(shown)) best = shown.range?.[0] ?? best;
      node = value;
    } else if (isNode(node) && 'get' in node) {
      node = (node as { get(key: unknown, keep: boolean): unknown }).get(step, true);
      if (isNode(node)) best = node.range?.[0] ?? best;
    } else node = undefined;
  });
  return best;
}
