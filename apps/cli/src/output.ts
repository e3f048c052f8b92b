import { DroverError, EXIT_CODE_OF, type ErrorKind } from '@drover/kernel';

/** Where a command writes: people read text, programs read `--json`. */
export interface Output {
  /** Text for people; nothing with `--json`. */
  say(text: string): void;
  /** The result for programs; nothing without `--json`. */
  result(value: unknown): void;
  /** Progress, on standard error, so that it never mixes with results. */
  progress(text: string): void;
}

export function outputFor(json: boolean): Output {
  return {
    say: (text) => void (json || process.stdout.write(`${text}\n`)),
    result: (value) => void (json && process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)),
    progress: (text) => void (json || process.stderr.write(`${text}\n`)),
  };
}

/** Says how far a transfer is, every two seconds: what ends sooner needs no progress. */
export function ticker(out: Output, what: string): (done: number, total: number) => void {
  let saidAt = performance.now();
  return (done, total) => {
    if (performance.now() - saidAt < 2000) return;
    saidAt = performance.now();
    out.progress(`${what}: ${Math.floor((100 * done) / Math.max(total, 1))}% of ${total} bytes`);
  };
}

/** Columns as wide as their widest cell; control characters of foreign origin are shown, not obeyed. */
export function table(rows: readonly (readonly (string | number | undefined)[])[], header?: readonly string[]): string {
  const all = [...(header ? [header] : []), ...rows].map((row) => row.map((cell) => visible(String(cell ?? ''))));
  const widths = all.reduce<number[]>((wide, row) => row.map((cell, index) => Math.max(wide[index] ?? 0, cell.length)), []);
  return all
    .map((row) =>
      row
        .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function counts(record: Readonly<Record<string, number>>): string {
  return Object.entries(record)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

interface PlacedLike {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly path?: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

/** Prints an error the same way everywhere and gives the exit status of its kind. */
export function report(error: unknown, json: boolean): number {
  const known = error instanceof DroverError ? error : (fileError(error) ?? unexpected(error));
  if (json)
    process.stderr.write(
      `${JSON.stringify({ error: { code: known.code, kind: known.kind, message: known.message, details: known.details } })}\n`,
    );
  else {
    process.stderr.write(`error ${known.code}: ${known.message}\n`);
    for (const fault of faultsIn(known.details)) process.stderr.write(`  ${faultText(fault)}\n`);
  }
  return EXIT_CODE_OF[known.kind];
}

const FILE_TROUBLE: Readonly<Record<string, readonly [code: string, kind: ErrorKind, what: string]>> = {
  ENOENT: ['FILE_NOT_FOUND', 'missing', 'there is no'],
  ENOTDIR: ['FILE_NOT_FOUND', 'missing', 'there is no'],
  EISDIR: ['FILE_UNUSABLE', 'input', 'a file is needed where a folder was named'],
  EACCES: ['FILE_UNUSABLE', 'input', 'no permission for'],
  EPERM: ['FILE_UNUSABLE', 'input', 'no permission for'],
  EROFS: ['FILE_UNUSABLE', 'input', 'the disk is read-only:'],
};

/** A file that a person named and the system would not give: their slip, not our fault. */
function fileError(error: unknown): DroverError | undefined {
  const { code = '', syscall, path = '' } = error as { code?: string; syscall?: string; path?: string };
  const trouble = FILE_TROUBLE[code];
  return trouble && syscall !== undefined ? new DroverError(trouble[0], trouble[1], `${trouble[2]} ${path}`.trimEnd()) : undefined;
}

function unexpected(error: unknown): DroverError {
  return new DroverError('UNEXPECTED', 'invariant', error instanceof Error ? (error.stack ?? error.message) : String(error));
}

function faultsIn(details: unknown): PlacedLike[] {
  return Array.isArray(details)
    ? (details as PlacedLike[]).filter((entry) => typeof entry === 'object' && entry !== null && 'code' in entry).slice(0, 50)
    : [];
}

function faultText({ file, line, column, path, code, message, ...rest }: PlacedLike): string {
  const place = file === undefined ? (path?.join('.') ?? (rest as { endpoint?: string }).endpoint ?? '') : `${file}:${line}:${column}`;
  return visible(`${place}: ${code}: ${message ?? (rest as { detail?: string }).detail ?? ''}`);
}
