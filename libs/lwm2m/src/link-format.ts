import { Lwm2mError } from './errors.ts';
import { LIMITS } from './limits.ts';

/** One link of RFC 6690. An attribute without a value is the empty text. */
export interface Link {
  readonly path: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const TARGET = /\s*<([^>]*)>/y;
/** `;name`, `;name=token` or `;name="quoted"`; the last may hold commas, semicolons and escaped quotes. */
const ATTRIBUTE = /\s*;\s*([^=;,"<>\s]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^";,]*)))?/y;
const SEPARATOR = /\s*,/y;
const END = /\s*$/y;

/** Tolerates white space and a comma at the end; anything else that is not link format is refused. */
export function parseLinks(text: string): Link[] {
  if (text.length > LIMITS.bytes) throw new Lwm2mError('CONTENT_TOO_LARGE', `a link list of ${text.length} characters`);
  const links: Link[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found ?? undefined;
  };
  while (take(END) === undefined) {
    const target = take(TARGET);
    if (target === undefined) throw new Lwm2mError('LINKS_MALFORMED', `a link starts with <, at character ${at}`);
    if (links.length === LIMITS.records) throw new Lwm2mError('CONTENT_TOO_LARGE', `more than ${LIMITS.records} links`);
    const attributes = new Map<string, string>();
    for (let found = take(ATTRIBUTE); found !== undefined; found = take(ATTRIBUTE)) {
      const [, name, quoted, token] = found;
      attributes.set(name!.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token?.trim() ?? '');
    }
    links.push({ path: target[1]!, attributes });
    if (take(SEPARATOR) === undefined && take(END) === undefined)
      throw new Lwm2mError('LINKS_MALFORMED', `neither , nor ; at character ${at}`);
  }
  return links;
}

/** Values that are no plain token are quoted. */
export function formatLinks(links: readonly Link[]): string {
  return links.map(({ path, attributes }) => `<${path}>${[...attributes].map(attributeText).join('')}`).join(',');
}

function attributeText([name, value]: readonly [string, string]): string {
  if (value === '') return `;${name}`;
  return /^[A-Za-z0-9._-]+$/.test(value) ? `;${name}=${value}` : `;${name}="${value.replace(/["\\]/g, '\\$&')}"`;
}
