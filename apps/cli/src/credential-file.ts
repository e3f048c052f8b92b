import { DroverError } from '@drover/kernel';
import { CREDENTIAL_KINDS, CREDENTIAL_USES, type CredentialDto } from '@drover/contracts';
import { csvRows } from './csv.ts';
import { OSCORE_FIELDS, oscoreOf, type OscoreFields } from './oscore-input.ts';
import { decodeKey, type KeyEncoding } from './secret-input.ts';

const COLUMNS = ['endpoint', 'kind', 'use', 'identity', 'key', 'issuer', 'pin', 'expiresAt', ...OSCORE_FIELDS] as const;
type Column = (typeof COLUMNS)[number];

export interface FileEntry {
  readonly line: number;
  readonly credential: CredentialDto;
}

export interface HowToRead {
  readonly encoding: KeyEncoding;
  /** Of rows that do not say it. */
  readonly use?: CredentialDto['use'];
}

/** CSV with a header. Faults name the line, and never what stands in the column `key`. */
export function readCredentialFile(file: string, text: string, how: HowToRead): FileEntry[] {
  const refused = (line: number, why: string): DroverError =>
    new DroverError('CREDENTIAL_FILE_INVALID', 'input', `${file}:${line}: ${why}`);
  const [header, ...rows] = csvRows(text, refused);
  if (header === undefined || !header.cells.includes('endpoint')) throw refused(1, 'the header names no column "endpoint"');
  const strange = header.cells.find((name) => !(COLUMNS as readonly string[]).includes(name));
  if (strange !== undefined)
    throw refused(1, `there is no column ${JSON.stringify(strange.slice(0, 40))}; there are ${COLUMNS.join(', ')}`);
  return rows.map(({ line, cells }) => {
    if (cells.length !== header.cells.length) throw refused(line, `${cells.length} cells, the header has ${header.cells.length}`);
    const row = Object.fromEntries(header.cells.map((name, index) => [name, cells[index] ?? ''])) as Partial<Record<Column, string>>;
    return { line, credential: credentialOf(row, how, (why) => refused(line, why)) };
  });
}

function credentialOf(row: Partial<Record<Column, string>>, how: HowToRead, refused: (why: string) => DroverError): CredentialDto {
  const { endpoint = '', kind = '', use = '', key = '', ...rest } = row;
  if (endpoint === '') throw refused('the endpoint is missing');
  const named = kind === '' ? 'psk' : CREDENTIAL_KINDS.find((each) => each === kind);
  if (named === undefined) throw refused(`kind is one of ${CREDENTIAL_KINDS.join(', ')}`);
  const door = use === '' ? how.use : CREDENTIAL_USES.find((each) => each === use);
  if (use !== '' && door === undefined) throw refused(`use is one of ${CREDENTIAL_USES.join(', ')}`);
  if (key === '' && named !== 'x509') throw refused('the key is missing');
  const given = Object.entries(rest).filter(([name, value]) => value !== '' && !isOfOscore(name));
  return {
    ...Object.fromEntries(given),
    ...oscoreOf(named, oscoreFields(named, rest), refused),
    endpoint,
    kind: named,
    ...(door && { use: door }),
    ...(key !== '' && { key: decoded(key, how.encoding, refused) }),
  };
}

const isOfOscore = (name: string): boolean => (OSCORE_FIELDS as readonly string[]).includes(name);

/** An empty cell is an empty ID in the row of a context, and nothing in any other; salt, context and algorithms it leaves out. */
function oscoreFields(kind: CredentialDto['kind'], row: OscoreFields): OscoreFields {
  const isGiven = (name: string, value: string): boolean => value !== '' || (kind === 'oscore' && name.endsWith('Id'));
  return Object.fromEntries(Object.entries(row).filter(([name, value]) => isOfOscore(name) && isGiven(name, value)));
}

function decoded(key: string, encoding: KeyEncoding, refused: (why: string) => DroverError): string {
  try {
    return decodeKey(key, encoding);
  } catch (error) {
    throw error instanceof DroverError ? refused(error.message) : error;
  }
}
