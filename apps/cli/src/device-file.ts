import { DroverError } from '@drover/kernel';
import type { ImportedDeviceDto } from '@drover/contracts';
import { csvRows } from './csv.ts';

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
  const [header, ...rows] = csvRows(text, (line, why) => refused(file, line, why));
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

function refused(file: string, line: number, why: string): DroverError {
  return new DroverError('DEVICE_FILE_INVALID', 'input', `${file}:${line}: ${why}`);
}
