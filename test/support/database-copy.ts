import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const isOfDatabase = (file: string): boolean => file.startsWith('drover.sqlite');

/** A backup as an operator takes it: the files of the database of a server that is not running. Answers what puts them back. */
export function databaseCopy(data: string): () => void {
  const copy = join(data, 'copy');
  mkdirSync(copy);
  copyAll(data, copy);
  return () => {
    for (const file of readdirSync(data).filter(isOfDatabase)) rmSync(join(data, file));
    copyAll(copy, data);
    rmSync(copy, { recursive: true });
  };
}

function copyAll(from: string, to: string): void {
  for (const file of readdirSync(from).filter(isOfDatabase)) copyFileSync(join(from, file), join(to, file));
}
