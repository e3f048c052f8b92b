import { Lwm2mError } from './errors.ts';

/** One argument of an Execute: a digit, with or without a text. An empty text is not the same as none. */
export interface ExecuteArgument {
  readonly id: number;
  readonly value?: string;
}

const MAX_CHARACTERS = 1024;
/** %x21 / %x23-26 / %x28-5B / %x5D-7E: no space, double quote, apostrophe or backslash (Core section 6.3.5). */
const CHARACTERS = '[!#-&(-\\[\\]-~]*';
const VALUE = new RegExp(`^${CHARACTERS}$`);
const ARGUMENT = new RegExp(`([0-9])(?:='(${CHARACTERS})')?`, 'y');

/** The payload, in Content-Format 0. Empty for no arguments: send neither a payload nor a Content-Format then. */
export function encodeArguments(args: readonly ExecuteArgument[]): string {
  const seen = new Set<number>();
  for (const { id, value } of args) {
    if (!Number.isInteger(id) || id < 0 || id > 9) throw refused(`an argument is named by a digit, not ${id}`);
    // Legal before 1.2.1, and of no use in any version.
    if (seen.has(id)) throw refused(`argument ${id} twice`);
    if (value !== undefined && !VALUE.test(value)) throw refused(`argument ${id} has characters that cannot be sent`);
    seen.add(id);
  }
  const text = args.map(({ id, value }) => (value === undefined ? String(id) : `${id}='${value}'`)).join(',');
  if (text.length > MAX_CHARACTERS) throw refused(`arguments of ${text.length} characters`);
  return text;
}

/** The arguments an operator has written down; the empty text is none. */
export function parseArguments(text: string): ExecuteArgument[] {
  if (text === '') return [];
  if (text.length > MAX_CHARACTERS) throw refused(`arguments of ${text.length} characters`);
  const found: ExecuteArgument[] = [];
  for (let at = 0; ; at += 1) {
    ARGUMENT.lastIndex = at;
    const match = ARGUMENT.exec(text);
    if (match === null) throw refused(`no argument at character ${at}`);
    const [whole, id, value] = match;
    if (found.some((earlier) => earlier.id === Number(id))) throw refused(`argument ${id} twice`);
    found.push({ id: Number(id), ...(value !== undefined && { value }) });
    at += whole.length;
    if (at === text.length) return found;
    if (text[at] !== ',') throw refused(`no comma at character ${at}`);
  }
}

function refused(message: string): Lwm2mError {
  return new Lwm2mError('ARGUMENTS_INVALID', message);
}
