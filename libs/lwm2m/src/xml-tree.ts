import { SaxesParser } from 'saxes';
import { Lwm2mError } from './errors.ts';
import type { Lwm2mErrorCode } from './errors.ts';
import { LIMITS } from './limits.ts';

/** An element with the line its start tag ends on. */
export interface XmlElement {
  readonly name: string;
  readonly line: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All character data directly in it, CDATA included. */
  readonly text: string;
}

interface Open {
  readonly name: string;
  readonly line: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Open[];
  text: string;
}

/** Saxes marks the place in front of its own words; ours stands elsewhere. */
const PLACE = /^\d+:\d+: /;

/**
 * A small well-formed document as a tree. A DOCTYPE is refused as soon as it ends, so there are no entities but the five
 * of XML and no files to fetch; size, depth and count are bounded before anything is built of them.
 */
export function xmlTree(text: string): XmlElement {
  if (text.length > LIMITS.modelCharacters) throw refused('MODEL_TOO_LARGE', `${text.length} characters of XML`);
  const parser = new SaxesParser({ xmlns: false });
  const path: Open[] = [];
  let root: Open | undefined;
  let count = 0;
  const fail = (code: Lwm2mErrorCode, message: string): never => {
    throw refused(code, message, parser.line);
  };
  parser.on('error', ({ message }) => fail('MODEL_MALFORMED', message.replace(PLACE, '')));
  parser.on('doctype', () => fail('MODEL_MALFORMED', 'a DOCTYPE is not accepted'));
  parser.on('opentag', ({ name, attributes }) => {
    if (++count > LIMITS.modelElements) fail('MODEL_TOO_LARGE', `more than ${LIMITS.modelElements} elements`);
    if (path.length >= LIMITS.modelDepth) fail('MODEL_TOO_LARGE', `elements nested more than ${LIMITS.modelDepth} deep`);
    const element: Open = { name, line: parser.line, attributes: { ...attributes }, children: [], text: '' };
    path.at(-1)?.children.push(element);
    root ??= element;
    path.push(element);
  });
  parser.on('closetag', () => void path.pop());
  const take = (data: string): void => {
    const inner = path.at(-1);
    if (inner) inner.text += data;
  };
  parser.on('text', take);
  parser.on('cdata', take);
  parser.write(text).close();
  return root ?? fail('MODEL_MALFORMED', 'no element at all');
}

function refused(code: Lwm2mErrorCode, message: string, line?: number): Lwm2mError {
  const place = line === undefined ? '' : `line ${line}: `;
  return new Lwm2mError(code, `${place}${message}`, undefined, [{ line: line ?? 1, code, message }]);
}
