export type Row = Readonly<Record<string, string | number | null>>;

export interface Statement {
  readonly sql: string;
  readonly parameters: (string | number | null)[];
}

/** A table with its columns, those of the key first. */
export interface Table {
  readonly table: string;
  readonly keys: readonly string[];
  readonly others: readonly string[];
}

/** Rows to a statement. Few different texts, so that each of them stays prepared. */
const SIZES = [64, 16, 4, 1] as const;

/** `INSERT … VALUES (…), (…) ON CONFLICT DO UPDATE` for any number of rows. */
export function inserts(table: Table, rows: readonly Row[]): Statement[] {
  const columns = [...table.keys, ...table.others];
  const statements: Statement[] = [];
  let at = 0;
  for (const size of SIZES) {
    for (; rows.length - at >= size; at += size) {
      const parameters = rows.slice(at, at + size).flatMap((row) => columns.map((column) => row[column] ?? null));
      statements.push({ sql: insertSql(table, size), parameters });
    }
  }
  return statements;
}

function insertSql({ table, keys, others }: Table, size: number): string {
  const columns = [...keys, ...others];
  const row = `(${columns.map(() => '?').join(', ')})`;
  const changes = others.map((column) => `${column} = excluded.${column}`).join(', ');
  const conflict = keys.length === 0 ? '' : ` ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${changes}`;
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array.from({ length: size }, () => row).join(', ')}${conflict}`;
}
