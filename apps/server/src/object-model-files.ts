import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DroverError } from '@drover/kernel';
import { LIMITS, Lwm2mError, parseObjectXml, type ModelFault, type ObjectModel } from '@drover/lwm2m';

/** More than the public registry holds, and far from what would fill the memory. */
const MAX_FILES = 2000;

interface PlacedFault {
  readonly file: string;
  readonly line: number;
  readonly column: 1;
  readonly code: string;
  readonly message: string;
}

interface Loaded {
  readonly file: string;
  readonly models: readonly ObjectModel[];
  readonly faults: readonly PlacedFault[];
}

/**
 * The definitions in the `.xml` files of a folder, once at the start; no folder means none. A file that is wrong stops the
 * start: half a set of definitions would give devices' values the wrong types. All faults of all files come together.
 */
export function loadObjectModels(folder: string): ObjectModel[] {
  if (folder === '') return [];
  const files = filesIn(folder);
  if (files.length > MAX_FILES) throw refused(`${folder} has ${files.length} files, at most ${MAX_FILES} are read`, []);
  const loaded = files.map((file) => read(join(folder, file), file));
  const faults = [...loaded.flatMap((each) => each.faults), ...twins(loaded)];
  if (faults.length > 0) {
    const lines = faults.map(({ file, line, code, message }) => `  ${file}:${line}: ${code}: ${message}`);
    throw refused(`${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} in ${folder}:\n${lines.join('\n')}`, faults);
  }
  return loaded.flatMap(({ models }) => models);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.xml$/i.test(name))
      .sort();
  } catch (error) {
    throw refused(`the folder ${folder} cannot be read: ${(error as NodeJS.ErrnoException).code ?? ''}`, []);
  }
}

function read(path: string, file: string): Loaded {
  try {
    // Bytes are at least as many as characters: a file beyond this is not read at all.
    if (statSync(path).size > 4 * LIMITS.modelCharacters) return broken(file, [{ line: 1, code: 'MODEL_TOO_LARGE', message: 'too large' }]);
    return { file, models: parseObjectXml(readFileSync(path, 'utf8')), faults: [] };
  } catch (error) {
    if (error instanceof Lwm2mError) return broken(file, error.details as readonly ModelFault[]);
    return broken(file, [{ line: 1, code: 'MODEL_UNREADABLE', message: error instanceof Error ? error.message : String(error) }]);
  }
}

function broken(file: string, faults: readonly { line: number; code: string; message: string }[]): Loaded {
  return { file, models: [], faults: faults.map(({ line, code, message }) => ({ file, line, column: 1, code, message })) };
}

/** The same version of an object in two files: which of them counts would hang on their names. */
function twins(loaded: readonly Loaded[]): PlacedFault[] {
  const first = new Map<string, string>();
  return loaded.flatMap(({ file, models }) =>
    models.flatMap(({ id, version }): PlacedFault[] => {
      const key = `${id}/${version}`;
      const other = first.get(key);
      if (other === undefined) first.set(key, file);
      const message = `object ${id} version ${version} is defined in ${other ?? ''} already`;
      return other === undefined ? [] : [{ file, line: 1, column: 1, code: 'MODEL_DUPLICATE', message }];
    }),
  );
}

function refused(message: string, details: readonly PlacedFault[]): DroverError {
  return new DroverError('OBJECT_MODELS_INVALID', 'input', message, { details });
}
