import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DroverError } from '@drover/kernel';
import type { DroverDocument } from '@drover/campaign';
import { MAX_FILE_BYTES, parseDocuments, refuseTwins, type PlacedFault } from '@drover/gitops';

const MAX_FILES = 2000;

/** Reads the documents of files and folders (`-` is standard input). All faults of all files come together. */
export function loadDocuments(paths: readonly string[]): DroverDocument[] {
  const files = paths.flatMap(filesAt);
  if (files.length === 0) throw new DroverError('NO_DOCUMENTS', 'input', `no .yaml or .yml file in ${paths.join(', ')}`);
  if (files.length > MAX_FILES) throw new DroverError('TOO_MANY_FILES', 'input', `${files.length} files, at most ${MAX_FILES} are read`);
  const parsed = files.map((file) => ({ file, ...parseDocuments(textOf(file), file) }));
  const faults: PlacedFault[] = [...parsed.flatMap((each) => each.faults), ...refuseTwins(parsed)];
  if (faults.length > 0)
    throw new DroverError(
      'SPEC_INVALID',
      'input',
      `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} in ${new Set(faults.map(({ file }) => file)).size} of ${files.length} files`,
      { details: faults },
    );
  return parsed.flatMap(({ documents }) => documents);
}

function filesAt(path: string): string[] {
  if (path === '-') return ['-'];
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch {
    throw new DroverError('FILE_NOT_FOUND', 'missing', `there is no ${path}`);
  }
  if (!isFolder) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesAt(join(path, entry.name)) : /\.ya?ml$/.test(entry.name) ? [join(path, entry.name)] : [],
    );
}

function textOf(file: string): string {
  if (file === '-') return readFileSync(0, 'utf8');
  // A file beyond the limit is not read at all: its first bytes are enough for the parser to refuse it by size.
  const { size } = statSync(file);
  return size > MAX_FILE_BYTES ? ' '.repeat(MAX_FILE_BYTES + 1) : readFileSync(file, 'utf8');
}
