/** Rows as RFC 4180 has them: CRLF after each, quotes around what needs them, quotes within doubled. */
export function csv(header: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** How a cell begins that a spreadsheet takes for a formula and carries out: devices choose some of these texts. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows with the line that each begins on. RFC 4180: quoted cells may hold commas, line breaks and doubled quotes. */
export function csvRows(text: string, refused: (line: number, why: string) => Error): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  const pattern = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/y;
  let line = 1;
  let cells: string[] = [];
  let start = 1;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) throw refused(line, 'a quote is not closed, or stands inside a cell');
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
