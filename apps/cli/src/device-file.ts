import { DroverError } from '@drover/kernel';
import type { ImportedDeviceDto } from '@drover/contracts';

const OWN_COLUMNS = ['site', 'carrier', 'timeZone', 'simPool'];
const CAPACITY = 'batteryCapacityMah';

/** CSV with a header, or a JSON list. `endpoint` is required; `site`, `carrier`, `timeZone`, `simPool`, `batteryCapacityMah` are facts; the rest are labels. */
export function readDeviceFile(file: string, text: string): ImportedDeviceDto[] {
  return /^\s*\[/.test(text) ? fromJson(file, text) : fromCsv(file, text);
}

function fromJson(file: string, text: string): ImportedDeviceDto[] {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (error) {
    throw refused(file, 1, error instanceof Error ? error.message : 'not JSON');
  }
  return (rows as unknown[]).map((row, index) => {
    if (typeof row !== 'object' || row === null) throw refused(file, index + 1, 'each entry is an object');
    const { labels, ...rest } = row as Record<string, unknown>;
    const flat = { ...rest, ...(typeof labels === 'object' && labels !== null ? labels : {}) };
    return deviceOf(file, index + 1, Object.fromEntries(Object.entries(flat).map(([name, value]) => [name, String(value)])));
  });
}

function fromCsv(file: string, text: string): ImportedDeviceDto[] {
  const [header, ...rows] = csvRows(file, text);
  if (!header?.cells.includes('endpoint')) throw refused(file, 1, 'the header names no column "endpoint"');
  return rows.map(({ line, cells }) => {
    if (cells.length !== header.cells.length) throw refused(file, line, `${cells.length} cells, the header has ${header.cells.length}`);
    return deviceOf(file, line, Object.fromEntries(header.cells.map((name, index) => [name, cells[index] ?? ''])));
  });
}

function deviceOf(file: string, line: number, row: Readonly<Record<string, string>>): ImportedDeviceDto {
  const { endpoint = '', [CAPACITY]: capacity = '', ...rest } = row;
  if (endpoint === '') throw refused(file, line, 'the endpoint is missing');
  if (capacity !== '' && !(Number(capacity) > 0))
    throw refused(file, line, `${CAPACITY} is a number of mAh, not "${capacity.slice(0, 40)}"`);
  const present = Object.entries(rest).filter(([, value]) => value !== '');
  return {
    endpoint,
    ...Object.fromEntries(present.filter(([name]) => OWN_COLUMNS.includes(name))),
    ...(capacity === '' ? {} : { [CAPACITY]: Number(capacity) }),
    labels: Object.fromEntries(present.filter(([name]) => !OWN_COLUMNS.includes(name))),
  };
}

/** RFC 4180: quoted cells may hold commas, line breaks and doubled quotes. */
function csvRows(file: string, text: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  const pattern = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/y;
  let line = 1;
  let cells: string[] = [];
  let start = 1;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) throw refused(file, line, 'a quote is not closed, or stands inside a cell');
    const [whole, cell = '', end] = match;
    cells.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell.trim());
    line += whole.split('\n').length - 1;
    if (end === ',') continue;
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: start, cells });
    cells = [];
    start = line;
  }
  return rows;
}

function refused(file: string, line: number, why: string): DroverError {
  return new DroverError('DEVICE_FILE_INVALID', 'input', `${file}:${line}: ${why}`);
}
